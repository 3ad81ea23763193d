//! Owns `fma` on a core: the map of `fma.wgsl` in registers, on a block that fits its cache.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled for wide vectors")]

use pulp::{Arch, Simd, WithSimd};

use super::real::Real;
use crate::Failure;
use crate::load::{Done, Load, Wrong};
use crate::random::start;
use crate::reference::{FACTOR, INVOCATIONS, LANES, Reference, compare_fma, fma_steps};

/// How often a block repeats the invocations that differ: 16 KiB in f32.
const REPEATS: u32 = 2;
/// Operations of a step of an invocation.
const OPERATIONS: u64 = 64;
/// Pairs of vectors that are under way at once, which hides how long a multiply-add takes.
const PAIRS: usize = 8;

pub(super) struct Fma<T> {
    seed: u32,
    arch: Arch,
    /// Sixteen x, then sixteen y of each invocation.
    results: Vec<T>,
    /// What the invocations that differ made, each once.
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
        let steps = fma_steps(T::PRECISION);
        self.prepare(steps)?;
        let found = self.first.iter().map(|number| number.wide());
        Ok(Some(compare_fma(found, steps, self.seed, T::PRECISION)))
    }

    fn prepare(&mut self, size: u32) -> Result<(), Failure> {
        run(self.arch, &mut self.first, 1, size, self.seed);
        Ok(())
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        run(self.arch, &mut self.results, REPEATS, size, self.seed);
        let invocations = u64::from(REPEATS * INVOCATIONS);
        let operations = OPERATIONS * invocations * u64::from(size);
        self.done = Done { operations, ..Done::default() };
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let mut wrong = Wrong::default();
        let first: &[u32] = bytemuck::cast_slice(&self.first);
        let results: &[u32] = bytemuck::cast_slice(&self.results);
        for (number, repeat) in (0..).zip(results.chunks(first.len())) {
            wrong.compare(first, repeat, number * first.len() as u64);
        }
        self.done.wrong = wrong;
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let words: &mut [u32] = bytemuck::cast_slice_mut(&mut self.results);
        let word = (random >> 8) % words.len() as u64;
        flip(words, word, random);
        Ok(word)
    }

    fn most(&self) -> u32 {
        1 << 30
    }

    fn allocated(&self) -> u64 {
        let block = u64::from(INVOCATIONS * LANES) * T::PRECISION.size();
        block * u64::from(1 + REPEATS)
    }
}

/// Flips a random bit of a word.
pub(super) fn flip(words: &mut [u32], word: u64, random: u64) {
    words[crate::number::size(word)] ^= 1 << (random % 32);
}

/// Runs the invocations that differ, so often, for so many steps.
fn run<T: Real>(arch: Arch, numbers: &mut Vec<T>, repeats: u32, steps: u32, seed: u32) {
    numbers.clear();
    for _ in 0..repeats {
        let counters = 0..INVOCATIONS * LANES;
        numbers.extend(counters.map(|counter| T::new(start(counter, seed))));
    }
    arch.dispatch(Map { numbers, repeats, steps });
}

/// So many steps of the map on all of these numbers.
struct Map<'a, T> {
    numbers: &'a mut [T],
    repeats: u32,
    steps: u32,
}

impl<T: Real> WithSimd for Map<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plus, minus) = (T::splat(simd, T::new(FACTOR)), T::splat(simd, T::new(-FACTOR)));
        let (vectors, rest) = T::vectors::<S>(self.numbers);
        debug_assert!(rest.is_empty(), "an invocation is a whole number of vectors");
        // Vectors that the x of an invocation take, and its y as many.
        let of_x = vectors.len() / (2 * self.repeats * INVOCATIONS) as usize;
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
