//! A folder of files with a plan, and what other programs do to it.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::TempDir;

use my_project::system::System;
use my_project::{Action, Applied, Error, Halt, Journal, Keep, Plan};
use my_project::{Progress, Request, Roots, Selection, Verify};
use my_project::{apply, scan};

/// A folder with files of a few contents, some with two names, and its plan.
pub(crate) struct Case {
    folder: TempDir,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) plan: Plan,
    written: Vec<u8>,
}

/// A name that was not done, why, and where the victim is if it has another name.
pub(crate) type Said = (PathBuf, Halt, Option<PathBuf>);

impl Case {
    pub(crate) fn new(contents: &[(usize, bool)], action: Action) -> Self {
        let folder = TempDir::new().expect("there is a folder for temporary files");
        let root = folder.path().join("tree");
        fs::create_dir(&root).expect("a folder is made");
        let mut files = Vec::new();
        for (number, (content, is_linked)) in contents.iter().enumerate() {
            let path = root.join(number.to_string());
            fs::write(&path, format!("content {content}")).expect("a file is written");
            if *is_linked {
                let other = root.join(format!("{number} too"));
                fs::hard_link(&path, other).expect("a link is made");
            }
            files.push(path);
        }
        let roots = Roots { plain: vec![root], references: vec![] };
        let request =
            Request { roots, selection: Selection::default(), verify: Verify::Bytes, jobs: 1 };
        let found = scan(&request, None, &Progress::default()).expect("a scan");
        let plan = Plan::new(&found, &request.roots, action, Keep::FirstPath, &[]);
        let mut written = Vec::new();
        plan.write(&mut written).expect("a plan is written");
        Self { folder, files, plan, written }
    }

    /// A file to keep and a victim.
    pub(crate) fn pair(action: Action) -> Self {
        Self::new(&[(1, false), (1, false)], action)
    }

    pub(crate) fn apply<S: System>(&self, system: S) -> Result<(Applied, Vec<Said>), Error> {
        self.apply_with(system, &Progress::default())
    }

    pub(crate) fn apply_with<S: System>(
        &self,
        system: S,
        progress: &Progress,
    ) -> Result<(Applied, Vec<Said>), Error> {
        let path = self.folder.path().join("journal");
        let mut journal = Journal::open(&path, &self.plan, &self.written, system)?;
        let mut said = Vec::new();
        let applied = apply(&self.plan, &mut journal, progress, |undone| {
            said.push((undone.name.to_owned(), undone.halt, undone.aside));
        })?;
        Ok((applied, said))
    }

    pub(crate) fn root(&self) -> &Path {
        &self.plan.roots[0]
    }

    pub(crate) fn names(&self) -> u64 {
        let victims = self.plan.groups.iter().flat_map(|group| &group.victims);
        victims.map(|victim| victim.names.len() as u64).sum()
    }

    /// What is in the folder under names that are no file's own.
    pub(crate) fn left(&self) -> Vec<PathBuf> {
        let mut entries = entries(self.root());
        entries.retain(|path| path.extension().is_some());
        entries
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder is listed");
    entries.map(|entry| entry.expect("a folder is listed").path()).collect()
}

/// What the regular files hold, under whatever name.
pub(crate) fn contents(folder: &Path) -> BTreeSet<Vec<u8>> {
    let mut entries = entries(folder);
    entries.retain(|path| path.symlink_metadata().is_ok_and(|found| found.is_file()));
    entries.iter().map(|path| fs::read(path).expect("a file is read")).collect()
}

/// Puts a new file in the place of another.
pub(crate) fn swap(path: &Path) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, "swapped").and_then(|()| fs::rename(new, path))
}

/// Whether a program that writes leaves a sign of it besides the ctime.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sign {
    Mtime,
    None,
}

/// Writes to a file in place, unless a lease is in the way: that would take for ever here, where
/// both are one thread.
pub(crate) fn rewrite(path: &Path, sign: Sign) -> io::Result<()> {
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    let mut file = File::options().write(true).custom_flags(flags).open(path)?;
    let before = file.metadata()?.modified()?;
    file.write_all(b"written")?;
    match sign {
        Sign::Mtime => Ok(()),
        Sign::None => file.set_times(FileTimes::new().set_modified(before)),
    }
}
