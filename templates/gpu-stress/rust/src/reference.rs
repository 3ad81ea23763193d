//! Owns what is right: results in f64, and how far from them a device may be.

use std::cmp::Ordering;

use crate::Precision;
use crate::load::Wrong;
use crate::random::{element, start};

/// How close a sample of the first result came to the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Elements that were compared.
    pub samples: u64,
    /// The largest error; none where a value was not finite.
    pub largest_error: Option<f64>,
    /// The least of the samples' tolerances.
    pub tolerance: f64,
    /// Samples outside of theirs, and the numbers of the first of these elements.
    pub wrong: Wrong,
}

/// A value of a device, what it should be, and how far off it may be.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The number of the element.
    pub place: u64,
    /// What the device computed.
    pub found: f64,
    /// What is right.
    pub expected: f64,
    /// The bound of the difference.
    pub tolerance: f64,
}

impl Reference {
    /// Compares samples; that no number is close to an infinity needs no case of its own.
    #[must_use]
    pub fn new(samples: &[Sample]) -> Self {
        let errors = samples.iter().map(|sample| (sample.found - sample.expected).abs());
        let is_finite = samples.iter().all(|sample| sample.found.is_finite());
        let mut wrong = Wrong::default();
        for (error, sample) in errors.clone().zip(samples) {
            let is_close = error.partial_cmp(&sample.tolerance).is_some_and(Ordering::is_le);
            if !is_close {
                wrong.add(sample.place);
            }
        }
        Self {
            samples: samples.len() as u64,
            largest_error: is_finite.then(|| errors.fold(0.0, f64::max)),
            tolerance: samples.iter().map(|sample| sample.tolerance).fold(f64::INFINITY, f64::min),
            wrong,
        }
    }
}

impl Reference {
    /// This one and another, of another load with the same task.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut wrong = self.wrong.clone();
        wrong.merge(&other.wrong);
        Self {
            samples: self.samples + other.samples,
            largest_error: self.largest_error.zip(other.largest_error).map(|(a, b)| a.max(b)),
            tolerance: self.tolerance.min(other.tolerance),
            wrong,
        }
    }
}

/// Lanes of x and y that an invocation of `fma` has.
pub const LANES: u32 = 32;
/// The factor of the map, as in `fma.wgsl`.
pub const FACTOR: f64 = 0.618_033_988_749_894_9;
/// What no value of the map exceeds.
const LARGEST: f64 = 4.0;

/// Steps of `fma` after which it is compared.
#[must_use]
pub const fn fma_steps(precision: Precision) -> u32 {
    if precision.size() == 2 { 32 } else { 1024 }
}

/// The factor as the precision has it.
#[must_use]
pub fn factor(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => FACTOR,
        Precision::F32 | Precision::Tf32 => f64::from(narrow(FACTOR)),
        Precision::Bf16 => half::bf16::from_f64(FACTOR).to_f64(),
        Precision::F16 => half::f16::from_f64(FACTOR).to_f64(),
    }
}

/// The nearest number of 32 bits.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "rounding is what it is for")]
pub const fn narrow(number: f64) -> f32 {
    number as f32
}

/// How far from the reference the map may be after so many steps.
///
/// It keeps x² − T x y + y², so that its powers stretch a vector by κ at most; each of the 2n
/// multiply-adds is off by 2u M at most, where u is doubled as the product may be rounded too.
#[must_use]
pub fn fma_tolerance(precision: Precision, steps: u32) -> f64 {
    let half = FACTOR / 2.0;
    let stretch = ((1.0 + half) / (1.0 - half)).sqrt();
    let reference = if precision == Precision::F64 { 2.0 } else { 1.0 };
    reference * 4.0 * f64::from(steps) * precision.unit() * LARGEST * stretch
}

/// The 16 x and then the 16 y of an invocation after so many steps.
#[must_use]
pub fn fma(invocation: u32, steps: u32, seed: u32, precision: Precision) -> [f64; 32] {
    let factor = factor(precision);
    let mut lanes = [0.0; 32];
    for (lane, counter) in lanes.iter_mut().zip(invocation.wrapping_mul(LANES)..) {
        *lane = start(counter, seed);
    }
    let (xs, ys) = lanes.split_at_mut(16);
    for (x, y) in xs.iter_mut().zip(ys) {
        for _ in 0..steps {
            *x = (-factor).mul_add(*y, *x);
            *y = factor.mul_add(*x, *y);
        }
    }
    lanes
}

/// Holds the lanes of these invocations, one after the other, to the reference.
#[must_use]
pub fn compare_fma(
    invocations: &[u32],
    found: impl IntoIterator<Item = f64>,
    steps: u32,
    seed: u32,
    precision: Precision,
) -> Reference {
    let tolerance = fma_tolerance(precision, steps);
    let expected = invocations.iter().flat_map(|&invocation| {
        let first = u64::from(invocation) * u64::from(LANES);
        (first..).zip(fma(invocation, steps, seed, precision))
    });
    let sample = |((place, expected), found)| Sample { place, found, expected, tolerance };
    Reference::new(&expected.zip(found).map(sample).collect::<Vec<_>>())
}

/// How a sum of products was made.
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

/// An element as the precision holds it, which is not exactly only in bf16.
fn held(element: f64, precision: Precision) -> f64 {
    if precision == Precision::Bf16 { half::bf16::from_f64(element).to_f64() } else { element }
}

/// An element of a product: its value, and how far off it may be.
///
/// Source of the bound: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, §3.1.
#[must_use]
pub fn product(
    place: (u32, u32),
    side: u32,
    seed: u32,
    precision: Precision,
    sums: Sums,
) -> (f64, f64) {
    let (row, column) = place;
    let count = side * side;
    let (mut sum, mut sizes) = (0.0, 0.0);
    for k in 0..side {
        let left = held(element(row * side + k, seed), precision);
        let right = held(element(count + k * side + column, seed), precision);
        sum += left * right;
        sizes += (left * right).abs();
    }
    let (unit, side) = (precision.unit(), f64::from(side));
    let tolerance = match sums {
        Sums::Tiled => {
            let total = if precision == Precision::F64 { precision } else { Precision::F32 };
            (17.0 * unit + side / 16.0 * total.unit()) * sizes + unit * sum.abs()
        }
        Sums::Library { accumulator } => side * accumulator.unit() * sizes + unit * sum.abs(),
    };
    (sum, tolerance)
}

/// Places that are sampled: the first, the last, and others at random, `count` in all.
pub fn places(count: usize, all: u32, mut random: impl FnMut() -> u64) -> Vec<u32> {
    let drawn = (2..count).map(|_| u32::try_from(random() % u64::from(all)).unwrap_or_default());
    [0, all - 1].into_iter().chain(drawn).collect()
}
