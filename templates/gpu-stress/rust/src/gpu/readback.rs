//! Owns the way back: bytes that the host reads, and words that it spoils to see them found.

use std::sync::mpsc::{Receiver, channel};

use wgpu::{Buffer, BufferAsyncError, BufferUsages, MapMode};

use super::pipelines::Part;
use super::{Gpu, PATIENCE, one_line};
use crate::Failure;

impl Gpu {
    /// Reads parts of a buffer, each given by its offset and with the same size, in bytes; both are
    /// multiples of 4.
    pub(super) fn read(
        &self,
        buffer: &Buffer,
        offsets: &[u64],
        size: u64,
    ) -> Result<Vec<u8>, Failure> {
        let total = size * offsets.len() as u64;
        let copy = self.buffer_for(total, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
        let mut encoder = self.encoder();
        for (number, &offset) in (0..).zip(offsets) {
            encoder.copy_buffer_to_buffer(buffer, offset, &copy, number * size, size);
        }
        let submission = self.queue.submit([encoder.finish()]);
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

    /// Copies as much as the second buffer holds, and waits for it.
    pub(super) fn copy(&self, from: &Buffer, to: &Buffer) -> Result<(), Failure> {
        self.wait(self.submit(|encoder| encoder.copy_buffer_to_buffer(from, 0, to, 0, to.size())))
    }

    /// Flips a random bit in the first `words` of a part; returns the word's number in it.
    pub(super) fn flip(&self, part: Part<'_>, words: u64, random: u64) -> Result<u64, Failure> {
        let word = (random >> 8) % words;
        let offset = part.offset + word * 4;
        let bytes = self.read(part.buffer, &[offset], 4)?;
        let found: u32 = bytemuck::pod_read_unaligned(&bytes);
        let spoilt = found ^ (1 << (random % 32));
        self.queue.write_buffer(part.buffer, offset, &spoilt.to_ne_bytes());
        Ok(word)
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
