//! Owns the reasons: the few words for all that can go wrong with a file.

use std::io;

use rustix::io::Errno;

/// Why a file could not be looked at, read or acted on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub enum Reason {
    /// There is nothing of that name.
    #[error("missing")]
    Missing,
    /// The user may not.
    #[error("permission denied")]
    PermissionDenied,
    /// It is no longer what was met.
    #[error("changed")]
    Changed,
    /// The name has more bytes than the system takes.
    #[error("name too long")]
    NameTooLong,
    /// The process, or the system, has no descriptor left.
    #[error("too many open files")]
    TooManyOpenFiles,
    /// The file system does not take changes.
    #[error("read-only file system")]
    ReadOnly,
    /// The file system, or the user's part of it, is full.
    #[error("no space left")]
    NoSpaceLeft,
    /// Keeper and victim are on different file systems.
    #[error("another file system")]
    AnotherFileSystem,
    /// The file system cannot do that.
    #[error("not supported")]
    NotSupported,
    /// The keeper has as many names as its file system allows.
    #[error("too many links")]
    TooManyLinks,
    /// A folder, where a file is wanted.
    #[error("is a folder")]
    IsFolder,
    /// A device, a socket or a FIFO, where a file is wanted.
    #[error("not a regular file")]
    NotRegular,
    /// The platform's trash did not take it.
    #[error("cannot be moved to the trash")]
    NotTrashed,
    /// Anything else.
    #[error("i/o error")]
    Io,
}

impl Reason {
    /// Says why a file that was met before could not be opened.
    ///
    /// A link or a socket in its place is a change.
    #[must_use]
    pub fn of_opening(error: Errno) -> Self {
        match error {
            Errno::LOOP | Errno::NXIO => Self::Changed,
            _ => error.into(),
        }
    }
}

impl From<Errno> for Reason {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => Self::Missing,
            Errno::ACCESS | Errno::PERM => Self::PermissionDenied,
            Errno::NAMETOOLONG => Self::NameTooLong,
            Errno::MFILE | Errno::NFILE => Self::TooManyOpenFiles,
            Errno::ROFS => Self::ReadOnly,
            Errno::NOSPC | Errno::DQUOT => Self::NoSpaceLeft,
            Errno::XDEV => Self::AnotherFileSystem,
            Errno::OPNOTSUPP | Errno::NOTTY | Errno::NOSYS | Errno::INVAL => Self::NotSupported,
            Errno::MLINK => Self::TooManyLinks,
            Errno::ISDIR => Self::IsFolder,
            _ => Self::Io,
        }
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Errno::from_io_error(&error).map_or(Self::Io, Self::from)
    }
}
