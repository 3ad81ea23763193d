//! Owns what no safe wrapper elsewhere offers: `FIDEDUPERANGE`, leases, and whether standard output
//! was closed from the start.
//!
//! It is a crate of its own so that the program can forbid unsafe code altogether.

mod dedupe;
mod lease;
mod output;

pub use dedupe::{Outcome, dedupe_range};
pub use lease::lease;
pub use output::was_output_closed;
