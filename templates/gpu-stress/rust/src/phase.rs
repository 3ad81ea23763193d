//! Owns a phase: one task on one device, for its share of the time.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::load::Wrong;
use crate::meter::{Count, Ended, Meter};
use crate::number::{float, median};
use crate::reference::Reference;
use crate::{Failure, Kernel, Task};

/// A kernel that ran for less has its throughput from batches rather than samples.
const FEW: Duration = Duration::from_secs(3);

/// One task on one device.
#[derive(Debug)]
pub struct Phase {
    /// The task.
    pub task: Task,
    /// How long it runs.
    pub share: Duration,
    /// One for each thread.
    pub meters: Vec<Meter>,
    reference: Mutex<Option<Reference>>,
    samples: Mutex<Vec<f64>>,
    allocated: AtomicU64,
    arrived: AtomicUsize,
    begun: OnceLock<Instant>,
    failure: OnceLock<Failure>,
}

/// A thread that is not ready yet. It counts as ready when this is dropped, also by a panic: the
/// others must not wait for one that is gone.
#[derive(Debug)]
pub struct Arrival<'a>(&'a Phase);

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.0.arrived.fetch_add(1, Ordering::Relaxed);
    }
}

/// Operations or bytes a second, over samples or batches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Throughput {
    /// The least.
    pub min: Option<f64>,
    /// The one in the middle.
    pub median: Option<f64>,
    /// The most.
    pub max: Option<f64>,
}

impl Phase {
    /// Makes a phase with so many threads.
    #[must_use]
    pub fn new(task: Task, share: Duration, threads: usize) -> Self {
        Self {
            task,
            share,
            meters: (0..threads).map(|_| Meter::default()).collect(),
            reference: Mutex::default(),
            samples: Mutex::default(),
            allocated: AtomicU64::new(0),
            arrived: AtomicUsize::new(0),
            begun: OnceLock::new(),
            failure: OnceLock::new(),
        }
    }

    /// Announces a thread.
    pub fn expect(&self) -> Arrival<'_> {
        Arrival(self)
    }

    /// Whether all threads are ready, so that each finds the device as busy as it will be.
    pub fn is_complete(&self) -> bool {
        self.arrived.load(Ordering::Relaxed) >= self.meters.len()
    }

    /// Begins its time, with the first batch of any of its threads.
    pub fn begin(&self) {
        self.begun.get_or_init(Instant::now);
    }

    /// How long it has run, once it has begun.
    pub fn elapsed(&self) -> Option<Duration> {
        self.begun.get().map(Instant::elapsed)
    }

    /// Whether its time is over.
    pub fn is_over(&self) -> bool {
        self.elapsed().is_some_and(|elapsed| elapsed >= self.share)
    }

    /// Ends it.
    pub fn fail(&self, failure: Failure) {
        // Of several threads that fail, the first knows the cause.
        let _ = self.failure.set(failure);
    }

    /// What ended it.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.get()
    }

    /// Counts the memory of a load.
    pub fn allocate(&self, bytes: u64) {
        self.allocated.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes that its loads hold.
    pub fn allocated(&self) -> u64 {
        self.allocated.load(Ordering::Relaxed)
    }

    /// Adds what the reference said of a load.
    pub fn compare(&self, reference: Reference) {
        let mut all = self.reference.lock().unwrap_or_else(PoisonError::into_inner);
        *all = Some(match all.take() {
            Some(before) => before.and(&reference),
            None => reference,
        });
    }

    /// What the reference said of all loads.
    pub fn reference(&self) -> Option<Reference> {
        self.reference.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What all threads did: the sum, and the wrong words in order.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        for count in self.meters.iter().map(Meter::count) {
            total.batches += count.batches;
            total.operations += count.operations;
            total.bytes += count.bytes;
            total.written += count.written;
            total.wrong.merge(&count.wrong);
            total.span = match (total.span, count.span) {
                (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
                (one, other) => one.or(other),
            };
        }
        total
    }

    /// Bytes that memory has written, and those of its allocation; none for other kernels.
    pub fn written(&self) -> Option<(u128, u128)> {
        let is_memory = self.task.kernel == Kernel::Memory;
        is_memory.then(|| (self.total().written, self.allocated().into()))
    }

    /// What was wrong: words, and samples outside the tolerance with the numbers of their elements.
    pub fn wrong(&self) -> Wrong {
        let mut wrong = self.total().wrong;
        if let Some(reference) = self.reference() {
            wrong.merge(&reference.wrong);
        }
        wrong
    }

    /// Takes a sample: the throughput of all threads since the last one. That nothing ended counts
    /// against it only while it runs.
    pub fn sample(&self, runs: bool) -> f64 {
        let throughput = self.meters.iter().map(Meter::look).sum();
        if runs || throughput > 0.0 {
            self.samples.lock().unwrap_or_else(PoisonError::into_inner).push(throughput);
        }
        throughput
    }

    /// The throughput of the last sample.
    pub fn last_sample(&self) -> Option<f64> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).last().copied()
    }

    /// The mean so far.
    pub fn average(&self) -> Option<f64> {
        let total = self.total();
        let (start, end) = total.span?;
        let seconds = end.duration_since(start).as_secs_f64();
        (seconds > 0.0).then(|| float(total.operations + total.bytes) / seconds)
    }

    /// Throughput over its samples, or over its batches if they are few.
    pub fn throughput(&self) -> Throughput {
        let ran = self.total().span.map(|(start, end)| end.duration_since(start));
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let values = if samples.is_empty() || ran.is_none_or(|ran| ran < FEW) {
            self.batch_rates()
        } else {
            samples
        };
        Throughput {
            min: values.iter().copied().reduce(f64::min),
            median: median(&values),
            max: values.iter().copied().reduce(f64::max),
        }
    }

    /// The rates of groups of batches, in the order in which they ended. A group has as many as are
    /// under way at a time; the last one may lack some, and is left out.
    fn batch_rates(&self) -> Vec<f64> {
        // A thread that was stopped before its first batch has done nothing.
        let counts: Vec<_> = self.meters.iter().map(Meter::count).collect();
        let counts: Vec<_> = counts.iter().filter(|count| !count.ended.is_empty()).collect();
        let size = counts.iter().map(|count| count.together.max(1)).sum::<usize>().max(1);
        let mut ended: Vec<_> = counts.iter().flat_map(|count| &count.ended).collect();
        ended.sort_by_key(|batch| batch.end);
        let Some(mut begin) = ended.iter().map(|batch| batch.start).min() else {
            return Vec::new();
        };
        ended.truncate((ended.len() / size * size).max(size));
        let rate = |group: &[&Ended]| {
            let (end, start) = (group.last()?.end, begin);
            begin = end;
            let work = group.iter().map(|batch| batch.work).sum::<u64>();
            let seconds = end.duration_since(start).as_secs_f64();
            (seconds > 0.0).then(|| float(work) / seconds)
        };
        ended.chunks(size).filter_map(rate).collect()
    }
}
