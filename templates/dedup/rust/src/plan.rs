//! Owns plans: what would be done, and the lines of JSON that say so.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::file::{Identity, Stamp, Time};
use crate::name::NameOf;

/// The only version of the form in which plans are written.
pub(crate) const VERSION: u64 = 1;

/// What becomes of a file that is not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It becomes a further name of the file that is kept.
    Hardlink,
    /// It shares the blocks of the file that is kept, and stays a file of its own.
    Reflink,
    /// It becomes a symbolic link to the file that is kept.
    Symlink,
    /// It goes to the platform's trash.
    Trash,
    /// It goes for good.
    Delete,
}

impl Action {
    pub(crate) const ALL: [Self; 5] =
        [Self::Hardlink, Self::Reflink, Self::Symlink, Self::Trash, Self::Delete];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hardlink => "hardlink",
            Self::Reflink => "reflink",
            Self::Symlink => "symlink",
            Self::Trash => "trash",
            Self::Delete => "delete",
        }
    }
}

/// What would be done, and to which files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// What becomes of every victim.
    pub action: Action,
    /// Below these lie all files of the plan.
    pub roots: Vec<PathBuf>,
    /// Each with one file to keep.
    pub groups: Vec<PlannedGroup>,
}

/// A file to keep, and its victims.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlannedGroup {
    /// The file to keep.
    pub keep: PlannedFile,
    /// The others, of the same size; at least one.
    pub victims: Vec<PlannedFile>,
}

/// A file, and the state in which it has to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlannedFile {
    /// Its names in order; at least one.
    pub names: Vec<PathBuf>,
    /// The state in which it was met.
    pub stamp: Stamp,
}

impl Plan {
    /// The number of victims.
    #[must_use]
    pub fn victims(&self) -> u64 {
        self.groups.iter().map(|group| group.victims.len() as u64).sum()
    }

    /// The bytes that would be freed.
    #[must_use]
    pub fn gain(&self) -> u64 {
        let victims = self.groups.iter().flat_map(|group| &group.victims);
        victims.map(|victim| victim.stamp.size).fold(0, u64::saturating_add)
    }

    /// Writes the plan as lines of JSON, as in `contract/plan.schema.json`.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let roots = self.roots.iter().map(|root| NameOf(root)).collect();
        line(out, &Head { plan: VERSION, action: self.action, roots })?;
        for PlannedGroup { keep, victims } in &self.groups {
            let victims = victims.iter().map(WrittenFile::from).collect();
            line(out, &WrittenGroup { size: keep.stamp.size, keep: keep.into(), victims })?;
        }
        line(out, &End { groups: self.groups.len() as u64, victims: self.victims() })
    }
}

#[derive(Serialize)]
struct Head<'a> {
    plan: u64,
    action: Action,
    roots: Vec<NameOf<'a>>,
}

#[derive(Serialize)]
struct WrittenGroup<'a> {
    size: u64,
    keep: WrittenFile<'a>,
    victims: Vec<WrittenFile<'a>>,
}

#[derive(Serialize)]
struct WrittenFile<'a> {
    names: Vec<NameOf<'a>>,
    device: u64,
    inode: u64,
    mtime_ns: Time,
    ctime_ns: Time,
}

/// The last line.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    pub(crate) groups: u64,
    pub(crate) victims: u64,
}

impl<'a> From<&'a PlannedFile> for WrittenFile<'a> {
    fn from(file: &'a PlannedFile) -> Self {
        let Stamp { identity: Identity { device, inode }, modified, changed, .. } = file.stamp;
        let names = file.names.iter().map(|name| NameOf(name)).collect();
        Self { names, device, inode, mtime_ns: modified, ctime_ns: changed }
    }
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
