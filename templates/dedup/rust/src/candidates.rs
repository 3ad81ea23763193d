//! Owns the candidates: files that may still be the same as another.

use std::path::PathBuf;

use crate::file::{Identity, Stamp};
use crate::reading::Digest;
use crate::walk::{Entry, Names, Walk};

/// A file, and all that was read of it so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    /// The first of its entries, which is that of its path.
    pub(crate) first: u32,
    /// How many entries there are, one for each name; none if it dropped out.
    pub(crate) count: u32,
    pub(crate) size: u64,
    /// Files of one size with different digests are different.
    pub(crate) digest: Digest,
}

impl Candidate {
    pub(crate) fn path(&self, walk: &Walk) -> PathBuf {
        walk.name(&walk.entries[self.first as usize])
    }

    pub(crate) fn stamp<'a>(&self, walk: &'a Walk) -> &'a Stamp {
        &walk.entries[self.first as usize].stamp
    }

    fn entries<'a>(&self, entries: &'a [Entry]) -> &'a [Entry] {
        &entries[self.first as usize..][..self.count as usize]
    }

    /// Whether it has not dropped out.
    pub(crate) fn is_in(&self) -> bool {
        self.count > 0
    }

    /// Takes it out of the game; it stays in its place until the next sorting.
    pub(crate) fn drop_out(&mut self) {
        self.count = 0;
    }

    /// Whether nothing that was read tells the two apart.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.size == other.size && self.digest == other.digest
    }
}

/// Puts the entries of the walk in the order of their files, and returns the files that share
/// their size with another, and the number of all files.
pub(crate) fn candidates(walk: &mut Walk) -> (Vec<Candidate>, u64) {
    let mut entries = std::mem::take(&mut walk.entries);
    sort(&mut entries);
    let mut files: Vec<Candidate> = Vec::new();
    let (mut scanned, mut first) = (0, 0);
    let mut group = 0;
    while first < entries.len() {
        let Stamp { size, identity, .. } = entries[first].stamp;
        let run = &mut entries[first..];
        let is_same = |stamp: &Stamp| stamp.size == size && stamp.identity == identity;
        let met = run.iter().take_while(|entry| is_same(&entry.stamp)).count();
        let mut names = met;
        if met > 1 && run[..met].iter().any(|entry| entry.links == Names::One) {
            // One name was met in two ways, as through a bind mount.
            names = 1;
        } else if met > 1 {
            run[..met].sort_by_cached_key(|entry| walk.name(entry).into_os_string());
        }
        if files.last().is_some_and(|last| last.size != size) {
            drop_single(&mut files, group);
            group = files.len();
        }
        let (count, place) = (index(names), index(first));
        let file = Candidate { first: place, count, size, digest: [0; 32] };
        if let Some(twin) = twin(&mut files[group..], file, &entries) {
            let met = |file: &Candidate| file.entries(&entries).iter().map(Entry::met).min();
            if met(&file) < met(twin) {
                *twin = file;
            }
        } else {
            files.push(file);
            scanned += 1;
        }
        first += met;
    }
    drop_single(&mut files, group);
    walk.entries = entries;
    (files, scanned)
}

fn sort(entries: &mut [Entry]) {
    entries.sort_unstable_by(|one, other| {
        let key = |Stamp { size, identity: Identity { device, inode }, .. }| (size, inode, device);
        // Of those that are the same, the one that was met first comes first.
        key(one.stamp).cmp(&key(other.stamp)).then_with(|| one.met().cmp(&other.met()))
    });
}

/// A place among files, of which there are many, so that four bytes have to do.
pub(crate) fn index(place: usize) -> u32 {
    u32::try_from(place).expect("fewer files than 2^32")
}

/// The same file as `file`, known on another device; files of one inode stand together.
fn twin<'a>(
    files: &'a mut [Candidate],
    file: Candidate,
    entries: &[Entry],
) -> Option<&'a mut Candidate> {
    let stamp = |file: &Candidate| file.entries(entries)[0].stamp;
    let sought = stamp(&file);
    let known = files.iter_mut().rev();
    let mut known = known.take_while(|known| stamp(known).identity.inode == sought.identity.inode);
    known.find(|known| stamp(known).is_same_file(&sought))
}

fn drop_single(files: &mut Vec<Candidate>, group: usize) {
    if files.len() == group + 1 {
        files.pop();
    }
}

/// Keeps those that are like another, the largest first.
pub(crate) fn keep_groups(mut files: Vec<Candidate>) -> Vec<Candidate> {
    files.retain(Candidate::is_in);
    files.sort_unstable_by(|one, other| {
        let by_size = other.size.cmp(&one.size);
        by_size.then_with(|| one.digest.cmp(&other.digest)).then(one.first.cmp(&other.first))
    });
    let mut kept = 0;
    let mut first = 0;
    while first < files.len() {
        let end = end_of_group(&files, first);
        if end - first > 1 {
            files.copy_within(first..end, kept);
            kept += end - first;
        }
        first = end;
    }
    files.truncate(kept);
    files.shrink_to_fit();
    files
}

/// Where the files end that are like the one at `first` and stand behind it.
pub(crate) fn end_of_group(files: &[Candidate], first: usize) -> usize {
    first + files[first..].iter().take_while(|file| file.is_like(&files[first])).count()
}
