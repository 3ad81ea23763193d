//! Owns the comparison of bytes: several open files, read side by side.

use std::ops::Range;
use std::path::PathBuf;

use rustix::fd::OwnedFd;

use crate::candidates::{Candidate, end_of_group, keep_groups};
use crate::file::{Stamp, ensure_as_met, open_as_met};
use crate::reading::{Digest, announce, data, is_zero, read_exactly};
use crate::stages::Stages;
use crate::workers::OPEN_FILES;
use crate::{Error, Progress, Reason};

/// Bytes that are read of each file at a time.
pub(crate) const STEP: usize = 64 * 1024;

/// Batches of which there may be more at a time only for a single group.
const AT_A_TIME: usize = 1024;

/// Of the members of a batch, those that hold the same are in the same class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Class {
    number: usize,
    /// The BLAKE3 of what they hold, if it was asked for and there are several.
    hash: Option<Digest>,
}

/// The first of a group, and some of the others, by their places among all files.
struct Batch {
    first: usize,
    others: Range<usize>,
    /// What comes of it, in the order of the members.
    classes: [Result<Class, Reason>; OPEN_FILES],
}

impl Stages<'_> {
    /// Compares the files of each group that has no more than `most`. Those that are the same get a
    /// digest of their own; what needs another round drops out and is returned.
    pub(crate) fn compare(
        &mut self,
        files: &mut [Candidate],
        most: usize,
        hasher: Option<&blake3::Hasher>,
    ) -> Result<Vec<Candidate>, Error> {
        let mut rest = Vec::new();
        let (mut batches, mut first) = (Vec::<Batch>::new(), 0);
        while first < files.len() {
            let end = end_of_group(files, first);
            if end - first <= most {
                batches.extend(divided(first, end));
            }
            first = end;
            // A batch is larger than all that is known of its files, so that only some are made.
            if batches.len() >= AT_A_TIME || first == files.len() {
                self.compare_batches(files, &mut batches, hasher)?;
                for group in batches.chunk_by(|one, other| one.first == other.first) {
                    self.sort_out(files, group, &mut rest);
                }
                batches.clear();
            }
        }
        Ok(keep_groups(rest))
    }

    fn compare_batches(
        &self,
        files: &[Candidate],
        batches: &mut [Batch],
        hasher: Option<&blake3::Hasher>,
    ) -> Result<(), Error> {
        let (walk, progress) = (self.walk, self.progress);
        self.workers.spread(batches, STEP * OPEN_FILES, |batch, buffer| {
            let known = |place: usize| (files[place].path(walk), *files[place].stamp(walk));
            let members: Vec<_> = batch.places().map(known).collect();
            batch.classes = lockstep(&members, hasher.cloned(), buffer, progress);
        });
        progress.ensure_goes_on()
    }

    /// Gives those of a group whose class is known their digest; the others go to `rest`.
    fn sort_out(&mut self, files: &mut [Candidate], group: &[Batch], rest: &mut Vec<Candidate>) {
        let first = group[0].first;
        for batch in group {
            for (place, class) in batch.places().zip(batch.classes) {
                match class {
                    Err(reason) => self.drop_out(&mut files[place], reason),
                    // It is a member of every batch, and has its say in all of them.
                    Ok(class) if place == first && files[first].is_in() => {
                        files[first].digest = class.digest(batch, files);
                    }
                    // The classes of different batches have the first in common and no other.
                    Ok(class) if group.len() == 1 || Ok(class) == batch.classes[0] => {
                        files[place].digest = class.digest(batch, files);
                    }
                    Ok(_) => {
                        rest.push(files[place]);
                        files[place].drop_out();
                    }
                }
            }
        }
    }
}

impl Class {
    /// The hash, or else the number of a file that is in no other class.
    fn digest(&self, batch: &Batch, files: &[Candidate]) -> Digest {
        self.hash.unwrap_or_else(|| {
            let is_member = |class: &Result<Self, Reason>| *class == Ok(*self);
            let place = batch.places().zip(batch.classes).find(|(_, class)| is_member(class));
            let first = place.map_or(batch.first, |(place, _)| place);
            let mut digest = [0; 32];
            digest[..4].copy_from_slice(&files[first].first.to_le_bytes());
            digest
        })
    }
}

impl Batch {
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        std::iter::once(self.first).chain(self.others.clone())
    }
}

/// Divides a group so that all files of a batch may be open at once.
fn divided(first: usize, end: usize) -> impl Iterator<Item = Batch> {
    let step = OPEN_FILES - 1;
    (first + 1..end).step_by(step).map(move |start| Batch {
        first,
        others: start..end.min(start + step),
        classes: [Err(Reason::Changed); OPEN_FILES],
    })
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
        let next = if classes[0].hasher.is_some() { end } else { end.max(hole) };
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
    let places = || classes.iter().filter(|class| class.goes_on()).flat_map(|class| &class.places);
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
