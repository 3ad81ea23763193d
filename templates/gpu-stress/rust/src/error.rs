//! Owns the errors: what keeps a run from beginning, and what ends the work of a device.

/// Why there is no run, or no report of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file that is read, or is to be written later, cannot be.
    #[error("{name}: {reason}")]
    File {
        /// The file, after the option that names it.
        name: String,
        /// Why it cannot.
        reason: String,
    },
    /// There is no such device, driver or precision.
    #[error("{0}")]
    Missing(String),
    /// What was found out cannot be written.
    #[error("{name}: {reason}")]
    Written {
        /// The file, after the option that names it.
        name: String,
        /// Why it cannot.
        reason: String,
    },
    /// The system gives no thread, or refuses to pass on signals.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl Error {
    /// A file that cannot be read, or written later.
    #[must_use]
    pub fn file(name: impl Into<String>, error: &std::io::Error) -> Self {
        Self::File { name: name.into(), reason: plain(error) }
    }

    /// A file that could not be written.
    #[must_use]
    pub fn written(name: impl Into<String>, error: &std::io::Error) -> Self {
        Self::Written { name: name.into(), reason: plain(error) }
    }
}

/// What the system says, without its number for it.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error ").unwrap_or(text.len());
    text[..end].to_owned()
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

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn an_error_is_told_once_with_all_that_caused_it() {
        let cause = || std::io::Error::from_raw_os_error(28);
        let said = cause().to_string();
        let short = said.split(" (os error").next().expect("there is a first part");
        let errors = [
            Error::file("--json r.json", &cause()),
            Error::written("--json r.json", &cause()),
            Error::from(cause()),
        ];
        for error in errors {
            let told = format!("{:#}", anyhow::Error::from(error));
            assert_eq!(told.matches(short).count(), 1, "{told}");
        }
        let told = Error::file("--json r.json", &cause()).to_string();
        assert_eq!(told, format!("--json r.json: {short}"));
    }
}
