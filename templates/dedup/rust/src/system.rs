//! Owns the calls by which `apply` looks at files and changes them, one function each.
//!
//! They stand behind a trait so that a test can let any of them fail, or be the last.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use dedupe_range::dedupe_range;
use rustix::fs::{CWD, RenameFlags, fstat, fsync, link, rename, renameat_with};
use rustix::fs::{symlink, unlink};
use rustix::io::pread;

use crate::file::{self, Stamp, kind, open_to_read};
pub use dedupe_range::Outcome as Shared;

/// What a name or a descriptor stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found {
    /// A regular file, in this state.
    File(Stamp),
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// The calls of the system. Each does one thing, wholly or not at all.
#[expect(missing_docs, reason = "the words say it, and `Host` says how")]
#[expect(clippy::missing_errors_doc, reason = "each fails as the system does")]
pub trait System {
    fn open(&self, name: &Path) -> io::Result<OwnedFd>;
    fn state(&self, file: BorrowedFd<'_>) -> io::Result<Found>;
    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> io::Result<usize>;
    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()>;
    fn look(&self, name: &Path) -> io::Result<Found>;
    fn target(&self, link: &Path) -> io::Result<PathBuf>;
    fn link(&self, file: &Path, name: &Path) -> io::Result<()>;
    fn symlink(&self, target: &Path, name: &Path) -> io::Result<()>;
    /// Gives each of two names what the other stood for.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;
    /// Renames, unless there is something of the new name.
    fn rename_new(&self, old: &Path, new: &Path) -> io::Result<()>;
    fn rename_over(&self, old: &Path, new: &Path) -> io::Result<()>;
    fn remove(&self, name: &Path) -> io::Result<()>;
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
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl System for Host {
    fn open(&self, name: &Path) -> io::Result<OwnedFd> {
        Ok(open_to_read(name)?)
    }

    fn state(&self, file: BorrowedFd<'_>) -> io::Result<Found> {
        Ok(found(&fstat(file)?))
    }

    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        Ok(pread(file, buffer, at)?)
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        Ok(fsync(file)?)
    }

    fn look(&self, name: &Path) -> io::Result<Found> {
        Ok(found(&file::look(name)?))
    }

    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        std::fs::read_link(link)
    }

    fn link(&self, file: &Path, name: &Path) -> io::Result<()> {
        Ok(link(file, name)?)
    }

    fn symlink(&self, target: &Path, name: &Path) -> io::Result<()> {
        Ok(symlink(target, name)?)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }

    fn rename_new(&self, old: &Path, new: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, old, CWD, new, RenameFlags::NOREPLACE)?)
    }

    fn rename_over(&self, old: &Path, new: &Path) -> io::Result<()> {
        Ok(rename(old, new)?)
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        Ok(unlink(name)?)
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
        file.sync_data()
    }
}

fn found(stat: &rustix::fs::Stat) -> Found {
    match kind(stat) {
        kind if kind.is_file() => Found::File(file::stamp(stat)),
        kind if kind.is_symlink() => Found::Link,
        _ => Found::Other,
    }
}
