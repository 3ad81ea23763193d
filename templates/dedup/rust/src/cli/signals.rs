//! Owns the signals: one that asks for an end lets a step finish, and ends at once what only waits.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGIO, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};

use my_project::Progress;

use super::status::SIGNALLED;

/// The signals of this process.
pub(crate) struct Signals {
    pub(crate) progress: Arc<Progress>,
    at_once: Arc<AtomicBool>,
}

impl Signals {
    /// Handles all of them from now on; one that asks for an end is obeyed at once.
    pub(crate) fn handle() -> Result<Self> {
        let progress = Arc::new(Progress::default());
        let at_once = Arc::new(AtomicBool::new(true));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let status = i32::from(SIGNALLED) + signal;
            register_conditional_shutdown(signal, status, Arc::clone(&at_once))?;
            register_usize(signal, progress.signal_flag(), usize::try_from(signal)?)?;
        }
        // It tells that another program waits for a lease, and would end the process.
        register(SIGIO, Arc::default())?;
        Ok(Self { progress, at_once })
    }

    /// Does work that looks at the progress by itself, or must not be cut; if an end was asked for
    /// meanwhile, it comes behind it.
    pub(crate) fn hold<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.at_once.store(false, SeqCst);
        let result = work();
        self.at_once.store(true, SeqCst);
        self.progress.ensure_goes_on()?;
        result
    }

    /// Writes in the midst of such work, and does not wait for ever for a reader.
    pub(crate) fn release(&self, write: impl FnOnce() -> io::Result<()>) {
        self.at_once.store(true, SeqCst);
        // The work goes on, whether or not somebody reads of it.
        let _ = write();
        self.at_once.store(false, SeqCst);
    }
}
