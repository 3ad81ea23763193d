//! Owns the way back: bytes that the host reads, and words that it spoils to see them found.

use std::sync::mpsc::{Receiver, channel};

use wgpu::{Buffer, BufferAsyncError, BufferUsages, MapMode};

use super::pipelines::Part;
use super::{Gpu, PATIENCE, one_line};
use crate::Failure;

impl Gpu {
    /// Reads so many bytes of a buffer from an offset on; both are multiples of 4.
    pub(super) fn read(&self, buffer: &Buffer, offset: u64, size: u64) -> Result<Vec<u8>, Failure> {
        let copy = self.buffer_for(size, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
        let submission =
            self.submit(|encoder| encoder.copy_buffer_to_buffer(buffer, offset, &copy, 0, size));
        let (sender, mapped) = channel();
        copy.map_async(MapMode::Read, .., move |result| {
            // Nobody waits any more where the wait has failed.
            let _ = sender.send(result);
        });
        self.wait(submission)?;
        wait_for_map(&mapped)?;
        let view = copy.get_mapped_range(..).map_err(|error| Failure::Driver(one_line(&error)))?;
        Ok(view.to_vec())
    }

    /// Flips a random bit of a word in a part of a buffer.
    pub(super) fn flip(&self, part: Part<'_>, word: u64, random: u64) -> Result<(), Failure> {
        let offset = part.offset + word * 4;
        let bytes = self.read(part.buffer, offset, 4)?;
        let found: u32 = bytemuck::pod_read_unaligned(&bytes);
        let spoilt = found ^ (1 << (random % 32));
        self.queue.write_buffer(part.buffer, offset, &spoilt.to_ne_bytes());
        Ok(())
    }
}

/// Waits until a buffer is mapped. Where threads share a device, another one may have found that out
/// and be about to tell it.
pub(super) fn wait_for_map(mapped: &Receiver<Result<(), BufferAsyncError>>) -> Result<(), Failure> {
    match mapped.recv_timeout(PATIENCE) {
        Ok(result) => result.map_err(|error| Failure::Driver(one_line(&error))),
        Err(_) => Err(Failure::Lost("a buffer was never mapped".into())),
    }
}

/// Numbers of a precision, as bytes in memory, in f64.
pub(super) fn numbers(bytes: &[u8], precision: crate::Precision) -> Vec<f64> {
    use bytemuck::pod_read_unaligned;
    let size = crate::number::size(precision.size());
    let number = |bytes: &[u8]| match size {
        8 => pod_read_unaligned(bytes),
        4 => f64::from(pod_read_unaligned::<f32>(bytes)),
        _ => half::f16::from_bits(pod_read_unaligned(bytes)).to_f64(),
    };
    bytes.chunks_exact(size).map(number).collect()
}
