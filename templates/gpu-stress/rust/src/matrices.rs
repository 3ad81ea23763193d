//! Owns what every `matmul` has in common: which size it takes, and how it is sampled.

use std::time::Duration;

use crate::reference::{Reference, Sample, Sums, places, product};
use crate::seed::Seeds;
use crate::{Failure, Precision};

/// The smallest side of the matrices.
pub const SMALLEST_SIDE: u32 = 256;
/// The largest side.
pub const LARGEST_SIDE: u32 = 8192;
/// Places that are drawn beside the corners.
const DRAWN: usize = 60;

/// Whether twice the side, which takes eight times as long, would leave no room in a batch.
#[must_use]
pub fn is_side_enough(took: Duration) -> bool {
    took * 8 > Duration::from_millis(60)
}

/// Holds a product to the reference; `read` gives the element with a number, row by row.
///
/// # Errors
///
/// What `read` answers.
pub fn sample_product(
    side: u32,
    seed: u32,
    precision: Precision,
    sums: Sums,
    mut read: impl FnMut(u64) -> Result<f64, Failure>,
) -> Result<Reference, Failure> {
    let mut seeds = Seeds::new();
    let corners = [0, side - 1, side * (side - 1), side * side - 1];
    let drawn = places(DRAWN + 2, side * side, || seeds.draw()).split_off(2);
    let samples = corners.into_iter().chain(drawn).map(|place| {
        let (row_and_column, place) = ((place / side, place % side), u64::from(place));
        let (expected, tolerance) = product(row_and_column, side, seed, precision, sums);
        Ok(Sample { place, found: read(place)?, expected, tolerance })
    });
    Ok(Reference::new(&samples.collect::<Result<Vec<_>, Failure>>()?))
}
