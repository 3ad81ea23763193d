//! Owns silence: what drivers say on standard error while they are asked is not for the user, who
//! is told what came of it.

#[cfg(unix)]
pub(crate) use unix::{begin, end, voice};

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};
    use std::sync::{Mutex, PoisonError};

    use rustix::stdio::dup2_stderr;

    /// Standard error as it was before, for what the program says meanwhile.
    static USUAL: Mutex<Option<File>> = Mutex::new(None);

    /// Standard error as it was before, and is again when this is dropped.
    pub(crate) struct Silence(OwnedFd);

    /// Where the program speaks in silence.
    pub(crate) fn voice() -> Option<File> {
        USUAL.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.try_clone().ok()
    }

    /// Begins silence, if there is a standard error.
    pub(crate) fn begin() -> Option<Silence> {
        let usual = io::stderr().as_fd().try_clone_to_owned().ok()?;
        let nowhere = File::options().write(true).open("/dev/null").ok()?;
        let voice = File::from(usual.try_clone().ok()?);
        dup2_stderr(&nowhere).ok()?;
        *USUAL.lock().unwrap_or_else(PoisonError::into_inner) = Some(voice);
        Some(Silence(usual))
    }

    /// Ends silence for good, for a fault of the program's own.
    pub(crate) fn end() {
        if let Some(usual) = voice() {
            // It was standard error before, so that this does not fail.
            let _ = dup2_stderr(&usual);
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            // It was standard error before, so that this does not fail.
            let _ = dup2_stderr(&self.0);
            *USUAL.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// Elsewhere drivers are known to say nothing.
#[cfg(not(unix))]
pub(crate) fn begin() -> Option<()> {
    None
}

/// There is no silence to end.
#[cfg(not(unix))]
pub(crate) fn end() {}

/// There is no silence to speak in.
#[cfg(not(unix))]
pub(crate) fn voice() -> Option<std::fs::File> {
    None
}
