//! Owns `memory` on a GPU.

use std::sync::Arc;

use wgpu::{BindGroup, Buffer, CommandEncoder, ComputePipeline};

use super::Gpu;
use super::batches::{Batches, DEPTH};
use super::pipelines::{Program, dispatch, groups, slot};
use crate::Failure;
use crate::buffers::{Ring, Spot};
use crate::load::{Done, Load};
use crate::random::Pass;
use crate::reference::Reference;

/// Buffers in a batch at most, each of which is checked, written and checked.
const MOST: u32 = 1024;
/// Bytes of a buffer at most where it takes long to fill one.
const LARGEST_OF_SOFTWARE: u64 = 1 << 24;

pub(super) struct Memory {
    gpu: Arc<Gpu>,
    batches: Batches,
    seed: u32,
    ring: Ring,
    buffers: Vec<Buffer>,
    parameters: [Buffer; DEPTH],
    turn: usize,
    write: ComputePipeline,
    check: ComputePipeline,
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
        let largest = if gpu.is_software { LARGEST_OF_SOFTWARE } else { u64::MAX };
        let ring = Ring::new(memory, gpu.largest().min(largest));
        let buffers = ring.words().iter().map(|words| gpu.buffer(4 * words));
        let count = u64::from(3 * MOST);
        Ok(Self {
            batches: Batches::new(gpu, ring.bytes() / 4)?,
            seed,
            buffers: buffers.collect::<Result<_, _>>()?,
            ring,
            parameters: [gpu.parameters(count)?, gpu.parameters(count)?],
            turn: 0,
            write: gpu.pipeline(Program::Write)?,
            check: gpu.pipeline(Program::Check)?,
            done: Done::default(),
            gpu: Arc::clone(gpu),
        })
    }

    /// Makes a step on a buffer, with parameters of its own.
    fn step(&mut self, number: u64, program: Program, at: usize, pass: u32) -> Step {
        let buffer = &self.buffers[at];
        let first = self.ring.address(Spot { buffer: at, word: 0 });
        let pass = Pass::new(pass, self.seed);
        let parameters = &self.parameters[self.turn];
        // Addresses count on from 0 after 2^32 words, between two buffers as their sizes are powers
        // of two; the record of faults knows how often.
        let offset = u32::try_from(first & u64::from(u32::MAX)).unwrap_or_default();
        let words = [pass.pattern as u32, pass.seed, offset, pass.inverted];
        self.gpu.set(parameters, number, words);
        let mut parts = vec![slot(parameters, number, 16), buffer.into()];
        let pipeline = if program == Program::Check {
            parts.push(self.batches.record(first));
            self.check.clone()
        } else {
            self.done.written += buffer.size();
            self.write.clone()
        };
        self.done.bytes += buffer.size();
        let group = self.gpu.bind(&pipeline, &parts);
        Step { pipeline, group, groups: groups(buffer.size() / 4) }
    }

    fn flip_at(&self, spot: Spot, random: u64) -> Result<u64, Failure> {
        self.gpu.flip((&self.buffers[spot.buffer]).into(), spot.word, random)?;
        Ok(self.ring.address(spot))
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
        self.ring.begin();
        let mut steps = Vec::new();
        for _ in 0..size.min(MOST) {
            let turn = self.ring.turn();
            if let Some(pass) = turn.held {
                steps.push(self.step(steps.len() as u64, Program::Check, turn.buffer, pass));
            }
            steps.push(self.step(steps.len() as u64, Program::Write, turn.buffer, turn.pass));
        }
        let mut encoder = self.batches.begin(&self.gpu);
        for step in &steps {
            step.add(&mut encoder);
        }
        self.gpu.queue.submit([encoder.finish()]);
        self.gpu.check()
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let mut encoder = self.gpu.encoder();
        let written: Vec<_> = self.ring.written().collect();
        for (number, (at, pass)) in (u64::from(2 * MOST)..).zip(written) {
            self.step(number, Program::Check, at, pass).add(&mut encoder);
        }
        let done = std::mem::take(&mut self.done);
        self.batches.end(&self.gpu, encoder, done)
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        self.batches.finish(&self.gpu)
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let nothing = || Failure::Driver("nothing was written that could be spoilt".into());
        self.flip_at(self.ring.fresh_spot(random).ok_or_else(nothing)?, random)
    }

    fn flip_held(&mut self, size: u32, random: u64) -> Result<Option<u64>, Failure> {
        let spot = self.ring.held_spot(size.min(MOST), random);
        spot.map(|spot| self.flip_at(spot, random)).transpose()
    }

    fn most(&self) -> u32 {
        MOST
    }

    fn depth(&self) -> usize {
        self.gpu.depth()
    }

    fn allocated(&self) -> u64 {
        self.ring.bytes()
    }
}
