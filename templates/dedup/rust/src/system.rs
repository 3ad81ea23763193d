//! Owns the calls by which `apply` looks at files and changes them, one function each.
//!
//! They stand behind a trait so that a test can let any of them fail, or be the last.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use kernel_calls::{dedupe_range, lease};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, SeekFrom};
use rustix::fs::{fstat, fsync, linkat, openat, readlinkat, renameat, renameat_with};
use rustix::fs::{seek, statat, symlinkat, unlinkat};
use rustix::io::{Errno, pread};

use crate::file::{self, READING, Stamp, kind};
pub use kernel_calls::Outcome as Shared;

/// What a name or a descriptor stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found {
    /// A regular file, in this state.
    File(Stamp),
    /// A folder, on this device.
    Folder(u64),
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// A name, and the open folder from which it leads.
///
/// What is done to names in one folder stays in it, whatever becomes of the folder's own name, and
/// a temporary name may be longer than a whole path could be.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The folder.
    pub folder: BorrowedFd<'a>,
    /// The name, most often a single part.
    pub name: &'a Path,
}

impl<'a> Place<'a> {
    /// A name that leads from the root, or from the working folder.
    #[must_use]
    pub fn of(name: &'a Path) -> Self {
        Self { folder: CWD, name }
    }
}

/// The calls of the system. Each does one thing, wholly or not at all.
#[expect(missing_docs, reason = "the words say it, and `Host` says how")]
#[expect(clippy::missing_errors_doc, reason = "each fails as the system does")]
pub trait System {
    /// Opens a folder so that names can be taken in it.
    fn folder(&self, name: &Path) -> io::Result<OwnedFd>;
    fn open(&self, place: Place<'_>) -> io::Result<OwnedFd>;
    fn state(&self, file: BorrowedFd<'_>) -> io::Result<Found>;
    /// Lets whoever opens the file for writing wait until `file` is closed.
    fn lease(&self, file: BorrowedFd<'_>) -> io::Result<()>;
    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> io::Result<usize>;
    /// Says where, from `at` on, there is something else than a hole; `None` if nowhere.
    fn data(&self, file: BorrowedFd<'_>, at: u64) -> io::Result<Option<u64>>;
    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()>;
    fn look(&self, place: Place<'_>) -> io::Result<Found>;
    fn target(&self, link: Place<'_>) -> io::Result<PathBuf>;
    fn link(&self, file: Place<'_>, place: Place<'_>) -> io::Result<()>;
    fn symlink(&self, target: &Path, place: Place<'_>) -> io::Result<()>;
    /// Gives each of two names what the other stood for.
    fn exchange(&self, one: Place<'_>, other: Place<'_>) -> io::Result<()>;
    /// Renames, unless there is something of the new name.
    fn rename_new(&self, old: Place<'_>, new: Place<'_>) -> io::Result<()>;
    fn rename_over(&self, old: Place<'_>, new: Place<'_>) -> io::Result<()>;
    fn remove(&self, place: Place<'_>) -> io::Result<()>;
    /// Lets `victim` share bytes with `keeper`, if they are the same.
    fn share(
        &self,
        keeper: BorrowedFd<'_>,
        victim: BorrowedFd<'_>,
        at: u64,
        length: u64,
    ) -> io::Result<Shared>;
    fn trash(&self, name: &Path) -> io::Result<()>;
    /// Writes at the end of a file, and waits until it is on the disk.
    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<()>;
}

/// The system that the program runs on.
///
/// A program that uses it has to ignore `SIGIO`, which is sent where another program waits for a
/// lease to end, and ends the process unless something else is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl System for Host {
    fn folder(&self, name: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(openat(CWD, name, flags, Mode::empty())?)
    }

    fn open(&self, place: Place<'_>) -> io::Result<OwnedFd> {
        Ok(openat(place.folder, place.name, READING, Mode::empty())?)
    }

    fn state(&self, file: BorrowedFd<'_>) -> io::Result<Found> {
        Ok(found(&fstat(file)?))
    }

    fn lease(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        Ok(lease(file)?)
    }

    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        Ok(pread(file, buffer, at)?)
    }

    fn data(&self, file: BorrowedFd<'_>, at: u64) -> io::Result<Option<u64>> {
        match seek(file, SeekFrom::Data(at)) {
            Ok(start) => Ok(Some(start)),
            Err(Errno::NXIO) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        Ok(fsync(file)?)
    }

    fn look(&self, place: Place<'_>) -> io::Result<Found> {
        Ok(found(&statat(place.folder, place.name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn target(&self, link: Place<'_>) -> io::Result<PathBuf> {
        let target = readlinkat(link.folder, link.name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn link(&self, file: Place<'_>, place: Place<'_>) -> io::Result<()> {
        Ok(linkat(file.folder, file.name, place.folder, place.name, AtFlags::empty())?)
    }

    fn symlink(&self, target: &Path, place: Place<'_>) -> io::Result<()> {
        Ok(symlinkat(target, place.folder, place.name)?)
    }

    fn exchange(&self, one: Place<'_>, other: Place<'_>) -> io::Result<()> {
        let flags = RenameFlags::EXCHANGE;
        Ok(renameat_with(one.folder, one.name, other.folder, other.name, flags)?)
    }

    fn rename_new(&self, old: Place<'_>, new: Place<'_>) -> io::Result<()> {
        let flags = RenameFlags::NOREPLACE;
        Ok(renameat_with(old.folder, old.name, new.folder, new.name, flags)?)
    }

    fn rename_over(&self, old: Place<'_>, new: Place<'_>) -> io::Result<()> {
        Ok(renameat(old.folder, old.name, new.folder, new.name)?)
    }

    fn remove(&self, place: Place<'_>) -> io::Result<()> {
        Ok(unlinkat(place.folder, place.name, AtFlags::empty())?)
    }

    fn share(
        &self,
        keeper: BorrowedFd<'_>,
        victim: BorrowedFd<'_>,
        at: u64,
        length: u64,
    ) -> io::Result<Shared> {
        Ok(dedupe_range(keeper, victim, at, length)?)
    }

    fn trash(&self, name: &Path) -> io::Result<()> {
        trash::delete(name).map_err(io::Error::other)
    }

    fn append(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)?;
        file.sync_all()
    }
}

fn found(stat: &rustix::fs::Stat) -> Found {
    match kind(stat) {
        kind if kind.is_file() => Found::File(file::stamp(stat)),
        kind if kind.is_dir() => Found::Folder(file::identity(stat).device),
        kind if kind.is_symlink() => Found::Link,
        _ => Found::Other,
    }
}
