//! Owns the threads: how many there are, and how work is spread over them.

use std::sync::{Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};
use rustix::process::{Resource, getrlimit};

use crate::Error;

/// Descriptors that one worker may hold at a time.
pub(crate) const OPEN_FILES: usize = 8;
/// Descriptors that are left for all else.
const SPARE: usize = 16;
/// A worker's stack; nothing here is recursive.
const STACK: usize = 256 * 1024;

/// Threads with a bounded number of open files.
#[derive(Debug)]
pub(crate) struct Workers(ThreadPool);

impl Workers {
    /// Starts `jobs` threads, or as many as the limit on open files allows.
    pub(crate) fn new(jobs: usize) -> Result<Self, Error> {
        let limit = getrlimit(Resource::Nofile).current.map_or(usize::MAX, saturated);
        let allowed = limit.saturating_sub(SPARE) / OPEN_FILES;
        let pool = ThreadPoolBuilder::new()
            .num_threads(jobs.min(allowed).max(1))
            .stack_size(STACK)
            .build();
        pool.map(Self).map_err(|_| Error::Threads)
    }

    /// Works on all items, each worker with a buffer of its own.
    ///
    /// Items are taken up in order, so that the longest work should come first. What comes of them
    /// is written into them, so that there is nothing to collect.
    pub(crate) fn spread<T: Send>(
        &self,
        items: &mut [T],
        buffer_size: usize,
        work: impl Fn(&mut T, &mut [u8]) + Sync,
    ) {
        let items = Mutex::new(items.iter_mut());
        let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
        self.0.broadcast(|_| {
            let mut buffer = vec![0; buffer_size];
            while let Some(item) = next() {
                work(item, &mut buffer);
            }
        });
    }
}

fn saturated(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
