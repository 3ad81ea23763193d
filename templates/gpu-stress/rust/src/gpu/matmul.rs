//! Owns `matmul` on a GPU.

use std::sync::Arc;
use std::time::Instant;

use wgpu::{Buffer, CommandEncoder, ComputePipeline};

use super::Gpu;
use super::batches::Batches;
use super::pipelines::{Program, dispatch, groups, slot};
use super::products::Products;
use super::readback::numbers;
use crate::load::{Done, Load};
use crate::matrices::{LARGEST_SIDE, SMALLEST_SIDE, is_side_enough, sample_product};
use crate::reference::{Reference, Sums};
use crate::{Failure, Precision};

/// Products in a batch at most.
const MOST: u32 = 1024;

pub(super) struct Matmul {
    gpu: Arc<Gpu>,
    batches: Batches,
    precision: Precision,
    seed: u32,
    side: u32,
    left: Buffer,
    right: Buffer,
    first: Buffer,
    products: Products,
    parameters: Buffer,
    multiply: ComputePipeline,
    compare: ComputePipeline,
    next: u64,
    /// Products that were made and not yet compared.
    fresh: Vec<u64>,
    done: Done,
}

impl Matmul {
    /// Takes the largest side of which a product does not take too long.
    pub(super) fn new(
        gpu: &Arc<Gpu>,
        precision: Precision,
        memory: u64,
        seed: u32,
    ) -> Result<Self, Failure> {
        let mut side = SMALLEST_SIDE;
        loop {
            // A small one tells how long a large one takes, and the first one compiles.
            let mut trial = Self::with_side(gpu, precision, 0, seed, side)?;
            trial.time()?;
            let took = trial.time()?;
            let larger = u64::from(2 * side).pow(2) * precision.size();
            let fits = 4 * larger <= memory && larger <= gpu.largest();
            if side == LARGEST_SIDE || !fits || is_side_enough(took) {
                return Self::with_side(gpu, precision, memory, seed, side);
            }
            side *= 2;
        }
    }

    /// Makes A, B and the first product, and as many products as `memory` holds beside them.
    pub(super) fn with_side(
        gpu: &Arc<Gpu>,
        precision: Precision,
        memory: u64,
        seed: u32,
        side: u32,
    ) -> Result<Self, Failure> {
        let bytes = u64::from(side).pow(2) * precision.size();
        let [left, right, first] = [gpu.buffer(bytes)?, gpu.buffer(bytes)?, gpu.buffer(bytes)?];
        let rest = memory.saturating_sub(3 * bytes);
        let products = Products::new(gpu, bytes, rest)?;
        let batches = Batches::new(gpu, products.bytes() / 4)?;
        let parameters = gpu.parameters(products.count() + 1)?;
        gpu.set(&parameters, 0, [side, seed]);
        let fill = gpu.pipeline(Program::Fill(precision))?;
        let group = gpu.bind(&fill, &[slot(&parameters, 0, 8), (&left).into(), (&right).into()]);
        gpu.submit(|encoder| {
            dispatch(encoder, &fill, &group, [groups(u64::from(side).pow(2)), 1]);
        });
        Ok(Self {
            batches,
            precision,
            seed,
            side,
            left,
            right,
            first,
            products,
            parameters,
            multiply: gpu.pipeline(Program::Product(precision))?,
            compare: gpu.pipeline(Program::Compare)?,
            next: 0,
            fresh: Vec::new(),
            done: Done::default(),
            gpu: Arc::clone(gpu),
        })
    }

    fn time(&mut self) -> Result<std::time::Duration, Failure> {
        let start = Instant::now();
        self.compute(1)?;
        self.verify()?;
        self.finish()?;
        Ok(start.elapsed())
    }

    fn add_product(&mut self, encoder: &mut CommandEncoder, number: u64) {
        let buffers = [(&self.left).into(), (&self.right).into(), self.products.place(number)];
        let parts = [&[slot(&self.parameters, 0, 8)], &buffers[..]].concat();
        let group = self.gpu.bind(&self.multiply, &parts);
        dispatch(encoder, &self.multiply, &group, [self.side / 64, self.side / 64]);
        self.done.operations += 2 * u64::from(self.side).pow(3);
    }

    /// Compares a product with the first one. The parameters hold where it lies in the allocation.
    fn add_compare(&self, encoder: &mut CommandEncoder, number: u64) {
        let words = self.first.size() / 4;
        let at = number * words;
        let low = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default();
        let place = 1 + number;
        self.gpu.set(&self.parameters, place, [low(words), low(at)]);
        let buffers = [(&self.first).into(), self.products.place(number), self.batches.record(at)];
        let parts = [&[slot(&self.parameters, place, 8)], &buffers[..]].concat();
        let group = self.gpu.bind(&self.compare, &parts);
        dispatch(encoder, &self.compare, &group, [groups(words), 1]);
    }
}

impl Load for Matmul {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        self.prepare(1)?;
        let (size, first) = (self.precision.size(), &self.first);
        let read = |place: u64| {
            // Copies begin and end with words of 32 bits.
            let offset = place * size / 4 * 4;
            let bytes = self.gpu.read(first, &[offset], size.max(4))?;
            let at = crate::number::size((place * size - offset) / size);
            Ok(numbers(&bytes, self.precision)[at])
        };
        sample_product(self.side, self.seed, self.precision, Sums::Tiled, read).map(Some)
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        self.next = 0;
        self.fresh.clear();
        self.compute(1)?;
        self.fresh.clear();
        self.done = Done::default();
        self.gpu.copy(self.products.place(0).buffer, &self.first)
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        let mut encoder = self.batches.begin(&self.gpu);
        for _ in 0..size.min(MOST) {
            let number = self.next;
            self.next = (number + 1) % self.products.count();
            // Where there is room for few products, one is compared before the next takes its place.
            if self.fresh.contains(&number) {
                self.add_compare(&mut encoder, number);
            } else {
                self.fresh.push(number);
            }
            self.add_product(&mut encoder, number);
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.check()
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let mut encoder = self.gpu.encoder();
        for number in std::mem::take(&mut self.fresh) {
            self.add_compare(&mut encoder, number);
        }
        let done = std::mem::take(&mut self.done);
        self.batches.end(&self.gpu, encoder, done)
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        self.batches.finish(&self.gpu)
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let number = (self.next + self.products.count() - 1) % self.products.count();
        let (words, place) = (self.first.size() / 4, self.products.place(number));
        self.gpu.flip(place, words, random).map(|word| number * words + word)
    }

    fn most(&self) -> u32 {
        MOST
    }

    fn depth(&self) -> usize {
        self.gpu.depth()
    }

    fn allocated(&self) -> u64 {
        self.products.bytes() + 3 * self.first.size()
    }
}
