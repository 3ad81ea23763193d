//! Owns the journal: what was begun and what was done, on the disk before anything goes on.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::file::Time;
use crate::strict::{Object, present};
use crate::system::System;
use crate::temporary::is_temporary;
use crate::{Error, Plan, Reason};

const VERSION: u64 = 1;

/// One name of a victim: the group's line in the plan from 1, and the places in it from 0.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) victim: usize,
    pub(crate) name: usize,
}

impl Step {
    /// A line on this step that says nothing more.
    pub(crate) fn entry(self, state: State) -> Entry {
        let Self { line, victim, name } = self;
        Entry {
            line,
            victim,
            name,
            state,
            reason: None,
            temporary: None,
            keeper_ctime_ns: None,
            victim_ctime_ns: None,
        }
    }
}

/// How far a step came.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
// Serde would take an object such as `{"done": null}` for a word too.
#[serde(try_from = "String", into = "&str")]
pub(crate) enum State {
    Start,
    Done,
    LeftAlone,
    Failed,
}

impl From<State> for &str {
    fn from(state: State) -> Self {
        match state {
            State::Start => "start",
            State::Done => "done",
            State::LeftAlone => "left alone",
            State::Failed => "failed",
        }
    }
}

impl TryFrom<String> for State {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        let all = [Self::Start, Self::Done, Self::LeftAlone, Self::Failed];
        all.into_iter().find(|state| word == <&str>::from(*state)).ok_or("no state")
    }
}

/// A line behind the first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) line: usize,
    pub(crate) victim: usize,
    pub(crate) name: usize,
    pub(crate) state: State,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) temporary: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) keeper_ctime_ns: Option<Time>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) victim_ctime_ns: Option<Time>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Head {
    journal: u64,
    plan: String,
}

/// What earlier runs did about one step.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) state: State,
    pub(crate) temporaries: Vec<String>,
}

/// The journal of a plan, which no other run has.
#[derive(Debug)]
pub struct Journal<S> {
    pub(crate) system: S,
    file: File,
    path: PathBuf,
    pub(crate) past: BTreeMap<Step, Past>,
    /// All that was read, in order.
    pub(crate) entries: Vec<Entry>,
}

impl<S: System> Journal<S> {
    /// Opens or begins the journal of `plan`, which is written as `bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::File`], [`Error::InUse`], [`Error::OtherPlan`] and [`Error::Journal`].
    pub fn open(path: &Path, plan: &Plan, bytes: &[u8], system: S) -> Result<Self, Error> {
        let failed =
            |error: std::io::Error| Error::File { path: path.to_owned(), reason: error.into() };
        let file = open_alone(path)?;
        let mut journal = Self {
            system,
            file,
            path: path.to_owned(),
            past: BTreeMap::new(),
            entries: Vec::new(),
        };
        let mut written = Vec::new();
        journal.file.read_to_end(&mut written).map_err(failed)?;
        let head = Head { journal: VERSION, plan: blake3::hash(bytes).to_hex().to_string() };
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        if whole == 0 && !line(&head).starts_with(&written) {
            return Err(Error::OtherPlan { path: path.to_owned() });
        }
        if whole < written.len() {
            journal.file.set_len(whole as u64).map_err(failed)?;
        }
        if whole == 0 {
            // A kill before the head is written leaves an empty file, which is new again.
            sync_folder(path).map_err(failed)?;
            journal.append(&head)?;
        }
        journal.read(&written[..whole], &head, plan)?;
        Ok(journal)
    }

    fn read(&mut self, written: &[u8], head: &Head, plan: &Plan) -> Result<(), Error> {
        let lines = written.split_inclusive(|byte| *byte == b'\n');
        for (text, number) in lines.zip(1..) {
            if number == 1 {
                let found = serde_json::from_slice(text).ok();
                let is_ours =
                    |Object::<Head>(found)| found.journal == VERSION && found.plan == head.plan;
                if !found.is_some_and(is_ours) {
                    return Err(Error::OtherPlan { path: self.path.clone() });
                }
                continue;
            }
            let entry = serde_json::from_slice(text).ok().map(|Object(entry)| entry);
            let entry = entry.filter(|entry| is_sound(entry, plan));
            let path = &self.path;
            self.note(entry.ok_or_else(|| Error::Journal { path: path.clone(), line: number })?);
        }
        Ok(())
    }

    /// Writes an entry; when this returns it is on the disk.
    pub(crate) fn write(&self, entry: &Entry) -> Result<(), Error> {
        self.append(entry)
    }

    fn append(&self, value: &impl Serialize) -> Result<(), Error> {
        let written = self.system.append(&self.file, &line(value));
        written
            .map_err(|error| Error::File { path: self.path.clone(), reason: Reason::from(error) })
    }

    fn note(&mut self, entry: Entry) {
        let step = Step { line: entry.line, victim: entry.victim, name: entry.name };
        let past = Past { state: entry.state, temporaries: Vec::new() };
        let past = self.past.entry(step).or_insert(past);
        past.state = entry.state;
        past.temporaries.extend(entry.temporary.clone());
        self.entries.push(entry);
    }
}

/// Opens or makes a file, of which no other run has hold.
fn open_alone(path: &Path) -> Result<File, Error> {
    let failed = |reason| Error::File { path: path.to_owned(), reason };
    let mut options = OpenOptions::new();
    let opened = options.read(true).append(true).create(true).mode(0o600).open(path);
    let file = opened.map_err(|error| failed(error.into()))?;
    // A device may have no end.
    if !file.metadata().map_err(|error| failed(error.into()))?.is_file() {
        return Err(failed(Reason::NotRegular));
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(Error::InUse { path: path.to_owned() }),
        Err(error) => Err(failed(error.into())),
    }
}

/// Waits until the name of a new file is on the disk, too.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match File::open(folder.unwrap_or(Path::new(".")))?.sync_all() {
        // Some file systems have no such thing.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => Ok(()),
        synced => synced,
    }
}

/// Whether the entry is about a name of the plan, and its temporary name is no other file's.
fn is_sound(entry: &Entry, plan: &Plan) -> bool {
    let group = entry.line.checked_sub(2).and_then(|group| plan.groups.get(group));
    let victim = group.and_then(|group| group.victims.get(entry.victim));
    victim.is_some_and(|victim| entry.name < victim.names.len())
        && entry.temporary.as_ref().is_none_or(|name| is_temporary(name))
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("numbers and text can be written");
    line.push(b'\n');
    line
}
