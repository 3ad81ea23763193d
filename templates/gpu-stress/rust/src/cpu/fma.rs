//! Owns `fma` on a core: the map of `fma.wgsl` in registers, on a block that fits its cache.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled for wide vectors")]

use pulp::{Arch, Simd, WithSimd};

use super::real::Real;
use crate::Failure;
use crate::load::{Done, Load, Wrong};
use crate::random::start;
use crate::reference::{FACTOR, LANES, Reference, compare_fma, fma_steps, places};
use crate::seed::Seeds;

/// Invocations in a block: 16 KiB in f32.
const INVOCATIONS: u32 = 128;
/// Operations of a step of an invocation.
const OPERATIONS: u64 = 64;
/// Pairs of vectors that are under way at once, which hides how long a multiply-add takes.
const PAIRS: usize = 8;
/// Invocations that the reference looks at.
const SAMPLES: usize = 64;

pub(super) struct Fma<T> {
    seed: u32,
    arch: Arch,
    /// Sixteen x, then sixteen y of each invocation.
    results: Vec<T>,
    first: Vec<T>,
    done: Done,
}

impl<T: Real> Fma<T> {
    pub(super) fn new(seed: u32) -> Self {
        Self {
            seed,
            arch: Arch::new(),
            results: Vec::new(),
            first: Vec::new(),
            done: Done::default(),
        }
    }
}

impl<T: Real> Load for Fma<T> {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        let (seed, steps) = (self.seed, fma_steps(T::PRECISION));
        self.compute(steps)?;
        let mut seeds = Seeds::new();
        let places = places(SAMPLES, INVOCATIONS, || seeds.draw());
        let found = places.iter().flat_map(|&place| {
            let lanes = u64::from(place * LANES)..u64::from((place + 1) * LANES);
            lanes.map(|lane| self.results[crate::number::size(lane)].wide())
        });
        Ok(Some(compare_fma(&places, found, steps, seed, T::PRECISION)))
    }

    fn prepare(&mut self, size: u32) -> Result<(), Failure> {
        self.compute(size)?;
        self.first.clone_from(&self.results);
        Ok(())
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        self.results.clear();
        let counters = 0..INVOCATIONS * LANES;
        self.results.extend(counters.map(|counter| T::new(start(counter, self.seed))));
        self.arch.dispatch(Steps { numbers: &mut self.results, steps: size });
        let operations = OPERATIONS * u64::from(INVOCATIONS) * u64::from(size);
        self.done = Done { operations, ..Done::default() };
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let mut wrong = Wrong::default();
        let words = [&self.first, &self.results].map(|numbers| bytemuck::cast_slice(numbers));
        wrong.compare(words[0], words[1], 0);
        self.done.wrong = wrong;
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        Ok(flip(bytemuck::cast_slice_mut(&mut self.results), random))
    }

    fn most(&self) -> u32 {
        1 << 30
    }

    fn allocated(&self) -> u64 {
        2 * size_of_val(&self.results[..]) as u64
    }
}

/// Flips a random bit; returns the number of its word.
pub(super) fn flip(words: &mut [u32], random: u64) -> u64 {
    let word = (random >> 8) % words.len() as u64;
    words[crate::number::size(word)] ^= 1 << (random % 32);
    word
}

/// So many steps of the map on all of these numbers.
struct Steps<'a, T> {
    numbers: &'a mut [T],
    steps: u32,
}

impl<T: Real> WithSimd for Steps<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plus, minus) = (T::splat(simd, T::new(FACTOR)), T::splat(simd, T::new(-FACTOR)));
        let (vectors, rest) = T::vectors::<S>(self.numbers);
        debug_assert!(rest.is_empty(), "an invocation is a whole number of vectors");
        // Vectors that the x of an invocation take, and its y as many.
        let of_x = vectors.len() / (2 * INVOCATIONS as usize);
        let x_of = |pair: usize| pair / of_x * 2 * of_x + pair % of_x;
        for block in (0..vectors.len() / 2).step_by(PAIRS) {
            let mut xs: [_; PAIRS] = std::array::from_fn(|i| vectors[x_of(block + i)]);
            let mut ys: [_; PAIRS] = std::array::from_fn(|i| vectors[x_of(block + i) + of_x]);
            for _ in 0..self.steps {
                for (x, y) in xs.iter_mut().zip(&ys) {
                    *x = T::mul_add(simd, minus, *y, *x);
                }
                for (x, y) in xs.iter().zip(&mut ys) {
                    *y = T::mul_add(simd, plus, *x, *y);
                }
            }
            for (i, (x, y)) in xs.into_iter().zip(ys).enumerate() {
                vectors[x_of(block + i)] = x;
                vectors[x_of(block + i) + of_x] = y;
            }
        }
    }
}
