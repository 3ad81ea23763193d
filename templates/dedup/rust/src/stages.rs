//! Owns the stages: each reads more of fewer files, and tells those apart that differ.

use std::borrow::{Borrow, BorrowMut};
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use crate::candidates::{Candidate, keep_groups};
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
        let large = files.partition_point(|file| file.size > BLOCK as u64);
        let large = &mut files[..large];
        let groups = large.chunk_by(Candidate::is_like);
        self.begin(Stage::Contents, groups.filter(|group| !is_many(group)).flatten());
        self.compare(large, OPEN_FILES, Some(&blake3::Hasher::new()))?;
        self.hash_many::<blake3::Hasher>(large)?;
        Ok(keep_groups(files))
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
        let mut files = self.blocks(files)?;
        // Too many to be open at once: those that differ are told apart by a fast hash before.
        self.hash_many::<Xxh3>(&mut files)?;
        let mut files = keep_groups(files);
        self.begin(Stage::Contents, files.iter());
        let mut rest = self.compare(&mut files, usize::MAX, None)?;
        while !rest.is_empty() {
            let next = self.compare(&mut rest, usize::MAX, None)?;
            files.append(&mut rest);
            rest = next;
        }
        Ok(keep_groups(files))
    }

    /// Digests the files of groups that are too many to be open at once.
    fn hash_many<H: Hash>(&mut self, files: &mut [Candidate]) -> Result<(), Error> {
        let (walk, progress) = (self.walk, self.progress);
        let many = files.chunk_by_mut(Candidate::is_like).filter(|group| is_many(group));
        let mut many: Vec<&mut Candidate> = many.flatten().collect();
        self.read(Stage::Contents, &mut many, 0, BUFFER, |file, buffer| {
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
        files: &mut [impl BorrowMut<Candidate> + Send],
        above: u64,
        buffer_size: usize,
        digest: impl Fn(&Candidate, &mut [u8]) -> Result<Digest, Reason> + Sync,
    ) -> Result<(), Error> {
        let files_above = files.iter().map(Borrow::borrow).filter(|file| file.size > above);
        self.begin(stage, files_above);
        let (walk, progress) = (self.walk, self.progress);
        let problems = Mutex::new(&mut self.problems);
        self.workers.spread(files, buffer_size, |file, buffer| {
            let file = file.borrow_mut();
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

    /// Takes out a file that could not be read.
    pub(crate) fn drop_out(&mut self, file: &mut Candidate, reason: Reason) {
        self.problems.push(Problem::new(file.path(self.walk), reason));
        file.drop_out();
    }

    fn begin<'b>(&self, stage: Stage, files: impl Iterator<Item = &'b Candidate>) {
        let all = files.fold((0, 0), |(files, bytes), file| (files + 1, bytes + file.size));
        self.progress.begin(stage, all);
    }
}

/// Whether not all of a group may be open at once.
fn is_many(group: &[Candidate]) -> bool {
    group.len() > OPEN_FILES
}
