//! Owns one folder: what in it is worth a look.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Dir, DirEntry, FileType, Mode, OFlags, Stat};
use rustix::fs::{fstat, lstat, open, stat, statat};

use crate::file::{self, Identity, Stamp, Time, identity};
use crate::name::LONGEST;
use crate::selection::{Links, Mounts};
use crate::walk::Names;
use crate::{Problem, Reason, Selection};

/// A folder that is to be listed.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) name: PathBuf,
    /// Whether the name may be a link.
    links: Links,
    /// What came of it: nothing if it is none to enter.
    pub(crate) listing: Result<Option<(Identity, Listing)>, Reason>,
}

impl Pending {
    pub(crate) fn new(name: PathBuf, links: Links) -> Self {
        Self { name, links, listing: Ok(None) }
    }
}

/// What is looked for.
pub(crate) struct Finding<'a> {
    pub(crate) selection: &'a Selection,
    now: Time,
    /// Folders of the kernel, which are not even opened: by device and inode, as they are found
    /// under other names too.
    kernel: Vec<Identity>,
}

/// A file that is taken.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) last: Vec<u8>,
    pub(crate) links: Names,
    pub(crate) stamp: Stamp,
}

/// What a folder holds, each in the order of names.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<Found>,
    pub(crate) folders: Vec<Pending>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Finding<'a> {
    pub(crate) fn new(selection: &'a Selection) -> Self {
        let kernel = ["/proc", "/sys", "/dev"].into_iter().filter_map(|name| stat(name).ok());
        let kernel = kernel.map(|found| identity(&found)).collect();
        Self { selection, now: Time::now(), kernel }
    }

    /// Takes a file if it is large, small and old enough, and on `device` if it has to be.
    pub(crate) fn file(&self, last: Vec<u8>, stat: &Stat, device: u64) -> Option<Found> {
        let found = Found::new(last, stat);
        let is_taken = self.selection.takes_stamp(&found.stamp, self.now)
            && self.is_near(found.stamp.identity.device, device);
        is_taken.then_some(found)
    }

    fn is_entered(&self, folder: Identity, device: u64) -> bool {
        self.is_near(folder.device, device) && !self.kernel.contains(&folder)
    }

    fn is_near(&self, found: u64, device: u64) -> bool {
        self.selection.mounts == Mounts::Enter || found == device
    }
}

/// Lists a folder; `None` if it is the kernel's, or lies on another device than it has to.
pub(crate) fn list(
    folder: &Pending,
    finding: &Finding<'_>,
    device: u64,
) -> Result<Option<(Identity, Listing)>, Reason> {
    let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if folder.links == Links::PassOver {
        flags |= OFlags::NOFOLLOW;
    }
    let look = if folder.links == Links::PassOver { lstat } else { stat };
    if !finding.is_entered(identity(&look(&folder.name)?), device) {
        return Ok(None);
    }
    let opened = open(&folder.name, flags, Mode::empty())?;
    let identity = identity(&fstat(&opened)?);
    if !finding.is_entered(identity, device) {
        return Ok(None);
    }
    let mut names: Vec<(Vec<u8>, FileType)> = Vec::new();
    let mut listing = Listing::default();
    let mut entries = Dir::new(opened)?;
    for entry in entries.by_ref() {
        match entry {
            Ok(entry) => names.extend(wanted(&entry, finding)),
            Err(error) => listing.problems.push(Problem::new(folder.name.clone(), error.into())),
        }
    }
    names.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let opened = entries.fd()?;
    for (last, kind) in names {
        listing.add(last, kind, folder, opened, finding, device);
    }
    Ok(Some((identity, listing)))
}

/// Passes over what is hidden or is neither file, folder nor link.
fn wanted(entry: &DirEntry, finding: &Finding<'_>) -> Option<(Vec<u8>, FileType)> {
    use FileType::{Directory, RegularFile, Symlink, Unknown};

    let last = entry.file_name().to_bytes();
    let is_kind = match entry.file_type() {
        Directory | RegularFile | Unknown => true,
        Symlink => finding.selection.links == Links::Follow,
        _ => false,
    };
    let is_wanted = is_kind && last != b"." && last != b".." && finding.selection.takes_name(last);
    is_wanted.then(|| (last.to_vec(), entry.file_type()))
}

impl Listing {
    fn add(
        &mut self,
        last: Vec<u8>,
        kind: FileType,
        folder: &Pending,
        opened: impl AsFd,
        finding: &Finding<'_>,
        device: u64,
    ) {
        let path = || folder.name.join(OsStr::from_bytes(&last));
        // Only file systems without kinds in their folders pay for a second look.
        let kind = match kind {
            FileType::Unknown => match statat(&opened, &last, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => file::kind(&stat),
                Err(error) => return self.problems.push(Problem::new(path(), error.into())),
            },
            kind => kind,
        };
        if finding.selection.has_globs() && is_left_out(&path(), kind, finding.selection) {
            return;
        }
        if folder.name.as_os_str().len() + 1 + last.len() > LONGEST {
            self.problems.push(Problem::new(path(), Reason::NameTooLong));
            return;
        }
        match look_at(&last, kind, opened, finding.selection.links) {
            Ok(Looked::Folder(links)) => self.folders.push(Pending::new(path(), links)),
            Ok(Looked::File(stat)) => self.files.extend(finding.file(last, &stat, device)),
            Ok(Looked::Neither) => {}
            Err(reason) => self.problems.push(Problem::new(path(), reason)),
        }
    }
}

fn is_left_out(name: &Path, kind: FileType, selection: &Selection) -> bool {
    selection.excludes(name) || (kind.is_file() && !selection.takes_file(name))
}

enum Looked {
    File(Stat),
    Folder(Links),
    Neither,
}

/// Looks at a name in the folder `opened`: once if it is a file, not at all if it is a folder.
fn look_at(last: &[u8], kind: FileType, opened: impl AsFd, links: Links) -> Result<Looked, Reason> {
    match kind {
        FileType::Directory => Ok(Looked::Folder(Links::PassOver)),
        FileType::Symlink if links == Links::Follow => match statat(opened, last, AtFlags::empty())
        {
            Ok(stat) if file::kind(&stat).is_dir() => Ok(Looked::Folder(Links::Follow)),
            Ok(_) => Ok(Looked::Neither),
            Err(error) => match error.into() {
                Reason::Missing => Ok(Looked::Neither),
                reason => Err(reason),
            },
        },
        FileType::RegularFile => {
            let stat = statat(opened, last, AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(match file::kind(&stat) {
                FileType::RegularFile => Looked::File(stat),
                _ => Looked::Neither,
            })
        }
        _ => Ok(Looked::Neither),
    }
}
