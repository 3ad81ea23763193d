//! Owns the walk: from roots to the files below them, each looked at once.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, FileType, accessat, stat};

use crate::file::{Identity, Stamp, identity, kind, look, stamp};
use crate::folder::{Finding, Found, Pending, list};
use crate::name::{LONGEST, lies_in};
use crate::progress::Stage;
use crate::selection::Links;
use crate::workers::Workers;
use crate::{Error, Problem, Progress, Reason, Roots, Selection};

/// Folders that are listed at a time.
const AT_A_TIME: usize = 64;

/// All that the walk met.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub(crate) folders: Vec<Folder>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) problems: Vec<Problem>,
}

/// A folder with files.
#[derive(Debug)]
pub(crate) struct Folder {
    name: PathBuf,
    pub(crate) source: Source,
}

/// Whether files that were met there may become victims.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    Plain,
    Reference,
}

/// One name of a file. There are as many as files, so that every byte here counts.
#[derive(Debug)]
pub(crate) struct Entry {
    folder: u32,
    pub(crate) links: Names,
    last: Box<OsStr>,
    pub(crate) stamp: Stamp,
}

/// Whether a file can have names besides this one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Names {
    One,
    Several,
}

impl Entry {
    /// Entries stand in the order of this when they are met.
    pub(crate) fn met(&self) -> (u32, &OsStr) {
        (self.folder, &self.last)
    }
}

impl Walk {
    pub(crate) fn name(&self, entry: &Entry) -> PathBuf {
        self.folder(entry).name.join(Path::new(&*entry.last))
    }

    /// The order of the names of two entries, without putting them together.
    pub(crate) fn compare(&self, one: &Entry, other: &Entry) -> Ordering {
        self.bytes(one).cmp(self.bytes(other))
    }

    fn bytes<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a u8> {
        let folder = self.folder(entry).name.as_os_str().as_bytes();
        // Only the root of the file system ends with a slash.
        let folder = folder.strip_suffix(b"/").unwrap_or(folder);
        folder.iter().chain(b"/").chain(entry.last.as_bytes())
    }

    pub(crate) fn folder(&self, entry: &Entry) -> &Folder {
        &self.folders[entry.folder as usize]
    }
}

/// Walks below all roots.
pub(crate) fn walk(
    roots: &Roots,
    selection: &Selection,
    workers: &Workers,
    progress: &Progress,
) -> Result<Walk, Error> {
    progress.begin(Stage::Walk, (0, 0));
    roots.references.iter().try_for_each(|root| ensure_is_there(root))?;
    let mut walker = Walker {
        walk: Walk::default(),
        entered: HashSet::new(),
        finding: Finding::new(selection),
        workers,
        progress,
    };
    let resolved: Vec<_> =
        roots.references.iter().filter_map(|root| fs::canonicalize(root).ok()).collect();
    for root in &roots.references {
        walker.root(root, Source::Reference)?;
    }
    for root in &roots.plain {
        let target = fs::canonicalize(root).unwrap_or_default();
        let is_reference = resolved.iter().any(|reference| lies_in(&target, reference));
        walker.root(root, if is_reference { Source::Reference } else { Source::Plain })?;
    }
    Ok(walker.walk)
}

/// Refuses to go on without a folder whose files must not be touched.
fn ensure_is_there(root: &Path) -> Result<(), Error> {
    let looked = stat(root).and_then(|found| match kind(&found) {
        FileType::Directory => {
            accessat(CWD, root, Access::READ_OK | Access::EXEC_OK, AtFlags::EACCESS)
        }
        _ => Ok(()),
    });
    looked.map_err(|error| Error::Reference { path: root.to_owned(), reason: error.into() })
}

struct Walker<'a> {
    walk: Walk,
    entered: HashSet<Identity>,
    finding: Finding<'a>,
    workers: &'a Workers,
    progress: &'a Progress,
}

impl Walker<'_> {
    /// Walks below one root, level by level.
    fn root(&mut self, root: &Path, source: Source) -> Result<(), Error> {
        if self.finding.selection.excludes(root) {
            return Ok(());
        }
        let device = match self.look_at_root(root, source) {
            Ok(Some(device)) => device,
            Ok(None) => return Ok(()),
            Err(reason) => {
                self.walk.problems.push(Problem::new(root.to_owned(), reason));
                return Ok(());
            }
        };
        let mut level = vec![Pending::new(root.to_owned(), Links::Follow)];
        while !level.is_empty() {
            self.progress.ensure_goes_on()?;
            level = self.level(level, source, device);
        }
        Ok(())
    }

    /// Takes a root that is a file; returns the device of one that is a folder.
    fn look_at_root(&mut self, root: &Path, source: Source) -> Result<Option<u64>, Reason> {
        if root.as_os_str().len() > LONGEST {
            return Err(Reason::NameTooLong);
        }
        let mut found = look(root)?;
        if kind(&found).is_symlink() {
            found = stat(root)?;
            if !kind(&found).is_dir() {
                return Ok(None);
            }
        }
        match kind(&found) {
            FileType::Directory => Ok(Some(identity(&found).device)),
            FileType::RegularFile if self.finding.selection.takes_file(root) => {
                let parent = root.parent().unwrap_or(root).to_owned();
                let last = root.file_name().unwrap_or_default().as_bytes().to_vec();
                if let Some(file) = self.finding.file(last, &found, identity(&found).device) {
                    self.add(parent, source, vec![file]);
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Lists the folders of a level, and returns those of the next.
    fn level(&mut self, mut level: Vec<Pending>, source: Source, device: u64) -> Vec<Pending> {
        let mut next = Vec::new();
        // What is listed takes more than what is kept of it.
        for folders in level.chunks_mut(AT_A_TIME) {
            let (finding, progress) = (&self.finding, self.progress);
            self.workers.spread(folders, 0, |folder, _| {
                if progress.signal() == 0 {
                    folder.listing = list(folder, finding, device);
                }
            });
            self.take(folders, source, &mut next);
        }
        next
    }

    /// Takes what was found in folders, and puts those below them into `next`.
    fn take(&mut self, folders: &mut [Pending], source: Source, next: &mut Vec<Pending>) {
        for folder in folders {
            let name = std::mem::take(&mut folder.name);
            match std::mem::replace(&mut folder.listing, Ok(None)) {
                Ok(Some((identity, found))) if self.entered.insert(identity) => {
                    self.progress.add_files(found.files.len() as u64);
                    self.walk.problems.extend(found.problems);
                    next.extend(found.folders);
                    if !found.files.is_empty() {
                        self.add(name, source, found.files);
                    }
                }
                Ok(_) => {}
                Err(reason) => self.walk.problems.push(Problem::new(name, reason)),
            }
        }
    }

    fn add(&mut self, folder: PathBuf, source: Source, files: Vec<Found>) {
        let index = u32::try_from(self.walk.folders.len()).expect("fewer folders than 2^32");
        self.walk.folders.push(Folder { name: folder, source });
        self.walk.entries.extend(files.into_iter().map(|file| Entry {
            folder: index,
            links: file.links,
            last: OsString::from_vec(file.last).into_boxed_os_str(),
            stamp: file.stamp,
        }));
    }
}

impl Found {
    pub(crate) fn new(last: Vec<u8>, stat: &rustix::fs::Stat) -> Self {
        let links = if stat.st_nlink > 1 { Names::Several } else { Names::One };
        Self { last, links, stamp: stamp(stat) }
    }
}
