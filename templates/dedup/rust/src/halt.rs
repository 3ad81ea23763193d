//! Owns what stops an action: something is not as planned, or the system refuses.

use rustix::io::Errno;

use crate::Reason;

/// Why a file was left as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Halt {
    /// It is not as planned, and was left alone.
    #[error("{0}")]
    LeftAlone(Obstacle),
    /// It could not be acted on.
    #[error("{0}")]
    Failed(Reason),
}

/// What is not as planned.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Obstacle {
    /// One of the two is another file, or was written to.
    #[error("changed")]
    Changed,
    /// One of the two is gone.
    #[error("missing")]
    Missing,
    /// They do not hold the same.
    #[error("differs")]
    Differs,
    /// They are two names of one file.
    #[error("same file")]
    SameFile,
    /// One of the two is a link, a folder or something else.
    #[error("not a regular file")]
    NotRegular,
    /// Another program has one of the two open for writing.
    #[error("in use")]
    InUse,
}

impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Halt {
    /// Says why a file could not be opened: a link is answered by `ELOOP`, a socket by `ENXIO`, and
    /// where another program has a lease for writing there is `EAGAIN`.
    pub(crate) fn of_opening(error: std::io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::LOOP | Errno::NXIO | Errno::NODEV) => Self::LeftAlone(Obstacle::NotRegular),
            Some(Errno::AGAIN) => Self::LeftAlone(Obstacle::InUse),
            _ => Self::of_opening_folder(error),
        }
    }

    /// Says why the folder of a file could not be opened.
    pub(crate) fn of_opening_folder(error: std::io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NOTDIR) => Self::LeftAlone(Obstacle::Missing),
            _ => error.into(),
        }
    }
}
