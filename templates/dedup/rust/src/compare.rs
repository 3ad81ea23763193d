//! Owns the comparison of bytes: several open files, read side by side.

use std::ops::Range;
use std::path::PathBuf;

use rustix::fd::OwnedFd;

use crate::candidates::{Candidate, keep_groups};
use crate::file::{Stamp, ensure_as_met, open_as_met};
use crate::reading::{Digest, announce, data, is_zero, read_exactly};
use crate::stages::Stages;
use crate::workers::OPEN_FILES;
use crate::{Error, Problem, Progress, Reason};

/// Bytes that are read of each file at a time.
pub(crate) const STEP: usize = 64 * 1024;

/// Of the members of a batch, those that hold the same are in the same class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Class {
    number: usize,
    /// The BLAKE3 of what they hold, if it was asked for and there are several.
    hash: Option<Digest>,
}

/// The first of a group, and some of the others.
struct Batch<'a> {
    group: usize,
    first: &'a Candidate,
    others: &'a [Candidate],
    /// What comes of it, in the order of the members.
    classes: [Result<Class, Reason>; OPEN_FILES],
}

impl Stages<'_> {
    /// Compares the files of each group. Those that are the same get a digest of their own and go
    /// to `same`; what needs another round is returned.
    pub(crate) fn compare(
        &mut self,
        files: &[Candidate],
        same: &mut Same,
    ) -> Result<Vec<Candidate>, Error> {
        let (walk, progress) = (self.walk, self.progress);
        let groups = files.chunk_by(Candidate::is_like).enumerate();
        let mut batches: Vec<_> = groups.flat_map(batches).collect();
        let hasher = same.hasher.clone();
        self.workers.spread(&mut batches, STEP * OPEN_FILES, |batch, buffer| {
            let members: Vec<_> =
                batch.members().map(|file| (file.path(walk), *file.stamp(walk))).collect();
            batch.classes = lockstep(&members, hasher.clone(), buffer, progress);
        });
        progress.ensure_goes_on()?;
        let mut rest = Vec::new();
        for batches in batches.chunk_by(|one, other| one.group == other.group) {
            self.sort_out(batches, same, &mut rest);
        }
        Ok(keep_groups(rest))
    }

    /// Puts away those of a group whose class is known; the others go to `rest`.
    fn sort_out(&mut self, batches: &[Batch<'_>], same: &mut Same, rest: &mut Vec<Candidate>) {
        let first_failed = batches.iter().any(|batch| batch.classes[0].is_err());
        for (number, batch) in batches.iter().enumerate() {
            for (place, (file, class)) in batch.members().zip(batch.classes).enumerate() {
                match class {
                    Err(reason) => {
                        self.problems.push(Problem::new(file.path(self.walk), reason));
                    }
                    // The first of the group is a member of every batch.
                    Ok(_) if place == 0 && (number > 0 || first_failed) => {}
                    // The classes of different batches have the first in common and no other.
                    Ok(class) if batches.len() == 1 => same.put(*file, class),
                    Ok(class) if Ok(class) == batch.classes[0] => {
                        same.put(*file, Class { number: 0, ..class });
                    }
                    Ok(_) => rest.push(*file),
                }
            }
        }
        same.classes += OPEN_FILES;
    }
}

impl<'a> Batch<'a> {
    fn members(&self) -> impl Iterator<Item = &'a Candidate> + use<'a> {
        std::iter::once(self.first).chain(self.others)
    }
}

/// Files with their hash, or the number of their class, as digest.
#[derive(Default)]
pub(crate) struct Same {
    pub(crate) files: Vec<Candidate>,
    /// If there is one, classes are hashed too.
    pub(crate) hasher: Option<blake3::Hasher>,
    /// The number of classes of earlier groups.
    pub(crate) classes: usize,
}

impl Same {
    fn put(&mut self, mut file: Candidate, class: Class) {
        file.digest = class.hash.unwrap_or_else(|| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&((self.classes + class.number) as u64).to_le_bytes());
            digest
        });
        self.files.push(file);
    }
}

fn batches((group, files): (usize, &[Candidate])) -> impl Iterator<Item = Batch<'_>> {
    let (first, others) = files.split_first().expect("a group has files");
    let classes = [Err(Reason::Changed); OPEN_FILES];
    others.chunks(OPEN_FILES - 1).map(move |others| Batch { group, first, others, classes })
}

/// Files that are the same as far as they were read, by their places.
struct Alike {
    places: Vec<usize>,
    hasher: Option<blake3::Hasher>,
}

/// Reads the files side by side for as long as any two are the same.
fn lockstep(
    files: &[(PathBuf, Stamp)],
    hasher: Option<blake3::Hasher>,
    buffer: &mut [u8],
    progress: &Progress,
) -> [Result<Class, Reason>; OPEN_FILES] {
    let size = files[0].1.size;
    let mut opened: Vec<Result<OwnedFd, Reason>> =
        files.iter().map(|(name, met)| open_as_met(name, met)).collect();
    opened.iter().flatten().for_each(|file| announce(file, size));
    let is_hashed = hasher.is_some();
    let mut classes = vec![Alike { places: (0..files.len()).collect(), hasher }];
    let (mut at, mut hole) = (0, 0);
    while at < size && classes.iter().any(Alike::goes_on) && progress.signal() == 0 {
        let step = usize::try_from(size - at).unwrap_or(STEP).min(STEP);
        let end = at + step as u64;
        if end > hole {
            for class in classes.iter_mut().filter(|class| class.goes_on()) {
                class.read(&mut opened, &mut buffer[..], step, at);
            }
            classes = classes.into_iter().flat_map(|class| class.split(step, buffer)).collect();
            hole = common_hole(&classes, &opened, buffer, step, end..size);
        }
        let next = if is_hashed { end } else { end.max(hole) };
        // In a hole the zeros of the blocks before serve once more.
        for class in classes.iter_mut().filter(|class| class.goes_on()) {
            class.hash_block(step, buffer);
            progress.add_bytes(class.places.len() as u64 * (next - at));
        }
        at = next;
    }
    progress.add_files(files.len() as u64);
    let finals: Vec<_> = classes.iter().map(Alike::hash).collect();
    std::array::from_fn(|place| {
        let file = opened.get(place).ok_or(Reason::Changed)?.as_ref().map_err(|reason| *reason)?;
        ensure_as_met(file, &files[place].1)?;
        let number = classes.iter().position(|class| class.places.contains(&place));
        let number = number.ok_or(Reason::Changed)?;
        Ok(Class { number, hash: finals[number] })
    })
}

/// Where the files that are still compared go on behind a hole that they have in common.
fn common_hole(
    classes: &[Alike],
    opened: &[Result<OwnedFd, Reason>],
    buffer: &[u8],
    step: usize,
    rest: Range<u64>,
) -> u64 {
    let places =
        || classes.iter().filter(|class| class.goes_on()).flat_map(|class| &class.places);
    if !places().all(|place| is_zero(block(buffer, *place, step))) {
        return rest.start;
    }
    let files = places().flat_map(|place| &opened[*place]);
    files.map(|file| data(file, rest.start, rest.end)).min().unwrap_or(rest.start)
}

fn block(buffer: &[u8], place: usize, step: usize) -> &[u8] {
    &buffer[place * STEP..][..step]
}

impl Alike {
    /// Alone there is nothing to compare with.
    fn goes_on(&self) -> bool {
        self.places.len() > 1
    }

    fn hash(&self) -> Option<Digest> {
        self.hasher.as_ref().filter(|_| self.goes_on()).map(|hasher| hasher.finalize().into())
    }

    /// Reads a block of each member; what cannot be read is no member any more.
    fn read(
        &mut self,
        opened: &mut [Result<OwnedFd, Reason>],
        buffer: &mut [u8],
        step: usize,
        at: u64,
    ) {
        self.places.retain(|&place| {
            let Ok(file) = &opened[place] else { return false };
            let read = read_exactly(file, &mut buffer[place * STEP..][..step], at);
            read.map_err(|reason| opened[place] = Err(reason)).is_ok()
        });
    }

    /// Divides the class by the blocks of its members.
    fn split(self, step: usize, buffer: &[u8]) -> Vec<Self> {
        if !self.goes_on() {
            return vec![self];
        }
        let mut parts: Vec<Self> = Vec::new();
        for &place in &self.places {
            let new = block(buffer, place, step);
            match parts.iter_mut().find(|part| block(buffer, part.places[0], step) == new) {
                Some(part) => part.places.push(place),
                None => parts.push(Self { places: vec![place], hasher: self.hasher.clone() }),
            }
        }
        parts
    }

    fn hash_block(&mut self, step: usize, buffer: &[u8]) {
        let first = self.places[0];
        self.hasher.as_mut().map(|hasher| hasher.update(block(buffer, first, step)));
    }
}
