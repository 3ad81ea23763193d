//! The system, with somebody who is asked before each call.

use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use my_project::system::{Found, Host, Place};
use my_project::system::{Shared, System};

/// Somebody who may let a call fail, or do something before it.
pub(crate) trait Watch {
    fn call<T>(&self, name: &'static str, act: impl FnOnce(Host) -> io::Result<T>)
    -> io::Result<T>;

    /// What of a line gets to the disk.
    fn cut<'b>(&self, line: &'b [u8]) -> &'b [u8] {
        line
    }
}

/// Does something before each call, by its name.
pub(crate) struct Before<F>(pub(crate) F);

impl<F: Fn(&'static str) -> io::Result<()>> Watch for Before<F> {
    fn call<T>(
        &self,
        name: &'static str,
        act: impl FnOnce(Host) -> io::Result<T>,
    ) -> io::Result<T> {
        (self.0)(name)?;
        act(Host)
    }
}

pub(crate) struct Watched<W>(pub(crate) W);

impl<W: Watch> System for Watched<W> {
    fn folder(&self, name: &Path) -> io::Result<OwnedFd> {
        self.0.call("folder", |host| host.folder(name))
    }

    fn open(&self, place: Place<'_>) -> io::Result<OwnedFd> {
        self.0.call("open", |host| host.open(place))
    }

    fn state(&self, file: BorrowedFd<'_>) -> io::Result<Found> {
        self.0.call("state", |host| host.state(file))
    }

    fn lease(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        self.0.call("lease", |host| host.lease(file))
    }

    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.call("read", |host| host.read(file, buffer, at))
    }

    fn data(&self, file: BorrowedFd<'_>, at: u64) -> io::Result<Option<u64>> {
        self.0.call("data", |host| host.data(file, at))
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        self.0.call("sync", |host| host.sync(file))
    }

    fn look(&self, place: Place<'_>) -> io::Result<Found> {
        self.0.call("look", |host| host.look(place))
    }

    fn target(&self, link: Place<'_>) -> io::Result<PathBuf> {
        self.0.call("target", |host| host.target(link))
    }

    fn link(&self, file: Place<'_>, place: Place<'_>) -> io::Result<()> {
        self.0.call("link", |host| host.link(file, place))
    }

    fn symlink(&self, target: &Path, place: Place<'_>) -> io::Result<()> {
        self.0.call("symlink", |host| host.symlink(target, place))
    }

    fn exchange(&self, one: Place<'_>, other: Place<'_>) -> io::Result<()> {
        self.0.call("exchange", |host| host.exchange(one, other))
    }

    fn rename_new(&self, old: Place<'_>, new: Place<'_>) -> io::Result<()> {
        self.0.call("rename_new", |host| host.rename_new(old, new))
    }

    fn rename_over(&self, old: Place<'_>, new: Place<'_>) -> io::Result<()> {
        self.0.call("rename_over", |host| host.rename_over(old, new))
    }

    fn remove(&self, place: Place<'_>) -> io::Result<()> {
        self.0.call("remove", |host| host.remove(place))
    }

    fn share(
        &self,
        keeper: BorrowedFd<'_>,
        victim: BorrowedFd<'_>,
        at: u64,
        length: u64,
    ) -> io::Result<Shared> {
        self.0.call("share", |host| host.share(keeper, victim, at, length))
    }

    fn trash(&self, name: &Path) -> io::Result<()> {
        self.0.call("trash", |host| host.trash(name))
    }

    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        let bytes = self.0.cut(bytes);
        self.0.call("append", |host| host.append(file, bytes))
    }
}
