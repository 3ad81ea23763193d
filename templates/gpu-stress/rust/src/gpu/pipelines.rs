//! Owns the shaders as pipelines, each made once for a device.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::PoisonError;

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, BufferBinding,
    BufferUsages, CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor, ComputePipeline,
    ComputePipelineDescriptor, ErrorFilter, PipelineCompilationOptions, ShaderModuleDescriptor,
    ShaderSource, SubmissionIndex,
};

use super::{Gpu, failure};
use crate::{Failure, Precision};

const COMPARE: &str = include_str!("../../shaders/compare.wgsl");
const FMA: &str = include_str!("../../shaders/fma.wgsl");
const MATMUL: &str = include_str!("../../shaders/matmul.wgsl");
const MEMORY: &str = include_str!("../../shaders/memory.wgsl");

/// Bytes from one set of parameters, or one record of faults, to the next.
pub(super) const STRIDE: u64 = 256;

/// Invocations in a workgroup of the kernels that go over words.
const WORKGROUP: u64 = 256;

/// An entry point of a shader in a precision, if it has one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Program {
    Compare,
    Fma(Precision),
    Fill(Precision),
    Product(Precision),
    Write,
    Check,
}

/// What was made so far.
pub(super) type Pipelines = HashMap<Program, ComputePipeline>;

impl Program {
    fn source(self) -> (String, &'static str) {
        match self {
            Self::Compare => (COMPARE.into(), "main"),
            Self::Fma(precision) => (typed(precision, FMA), "main"),
            Self::Fill(precision) => (typed(precision, MATMUL), "fill"),
            Self::Product(precision) => (typed(precision, MATMUL), "main"),
            Self::Write => (MEMORY.into(), "write"),
            Self::Check => (MEMORY.into(), "check"),
        }
    }
}

/// Puts the types in front of a shader.
fn typed(precision: Precision, shader: &str) -> String {
    let enable = if precision == Precision::F16 { "enable f16;\n" } else { "" };
    let total = if precision == Precision::F64 { "f64" } else { "f32" };
    format!("{enable}alias real = {precision};\nalias total = {total};\n{shader}")
}

/// A part of a buffer.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) buffer: &'a Buffer,
    pub(super) offset: u64,
    /// Bytes; up to the end of the buffer if not said.
    pub(super) size: Option<u64>,
}

impl<'a> Part<'a> {
    fn entry(self, binding: u32) -> BindGroupEntry<'a> {
        let Self { buffer, offset, size } = self;
        let size = size.and_then(NonZeroU64::new);
        let resource = BindingResource::Buffer(BufferBinding { buffer, offset, size });
        BindGroupEntry { binding, resource }
    }
}

impl<'a> From<&'a Buffer> for Part<'a> {
    fn from(buffer: &'a Buffer) -> Self {
        Self { buffer, offset: 0, size: None }
    }
}

/// One of the records or parameters that lie in a buffer one after the other.
pub(super) fn slot(buffer: &Buffer, number: u64, size: u64) -> Part<'_> {
    Part { buffer, offset: number * STRIDE, size: Some(size) }
}

impl Gpu {
    /// The pipeline of a program.
    pub(super) fn pipeline(&self, program: Program) -> Result<ComputePipeline, Failure> {
        let mut made = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = made.get(&program) {
            return Ok(pipeline.clone());
        }
        let (source, entry) = program.source();
        let pipeline = self.compile(&source, entry)?;
        made.insert(program, pipeline.clone());
        Ok(pipeline)
    }

    /// Makes a pipeline of any shader.
    pub(super) fn compile(&self, source: &str, entry: &str) -> Result<ComputePipeline, Failure> {
        let invalid = self.device.push_error_scope(ErrorFilter::Validation);
        let internal = self.device.push_error_scope(ErrorFilter::Internal);
        let source = ShaderSource::Wgsl(source.into());
        let module =
            self.device.create_shader_module(ShaderModuleDescriptor { label: None, source });
        let pipeline = self.device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some(entry),
            compilation_options: PipelineCompilationOptions {
                // The tiles of matmul are written before they are read.
                zero_initialize_workgroup_memory: false,
                ..PipelineCompilationOptions::default()
            },
            cache: None,
        });
        let internal = pollster::block_on(internal.pop());
        match pollster::block_on(invalid.pop()).or(internal) {
            Some(error) => Err(failure(&error)),
            None => self.check().map(|()| pipeline),
        }
    }

    /// Gives a pipeline its buffers, in the order of their bindings.
    pub(super) fn bind(&self, pipeline: &ComputePipeline, parts: &[Part<'_>]) -> BindGroup {
        let entries: Vec<_> = (0..).zip(parts).map(|(binding, part)| part.entry(binding)).collect();
        let layout = pipeline.get_bind_group_layout(0);
        let descriptor = BindGroupDescriptor { label: None, layout: &layout, entries: &entries };
        self.device.create_bind_group(&descriptor)
    }

    /// Makes a buffer for so many sets of parameters.
    pub(super) fn parameters(&self, count: u64) -> Result<Buffer, Failure> {
        self.buffer_for(count * STRIDE, BufferUsages::UNIFORM | BufferUsages::COPY_DST)
    }

    /// Writes a set of parameters, before what is submitted next.
    pub(super) fn set<const N: usize>(&self, parameters: &Buffer, number: u64, words: [u32; N]) {
        self.queue.write_buffer(parameters, number * STRIDE, bytemuck::cast_slice(&words));
    }

    /// Begins commands.
    pub(super) fn encoder(&self) -> CommandEncoder {
        self.device.create_command_encoder(&CommandEncoderDescriptor::default())
    }

    /// Submits what `fill` puts into commands.
    pub(super) fn submit(&self, fill: impl FnOnce(&mut CommandEncoder)) -> SubmissionIndex {
        let mut encoder = self.encoder();
        fill(&mut encoder);
        self.queue.submit([encoder.finish()])
    }
}

/// Adds a dispatch of so many workgroups across and down.
pub(super) fn dispatch(
    encoder: &mut CommandEncoder,
    pipeline: &ComputePipeline,
    group: &BindGroup,
    [across, down]: [u32; 2],
) {
    let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, group, &[]);
    pass.dispatch_workgroups(across, down, 1);
}

/// The number of workgroups for so many words; each invocation goes on to others.
pub(super) fn groups(words: u64) -> u32 {
    u32::try_from(words.div_ceil(WORKGROUP)).unwrap_or(u32::MAX).min(4096)
}
