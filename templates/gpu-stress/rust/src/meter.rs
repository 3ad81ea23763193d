//! Owns counting: what one thread finished and verified, and how fast.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::load::{Done, Wrong};
use crate::number::float;

/// Batches that are kept one by one; a kernel that runs for longer has samples.
const KEPT: usize = 1024;

/// What one thread did in one task.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Count>);

/// A batch that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When it began.
    pub start: Instant,
    /// When it ended.
    pub end: Instant,
    /// Its operations or bytes.
    pub work: u64,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// Batches.
    pub batches: u64,
    /// Operations, of which 64 bits are too few for a large GPU after some hours.
    pub operations: u128,
    /// Bytes.
    pub bytes: u128,
    /// Bytes that were written to be read back, in batches that do not count too.
    pub written: u128,
    /// Wrong words, those of batches that do not count among them.
    pub wrong: Wrong,
    /// How many batches are under way at a time.
    pub together: usize,
    /// The first batches.
    pub ended: Vec<Ended>,
    /// When the first batch began, and the last one ended.
    pub span: Option<(Instant, Instant)>,
    /// What was done since the last look, and when the last batch before it ended.
    window: (u64, Option<Instant>),
}

impl Count {
    fn found(&mut self, done: &Done) {
        self.written += u128::from(done.written);
        self.wrong.merge(&done.wrong);
    }
}

impl Meter {
    fn lock(&self) -> MutexGuard<'_, Count> {
        // A thread that ended in the middle of an addition leaves no count that is worse.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how many batches will be under way at a time.
    pub fn expect(&self, together: usize) {
        self.lock().together = together;
    }

    /// Counts a batch that ended now; work with wrong words is no verified work.
    pub fn add(&self, done: &Done, took: Duration) {
        let now = Instant::now();
        let start = now.checked_sub(took).unwrap_or(now);
        let mut count = self.lock();
        let is_right = u64::from(done.wrong.count == 0);
        let (operations, bytes) = (is_right * done.operations, is_right * done.bytes);
        let work = operations + bytes;
        count.batches += 1;
        count.operations += u128::from(operations);
        count.bytes += u128::from(bytes);
        count.found(done);
        if count.ended.len() < KEPT {
            count.ended.push(Ended { start, end: now, work });
        }
        count.span = Some((count.span.map_or(start, |(first, _)| first), now));
        count.window.0 += work;
        count.window.1.get_or_insert(start);
    }

    /// Counts a batch of the warm-up: its work does not count, but what it found does.
    pub fn warm_up(&self, done: &Done) {
        self.lock().found(done);
    }

    /// Operations or bytes a second since the last look, over whole batches.
    pub fn look(&self) -> f64 {
        let mut count = self.lock();
        let end = count.span.map(|(_, end)| end);
        let (work, start) = std::mem::replace(&mut count.window, (0, end));
        match (start, end) {
            (Some(start), Some(end)) if end > start => {
                float(work) / end.duration_since(start).as_secs_f64()
            }
            _ => 0.0,
        }
    }

    /// What was done so far.
    pub fn count(&self) -> Count {
        self.lock().clone()
    }
}
