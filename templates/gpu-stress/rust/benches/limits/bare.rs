//! Owns the bare loop: dispatches of `fma.wgsl` one after the other, and nothing else.

use std::time::{Duration, Instant};

use my_project::number::{float, whole32};

use wgpu::util::{BufferInitDescriptor, DeviceExt};
use wgpu::{
    Adapter, BindGroup, BindGroupEntry, BufferUsages, ComputePipeline, Device, DeviceDescriptor,
    Queue,
};

const SHADER: &str = include_str!("../../shaders/fma.wgsl");
/// As many as the program takes, and a batch as long as its batches.
const INVOCATIONS: [u32; 2] = [1 << 14, 1 << 19];
const BATCH: f64 = 0.075;
const RUN: Duration = Duration::from_secs(2);

/// A shader with its buffers.
pub(crate) struct Loop {
    device: Device,
    queue: Queue,
    pipeline: ComputePipeline,
    invocations: u32,
}

impl Loop {
    pub(crate) fn new(adapter: &Adapter) -> Self {
        let opened = pollster::block_on(adapter.request_device(&DeviceDescriptor::default()));
        let (device, queue) = opened.expect("the driver opens its device");
        let source = wgpu::ShaderSource::Wgsl(format!("alias real = f32;\n{SHADER}").into());
        let module =
            device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let is_software = adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let invocations = INVOCATIONS[usize::from(!is_software)];
        Self { device, queue, pipeline, invocations }
    }

    /// Operations a second.
    pub(crate) fn run(&self) -> f64 {
        let mut steps = 16;
        loop {
            let group = self.bind(steps);
            let start = Instant::now();
            self.dispatch(&group);
            let took = start.elapsed().as_secs_f64();
            if took >= BATCH / 2.0 {
                return self.measure(&self.bind(steps), steps);
            }
            steps = whole32(f64::from(steps) * (BATCH / took).clamp(1.1, 16.0));
        }
    }

    fn measure(&self, group: &BindGroup, steps: u32) -> f64 {
        let (start, mut count) = (Instant::now(), 0_u64);
        while start.elapsed() < RUN {
            self.dispatch(group);
            count += 1;
        }
        let operations = 64 * u64::from(steps) * u64::from(self.invocations) * count;
        float(operations) / start.elapsed().as_secs_f64()
    }

    fn bind(&self, steps: u32) -> BindGroup {
        let contents = bytemuck::bytes_of(&[steps, 7]).to_vec();
        let usage = BufferUsages::UNIFORM;
        let descriptor = BufferInitDescriptor { label: None, contents: &contents, usage };
        let parameters = self.device.create_buffer_init(&descriptor);
        let results = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 128 * u64::from(self.invocations),
            usage: BufferUsages::STORAGE,
            mapped_at_creation: false,
        });
        let entries = [(0, &parameters), (1, &results)].map(|(binding, buffer)| BindGroupEntry {
            binding,
            resource: buffer.as_entire_binding(),
        });
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    fn dispatch(&self, group: &BindGroup) {
        let mut encoder =
            self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.dispatch_workgroups(self.invocations / 64, 1, 1);
        }
        self.queue.submit([encoder.finish()]);
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
    }
}
