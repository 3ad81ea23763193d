//! Owns the signals: the first one drains the service, the second one ends it at once.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Incoming;
use tokio::sync::watch;

use super::log;

/// Added to the number of a signal, it is the exit status of a program that the signal ended.
const SIGNALLED: i32 = 128;

/// The signals that end the program, from the moment on when this was made.
#[derive(Debug)]
pub struct Signals {
    is_listening: Arc<AtomicBool>,
    first: watch::Receiver<Option<i32>>,
}

impl Signals {
    /// Catches signals from now on; until the service listens, the first one ends the program.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn catch() -> io::Result<Self> {
        let mut incoming = Incoming::new([SIGTERM, SIGINT])?;
        let is_listening = Arc::new(AtomicBool::new(false));
        let (sender, first) = watch::channel(None);
        let is_heard = Arc::clone(&is_listening);
        // A thread of its own ends the program even when all others are busy.
        thread::spawn(move || {
            for signal in incoming.forever() {
                if !is_heard.load(Ordering::Acquire) {
                    exit(0);
                }
                if sender.send_replace(Some(signal)).is_some() {
                    exit(SIGNALLED + signal);
                }
            }
        });
        Ok(Self { is_listening, first })
    }

    /// Waits for the first signal, and returns its name.
    pub(super) async fn first(&mut self) -> &'static str {
        let signal = self.first.wait_for(Option::is_some).await.map_or(None, |signal| *signal);
        if signal == Some(SIGINT) { "SIGINT" } else { "SIGTERM" }
    }

    /// Leaves it to the server to end the program in order.
    pub(super) fn leave_to_server(&self) {
        self.is_listening.store(true, Ordering::Release);
    }
}

fn exit(status: i32) -> ! {
    log::flush_or_leave();
    process::exit(status)
}
