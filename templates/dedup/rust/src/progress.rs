//! Owns what is said while work goes on: counters to read, and a flag by which to stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::Error;

/// What is being done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Stage {
    /// Finding files.
    Walk,
    /// Reading first blocks.
    Starts,
    /// Reading last blocks.
    Ends,
    /// Reading or comparing whole files.
    Contents,
    /// Carrying out a plan.
    Actions,
}

const STAGES: [Stage; 5] =
    [Stage::Walk, Stage::Starts, Stage::Ends, Stage::Contents, Stage::Actions];

/// Counters of the running stage, shared between those who work, watch and interrupt.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    files: AtomicU64,
    bytes: AtomicU64,
    all_files: AtomicU64,
    all_bytes: AtomicU64,
    signal: Arc<AtomicUsize>,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    /// What is being done.
    pub stage: Stage,
    /// Files and bytes that are done.
    pub done: (u64, u64),
    /// Files and bytes in all, where that is known; else zero.
    pub all: (u64, u64),
}

impl Progress {
    /// The flag that asks for an end, once the number of a signal is stored in it.
    #[must_use]
    pub fn signal_flag(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.signal)
    }

    /// The number of the signal that asked for an end, or zero.
    #[must_use]
    pub fn signal(&self) -> usize {
        self.signal.load(Relaxed)
    }

    /// The counters as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            stage: STAGES[usize::from(self.stage.load(Relaxed)).min(STAGES.len() - 1)],
            done: (self.files.load(Relaxed), self.bytes.load(Relaxed)),
            all: (self.all_files.load(Relaxed), self.all_bytes.load(Relaxed)),
        }
    }

    pub(crate) fn begin(&self, stage: Stage, all: (u64, u64)) {
        self.stage.store(stage as u8, Relaxed);
        self.files.store(0, Relaxed);
        self.bytes.store(0, Relaxed);
        self.all_files.store(all.0, Relaxed);
        self.all_bytes.store(all.1, Relaxed);
    }

    pub(crate) fn add_files(&self, count: u64) {
        self.files.fetch_add(count, Relaxed);
    }

    pub(crate) fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Relaxed);
    }

    /// Makes sure that no signal asked for an end.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub fn ensure_goes_on(&self) -> Result<(), Error> {
        match u8::try_from(self.signal()).unwrap_or(u8::MAX) {
            0 => Ok(()),
            signal => Err(Error::Stopped { signal }),
        }
    }
}
