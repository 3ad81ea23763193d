//! Owns the log: which events are told, and the buffer through which all lines reach standard
//! output.
//!
//! A line waits at most [`DELAY`] for others, since a write for each would cost more than
//! answering the request; warnings and errors take all that waits along with them at once.

use std::io::{self, Write as _};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::events::Events;
use super::settings::{Level, Settings};

/// How long a line waits at most.
const DELAY: Duration = Duration::from_millis(40);
/// How many bytes wait at most.
const FULL: usize = 64 * 1024;

static WAITING: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ARRIVED: Condvar = Condvar::new();

/// Starts to log what `tracing` tells, and to write what waits.
pub(super) fn start(settings: &Settings) {
    let level = match settings.log_level {
        Level::Debug => LevelFilter::DEBUG,
        Level::Info => LevelFilter::INFO,
        Level::Warning => LevelFilter::WARN,
        Level::Error => LevelFilter::ERROR,
    };
    // What clients do wrong is no error of ours, and the server says itself what it does.
    let targets = Targets::new()
        .with_default(LevelFilter::ERROR)
        .with_target("actix_http", LevelFilter::OFF)
        .with_target(env!("CARGO_CRATE_NAME"), level);
    // It fails where a test has started it before.
    let _ =
        tracing_subscriber::registry().with(targets).with(Events(settings.log_format)).try_init();
    thread::spawn(|| {
        loop {
            let mut waiting = lines();
            while waiting.is_empty() {
                waiting = ARRIVED.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            drop(waiting);
            thread::sleep(DELAY);
            flush();
        }
    });
}

/// Writes all that waits.
pub(super) fn flush() {
    write_out(&mut lines());
}

/// Writes all that waits, unless somebody is at it, who may be held up by a slow reader.
pub(super) fn flush_or_leave() {
    if let Ok(mut waiting) = WAITING.try_lock() {
        write_out(&mut waiting);
    }
}

/// Takes whole lines, to be written soon, or at once if they are urgent.
pub(super) fn take(text: &[u8], level: Level) {
    let mut waiting = lines();
    if waiting.is_empty() {
        ARRIVED.notify_one();
    }
    waiting.extend_from_slice(text);
    if waiting.len() >= FULL || level >= Level::Warning {
        write_out(&mut waiting);
    }
}

fn lines() -> MutexGuard<'static, Vec<u8>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_out(waiting: &mut Vec<u8>) {
    // Where standard output is gone there is nobody left to tell.
    let _ = io::stdout().write_all(waiting).and_then(|()| io::stdout().flush());
    waiting.clear();
}

/// Returns the word for a level.
pub(super) const fn severity(level: Level) -> &'static str {
    match level {
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warning => "WARNING",
        Level::Error => "ERROR",
    }
}
