//! Owns what is right: results in f64, and how far from them a device may be.

use std::cmp::Ordering;

use crate::Precision;
use crate::load::Wrong;
use crate::random::start;

/// How close the first result came to the reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Elements that were compared.
    pub samples: u64,
    /// The largest error; none where a value was not finite.
    pub largest_error: Option<f64>,
    /// The least of the elements' tolerances.
    pub tolerance: f64,
    /// Elements outside of theirs, and the numbers of the first of them.
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
    pub fn new(samples: impl IntoIterator<Item = Sample>) -> Self {
        let none = Self {
            samples: 0,
            largest_error: Some(0.0),
            tolerance: f64::INFINITY,
            wrong: Wrong::default(),
        };
        samples.into_iter().fold(none, Self::with)
    }

    fn with(mut self, sample: Sample) -> Self {
        let Sample { place, found, expected, tolerance } = sample;
        let error = (found - expected).abs();
        self.samples += 1;
        self.largest_error =
            self.largest_error.filter(|_| found.is_finite()).map(|largest| largest.max(error));
        self.tolerance = self.tolerance.min(tolerance);
        if error.partial_cmp(&tolerance).is_none_or(Ordering::is_gt) {
            self.wrong.add(place);
        }
        self
    }

    /// This one and another, of another load with the same task or of another part of it.
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
/// Invocations after which the input of `fma` repeats itself: those of a workgroup.
pub const INVOCATIONS: u32 = 64;
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

/// Holds the first result, which is all lanes of all invocations that differ, to the reference.
#[must_use]
pub fn compare_fma(
    found: impl IntoIterator<Item = f64>,
    steps: u32,
    seed: u32,
    precision: Precision,
) -> Reference {
    let tolerance = fma_tolerance(precision, steps);
    let expected = (0..INVOCATIONS).flat_map(|at| fma(at, steps, seed, precision));
    let sample = |(place, (expected, found))| Sample { place, found, expected, tolerance };
    Reference::new((0..).zip(expected.zip(found)).map(sample))
}
