//! Owns `matmul` on a core.

use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::fma::flip;
use super::real::Real;
use super::reserve;
use crate::Failure;
use crate::load::{Done, Load, Wrong};
use crate::matrices::{LARGEST_SIDE, SMALLEST_SIDE, is_side_enough, sample_product};
use crate::random::element;
use crate::reference::{Reference, Sums};

pub(super) struct Matmul<T> {
    seed: u32,
    side: u32,
    left: Vec<T>,
    right: Vec<T>,
    first: Vec<T>,
    products: Vec<Vec<T>>,
    next: usize,
    /// Products that were made and not yet compared.
    fresh: Vec<usize>,
    done: Done,
}

impl<T: Real> Matmul<T> {
    /// Takes the largest side of which a product does not take too long.
    pub(super) fn new(memory: u64, seed: u32) -> Result<Self, Failure> {
        let mut side = SMALLEST_SIDE;
        loop {
            let mut trial = Self::with_side(0, seed, side)?;
            // The first product also brings the pages into memory.
            trial.multiply(0);
            let start = Instant::now();
            trial.multiply(0);
            let larger = size_of::<T>() as u64 * u64::from(2 * side).pow(2);
            let is_enough = is_side_enough(start.elapsed()) || 4 * larger > memory;
            if side == LARGEST_SIDE || is_enough {
                return Self::with_side(memory, seed, side);
            }
            side *= 2;
        }
    }

    /// Makes A, B and the first product, and as many products as `memory` holds beside them.
    fn with_side(memory: u64, seed: u32, side: u32) -> Result<Self, Failure> {
        let count = side * side;
        let bytes = size_of::<T>() as u64 * u64::from(count);
        let products = (memory / bytes).saturating_sub(3).max(1);
        reserve((products + 3) * bytes)?;
        let fill = |first: u32| {
            let counters = first..first + count;
            counters.map(|counter| T::new(element(counter, seed))).collect::<Vec<_>>()
        };
        // The system gives a page when it is written to, so that this takes no time.
        let empty = || vec![T::zeroed(); crate::number::size(count.into())];
        Ok(Self {
            seed,
            side,
            left: fill(0),
            right: fill(count),
            first: empty(),
            products: (0..products).map(|_| empty()).collect(),
            next: 0,
            fresh: Vec::new(),
            done: Done::default(),
        })
    }

    fn multiply(&mut self, number: usize) {
        let side = crate::number::size(self.side.into());
        let product = MatMut::from_row_major_slice_mut(&mut self.products[number], side, side);
        let left = MatRef::from_row_major_slice(&self.left, side, side);
        let right = MatRef::from_row_major_slice(&self.right, side, side);
        matmul(product, Accum::Replace, left, right, T::ONE, Par::Seq);
        self.done.operations += 2 * u64::from(self.side).pow(3);
    }

    fn compare(&mut self, number: usize) {
        let words = [&self.first, &self.products[number]].map(|all| bytemuck::cast_slice(all));
        let offset = (number * words[0].len()) as u64;
        self.done.wrong.compare(words[0], words[1], offset);
    }
}

impl<T: Real> Load for Matmul<T> {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        self.prepare(1)?;
        let sums = Sums::Library { accumulator: T::PRECISION };
        let read = |place| Ok(self.first[crate::number::size(place)].wide());
        sample_product(self.side, self.seed, T::PRECISION, sums, read).map(Some)
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        self.multiply(0);
        self.first.clone_from(&self.products[0]);
        self.done = Done::default();
        Ok(())
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        self.done.wrong = Wrong::default();
        for _ in 0..size {
            let number = self.next;
            self.next = (number + 1) % self.products.len();
            // Where there is room for few products, one is compared before the next takes its place.
            if self.fresh.contains(&number) {
                self.compare(number);
            } else {
                self.fresh.push(number);
            }
            self.multiply(number);
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        for number in std::mem::take(&mut self.fresh) {
            self.compare(number);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let number = (self.next + self.products.len() - 1) % self.products.len();
        let words = bytemuck::cast_slice_mut(&mut self.products[number]);
        let offset = number * words.len();
        Ok(offset as u64 + flip(words, random))
    }

    fn most(&self) -> u32 {
        1024
    }

    fn allocated(&self) -> u64 {
        (self.products.len() as u64 + 3) * size_of_val(&self.first[..]) as u64
    }
}
