//! Owns what a scan found. Names are put together when they are asked for, since most of what is
//! known of many files are their names.

use std::path::PathBuf;

use crate::candidates::Candidate;
use crate::file::Stamp;
use crate::walk::{Source, Walk};
use crate::{Reason, Verify};

/// What a scan found.
#[derive(Debug)]
pub struct Scan {
    /// Files that hold the same, those that would free the most first.
    pub groups: Vec<Group>,
    /// What could not be looked at, in the order of names.
    pub problems: Vec<Problem>,
    /// How many files passed the selection.
    pub scanned: u64,
    pub(crate) walk: Walk,
}

/// Two or more files that hold the same.
#[derive(Debug)]
pub struct Group {
    /// The size of each, in bytes.
    pub size: u64,
    /// Their BLAKE3, unless their bytes were compared.
    pub hash: Option<blake3::Hash>,
    members: Vec<Member>,
}

/// The first of a file's entries, and their number.
#[derive(Clone, Copy, Debug)]
struct Member {
    first: u32,
    count: u32,
}

/// A file of a group.
#[derive(Clone, Debug)]
pub struct FoundFile {
    /// Its names in order; the first is its path.
    pub names: Vec<PathBuf>,
    /// The state in which it was met.
    pub stamp: Stamp,
    /// Whether it was met through a reference folder.
    pub is_reference: bool,
}

/// What could not be looked at, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The name.
    pub name: PathBuf,
    /// Why it could not.
    pub reason: Reason,
}

impl Problem {
    pub(crate) fn new(name: PathBuf, reason: Reason) -> Self {
        Self { name, reason }
    }
}

impl Group {
    /// The number of files, at least two.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.members.len() as u64
    }

    /// The bytes that all files but one take.
    #[must_use]
    pub fn gain(&self) -> u64 {
        self.size.saturating_mul(self.count() - 1)
    }
}

impl Scan {
    /// The files of a group of this scan, in the order of their paths.
    pub fn files(&self, group: &Group) -> impl Iterator<Item = FoundFile> {
        group.members.iter().map(|member| {
            let first = member.first as usize;
            let entries = &self.walk.entries[first..first + member.count as usize];
            let mut names: Vec<_> = entries.iter().map(|entry| self.walk.name(entry)).collect();
            names.dedup();
            let is_reference = |entry| self.walk.folder(entry).source == Source::Reference;
            FoundFile {
                names,
                stamp: entries[0].stamp,
                is_reference: entries.iter().any(is_reference),
            }
        })
    }

    /// The number of files in groups.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.groups.iter().map(Group::count).sum()
    }

    /// The bytes that could be freed.
    #[must_use]
    pub fn gain(&self) -> u64 {
        self.groups.iter().map(Group::gain).fold(0, u64::saturating_add)
    }
}

/// Puts candidates that are alike into groups, both in the contract's order.
pub(crate) fn groups(walk: &Walk, files: &[Candidate], verify: Verify) -> Vec<Group> {
    let path = |first: u32| &walk.entries[first as usize];
    let group = |files: &[Candidate]| {
        let mut members: Vec<_> =
            files.iter().map(|file| Member { first: file.first, count: file.count }).collect();
        members.sort_unstable_by(|one, other| walk.compare(path(one.first), path(other.first)));
        let hash = (verify == Verify::Hash).then(|| blake3::Hash::from_bytes(files[0].digest));
        Group { size: files[0].size, hash, members }
    };
    let mut groups: Vec<_> = files.chunk_by(Candidate::is_like).map(group).collect();
    groups.sort_unstable_by(|one, other| {
        let by_gain = other.gain().cmp(&one.gain());
        let [one, other] = [one, other].map(|group| path(group.members[0].first));
        by_gain.then_with(|| walk.compare(one, other))
    });
    groups
}
