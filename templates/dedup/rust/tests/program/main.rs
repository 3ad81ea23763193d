//! The program as a user meets it: what it prints, what it does to files, and how it ends.

mod applying;
mod formats;
mod interruptions;
mod planning;
mod scanning;
mod streams;
mod tree;
