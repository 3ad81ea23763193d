//! Owns `matmul` with torch.

use std::time::Instant;

use tch::{Device, Kind, TchError, Tensor};

use super::{failure, kind};
use crate::load::{ADDRESSES, Done, Load, Wrong};
use crate::matrices::{SMALLEST_SIDE, Sums, TILE, Tile, is_side_enough, left, right};
use crate::number::size as length;
use crate::reference::Reference;
use crate::{Failure, Precision};

pub(super) struct Matmul {
    precision: Precision,
    seed: u32,
    side: u32,
    left: Tensor,
    right: Tensor,
    /// A whole product, as the library adds up in no one order all over it.
    first: Tensor,
    products: Vec<Tensor>,
    next: usize,
    /// The products of the last batch that are still there.
    batch: Vec<usize>,
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
            // The first product also loads the library.
            let mut trial = Self::with_side(device, precision, 0, seed, side).map_err(failure)?;
            let start = Instant::now();
            trial.start(1, None)?;
            if is_side_enough(side, precision, memory, start.elapsed()) {
                return Self::with_side(device, precision, memory, seed, side).map_err(failure);
            }
            side *= 2;
        }
    }

    /// Makes A, B and the first product, and as many products as `memory` holds beside them.
    fn with_side(
        device: Device,
        precision: Precision,
        memory: u64,
        seed: u32,
        side: u32,
    ) -> Result<Self, TchError> {
        let [all, tile] = [side, TILE].map(i64::from);
        // Only what differs is made on the host.
        let fill = |element: fn(u32, u32, u32, u32) -> f64, rows: u32, columns: u32| {
            let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            let elements = places.map(|(row, column)| element(row, column, side, seed));
            let elements = Tensor::f_from_slice(&elements.collect::<Vec<_>>())?;
            let shape = [i64::from(rows), i64::from(columns)];
            elements.f_reshape(shape)?.f_to_kind(kind(precision))?.f_to_device(device)
        };
        let bytes = precision.size() * u64::from(side).pow(2);
        let products = (memory / bytes).saturating_sub(3).max(1);
        let empty = || Tensor::f_empty([all, all], (kind(precision), device));
        let mut made = Self {
            precision,
            seed,
            side,
            left: fill(left, TILE, side)?.f_repeat([all / tile, 1])?,
            right: fill(right, side, TILE)?.f_repeat([1, all / tile])?,
            first: empty()?,
            products: (0..products).map(|_| empty()).collect::<Result<_, _>>()?,
            next: 0,
            batch: Vec::new(),
            done: Done::default(),
        };
        made.multiply(0)?;
        made.first.f_copy_(&made.products[0])?;
        // Waits for the device.
        made.compare(0)?;
        made.done = Done::default();
        Ok(made)
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
            let places = differs.f_nonzero()?;
            let told = count.min(i64::try_from(ADDRESSES).unwrap_or(0));
            let place = |at| Ok(places.f_int64_value(&[at, 0])?.unsigned_abs());
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

/// What the library adds up in. On a GPU it may do so in the elements' own 16 bits.
fn sums(device: Device, precision: Precision) -> Sums {
    let is_wide = precision == Precision::F64 || device != Device::Cpu && precision.size() == 2;
    Sums::Library { accumulator: if is_wide { precision } else { Precision::F32 } }
}

impl Load for Matmul {
    /// Reads the first product in strips, so that it takes little memory of the host.
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        let sums = sums(self.first.device(), self.precision);
        let tile = Tile::new(self.side, self.seed, self.precision, sums);
        let strip = |row: u32| {
            let strip = self.first.f_narrow(0, row.into(), TILE.into())?;
            let strip = strip.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?;
            let elements = Vec::<f64>::try_from(strip.f_flatten(0, -1)?)?;
            let place = u64::from(row) * u64::from(self.side);
            Ok(tile.compare(self.side, place, elements))
        };
        let mut all: Option<Reference> = None;
        for row in (0..self.side).step_by(length(TILE.into())) {
            let strip = strip(row).map_err(failure)?;
            all = Some(all.map_or_else(|| strip.clone(), |before| before.and(&strip)));
        }
        Ok(all)
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
                self.compare(number).map_err(failure)?;
            } else {
                self.batch.push(number);
            }
            self.multiply(number).map_err(failure)?;
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        for at in 0..self.batch.len() {
            self.compare(self.batch[at]).map_err(failure)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let count = u64::from(self.side).pow(2) * self.precision.size() / 4;
        let word = (random >> 8) % (count * self.batch.len() as u64);
        let product = &self.products[self.batch[length(word / count)]];
        // The bit of the sign is the lowest number there is.
        let bit = i64::from(i32::MIN.rotate_left(u32::try_from(random % 32).unwrap_or(0)));
        let place = i64::try_from(word % count).unwrap_or_default();
        let flip = || {
            // It is a view, and what is returned the same view once more.
            let _ = words(product)?.f_get(place)?.f_bitwise_xor_(bit)?;
            Ok(word % count)
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
