//! Owns signals: the first one asks for an end, a second one is the end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};

use my_project::control::Control;
use my_project::verdict::signal_status;

/// What a signal will do.
pub(crate) struct Signals(Arc<AtomicBool>);

impl Signals {
    /// Passes signals on to what is asked whether to go on.
    pub(crate) fn listen(control: &Control) -> io::Result<Self> {
        let came = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            let status = signal_status(signal).map_or(1, |(_, status)| i32::from(status));
            // In this order: the first signal finds that none came before.
            register_conditional_shutdown(signal, status, Arc::clone(&came))?;
            register(signal, Arc::clone(&came))?;
            register_usize(signal, control.signal_flag(), usize::try_from(signal).unwrap_or(1))?;
        }
        Ok(Self(came))
    }

    /// From now on the first signal is the end, since nothing would ask for it.
    pub(crate) fn end_at_once(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
