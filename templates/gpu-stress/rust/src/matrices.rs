//! Owns what every `matmul` has in common: its input, which size it takes, and what is right.

use std::time::Duration;

use crate::Precision;
use crate::random::element;
use crate::reference::{Reference, Sample};

/// The smallest side of the matrices.
pub const SMALLEST_SIDE: u32 = 256;
/// The largest side.
pub const LARGEST_SIDE: u32 = 8192;
/// The side of the tile that products repeat, as rows of A and columns of B do so after as many.
pub const TILE: u32 = 64;
/// The same, as the length of an array.
const WIDTH: usize = TILE as usize;
/// Products that the shader adds up at a time.
const BLOCK: usize = 16;
/// What a matrix of twice the side has to fit in so often that hardly any memory is left over.
const FITS: u64 = 32;

/// Whether a product takes as long as it may, or twice the side would be too large: that takes eight
/// times as long, and a batch should have room for it.
#[must_use]
pub fn is_side_enough(side: u32, precision: Precision, memory: u64, took: Duration) -> bool {
    let larger = u64::from(2 * side).pow(2) * precision.size();
    let is_slow = took * 8 > Duration::from_millis(60);
    side == LARGEST_SIDE || is_slow || FITS * larger > memory
}

/// The element of A at a place.
#[must_use]
pub fn left(row: u32, column: u32, side: u32, seed: u32) -> f64 {
    element((row % TILE).wrapping_mul(side).wrapping_add(column), seed)
}

/// The element of B at a place.
#[must_use]
pub fn right(row: u32, column: u32, side: u32, seed: u32) -> f64 {
    element(TILE.wrapping_mul(side).wrapping_add(row * TILE).wrapping_add(column % TILE), seed)
}

/// How sums of products were made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sums {
    /// 16 at a time in the precision, and these in f32, or f64 for f64, as in `matmul.wgsl`.
    Tiled,
    /// In an order of the library's own, in its accumulator.
    Library {
        /// What it adds up in.
        accumulator: Precision,
    },
}

/// The tile that products repeat: what is right, and how far off each element may be.
#[derive(Clone, Debug)]
pub struct Tile {
    /// Row by row.
    pub expected: Vec<f64>,
    /// As many bounds.
    pub tolerance: Vec<f64>,
}

impl Tile {
    /// Computes it in f64, in which sums of such elements are exact.
    #[must_use]
    pub fn new(side: u32, seed: u32, precision: Precision, sums: Sums) -> Self {
        let mut rows = vec![[Element::default(); WIDTH]; WIDTH];
        let row_of = |k| (0..TILE).map(move |column| held(right(k, column, side, seed), precision));
        for block in (0..side).step_by(BLOCK) {
            let across: Vec<f64> = (block..).take(BLOCK).flat_map(row_of).collect();
            for (row, elements) in (0..).zip(&mut rows) {
                let mut sizes = [0.0; WIDTH];
                for (k, across) in (block..).zip(across.chunks_exact(WIDTH)) {
                    let down = held(left(row, k, side, seed), precision);
                    for ((element, size), right) in elements.iter_mut().zip(&mut sizes).zip(across)
                    {
                        element.sum += down * right;
                        *size += (down * right).abs();
                    }
                }
                for (element, size) in elements.iter_mut().zip(sizes) {
                    element.sizes += size;
                    element.squares += size * size;
                }
            }
        }
        let all = rows.iter().flatten();
        Self {
            expected: all.clone().map(|element| element.sum).collect(),
            tolerance: all.map(|element| element.tolerance(side, precision, sums)).collect(),
        }
    }

    /// Holds elements of a product to it; they come row by row, the first with this number.
    #[must_use]
    pub fn compare(
        &self,
        side: u32,
        first: u64,
        found: impl IntoIterator<Item = f64>,
    ) -> Reference {
        // Sides are powers of two.
        let row = |place: u64| place >> side.ilog2() & u64::from(TILE - 1);
        let sample = |(place, found)| {
            let at = row(place) * u64::from(TILE) + (place & u64::from(TILE - 1));
            let at = crate::number::size(at);
            let (expected, tolerance) = (self.expected[at], self.tolerance[at]);
            Sample { place, found, expected, tolerance }
        };
        Reference::new((first..).zip(found).map(sample))
    }
}

/// An element of a product, and what its bound is made of.
#[derive(Clone, Copy, Default)]
struct Element {
    sum: f64,
    /// The sum of all |a| |b|.
    sizes: f64,
    /// The sum of the squares of what 16 of these add up to.
    squares: f64,
}

impl Element {
    /// The bound of the contract: roundings are taken to be independent and of mean zero, and eight
    /// standard deviations of their sum are allowed.
    ///
    /// Source: Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis", 2019.
    fn tolerance(self, side: u32, precision: Precision, sums: Sums) -> f64 {
        let (unit, side) = (precision.unit(), f64::from(side));
        let of_sums = match sums {
            Sums::Tiled => {
                let total = if precision == Precision::F64 { precision } else { Precision::F32 };
                let of_blocks = unit * (32.0 * self.squares).sqrt();
                of_blocks + total.unit() * (side / 16.0).sqrt() * self.sizes
            }
            Sums::Library { accumulator } => accumulator.unit() * (2.0 * side).sqrt() * self.sizes,
        };
        8.0 * of_sums + unit * self.sum.abs()
    }
}

/// An element as the precision holds it, which is not exactly only in bf16.
fn held(element: f64, precision: Precision) -> f64 {
    if precision == Precision::Bf16 { half::bf16::from_f64(element).to_f64() } else { element }
}
