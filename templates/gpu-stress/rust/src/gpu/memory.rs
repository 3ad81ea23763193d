//! Owns `memory` on a GPU.

use std::sync::Arc;

use wgpu::{BindGroup, Buffer, CommandEncoder, ComputePipeline};

use super::Gpu;
use super::batches::{Batches, DEPTH};
use super::pipelines::{Program, dispatch, groups, slot};
use crate::Failure;
use crate::load::{Done, Load};
use crate::random::Pass;
use crate::reference::Reference;

/// Buffers in a batch at most, each of which is checked, written and checked.
const MOST: u32 = 1024;
/// Bytes of a buffer at most; small ones where it takes long to fill one.
const LARGEST: u64 = 1 << 30;
const LARGEST_OF_SOFTWARE: u64 = 1 << 24;

pub(super) struct Memory {
    gpu: Arc<Gpu>,
    batches: Batches,
    seed: u32,
    buffers: Vec<Buffer>,
    /// The number of the pass that each buffer was filled in last.
    held: Vec<Option<u32>>,
    next: usize,
    parameters: [Buffer; DEPTH],
    turn: usize,
    write: ComputePipeline,
    check: ComputePipeline,
    /// Buffers that were written and not yet checked, from the first on.
    fresh: Vec<usize>,
    done: Done,
}

/// A dispatch to come.
struct Step {
    pipeline: ComputePipeline,
    group: BindGroup,
    groups: u32,
}

impl Memory {
    pub(super) fn new(gpu: &Arc<Gpu>, memory: u64, seed: u32) -> Result<Self, Failure> {
        let largest = if gpu.is_software { LARGEST_OF_SOFTWARE } else { LARGEST };
        let size = gpu.largest().min(largest).min(memory);
        // Whole MiB, but of a small share all there is.
        let size = if size < 1 << 20 { size >> 12 << 12 } else { size >> 20 << 20 };
        let buffers = gpu.buffers(size, memory)?;
        let count = u64::from(3 * MOST);
        Ok(Self {
            batches: Batches::new(gpu, size / 4 * buffers.len() as u64)?,
            seed,
            held: vec![None; buffers.len()],
            buffers,
            next: 0,
            parameters: [gpu.parameters(count)?, gpu.parameters(count)?],
            turn: 0,
            write: gpu.pipeline(Program::Write)?,
            check: gpu.pipeline(Program::Check)?,
            fresh: Vec::new(),
            done: Done::default(),
            gpu: Arc::clone(gpu),
        })
    }

    /// Makes a step on a buffer, with parameters of its own.
    fn step(&mut self, number: u64, program: Program, at: usize, pass: u32) -> Step {
        let buffer = &self.buffers[at];
        let first = at as u64 * (buffer.size() / 4);
        let pass = Pass::new(pass, self.seed);
        let parameters = &self.parameters[self.turn];
        // Addresses count on from 0 after 2^32 words; the record of faults knows how often.
        let offset = u32::try_from(first & u64::from(u32::MAX)).unwrap_or_default();
        let words = [pass.pattern as u32, pass.seed, offset, pass.inverted];
        self.gpu.set(parameters, number, words);
        let mut parts = vec![slot(parameters, number, 16), buffer.into()];
        let pipeline = if program == Program::Check {
            parts.push(self.batches.record(first));
            self.check.clone()
        } else {
            self.write.clone()
        };
        self.done.bytes += buffer.size();
        let group = self.gpu.bind(&pipeline, &parts);
        Step { pipeline, group, groups: groups(buffer.size() / 4) }
    }
}

impl Step {
    fn add(&self, encoder: &mut CommandEncoder) {
        dispatch(encoder, &self.pipeline, &self.group, [self.groups, 1]);
    }
}

impl Load for Memory {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        Ok(None)
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    /// Whatever a buffer holds from a batch before is checked once more, since by now all others
    /// were written.
    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        self.turn = (self.turn + 1) % DEPTH;
        let mut steps = Vec::new();
        for _ in 0..size.min(MOST) {
            let at = self.next;
            self.next = (at + 1) % self.buffers.len();
            if let Some(pass) = self.held[at] {
                steps.push(self.step(steps.len() as u64, Program::Check, at, pass));
            }
            let pass = self.held[at].map_or(0, |pass| pass.wrapping_add(1));
            steps.push(self.step(steps.len() as u64, Program::Write, at, pass));
            self.held[at] = Some(pass);
            if !self.fresh.contains(&at) {
                self.fresh.push(at);
            }
        }
        let mut encoder = self.batches.begin(&self.gpu);
        for step in &steps {
            step.add(&mut encoder);
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.check()
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let mut steps = Vec::new();
        for at in std::mem::take(&mut self.fresh) {
            let pass = self.held[at].unwrap_or_default();
            let number = u64::from(2 * MOST) + steps.len() as u64;
            steps.push(self.step(number, Program::Check, at, pass));
        }
        let mut encoder = self.gpu.encoder();
        for step in &steps {
            step.add(&mut encoder);
        }
        let done = std::mem::take(&mut self.done);
        self.batches.end(&self.gpu, encoder, done)
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        self.batches.finish(&self.gpu)
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let at = (self.next + self.buffers.len() - 1) % self.buffers.len();
        let words = self.buffers[at].size() / 4;
        let word = self.gpu.flip((&self.buffers[at]).into(), words, random)?;
        Ok(at as u64 * words + word)
    }

    fn most(&self) -> u32 {
        MOST
    }

    fn depth(&self) -> usize {
        self.gpu.depth()
    }

    fn allocated(&self) -> u64 {
        self.buffers.iter().map(Buffer::size).sum()
    }
}
