//! Owns the errors: what keeps a run from beginning, and what ends the work of a device.

use std::path::PathBuf;

/// Why there is no run, or no report of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file that is read, or is to be written later, cannot be.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot.
        reason: String,
    },
    /// There is no such device, driver or precision.
    #[error("{0}")]
    Missing(String),
    /// What was found out cannot be written.
    #[error("{}: {source}", path.display())]
    Written {
        /// The file.
        path: PathBuf,
        /// Why it cannot.
        source: std::io::Error,
    },
    /// The system gives no thread, or refuses to pass on signals.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// What ends the work of a device before its time.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The device is gone, or answers no more.
    #[error("the device was lost: {0}")]
    Lost(String),
    /// Even the least that a kernel needs is not there.
    #[error("out of memory")]
    Memory,
    /// The driver refuses something, or has a fault.
    #[error("the driver answers: {0}")]
    Driver(String),
    /// The first result is not what the reference says.
    #[error("{wrong} of {samples} samples are outside the tolerance")]
    Reference {
        /// Samples outside.
        wrong: u64,
        /// Samples in all.
        samples: u64,
    },
    /// The kernel does not run there.
    #[error("{0}")]
    Unsupported(String),
    /// A signal, or a temperature, asked for an end.
    #[error("stopped")]
    Stopped,
}
