//! Owns `fma` on a GPU.

use std::sync::Arc;

use wgpu::{BindGroup, Buffer, ComputePipeline};

use super::Gpu;
use super::batches::Batches;
use super::pipelines::{Program, dispatch, groups, slot};
use super::readback::numbers;
use crate::load::{Done, Load};
use crate::number::{float, whole32};
use crate::reference::{INVOCATIONS, LANES, Reference, compare_fma, fma_steps};
use crate::{Failure, Precision};

/// Operations of a step of an invocation.
pub(super) const OPERATIONS: u64 = 64;

pub(super) struct Fma {
    gpu: Arc<Gpu>,
    batches: Batches,
    precision: Precision,
    seed: u32,
    invocations: u32,
    parameters: Buffer,
    results: Buffer,
    /// What one workgroup made, and every other has to make too.
    first: Buffer,
    pipeline: ComputePipeline,
    /// The buffers of all workgroups, and those of one.
    groups: [BindGroup; 2],
    compare: (ComputePipeline, BindGroup),
    steps: u32,
}

impl Fma {
    pub(super) fn new(
        gpu: &Arc<Gpu>,
        precision: Precision,
        memory: u64,
        seed: u32,
    ) -> Result<Self, Failure> {
        let wanted = if gpu.is_software { 1 << 14 } else { 1 << 19 };
        let size = u64::from(LANES) * precision.size();
        let of_first = u64::from(INVOCATIONS) * size;
        let fits = float(gpu.largest().min(memory.saturating_sub(of_first)) / size);
        let invocations = whole32(fits).clamp(INVOCATIONS, wanted) / INVOCATIONS * INVOCATIONS;
        let size = u64::from(invocations) * size;
        let (results, first) = (gpu.buffer(size)?, gpu.buffer(of_first)?);
        let batches = Batches::new(gpu, 0)?;
        let parameters = gpu.parameters(2)?;
        let pipeline = gpu.pipeline(Program::Fma(precision))?;
        let bind = |buffer: &Buffer| gpu.bind(&pipeline, &[slot(&parameters, 0, 8), buffer.into()]);
        let groups = [bind(&results), bind(&first)];
        let compare = gpu.pipeline(Program::Compare)?;
        let buffers = [(&first).into(), (&results).into(), batches.record(0)];
        let group = gpu.bind(&compare, &[&[slot(&parameters, 1, 16)], &buffers[..]].concat());
        // All results lie in one row.
        let words = [size, of_first].map(|bytes| whole32(float(bytes / 4)));
        gpu.set(&parameters, 1, [words[0], 0, 0, words[1] - 1]);
        Ok(Self {
            gpu: Arc::clone(gpu),
            batches,
            precision,
            seed,
            invocations,
            parameters,
            results,
            first,
            pipeline,
            groups,
            compare: (compare, group),
            steps: 0,
        })
    }

    fn set_steps(&mut self, steps: u32) {
        if steps != self.steps {
            self.gpu.set(&self.parameters, 0, [steps, self.seed]);
            self.steps = steps;
        }
    }
}

impl Load for Fma {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        let steps = fma_steps(self.precision);
        self.prepare(steps)?;
        let bytes = self.gpu.read(&self.first, 0, self.first.size())?;
        let found = numbers(&bytes, self.precision);
        Ok(Some(compare_fma(found, steps, self.seed, self.precision)))
    }

    fn prepare(&mut self, size: u32) -> Result<(), Failure> {
        self.set_steps(size);
        let [_, group] = &self.groups;
        let submission =
            self.gpu.submit(|encoder| dispatch(encoder, &self.pipeline, group, [1, 1]));
        self.gpu.wait(submission)
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        self.set_steps(size);
        let ([group, _], count) = (&self.groups, [self.invocations / INVOCATIONS, 1]);
        self.gpu.submit(|encoder| dispatch(encoder, &self.pipeline, group, count));
        self.gpu.check()
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let mut encoder = self.batches.begin(&self.gpu);
        let (pipeline, group) = &self.compare;
        dispatch(&mut encoder, pipeline, group, [groups(self.results.size() / 4), 1]);
        let operations = OPERATIONS * u64::from(self.invocations) * u64::from(self.steps);
        self.batches.end(&self.gpu, encoder, Done { operations, ..Done::default() })
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        self.batches.finish(&self.gpu)
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let word = (random >> 8) % (self.results.size() / 4);
        self.gpu.flip((&self.results).into(), word, random).map(|()| word)
    }

    fn most(&self) -> u32 {
        1 << 30
    }

    fn depth(&self) -> usize {
        self.gpu.depth()
    }

    fn allocated(&self) -> u64 {
        self.results.size() + self.first.size()
    }
}
