//! Owns `matmul` on a core.

use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::fma::flip;
use super::real::Real;
use super::zeros;
use crate::Failure;
use crate::load::{Done, Load};
use crate::matrices::{SMALLEST_SIDE, Sums, Tile, is_side_enough, left, right};
use crate::number::size as length;
use crate::reference::Reference;

pub(super) struct Matmul<T> {
    seed: u32,
    side: u32,
    left: Vec<T>,
    right: Vec<T>,
    /// A whole product, as the library adds up in no one order all over it.
    first: Vec<T>,
    products: Vec<Vec<T>>,
    next: usize,
    /// The products of the last batch that are still there.
    batch: Vec<usize>,
    done: Done,
}

impl<T: Real> Matmul<T> {
    /// Takes the largest side of which a product does not take too long.
    pub(super) fn new(memory: u64, seed: u32) -> Result<Self, Failure> {
        let mut side = SMALLEST_SIDE;
        loop {
            // The first product also brings the pages into memory.
            let mut trial = Self::with_side(0, seed, side)?;
            let start = Instant::now();
            trial.multiply(0);
            if is_side_enough(side, T::PRECISION, memory, start.elapsed()) {
                return Self::with_side(memory, seed, side);
            }
            side *= 2;
        }
    }

    /// Makes A, B and the first product, and as many products as `memory` holds beside them.
    fn with_side(memory: u64, seed: u32, side: u32) -> Result<Self, Failure> {
        let count = u64::from(side).pow(2);
        let bytes = T::PRECISION.size() * count;
        let products = (memory / bytes).saturating_sub(3).max(1);
        let empty = || zeros::<T>(length(count));
        let fill = |element: fn(u32, u32, u32, u32) -> f64| -> Result<_, Failure> {
            let mut made = empty()?;
            let places = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
            for (number, (row, column)) in made.iter_mut().zip(places) {
                *number = T::new(element(row, column, side, seed));
            }
            Ok(made)
        };
        let mut made = Self {
            seed,
            side,
            left: fill(left)?,
            right: fill(right)?,
            first: empty()?,
            products: (0..products).map(|_| empty()).collect::<Result<_, _>>()?,
            next: 0,
            batch: Vec::new(),
            done: Done::default(),
        };
        made.multiply(0);
        made.first.copy_from_slice(&made.products[0]);
        made.done = Done::default();
        Ok(made)
    }

    fn multiply(&mut self, number: usize) {
        let side = length(self.side.into());
        let product = MatMut::from_row_major_slice_mut(&mut self.products[number], side, side);
        let left = MatRef::from_row_major_slice(&self.left, side, side);
        let right = MatRef::from_row_major_slice(&self.right, side, side);
        matmul(product, Accum::Replace, left, right, T::ONE, Par::Seq);
        self.done.operations += 2 * u64::from(self.side).pow(3);
    }

    fn compare(&mut self, number: usize) {
        let words = [&self.first, &self.products[number]].map(|all| bytemuck::cast_slice(all));
        self.done.wrong.compare(words[0], words[1], 0);
    }
}

impl<T: Real> Load for Matmul<T> {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        let sums = Sums::Library { accumulator: T::PRECISION };
        let tile = Tile::new(self.side, self.seed, T::PRECISION, sums);
        Ok(Some(tile.compare(self.side, 0, self.first.iter().map(|number| number.wide()))))
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        self.batch.clear();
        for _ in 0..size {
            let number = self.next;
            self.next = (number + 1) % self.products.len();
            // Where there is room for few products, one is compared before the next takes its place.
            if self.batch.contains(&number) {
                self.compare(number);
            } else {
                self.batch.push(number);
            }
            self.multiply(number);
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        for at in 0..self.batch.len() {
            self.compare(self.batch[at]);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let words = size_of_val(&self.first[..]) as u64 / 4;
        let word = (random >> 8) % (words * self.batch.len() as u64);
        let product = &mut self.products[self.batch[length(word / words)]];
        flip(bytemuck::cast_slice_mut(product), word % words, random);
        Ok(word % words)
    }

    fn most(&self) -> u32 {
        1024
    }

    fn allocated(&self) -> u64 {
        (self.products.len() as u64 + 3) * size_of_val(&self.first[..]) as u64
    }
}
