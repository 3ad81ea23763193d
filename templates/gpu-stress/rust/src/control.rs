//! Owns the ways to stop: signals, and temperatures; and waiting for what may never answer.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::Failure;

/// The name of threads that do what may fail; what ends one of them is told by the report.
pub const THREAD: &str = "load";
/// From one look at the signals to the next.
const TICK: Duration = Duration::from_millis(10);

/// What everything that takes time asks whether it is to go on.
#[derive(Debug, Default)]
pub struct Control {
    signal: Arc<AtomicUsize>,
    is_hot: AtomicBool,
    begun: OnceLock<Instant>,
    has_left: AtomicBool,
    only_tells: AtomicBool,
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

    /// Stops everything for a temperature, which the device's own watch has.
    pub fn stop_for_temperature(&self) {
        self.is_hot.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.signal() != 0 || self.is_hot.load(Ordering::Relaxed)
    }

    /// Begins to count the time, with the first batch of any device.
    pub fn begin(&self) -> Instant {
        *self.begun.get_or_init(Instant::now)
    }

    /// How long ago the first batch began; nothing as long as none has.
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.begun.get().map(Instant::elapsed)
    }

    /// Does what may take long, such as asking a driver. Once it is to stop it is given this time,
    /// and then left to itself.
    ///
    /// # Errors
    ///
    /// [`Failure::Stopped`], or [`Failure::Driver`] where the work has panicked.
    pub fn attend<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let mut stopped = None;
        let (sender, answer) = channel();
        let work = move || {
            // Nobody waits any more where a signal has come.
            let _ = sender.send(work());
        };
        let thread = Builder::new().name(THREAD.into()).spawn(work);
        let thread = thread.map_err(|error| Failure::Driver(format!("no thread: {error}")))?;
        loop {
            match answer.recv_timeout(TICK) {
                // A signal of a terminal also ends what the work has started, and is the cause.
                Ok(_) if self.is_stopped() => return Err(Failure::Stopped),
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) if self.is_stopped() => {
                    if stopped.get_or_insert_with(Instant::now).elapsed() >= patience {
                        self.leave();
                        return Err(Failure::Stopped);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let panic = thread.join().err();
                    let why = panic.map_or_else(|| "nothing".into(), |panic| said(&*panic));
                    return Err(Failure::Driver(why));
                }
            }
        }
    }

    /// Says that a thread was left to itself, in the midst of a driver.
    pub fn leave(&self) {
        self.has_left.store(true, Ordering::Relaxed);
    }

    /// Says that all is found out and written, but for what is told where it may be that nobody
    /// reads: a signal from now on, and one that came, leave little time for it.
    pub fn only_tell(&self) {
        self.only_tells.store(true, Ordering::Relaxed);
    }

    /// Whether it is so.
    #[must_use]
    pub fn only_tells(&self) -> bool {
        self.only_tells.load(Ordering::Relaxed)
    }

    /// Whether one was, so that the process has to end without a word to its drivers.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Relaxed)
    }
}

/// The first line of what a thread said as it ended.
pub(crate) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    text.lines().next().unwrap_or_default().into()
}
