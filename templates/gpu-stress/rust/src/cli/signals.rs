//! Owns signals: the first one asks for an end, a second one is the end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};
use signal_hook::low_level::exit;

use my_project::control::Control;
use my_project::verdict::signal_status;

/// What is left for telling, where a signal has come: whoever reads at all has read by then.
const GRACE: Duration = Duration::from_millis(200);
/// From one look for a signal to the next.
const TICK: Duration = Duration::from_millis(10);

/// Passes signals on to what is asked whether to go on, and ends the program where nothing is left
/// that would ask.
pub(crate) fn listen(control: &Arc<Control>) -> io::Result<()> {
    let came = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal)) {
        let status = signal_status(signal).map_or(1, |(_, status)| i32::from(status));
        // In this order: the first signal finds that none came before.
        register_conditional_shutdown(signal, status, Arc::clone(&came))?;
        register(signal, Arc::clone(&came))?;
        register_usize(signal, control.signal_flag(), usize::try_from(signal).unwrap_or(1))?;
    }
    let control = Arc::clone(control);
    thread::Builder::new().spawn(move || limit_telling(&control)).map(drop)
}

/// The exit status of the signal that came, if one did.
pub(crate) fn status(control: &Control) -> Option<u8> {
    let signal = i32::try_from(control.signal()).unwrap_or_default();
    signal_status(signal).map(|(_, status)| status)
}

/// Who writes to where nobody reads waits, and cannot be asked to stop.
fn limit_telling(control: &Control) {
    let mut since = None;
    loop {
        thread::sleep(TICK);
        if let Some(status) = status(control).filter(|_| control.only_tells())
            && since.get_or_insert_with(Instant::now).elapsed() >= GRACE
        {
            exit(status.into());
        }
    }
}

/// Whether a signal was ignored from the start, as that of the keyboard is for what a shell runs in
/// the background: whoever arranged that wants it to stay so. Only Linux tells it in a file.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}
