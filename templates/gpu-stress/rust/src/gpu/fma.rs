//! Owns `fma` on a GPU.

use std::sync::Arc;

use wgpu::{BindGroup, Buffer, ComputePipeline};

use super::Gpu;
use super::batches::Batches;
use super::pipelines::{Program, dispatch, groups, slot};
use super::readback::numbers;
use crate::load::{Done, Load};
use crate::reference::{LANES, Reference, compare_fma, fma_steps, places};
use crate::seed::Seeds;
use crate::{Failure, Precision};

/// Invocations in a workgroup.
const WORKGROUP: u32 = 64;
/// Operations of a step of an invocation.
pub(super) const OPERATIONS: u64 = 64;
/// Invocations that the reference looks at.
const SAMPLES: usize = 64;

pub(super) struct Fma {
    gpu: Arc<Gpu>,
    batches: Batches,
    precision: Precision,
    seed: u32,
    invocations: u32,
    parameters: Buffer,
    results: Buffer,
    first: Buffer,
    program: (ComputePipeline, BindGroup),
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
        // As many again hold the first results.
        let fits = crate::number::float(gpu.largest().min(memory / 2) / size);
        let invocations = crate::number::whole32(fits).clamp(WORKGROUP, wanted) / WORKGROUP;
        let invocations = invocations * WORKGROUP;
        let size = u64::from(invocations) * size;
        let (results, first) = (gpu.buffer(size)?, gpu.buffer(size)?);
        let batches = Batches::new(gpu, size / 4)?;
        let parameters = gpu.parameters(2)?;
        let pipeline = gpu.pipeline(Program::Fma(precision))?;
        let group = gpu.bind(&pipeline, &[slot(&parameters, 0, 8), (&results).into()]);
        let program = (pipeline, group);
        let pipeline = gpu.pipeline(Program::Compare)?;
        let buffers = [(&first).into(), (&results).into(), batches.record(0)];
        let group = gpu.bind(&pipeline, &[&[slot(&parameters, 1, 8)], &buffers[..]].concat());
        let compare = (pipeline, group);
        gpu.set(&parameters, 1, [crate::number::whole32(crate::number::float(size / 4)), 0]);
        let gpu = Arc::clone(gpu);
        Ok(Self {
            gpu,
            batches,
            precision,
            seed,
            invocations,
            parameters,
            results,
            first,
            program,
            compare,
            steps: 0,
        })
    }
}

impl Load for Fma {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        let steps = fma_steps(self.precision);
        self.compute(steps)?;
        let mut seeds = Seeds::new();
        let places = places(SAMPLES, self.invocations, || seeds.draw());
        let size = u64::from(LANES) * self.precision.size();
        let offsets: Vec<_> = places.iter().map(|&place| u64::from(place) * size).collect();
        let found = numbers(&self.gpu.read(&self.results, &offsets, size)?, self.precision);
        Ok(Some(compare_fma(&places, found, steps, self.seed, self.precision)))
    }

    fn prepare(&mut self, size: u32) -> Result<(), Failure> {
        self.compute(size)?;
        self.gpu.copy(&self.results, &self.first)
    }

    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        if size != self.steps {
            self.gpu.set(&self.parameters, 0, [size, self.seed]);
            self.steps = size;
        }
        let (pipeline, group) = &self.program;
        let count = [self.invocations / WORKGROUP, 1];
        self.gpu.submit(|encoder| dispatch(encoder, pipeline, group, count));
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
        self.gpu.flip((&self.results).into(), self.results.size() / 4, random)
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
