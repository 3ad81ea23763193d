//! Owns where products of matrices lie: as many as fit, several to a buffer.

use wgpu::Buffer;

use super::Gpu;
use super::pipelines::Part;
use crate::Failure;
use crate::buffers::{buffer_size, buffer_sizes};

/// Places of products.
pub(super) struct Products {
    buffers: Vec<Buffer>,
    /// Bytes of a product.
    size: u64,
}

impl Products {
    /// Makes room for products of this size, `memory` bytes of them, but for one at least.
    pub(super) fn new(gpu: &Gpu, size: u64, memory: u64) -> Result<Self, Failure> {
        // Both are powers of two.
        let of_buffer = buffer_size(memory, gpu.largest()).max(size);
        let sizes = buffer_sizes(memory, of_buffer, size);
        let buffers = sizes.map(|size| gpu.buffer(size)).collect::<Result<_, _>>()?;
        Ok(Self { buffers, size })
    }

    /// All bytes of it.
    pub(super) fn bytes(&self) -> u64 {
        self.buffers.iter().map(Buffer::size).sum()
    }

    /// How many products there is room for.
    pub(super) fn count(&self) -> u64 {
        self.bytes() / self.size
    }

    /// Where the product with a number lies.
    pub(super) fn place(&self, number: u64) -> Part<'_> {
        let of_buffer = self.buffers[0].size() / self.size;
        let buffer = &self.buffers[crate::number::size(number / of_buffer)];
        Part { buffer, offset: number % of_buffer * self.size, size: Some(self.size) }
    }
}
