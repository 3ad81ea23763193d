//! Owns what a scan found. Names are put together when they are asked for, since most of what is
//! known of many files are their names.

use std::path::PathBuf;

use crate::candidates::{Candidate, index};
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
    /// The files of all groups.
    members: Vec<Member>,
    walk: Walk,
}

/// Two or more files that hold the same.
#[derive(Debug)]
pub struct Group {
    /// The size of each, in bytes.
    pub size: u64,
    /// Their BLAKE3, unless their bytes were compared.
    pub hash: Option<blake3::Hash>,
    /// Its part of all members.
    first: u32,
    count: u32,
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
        self.count.into()
    }

    /// The bytes that all files but one take.
    #[must_use]
    pub fn gain(&self) -> u64 {
        self.size.saturating_mul(self.count() - 1)
    }
}

impl Scan {
    /// Puts candidates that are alike into groups, both in the contract's order.
    pub(crate) fn new(mut walk: Walk, files: &[Candidate], scanned: u64, verify: Verify) -> Self {
        let entry = |member: &Member| &walk.entries[member.first as usize];
        let member = |file: &Candidate| Member { first: file.first, count: file.count };
        let mut members: Vec<_> = files.iter().map(member).collect();
        let mut groups = Vec::with_capacity(files.chunk_by(Candidate::is_like).count());
        let mut first = 0;
        for alike in files.chunk_by(Candidate::is_like) {
            let group = &mut members[first..first + alike.len()];
            group.sort_unstable_by(|one, other| walk.compare(entry(one), entry(other)));
            let hash = (verify == Verify::Hash).then(|| alike[0].digest.into());
            let [place, count] = [first, alike.len()].map(index);
            groups.push(Group { size: alike[0].size, hash, first: place, count });
            first += alike.len();
        }
        groups.sort_unstable_by(|one, other| {
            let path = |group: &Group| entry(&members[group.first as usize]);
            let by_gain = other.gain().cmp(&one.gain());
            by_gain.then_with(|| walk.compare(path(one), path(other)))
        });
        let problems = std::mem::take(&mut walk.problems);
        Self { groups, problems, scanned, members, walk }
    }

    /// The files of a group of this scan, in the order of their paths.
    pub fn files(&self, group: &Group) -> impl Iterator<Item = FoundFile> {
        self.members[group.first as usize..][..group.count as usize].iter().map(|member| {
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
