//! A device to try shaders on, with nothing of the library between.

use std::env;
use std::sync::Arc;

use my_project::gpu::{Found, Gpu, adapters};
use my_project::reference::{Reference, Sample};

use wgpu::util::{BufferInitDescriptor, DeviceExt};
use wgpu::{Adapter, BindGroupEntry, Buffer, BufferUsages};
use wgpu::{CommandEncoderDescriptor, Device, DeviceDescriptor, Queue};

/// The first adapter of a driver. Without one, tests of shaders do nothing, and say so; where `CI` is
/// set they fail, so that nobody takes that for a pass.
pub(crate) fn adapter() -> Option<Found> {
    let found = adapters().into_iter().next();
    if found.is_none() {
        let text = "no driver of Vulkan, Metal or DX12: no shader is tested; Mesa's software driver \
                    will do (Debian: mesa-vulkan-drivers)";
        assert!(env::var_os("CI").is_none(), "{text}");
        #[expect(clippy::print_stderr, reason = "a test has no other way to say it")]
        {
            eprintln!("SKIPPED: {text}");
        }
    }
    found
}

pub(crate) fn gpu() -> Option<(Found, Arc<Gpu>)> {
    let found = adapter()?;
    let gpu = Gpu::open(&found.adapter).expect("the driver opens its device");
    Some((found, gpu))
}

pub(crate) struct Lab {
    device: Device,
    queue: Queue,
}

impl Lab {
    pub(crate) fn new(adapter: &Adapter) -> Self {
        let descriptor = DeviceDescriptor {
            required_features: adapter.features()
                & (wgpu::Features::SHADER_F16 | wgpu::Features::SHADER_F64),
            required_limits: adapter.limits(),
            ..DeviceDescriptor::default()
        };
        let opened = pollster::block_on(adapter.request_device(&descriptor));
        let (device, queue) = opened.expect("the driver opens its device");
        Self { device, queue }
    }

    /// Runs a shader with parameters and buffers of these sizes; returns what the last one holds.
    pub(crate) fn run(
        &self,
        shader: (&str, &str),
        parameters: &[u32],
        buffers: &[Vec<u8>],
        groups: (u32, u32),
    ) -> Vec<Vec<u8>> {
        let source = wgpu::ShaderSource::Wgsl(shader.0.into());
        let module =
            self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some(shader.1),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let mut bound = vec![self.buffer(bytemuck::cast_slice(parameters), BufferUsages::UNIFORM)];
        bound.extend(buffers.iter().map(|bytes| self.buffer(bytes, storage)));
        let entries = (0..).zip(&bound).map(|(binding, buffer)| BindGroupEntry {
            binding,
            resource: buffer.as_entire_binding(),
        });
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries.collect::<Vec<_>>(),
        });
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(groups.0, groups.1, 1);
        }
        self.queue.submit([encoder.finish()]);
        bound[1..].iter().map(|buffer| self.read(buffer)).collect()
    }

    fn buffer(&self, contents: &[u8], usage: BufferUsages) -> Buffer {
        self.device.create_buffer_init(&BufferInitDescriptor { label: None, contents, usage })
    }

    fn read(&self, buffer: &Buffer) -> Vec<u8> {
        let copy = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: buffer.size(),
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, buffer.size());
        self.queue.submit([encoder.finish()]);
        copy.map_async(wgpu::MapMode::Read, .., |result| result.expect("it is mapped"));
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
        copy.get_mapped_range(..).expect("it is mapped").to_vec()
    }
}

/// Numbers of 32 or 64 bits, in f64.
pub(crate) fn numbers(bytes: &[u8], size: usize) -> Vec<f64> {
    let number = |bytes: &[u8]| match size {
        8 => bytemuck::pod_read_unaligned(bytes),
        4 => bytemuck::pod_read_unaligned::<f32>(bytes).into(),
        _ => half::f16::from_bits(bytemuck::pod_read_unaligned(bytes)).to_f64(),
    };
    bytes.chunks_exact(size).map(number).collect()
}

/// What the reference says of these.
pub(crate) fn compare(found: &[f64], expected: &[f64], tolerance: &[f64]) -> Reference {
    let samples = (0..).zip(found).zip(expected.iter().zip(tolerance));
    let sample =
        |((place, &found), (&expected, &tolerance))| Sample { place, found, expected, tolerance };
    Reference::new(samples.map(sample))
}
