//! Owns one GPU: its device and queue, and its errors, which never become a panic.

mod adapters;
mod batches;
mod fma;
mod matmul;
mod memory;
mod pipelines;
mod products;
mod readback;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wgpu::{
    Adapter, Buffer, BufferDescriptor, BufferUsages, Device, DeviceDescriptor, Error, ErrorFilter,
    Features, MemoryHints, PollError, PollType, Queue, SubmissionIndex,
};

pub use adapters::{Found, adapters};
use pipelines::Pipelines;

use crate::load::{Load, Maker};
use crate::{Failure, Kernel, Precision, Task};

/// How long a device may take to answer before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// A GPU that is ready to compute.
pub struct Gpu {
    device: Device,
    queue: Queue,
    pipelines: Mutex<Pipelines>,
    fault: Arc<Mutex<Option<Failure>>>,
    is_software: bool,
}

/// The precisions that an adapter has, the one that each has before the others.
#[must_use]
pub fn precisions(adapter: &Adapter) -> Vec<Precision> {
    let features = adapter.features();
    let has = |precision: &Precision| features.contains(feature(*precision));
    [Precision::F32, Precision::F16, Precision::F64].into_iter().filter(has).collect()
}

fn feature(precision: Precision) -> Features {
    match precision {
        Precision::F64 => Features::SHADER_F64,
        Precision::F16 => Features::SHADER_F16,
        _ => Features::empty(),
    }
}

impl Gpu {
    /// Opens the device of an adapter.
    ///
    /// # Errors
    ///
    /// [`Failure::Driver`] where the driver refuses.
    pub fn open(adapter: &Adapter) -> Result<Arc<Self>, Failure> {
        let precisions = precisions(adapter);
        let required_features = precisions
            .into_iter()
            .fold(Features::empty(), |features, precision| features | feature(precision));
        let descriptor = DeviceDescriptor {
            required_features,
            required_limits: adapter.limits(),
            // Blocks of memory that are made ahead would be missing from what is tested.
            memory_hints: MemoryHints::MemoryUsage,
            ..DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| Failure::Driver(one_line(&error)))?;
        let fault = Arc::new(Mutex::new(None));
        let of_error = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error| keep(&of_error, failure(&error))));
        let of_loss = Arc::clone(&fault);
        device.set_device_lost_callback(move |_, text| {
            keep(&of_loss, Failure::Lost(one_line(&text)));
        });
        let pipelines = Mutex::default();
        let is_software = adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        Ok(Arc::new(Self { device, queue, pipelines, fault, is_software }))
    }

    /// Tells what went wrong since the device was opened.
    fn check(&self) -> Result<(), Failure> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.clone().map_or(Ok(()), Err)
    }

    /// Waits until what was submitted is done.
    fn wait(&self, submission: SubmissionIndex) -> Result<(), Failure> {
        let timeout = Some(PATIENCE);
        let poll = PollType::Wait { submission_index: Some(submission), timeout };
        match self.device.poll(poll) {
            Err(PollError::Timeout) => {
                Err(Failure::Lost(format!("no answer for {} s", PATIENCE.as_secs())))
            }
            Err(error) => Err(Failure::Driver(one_line(&error))),
            Ok(_) => self.check(),
        }
    }

    /// Makes a buffer for kernels.
    fn buffer(&self, size: u64) -> Result<Buffer, Failure> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.buffer_for(size, usage)
    }

    fn buffer_for(&self, size: u64, usage: BufferUsages) -> Result<Buffer, Failure> {
        let scope = self.device.push_error_scope(ErrorFilter::OutOfMemory);
        let descriptor = BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        let buffer = self.device.create_buffer(&descriptor);
        if let Some(error) = pollster::block_on(scope.pop()) {
            return Err(failure(&error));
        }
        self.check()?;
        Ok(buffer)
    }

    /// Batches under way at a time. What a CPU computes gains nothing by a second one.
    fn depth(&self) -> usize {
        if self.is_software { 1 } else { batches::DEPTH }
    }

    /// Bytes of the largest buffer that a kernel can be given.
    fn largest(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
    }
}

impl Maker for Arc<Gpu> {
    fn make(&self, task: Task, memory: u64, seed: u32) -> Result<Box<dyn Load>, Failure> {
        self.check()?;
        let precision = task.precision.unwrap_or(Precision::F32);
        Ok(match task.kernel {
            Kernel::Fma => Box::new(fma::Fma::new(self, precision, memory, seed)?),
            Kernel::Matmul => Box::new(matmul::Matmul::new(self, precision, memory, seed)?),
            Kernel::Memory => Box::new(memory::Memory::new(self, memory, seed)?),
        })
    }
}

fn keep(place: &Mutex<Option<Failure>>, failure: Failure) {
    // The first one is the cause, and those after it follow from it.
    place.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::OutOfMemory { .. } => Failure::Memory,
        error => Failure::Driver(one_line(error)),
    }
}

/// Drivers tell the cause in a line of its own, and reasons are one line each.
fn one_line(error: &impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
