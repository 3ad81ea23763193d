//! Owns the stages: each reads more of fewer files, and tells those apart that differ.

use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use crate::candidates::{Candidate, keep_groups};
use crate::compare::Same;
use crate::file::Time;
use crate::progress::Stage;
use crate::reading::{BLOCK, BUFFER, Digest, Hash, LARGE, first_block, last_block, whole};
use crate::walk::Walk;
use crate::workers::{OPEN_FILES, Workers};
use crate::{Cache, Error, Problem, Progress, Reason};

/// What all stages need, and the problems that they met.
pub(crate) struct Stages<'a> {
    pub(crate) walk: &'a Walk,
    pub(crate) workers: &'a Workers,
    pub(crate) progress: &'a Progress,
    pub(crate) started: Time,
    pub(crate) problems: Vec<Problem>,
}

type Files = Result<Vec<Candidate>, Error>;

impl Stages<'_> {
    /// Leaves those that have the same BLAKE3 as another.
    ///
    /// Of a few files it is enough to hash one, and to compare the others with it: those that hold
    /// the same bytes have the same hash.
    pub(crate) fn by_hash(&mut self, files: Vec<Candidate>) -> Files {
        let mut files = self.blocks(files)?;
        // The largest come first; of those that are a block or less the hash is known.
        let known = files.split_off(files.partition_point(|file| file.size > BLOCK as u64));
        let (few, mut many) = divided(&files);
        drop(files);
        self.hash::<blake3::Hasher>(&mut many)?;
        let mut same = Same { files: many, hasher: Some(blake3::Hasher::new()), classes: 0 };
        self.begin(Stage::Contents, few.iter());
        self.compare(&few, &mut same)?;
        same.files.extend(known);
        Ok(keep_groups(same.files))
    }

    /// The same, with hashes that are known from before; all that are made are kept.
    pub(crate) fn by_known_hash(&mut self, files: Vec<Candidate>, cache: &mut Cache) -> Files {
        let mut files = self.blocks(files)?;
        let (walk, progress, known) = (self.walk, self.progress, &*cache);
        self.read(Stage::Contents, &mut files, BLOCK as u64, BUFFER, |file, buffer| {
            let met = file.stamp(walk);
            if let Some(hash) = known.get(met) {
                progress.add_bytes(met.size);
                return Ok(hash);
            }
            whole::<blake3::Hasher>(&file.path(walk), met, buffer, progress)
        })?;
        for file in files.iter().filter(|file| file.size > BLOCK as u64 && file.is_in()) {
            cache.put(file.stamp(walk), file.digest, self.started);
        }
        Ok(keep_groups(files))
    }

    /// Leaves those that hold the same bytes as another.
    pub(crate) fn by_bytes(&mut self, files: Vec<Candidate>) -> Files {
        let files = self.blocks(files)?;
        let (mut all, mut many) = divided(&files);
        drop(files);
        // Too many to be open at once: those that differ are told apart by a fast hash before.
        self.hash::<Xxh3>(&mut many)?;
        all.extend(keep_groups(many));
        let mut rest = keep_groups(all);
        self.begin(Stage::Contents, rest.iter());
        let mut same = Same::default();
        while !rest.is_empty() {
            rest = self.compare(&rest, &mut same)?;
        }
        Ok(keep_groups(same.files))
    }

    fn hash<H: Hash>(&mut self, files: &mut [Candidate]) -> Result<(), Error> {
        let (walk, progress) = (self.walk, self.progress);
        self.read(Stage::Contents, files, 0, BUFFER, |file, buffer| {
            whole::<H>(&file.path(walk), file.stamp(walk), buffer, progress)
        })
    }

    /// Reads the blocks at both ends.
    fn blocks(&mut self, mut files: Vec<Candidate>) -> Files {
        let walk = self.walk;
        self.read(Stage::Starts, &mut files, 0, BLOCK, |file, buffer| {
            first_block(&file.path(walk), file.stamp(walk), buffer)
        })?;
        let mut files = keep_groups(files);
        self.read(Stage::Ends, &mut files, LARGE, BLOCK, |file, buffer| {
            last_block(&file.path(walk), file.stamp(walk), &file.digest, buffer)
        })?;
        Ok(keep_groups(files))
    }

    /// Gives every file that is larger than `above` a new digest; the unreadable drop out.
    fn read(
        &mut self,
        stage: Stage,
        files: &mut [Candidate],
        above: u64,
        buffer_size: usize,
        digest: impl Fn(&Candidate, &mut [u8]) -> Result<Digest, Reason> + Sync,
    ) -> Result<(), Error> {
        self.begin(stage, files.iter().filter(|file| file.size > above));
        let (walk, progress) = (self.walk, self.progress);
        let problems = Mutex::new(&mut self.problems);
        self.workers.spread(files, buffer_size, |file, buffer| {
            if file.size <= above || progress.signal() != 0 {
                return;
            }
            match digest(file, buffer) {
                Ok(digest) => file.digest = digest,
                Err(reason) => {
                    let problem = Problem::new(file.path(walk), reason);
                    problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
                    file.drop_out();
                }
            }
            progress.add_files(1);
        });
        progress.ensure_goes_on()
    }

    fn begin<'b>(&self, stage: Stage, files: impl Iterator<Item = &'b Candidate>) {
        let all = files.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size));
        self.progress.begin(stage, all);
    }
}

/// Tells groups of which all may be open at once from those that are too many.
fn divided(files: &[Candidate]) -> (Vec<Candidate>, Vec<Candidate>) {
    let groups = files.chunk_by(Candidate::is_like);
    let (few, many): (Vec<_>, Vec<_>) = groups.partition(|group| group.len() <= OPEN_FILES);
    (few.concat(), many.concat())
}
