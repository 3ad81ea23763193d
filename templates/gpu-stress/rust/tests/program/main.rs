//! The program as a user meets it: what it prints, what it writes, and how it ends.

mod blocked;
mod call;
mod files;
mod interruptions;
mod lists;
mod reports;
mod runs;
mod usage;
