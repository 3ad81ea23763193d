//! Owns what is known of a file: who it is, and the state in which it was met.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, open, statat};
use serde::{Deserialize, Serialize};

use crate::Reason;

/// The device and the inode, by which a file is the same under each of its names.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Identity {
    /// The number of the device.
    pub device: u64,
    /// The number of the inode on that device.
    pub inode: u64,
}

/// A moment as file systems note it, in nanoseconds since 1970.
///
/// One before 1677 or after 2262 is the nearest that fits.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize,
)]
#[serde(transparent)]
pub struct Time(pub i64);

/// The state of a file: whatever is written to it changes one of these.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Stamp {
    /// Device and inode.
    pub identity: Identity,
    /// In bytes.
    pub size: u64,
    /// When its content was changed (mtime).
    pub modified: Time,
    /// When anything of it was changed (ctime), its number of names too.
    pub changed: Time,
}

impl Stamp {
    /// Whether both are states of one file, that may be known on two devices: as an overlay's
    /// folder and its layers are, or a snapshot and what it was taken of.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        let elsewhere = Self { identity: other.identity, ..*self };
        self.identity == other.identity
            || self.identity.inode == other.identity.inode && elsewhere == *other
    }
}

impl Time {
    /// The present moment.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// The moment that much earlier.
    #[must_use]
    pub fn less(self, age: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX)))
    }

    fn new(seconds: i64, nanoseconds: i64) -> Self {
        let all = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        let nearest = all.clamp(i64::MIN.into(), i64::MAX.into());
        Self(i64::try_from(nearest).unwrap_or_default())
    }
}

/// The identity alone, which folders have too.
#[expect(clippy::allow_attributes, reason = "types differ between systems")]
#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "as above")]
pub(crate) fn identity(stat: &Stat) -> Identity {
    Identity { device: stat.st_dev as u64, inode: stat.st_ino as u64 }
}

/// The state that a call of the `stat` family told.
#[expect(clippy::allow_attributes, reason = "types differ between systems")]
#[allow(clippy::unnecessary_cast, reason = "as above")]
pub(crate) fn stamp(stat: &Stat) -> Stamp {
    Stamp {
        identity: identity(stat),
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        modified: Time::new(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        changed: Time::new(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
    }
}

pub(crate) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Opens a file for reading; never through a link, and without waiting for the other end of a FIFO.
pub(crate) const READING: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// Opens a file that was met in the state `met`, and makes sure that it is in it still.
pub(crate) fn open_as_met(name: &Path, met: &Stamp) -> Result<OwnedFd, Reason> {
    let file = open(name, READING, Mode::empty()).map_err(Reason::of_opening)?;
    ensure_as_met(&file, met)?;
    Ok(file)
}

/// Makes sure that an open file is in the state in which it was met.
pub(crate) fn ensure_as_met(file: impl AsFd, met: &Stamp) -> Result<(), Reason> {
    let stat = fstat(file)?;
    let found = Stamp { changed: met.changed, ..stamp(&stat) };
    if kind(&stat).is_file() && found == *met { Ok(()) } else { Err(Reason::Changed) }
}

/// Looks at what a name stands for, without following it.
pub(crate) fn look(name: &Path) -> rustix::io::Result<Stat> {
    statat(CWD, name, AtFlags::SYMLINK_NOFOLLOW)
}
