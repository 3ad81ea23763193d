//! Owns the scan: which files hold the same, found by reading as little as can be.

use std::path::PathBuf;

use serde::Serialize;

use crate::candidates::candidates;
use crate::file::Time;
use crate::name::by_bytes;
use crate::stages::Stages;
use crate::walk::walk;
use crate::workers::Workers;
use crate::{Cache, Error, Progress, Scan, Selection};

/// Where the walk starts, as absolute names.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// Folders and files.
    pub plain: Vec<PathBuf>,
    /// Folders whose files never become victims.
    pub references: Vec<PathBuf>,
}

/// What makes two files the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// The same BLAKE3 of all that they hold.
    Hash,
    /// The same bytes, compared one by one.
    Bytes,
}

/// What is to be scanned, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to look.
    pub roots: Roots,
    /// What to look at.
    pub selection: Selection,
    /// When files are the same.
    pub verify: Verify,
    /// The number of threads; fewer where only few files may be open.
    pub jobs: usize,
}

/// Finds the groups of files that hold the same.
///
/// Nothing is changed; files that cannot be read become problems.
///
/// # Errors
///
/// [`Error::Threads`], and [`Error::Stopped`] where `progress` was asked to stop.
pub fn scan(
    request: &Request,
    cache: Option<&mut Cache>,
    progress: &Progress,
) -> Result<Scan, Error> {
    let started = Time::now();
    let workers = Workers::new(request.jobs)?;
    let mut walk = walk(&request.roots, &request.selection, &workers, progress)?;
    let (files, scanned) = candidates(&mut walk);
    let mut stages =
        Stages { walk: &walk, workers: &workers, progress, started, problems: Vec::new() };
    let files = match request.verify {
        Verify::Bytes => stages.by_bytes(files)?,
        Verify::Hash => match cache {
            Some(cache) => stages.by_known_hash(files, cache)?,
            None => stages.by_hash(files)?,
        },
    };
    let read = stages.problems;
    walk.problems.extend(read);
    walk.problems.sort_unstable_by(|one, other| {
        by_bytes(&one.name, &other.name).then(one.reason.cmp(&other.reason))
    });
    walk.problems.dedup();
    Ok(Scan::new(walk, &files, scanned, request.verify))
}
