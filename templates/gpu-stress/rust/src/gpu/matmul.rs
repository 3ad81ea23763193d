//! Owns `matmul` on a GPU.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wgpu::{Buffer, CommandEncoder, ComputePipeline};

use super::Gpu;
use super::batches::Batches;
use super::pipelines::{Program, dispatch, groups, slot};
use super::products::Products;
use super::readback::numbers;
use crate::load::{Done, Load};
use crate::matrices::{SMALLEST_SIDE, Sums, TILE, Tile, is_side_enough};
use crate::number::{float, whole32};
use crate::reference::Reference;
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
    /// A tile of the first product, which all others have to repeat.
    first: Buffer,
    products: Products,
    parameters: Buffer,
    multiply: ComputePipeline,
    compare: ComputePipeline,
    next: u64,
    /// The products of the last batch that are still there.
    batch: Vec<u64>,
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
            // A small one tells how long a large one takes, and its first product compiles.
            let took = Self::with_side(gpu, precision, 0, seed, side)?.time()?;
            let fits = u64::from(2 * side).pow(2) * precision.size() <= gpu.largest();
            if !fits || is_side_enough(side, precision, memory, took) {
                return Self::with_side(gpu, precision, memory, seed, side);
            }
            side *= 2;
        }
    }

    /// Makes A, B and the first result, and as many products as `memory` holds beside them.
    fn with_side(
        gpu: &Arc<Gpu>,
        precision: Precision,
        memory: u64,
        seed: u32,
        side: u32,
    ) -> Result<Self, Failure> {
        let bytes = u64::from(side).pow(2) * precision.size();
        let of_first = u64::from(TILE).pow(2) * precision.size();
        let (left, right, first) = (gpu.buffer(bytes)?, gpu.buffer(bytes)?, gpu.buffer(of_first)?);
        let rest = memory.saturating_sub(2 * bytes + of_first);
        let products = Products::new(gpu, bytes, rest)?;
        let parameters = gpu.parameters(2)?;
        gpu.set(&parameters, 0, [side, seed]);
        let words = |numbers: u64| whole32(float(numbers * precision.size() / 4));
        let row_shift = words(side.into()).ilog2();
        let tile = [row_shift, TILE - 1, words(TILE.into()) - 1];
        gpu.set(&parameters, 1, [words(u64::from(side).pow(2)), tile[0], tile[1], tile[2]]);
        let fill = gpu.pipeline(Program::Fill(precision))?;
        let group = gpu.bind(&fill, &[slot(&parameters, 0, 8), (&left).into(), (&right).into()]);
        gpu.submit(|encoder| {
            dispatch(encoder, &fill, &group, [groups(u64::from(side).pow(2)), 1]);
        });
        let mut made = Self {
            batches: Batches::new(gpu, 0)?,
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
            batch: Vec::new(),
            done: Done::default(),
            gpu: Arc::clone(gpu),
        };
        made.make_first()?;
        Ok(made)
    }

    /// Makes a product, and gathers its first tile row by row.
    fn make_first(&mut self) -> Result<(), Failure> {
        let mut encoder = self.gpu.encoder();
        self.add_product(&mut encoder, 0);
        self.done = Done::default();
        let [row, of_tile] = [self.side, TILE].map(|side| u64::from(side) * self.precision.size());
        let product = self.products.place(0);
        for number in 0..u64::from(TILE) {
            let (from, to) = (product.offset + number * row, number * of_tile);
            encoder.copy_buffer_to_buffer(product.buffer, from, &self.first, to, of_tile);
        }
        self.gpu.wait(self.gpu.queue.submit([encoder.finish()]))
    }

    fn time(&mut self) -> Result<Duration, Failure> {
        let start = Instant::now();
        self.start(1, None)?;
        self.finish()?;
        Ok(start.elapsed())
    }

    fn add_product(&mut self, encoder: &mut CommandEncoder, number: u64) {
        let buffers = [(&self.left).into(), (&self.right).into(), self.products.place(number)];
        let parts = [&[slot(&self.parameters, 0, 8)], &buffers[..]].concat();
        let group = self.gpu.bind(&self.multiply, &parts);
        dispatch(encoder, &self.multiply, &group, [self.side / TILE, self.side / TILE]);
        self.done.operations += 2 * u64::from(self.side).pow(3);
    }

    fn add_compare(&self, encoder: &mut CommandEncoder, number: u64) {
        let product = self.products.place(number);
        let buffers = [(&self.first).into(), product, self.batches.record(0)];
        let parts = [&[slot(&self.parameters, 1, 16)], &buffers[..]].concat();
        let group = self.gpu.bind(&self.compare, &parts);
        dispatch(encoder, &self.compare, &group, [groups(self.words()), 1]);
    }

    /// Words of a product.
    fn words(&self) -> u64 {
        self.left.size() / 4
    }
}

impl Load for Matmul {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        let bytes = self.gpu.read(&self.first, 0, self.first.size())?;
        let tile = Tile::new(self.side, self.seed, self.precision, Sums::Tiled);
        Ok(Some(tile.compare(TILE, 0, numbers(&bytes, self.precision))))
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        let mut encoder = self.batches.begin(&self.gpu);
        self.batch.clear();
        for _ in 0..size.min(MOST) {
            let number = self.next;
            self.next = (number + 1) % self.products.count();
            // Where there is room for few products, one is compared before the next takes its place.
            if self.batch.contains(&number) {
                self.add_compare(&mut encoder, number);
            } else {
                self.batch.push(number);
            }
            self.add_product(&mut encoder, number);
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.check()
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let mut encoder = self.gpu.encoder();
        for &number in &self.batch {
            self.add_compare(&mut encoder, number);
        }
        let done = std::mem::take(&mut self.done);
        self.batches.end(&self.gpu, encoder, done)
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        self.batches.finish(&self.gpu)
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let words = self.words();
        let word = (random >> 8) % (words * self.batch.len() as u64);
        let product = self.batch[crate::number::size(word / words)];
        let (place, word) = (self.products.place(product), word % words);
        self.gpu.flip(place, word, random).map(|()| word)
    }

    fn most(&self) -> u32 {
        MOST
    }

    fn depth(&self) -> usize {
        self.gpu.depth()
    }

    fn allocated(&self) -> u64 {
        self.products.bytes() + 2 * self.left.size() + self.first.size()
    }
}
