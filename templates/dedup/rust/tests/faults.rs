//! Every call of the system fails, is the last, or finds the files swapped; nothing is ever lost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proptest::prelude::*;
use tempfile::TempDir;

use my_project::system::{Found, Host, Shared, System};
use my_project::{Action, Applied, Error, Journal, Keep, Plan};
use my_project::{Progress, Request, Roots, Selection, Verify};
use my_project::{apply, scan};

/// What befalls the call with a number.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It fails, and the others do not.
    Fails,
    /// The program is killed before it.
    KilledBefore,
    /// The program is killed after it.
    KilledAfter,
    /// Before it, another program puts a new file in the place of one of ours.
    Swapped(usize),
    /// Before it, another program writes to one of our files.
    Written(usize),
}

/// The system, with a fault. Clones count their calls together.
#[derive(Clone)]
struct Faulty {
    fault: Fault,
    at: usize,
    calls: Rc<Cell<usize>>,
    files: Rc<[PathBuf]>,
    /// What the other program destroyed.
    destroyed: Rc<RefCell<BTreeSet<Vec<u8>>>>,
}

impl Faulty {
    fn call<T>(&self, act: impl FnOnce(Host) -> io::Result<T>) -> io::Result<T> {
        match self.fault {
            Fault::Swapped(file) if self.calls.get() == self.at => {
                self.meddle(file, |path| {
                    let new = path.with_extension("new");
                    fs::write(&new, "swapped").and_then(|()| fs::rename(new, path))
                });
            }
            Fault::Written(file) if self.calls.get() == self.at => {
                self.meddle(file, |path| {
                    let mut file = File::options().write(true).open(path)?;
                    io::Write::write_all(&mut file, b"written")
                });
            }
            _ => {}
        }
        self.last(act)
    }

    /// A call right after the last look: what another program does between the two cannot be told
    /// from what it does afterwards.
    fn last<T>(&self, act: impl FnOnce(Host) -> io::Result<T>) -> io::Result<T> {
        let number = self.calls.replace(self.calls.get() + 1);
        let broken = || Err(io::Error::from_raw_os_error(5));
        match self.fault {
            Fault::Fails if number == self.at => broken(),
            Fault::KilledBefore if number >= self.at => broken(),
            Fault::KilledAfter if number > self.at => broken(),
            Fault::KilledAfter if number == self.at => act(Host).and_then(|_| broken()),
            _ => act(Host),
        }
    }

    fn meddle(&self, file: usize, change: impl FnOnce(&Path) -> io::Result<()>) {
        let path = &self.files[file % self.files.len()];
        let folder = path.parent().expect("it is below the root");
        let before = contents(folder);
        // What had this name may be gone.
        let _ = change(path);
        let after = contents(folder);
        self.destroyed.borrow_mut().extend(before.difference(&after).cloned());
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder is listed");
    entries.map(|entry| entry.expect("a folder is listed").path()).collect()
}

/// What the regular files hold, under whatever name.
fn contents(folder: &Path) -> BTreeSet<Vec<u8>> {
    let mut entries = entries(folder);
    entries.retain(|path| path.symlink_metadata().is_ok_and(|found| found.is_file()));
    entries.iter().map(|path| fs::read(path).expect("a file is read")).collect()
}

impl System for Faulty {
    fn open(&self, name: &Path) -> io::Result<OwnedFd> {
        self.call(|host| host.open(name))
    }

    fn state(&self, file: BorrowedFd<'_>) -> io::Result<Found> {
        self.call(|host| host.state(file))
    }

    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.call(|host| host.read(file, buffer, at))
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        self.call(|host| host.sync(file))
    }

    fn look(&self, name: &Path) -> io::Result<Found> {
        self.call(|host| host.look(name))
    }

    fn target(&self, link: &Path) -> io::Result<PathBuf> {
        self.call(|host| host.target(link))
    }

    fn link(&self, file: &Path, name: &Path) -> io::Result<()> {
        self.call(|host| host.link(file, name))
    }

    fn symlink(&self, target: &Path, name: &Path) -> io::Result<()> {
        self.call(|host| host.symlink(target, name))
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.call(|host| host.exchange(one, other))
    }

    fn rename_new(&self, old: &Path, new: &Path) -> io::Result<()> {
        self.call(|host| host.rename_new(old, new))
    }

    fn rename_over(&self, old: &Path, new: &Path) -> io::Result<()> {
        self.last(|host| host.rename_over(old, new))
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        self.last(|host| host.remove(name))
    }

    fn share(
        &self,
        keeper: BorrowedFd<'_>,
        victim: BorrowedFd<'_>,
        at: u64,
        length: u64,
    ) -> io::Result<Shared> {
        self.call(|host| host.share(keeper, victim, at, length))
    }

    fn trash(&self, name: &Path) -> io::Result<()> {
        self.last(|host| host.trash(name))
    }

    fn append(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        // A kill may come in the middle of a line.
        let is_cut = matches!(self.fault, Fault::KilledAfter) && self.calls.get() == self.at;
        let bytes = if is_cut { &bytes[..bytes.len() / 2] } else { bytes };
        self.call(|host| host.append(file, bytes))
    }
}

/// A folder with files of a few contents, some with two names, and its plan.
struct Case {
    folder: TempDir,
    files: Vec<PathBuf>,
    plan: Plan,
    written: Vec<u8>,
}

impl Case {
    fn new(contents: &[(usize, bool)], action: Action) -> Self {
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

    fn apply<S: System>(&self, system: S) -> Result<Applied, Error> {
        let path = self.folder.path().join("journal");
        let mut journal = Journal::open(&path, &self.plan, &self.written, system)?;
        apply(&self.plan, &mut journal, &Progress::default(), |_, _| {})
    }

    fn root(&self) -> &Path {
        &self.plan.roots[0]
    }

    fn names(&self) -> u64 {
        let victims = self.plan.groups.iter().flat_map(|group| &group.victims);
        victims.map(|victim| victim.names.len() as u64).sum()
    }
}

fn actions() -> impl Strategy<Value = Action> {
    prop::sample::select(vec![Action::Hardlink, Action::Symlink, Action::Delete])
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Fails),
        Just(Fault::KilledBefore),
        Just(Fault::KilledAfter),
        (0..6_usize).prop_map(Fault::Swapped),
        (0..6_usize).prop_map(Fault::Written),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_content_survives_whatever_call_fails(
        files in prop::collection::vec((0..3_usize, prop::bool::weighted(0.3)), 2..6),
        action in actions(),
        fault in faults(),
        at in 0..120_usize,
    ) {
        let case = Case::new(&files, action);
        let mut before = contents(case.root());
        let destroyed = Rc::<RefCell<_>>::default();
        let system = Faulty {
            fault,
            at,
            calls: Rc::default(),
            files: case.files.clone().into(),
            destroyed: Rc::clone(&destroyed),
        };
        let first = case.apply(system);
        before.retain(|content| !destroyed.borrow().contains(content));
        prop_assert!(contents(case.root()).is_superset(&before), "lost by the first run: {first:?}");

        // The next run puts right what is left, and goes on.
        before = contents(case.root());
        let second = case.apply(Host).expect("the journal is sound");
        prop_assert!(contents(case.root()).is_superset(&before), "lost by the second run");
        if matches!(fault, Fault::Fails | Fault::KilledBefore | Fault::KilledAfter) {
            // Where a single look at our own work failed, what is left of it is left alone.
            let is_done = second.done == case.names() && second.freed == case.plan.gain();
            let is_whole = second.done + second.left_alone == case.names() && second.failed == 0;
            let may_be_less = matches!(fault, Fault::Fails) && first.is_ok();
            prop_assert!(is_done || may_be_less && is_whole, "{second:?} after {first:?}");
            let is_left = |path: &PathBuf| path.extension().is_some();
            prop_assert!(!entries(case.root()).iter().any(is_left), "a temporary name is left");
        }
    }
}
