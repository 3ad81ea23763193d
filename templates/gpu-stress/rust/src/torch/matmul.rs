//! Owns `matmul` with torch.

use std::time::Instant;

use tch::{Device, Kind, TchError, Tensor};

use super::{failure, kind};
use crate::load::{ADDRESSES, Done, Load, Wrong};
use crate::matrices::{LARGEST_SIDE, SMALLEST_SIDE, is_side_enough, sample_product};
use crate::random::element;
use crate::reference::{Reference, Sums};
use crate::{Failure, Precision};

pub(super) struct Matmul {
    precision: Precision,
    seed: u32,
    side: u32,
    left: Tensor,
    right: Tensor,
    first: Tensor,
    products: Vec<Tensor>,
    next: usize,
    /// Products that were made and not yet compared.
    fresh: Vec<usize>,
    done: Done,
}

impl Matmul {
    /// Takes the largest side of which a product does not take too long.
    pub(super) fn new(
        device: Device,
        precision: Precision,
        memory: u64,
        seed: u32,
    ) -> Result<Self, Failure> {
        let mut side = SMALLEST_SIDE;
        loop {
            let mut trial = Self::with_side(device, precision, 0, seed, side).map_err(failure)?;
            // The first product also loads the library.
            trial.prepare(1)?;
            let start = Instant::now();
            trial.prepare(1)?;
            let larger = precision.size() * u64::from(2 * side).pow(2);
            let is_enough = is_side_enough(start.elapsed()) || 4 * larger > memory;
            if side == LARGEST_SIDE || is_enough {
                return Self::with_side(device, precision, memory, seed, side).map_err(failure);
            }
            side *= 2;
        }
    }

    fn with_side(
        device: Device,
        precision: Precision,
        memory: u64,
        seed: u32,
        side: u32,
    ) -> Result<Self, TchError> {
        let (count, shape) = (side * side, [i64::from(side), i64::from(side)]);
        let fill = |first: u32| {
            let counters = first..first + count;
            let elements: Vec<_> = counters.map(|counter| element(counter, seed)).collect();
            let elements = Tensor::f_from_slice(&elements)?.f_reshape(shape)?;
            elements.f_to_kind(kind(precision))?.f_to_device(device)
        };
        let bytes = precision.size() * u64::from(count);
        let products = (memory / bytes).saturating_sub(3).max(1);
        let empty = || Tensor::f_empty(shape, (kind(precision), device));
        Ok(Self {
            precision,
            seed,
            side,
            left: fill(0)?,
            right: fill(count)?,
            first: empty()?,
            products: (0..products).map(|_| empty()).collect::<Result<_, _>>()?,
            next: 0,
            fresh: Vec::new(),
            done: Done::default(),
        })
    }

    fn multiply(&mut self, number: usize) -> Result<(), TchError> {
        // What is returned is the same tensor once more.
        let _ = self.left.f_matmul_out(&self.products[number], &self.right)?;
        self.done.operations += 2 * u64::from(self.side).pow(3);
        Ok(())
    }

    /// Counts words of 32 bits that differ. It waits for the device.
    fn compare(&mut self, number: usize) -> Result<(), TchError> {
        let found = words(&self.products[number])?;
        let differs = found.f_ne_tensor(&words(&self.first)?)?;
        let count = differs.f_count_nonzero(None)?.f_int64_value(&[])?;
        if count > 0 {
            let offset = number as u64 * u64::from(self.side).pow(2) * self.precision.size() / 4;
            let places = differs.f_nonzero()?;
            let told = count.min(i64::try_from(ADDRESSES).unwrap_or(0));
            let place = |at| Ok(offset + places.f_int64_value(&[at, 0])?.unsigned_abs());
            let addresses = (0..told).map(place).collect::<Result<_, TchError>>()?;
            self.done.wrong.merge(&Wrong { count: count.unsigned_abs(), addresses });
        }
        Ok(())
    }
}

/// A tensor as one row of words.
fn words(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor.f_flatten(0, -1)?.f_view_dtype(Kind::Int)
}

impl Load for Matmul {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        self.prepare(1)?;
        let first = self.first.f_flatten(0, -1).map_err(failure)?;
        let read = |place: u64| {
            let place = i64::try_from(place).unwrap_or_default();
            first.f_double_value(&[place]).map_err(failure)
        };
        let accumulator =
            if self.precision == Precision::F64 { Precision::F64 } else { Precision::F32 };
        let sums = Sums::Library { accumulator };
        sample_product(self.side, self.seed, self.precision, sums, read).map(Some)
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        self.multiply(0).map_err(failure)?;
        self.first.f_copy_(&self.products[0]).map_err(failure)?;
        self.done = Done::default();
        // Waits for the device.
        self.compare(0).map_err(failure)?;
        self.done = Done::default();
        Ok(())
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        for _ in 0..size {
            let number = self.next;
            self.next = (number + 1) % self.products.len();
            // Where there is room for few products, one is compared before the next takes its place.
            if self.fresh.contains(&number) {
                self.compare(number).map_err(failure)?;
            } else {
                self.fresh.push(number);
            }
            self.multiply(number).map_err(failure)?;
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        for number in std::mem::take(&mut self.fresh) {
            self.compare(number).map_err(failure)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let number = (self.next + self.products.len() - 1) % self.products.len();
        let count = u64::from(self.side).pow(2) * self.precision.size() / 4;
        let word = (random >> 8) % count;
        // The bit of the sign is the lowest number there is.
        let bit = i64::from(i32::MIN.rotate_left(u32::try_from(random % 32).unwrap_or(0)));
        let place = i64::try_from(word).unwrap_or_default();
        let flip = || {
            // It is a view, and what is returned the same view once more.
            let _ = words(&self.products[number])?.f_get(place)?.f_bitwise_xor_(bit)?;
            Ok(number as u64 * count + word)
        };
        flip().map_err(failure)
    }

    fn most(&self) -> u32 {
        1024
    }

    fn allocated(&self) -> u64 {
        (self.products.len() as u64 + 3) * u64::from(self.side).pow(2) * self.precision.size()
    }
}
