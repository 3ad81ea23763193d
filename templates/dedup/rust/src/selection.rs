//! Owns the choice of files: which of all that the walk meets are looked at.

use std::path::Path;
use std::time::Duration;

use crate::Glob;
use crate::file::{Stamp, Time};

/// What the walk takes, and where it goes.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Smaller files are left out.
    pub min_size: u64,
    /// Larger files are left out.
    pub max_size: u64,
    /// If there are any, only files that match one are taken.
    pub globs: Vec<Glob>,
    /// Files and folders that match one are left out.
    pub excludes: Vec<Glob>,
    /// What becomes of names that start with a dot.
    pub hidden: Hidden,
    /// What becomes of links to folders.
    pub links: Links,
    /// What becomes of other file systems.
    pub mounts: Mounts,
    /// Files that were changed less than this ago are left out.
    pub min_age: Duration,
}

/// What becomes of names that start with a dot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Hidden {
    LeaveOut,
    Take,
}

/// What becomes of symbolic links to folders.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Links {
    PassOver,
    Follow,
}

/// What becomes of file systems that are mounted below a root.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Mounts {
    LeaveOut,
    Enter,
}

impl Default for Selection {
    /// Every file that is not empty and not hidden.
    fn default() -> Self {
        Self {
            min_size: 1,
            max_size: u64::MAX,
            globs: Vec::new(),
            excludes: Vec::new(),
            hidden: Hidden::LeaveOut,
            links: Links::PassOver,
            mounts: Mounts::Enter,
            min_age: Duration::ZERO,
        }
    }
}

impl Selection {
    /// Whether the walk takes a name that it met below a root.
    pub(crate) fn takes_name(&self, last: &[u8]) -> bool {
        self.hidden == Hidden::Take || last.first() != Some(&b'.')
    }

    /// Whether a file or a folder of that name is left out.
    pub(crate) fn excludes(&self, name: &Path) -> bool {
        self.excludes.iter().any(|glob| glob.matches(name))
    }

    /// Whether a file of that name is among those that are asked for.
    pub(crate) fn takes_file(&self, name: &Path) -> bool {
        self.globs.is_empty() || self.globs.iter().any(|glob| glob.matches(name))
    }

    /// Whether any name has to be looked at as a whole.
    pub(crate) fn has_globs(&self) -> bool {
        !self.globs.is_empty() || !self.excludes.is_empty()
    }

    /// Whether the file is large, small and old enough.
    pub(crate) fn takes_stamp(&self, stamp: &Stamp, now: Time) -> bool {
        (self.min_size..=self.max_size).contains(&stamp.size)
            && (self.min_age.is_zero() || stamp.modified <= now.less(self.min_age))
    }
}
