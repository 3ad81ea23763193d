//! Owns the choice of the file to keep, and of those that become victims.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use crate::name::{by_bytes, lies_in};
use crate::{Action, FoundFile, Glob, Plan, PlannedFile, PlannedGroup, Roots, Scan};

/// Which file of a group is kept. Ties go to the one whose path comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// The one whose path comes first.
    FirstPath,
    /// The one that was changed the longest ago.
    Oldest,
    /// The one that was changed last.
    Newest,
    /// The one whose path has the fewest bytes.
    Shortest,
}

impl Plan {
    /// Plans `action` for all that a scan below `roots` found, but for what matches `protected`.
    #[must_use]
    pub fn new(scan: &Scan, roots: &Roots, action: Action, keep: Keep, protected: &[Glob]) -> Self {
        let choice = Choice { references: &roots.references, keep, protected };
        let mut groups = Vec::new();
        for group in &scan.groups {
            let files: Vec<_> = scan.files(group).collect();
            let parts = divided(&files, action);
            groups.extend(parts.iter().filter_map(|files| choice.group(files)));
        }
        let mut all: Vec<PathBuf> = Vec::new();
        for root in roots.plain.iter().chain(&roots.references) {
            if !all.contains(root) {
                all.push(root.clone());
            }
        }
        Self { action, roots: all, groups }
    }
}

/// Divides the files by device where the action cannot reach across.
fn divided(files: &[FoundFile], action: Action) -> Vec<Vec<&FoundFile>> {
    if !matches!(action, Action::Hardlink | Action::Reflink) {
        return vec![files.iter().collect()];
    }
    let mut parts: Vec<Vec<&FoundFile>> = Vec::new();
    for file in files {
        let device = file.stamp.identity.device;
        match parts.iter_mut().find(|part| part[0].stamp.identity.device == device) {
            Some(part) => part.push(file),
            None => parts.push(vec![file]),
        }
    }
    parts
}

struct Choice<'a> {
    references: &'a [PathBuf],
    keep: Keep,
    protected: &'a [Glob],
}

impl Choice<'_> {
    /// Chooses in a group; `None` if there is no victim in it.
    fn group(&self, files: &[&FoundFile]) -> Option<PlannedGroup> {
        let references = files.iter().copied().filter(|file| self.is_reference(file));
        let kept = self.best(references).or_else(|| self.best(files.iter().copied()))?;
        let is_victim = |file: &&&FoundFile| {
            file.stamp.identity != kept.stamp.identity
                && !self.is_reference(file)
                && !file.names.iter().any(|name| self.is_protected(name))
        };
        let victims: Vec<_> = files.iter().filter(is_victim).map(|file| planned(file)).collect();
        (!victims.is_empty()).then(|| PlannedGroup { keep: planned(kept), victims })
    }

    /// The first of the best: files come in the order of their paths.
    fn best<'f>(&self, files: impl Iterator<Item = &'f FoundFile>) -> Option<&'f FoundFile> {
        match self.keep {
            Keep::FirstPath => files.min_by(|one, other| by_bytes(&one.names[0], &other.names[0])),
            Keep::Oldest => files.min_by_key(|file| file.stamp.modified),
            Keep::Newest => files.min_by_key(|file| Reverse(file.stamp.modified)),
            Keep::Shortest => files.min_by_key(|file| file.names[0].as_os_str().len()),
        }
    }

    fn is_reference(&self, file: &FoundFile) -> bool {
        let lies_there = |name: &Path| self.references.iter().any(|root| lies_in(name, root));
        file.is_reference || file.names.iter().any(|name| lies_there(name))
    }

    /// Whether the name or a folder above it is protected.
    fn is_protected(&self, name: &Path) -> bool {
        name.ancestors().any(|part| self.protected.iter().any(|glob| glob.matches(part)))
    }
}

fn planned(file: &FoundFile) -> PlannedFile {
    PlannedFile { names: file.names.clone(), stamp: file.stamp }
}
