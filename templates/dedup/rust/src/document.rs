//! Owns the JSON of a scan, as in `contract/scan.schema.json`. It is written as it is put together.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::name::NameOf;
use crate::{FoundFile, Group, Problem, Scan, Verify};

/// Prints a scan as one object.
pub(crate) fn print(scan: &Scan, verify: Verify, out: &mut impl Write) -> io::Result<()> {
    let summary = Counts {
        scanned: scan.scanned,
        groups: scan.groups.len() as u64,
        files: scan.count(),
        gain: scan.gain(),
    };
    let (groups, problems) = (Groups(scan), Problems(&scan.problems));
    let document = Document { version: 1, verify, groups, problems, summary };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    verify: Verify,
    groups: Groups<'a>,
    problems: Problems<'a>,
    summary: Counts,
}

#[derive(Serialize)]
struct Counts {
    scanned: u64,
    groups: u64,
    files: u64,
    gain: u64,
}

struct Groups<'a>(&'a Scan);

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.groups.iter().map(|group| WrittenGroup {
            size: group.size,
            hash: group.hash.map(|hash| hash.to_hex().to_string()),
            files: Files(self.0, group),
        }))
    }
}

#[derive(Serialize)]
struct WrittenGroup<'a> {
    size: u64,
    hash: Option<String>,
    files: Files<'a>,
}

struct Files<'a>(&'a Scan, &'a Group);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.files(self.1).map(|FoundFile { names, .. }| File { names }))
    }
}

#[derive(Serialize)]
struct File {
    #[serde(serialize_with = "write_names")]
    names: Vec<PathBuf>,
}

fn write_names<S: Serializer>(names: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names.iter().map(|name| NameOf(name)))
}

struct Problems<'a>(&'a [Problem]);

impl Serialize for Problems<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|problem| WrittenProblem {
            name: NameOf(&problem.name),
            reason: problem.reason.to_string(),
        }))
    }
}

#[derive(Serialize)]
struct WrittenProblem<'a> {
    name: NameOf<'a>,
    reason: String,
}
