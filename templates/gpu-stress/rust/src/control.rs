//! Owns the ways to stop: signals, and temperatures; and waiting for what may never answer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;

/// From one look at the signals to the next.
const TICK: Duration = Duration::from_millis(10);

/// What everything that takes time asks whether it is to go on.
#[derive(Debug, Default)]
pub struct Control {
    signal: Arc<AtomicUsize>,
    hot: OnceLock<String>,
    begun: OnceLock<Instant>,
    has_left: AtomicBool,
}

impl Control {
    /// Where the number of a signal is to be written.
    #[must_use]
    pub fn signal_flag(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.signal)
    }

    /// The number of the signal that came; 0 for none.
    #[must_use]
    pub fn signal(&self) -> usize {
        self.signal.load(Ordering::Relaxed)
    }

    /// Stops everything for a temperature.
    pub fn stop_for_temperature(&self, reason: String) {
        // The first reason is told, whichever device comes second.
        let _ = self.hot.set(reason);
    }

    /// The temperature that stopped the run.
    #[must_use]
    pub fn temperature(&self) -> Option<&str> {
        self.hot.get().map(String::as_str)
    }

    /// Whether to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.signal() != 0 || self.hot.get().is_some()
    }

    /// Begins to count the time, with the first batch of any device.
    pub fn begin(&self) -> Instant {
        *self.begun.get_or_init(Instant::now)
    }

    /// How long ago the first batch began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.get().map(Instant::elapsed).unwrap_or_default()
    }

    /// Does what may take long, such as asking a driver, unless a signal comes first. Then it is
    /// left to itself.
    ///
    /// # Errors
    ///
    /// [`Failure::Stopped`], or [`Failure::Driver`] where the work has panicked.
    pub fn attend<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, answer) = channel();
        thread::spawn(move || {
            // Nobody waits any more where a signal has come.
            let _ = sender.send(work());
        });
        loop {
            match answer.recv_timeout(TICK) {
                // A signal of a terminal also ends what the work has started, and is the cause.
                Ok(_) if self.is_stopped() => return Err(Failure::Stopped),
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) if self.is_stopped() => {
                    self.leave();
                    return Err(Failure::Stopped);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Driver("a panic".into()));
                }
            }
        }
    }

    /// Says that a thread was left to itself, in the midst of a driver.
    pub fn leave(&self) {
        self.has_left.store(true, Ordering::Relaxed);
    }

    /// Whether one was, so that the process has to end without a word to its drivers.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Relaxed)
    }
}
