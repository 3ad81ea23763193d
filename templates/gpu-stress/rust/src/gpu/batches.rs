//! Owns batches under way: each has a record of its faults that comes back when it is done.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, channel};

use wgpu::{Buffer, BufferAsyncError, BufferUsages, CommandEncoder, MapMode, SubmissionIndex};

use super::pipelines::{Part, STRIDE, slot};
use super::readback::wait_for_map;
use super::{Gpu, one_line};
use crate::Failure;
use crate::load::{ADDRESSES, Done, Wrong};

/// Batches under way at a time: one computes while the host looks at the one before.
pub(super) const DEPTH: usize = 2;
/// Words of a record: how many invocations saw a fault, a count, and addresses.
const RECORD: usize = 2 + ADDRESSES;
/// Bytes of a record.
const RECORD_SIZE: u64 = 4 * RECORD as u64;

/// The records of a load, and its batches under way.
pub(super) struct Batches {
    /// What kernels count faults in: one record for each 2^32 words of the allocation.
    records: Buffer,
    copies: VecDeque<Buffer>,
    under_way: VecDeque<UnderWay>,
}

struct UnderWay {
    copy: Buffer,
    submission: SubmissionIndex,
    mapped: Receiver<Result<(), BufferAsyncError>>,
    done: Done,
}

impl Batches {
    /// Makes records for an allocation of so many words.
    pub(super) fn new(gpu: &Gpu, words: u64) -> Result<Self, Failure> {
        let size = ((words >> 32) + 1) * STRIDE;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let copies = (0..DEPTH).map(|_| gpu.buffer_for(size, usage)).collect::<Result<_, _>>()?;
        Ok(Self { records: gpu.buffer(size)?, copies, under_way: VecDeque::new() })
    }

    /// The record for faults from this word on.
    pub(super) fn record(&self, word: u64) -> Part<'_> {
        slot(&self.records, word >> 32, RECORD_SIZE)
    }

    /// Begins the commands of a batch. What was counted before belongs to the batch before.
    pub(super) fn begin(&self, gpu: &Gpu) -> CommandEncoder {
        let mut encoder = gpu.encoder();
        encoder.clear_buffer(&self.records, 0, None);
        encoder
    }

    /// Ends the commands of a batch, whose record comes back with the next [`Self::finish`].
    pub(super) fn end(
        &mut self,
        gpu: &Gpu,
        mut encoder: CommandEncoder,
        done: Done,
    ) -> Result<(), Failure> {
        let Some(copy) = self.copies.pop_front() else {
            return Err(Failure::Driver("more batches are under way than there may be".into()));
        };
        encoder.copy_buffer_to_buffer(&self.records, 0, &copy, 0, copy.size());
        let submission = gpu.queue.submit([encoder.finish()]);
        let (sender, mapped) = channel();
        copy.map_async(MapMode::Read, .., move |result| {
            // Nobody waits any more where the wait has failed.
            let _ = sender.send(result);
        });
        self.under_way.push_back(UnderWay { copy, submission, mapped, done });
        gpu.check()
    }

    /// Waits for the oldest batch.
    pub(super) fn finish(&mut self, gpu: &Gpu) -> Result<Done, Failure> {
        let Some(mut batch) = self.under_way.pop_front() else {
            return Err(Failure::Driver("no batch is under way".into()));
        };
        gpu.wait(batch.submission)?;
        wait_for_map(&batch.mapped)?;
        let view = batch.copy.get_mapped_range(..);
        let view = view.map_err(|error| Failure::Driver(one_line(&error)))?;
        batch.done.wrong = read(&view);
        drop(view);
        batch.copy.unmap();
        self.copies.push_back(batch.copy);
        Ok(batch.done)
    }
}

fn read(records: &[u8]) -> Wrong {
    let mut wrong = Wrong::default();
    for (segment, bytes) in (0..).zip(records.chunks_exact(crate::number::size(STRIDE))) {
        let words: [u32; RECORD] = bytemuck::pod_read_unaligned(&bytes[..4 * RECORD]);
        let told = usize::try_from(words[0]).unwrap_or(ADDRESSES).min(ADDRESSES);
        // The count may have gone round, which leaves less than that of invocations.
        let count = u64::from(words[0].max(words[1]));
        let address = |&word: &u32| (segment << 32) + u64::from(word);
        let mut addresses: Vec<u64> = words[2..2 + told].iter().map(address).collect();
        // Which invocation comes first differs from run to run.
        addresses.sort_unstable();
        wrong.merge(&Wrong { count, addresses });
    }
    wrong
}
