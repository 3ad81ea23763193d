//! Every call of the system fails, is the last, or finds the files changed; nothing is ever lost.

mod case;
mod steps;
mod watched;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proptest::prelude::*;
use signal_hook::consts::SIGIO;

use my_project::Action;
use my_project::system::Host;

use case::{Case, Sign, contents, rewrite, swap};
use watched::{Watch, Watched};

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
    /// The same, and it puts the mtime back.
    Rewritten(usize),
}

/// Whether the file system has leases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Leases {
    Some,
    None,
}

/// The calls after which the victim goes: what another program does between the last look and
/// these cannot be told from what it does afterwards.
const LAST: [&str; 3] = ["rename_over", "remove", "trash"];
/// The calls before our own work changes ctimes; from then on only leases help against a program
/// that puts the mtime back.
const EARLY: [&str; 5] = ["open", "lease", "read", "data", "sync"];

/// The system, with a fault. Clones count their calls together.
struct Faulty {
    fault: Fault,
    leases: Leases,
    at: usize,
    calls: Cell<usize>,
    /// Leases that are held.
    held: Cell<usize>,
    files: Vec<PathBuf>,
    /// What the other program destroyed, and what it made.
    destroyed: Rc<RefCell<BTreeSet<Vec<u8>>>>,
    made: Rc<RefCell<BTreeSet<Vec<u8>>>>,
}

impl Watch for Faulty {
    fn call<T>(
        &self,
        name: &'static str,
        act: impl FnOnce(Host) -> io::Result<T>,
    ) -> io::Result<T> {
        if name == "open" {
            self.held.set(0);
        }
        let (is_leased, is_last) = (self.held.get() == 2, LAST.contains(&name));
        if self.calls.get() == self.at {
            match self.fault {
                Fault::Swapped(file) if !is_last => self.meddle(file, swap),
                Fault::Written(file) if is_leased || !is_last => {
                    self.meddle(file, |path| rewrite(path, Sign::Mtime));
                }
                Fault::Rewritten(file) if is_leased || EARLY.contains(&name) => {
                    self.meddle(file, |path| rewrite(path, Sign::None));
                }
                _ => {}
            }
        }
        let number = self.calls.replace(self.calls.get() + 1);
        let broken = || Err(io::Error::from_raw_os_error(5));
        match self.fault {
            Fault::Fails if number == self.at => broken(),
            Fault::KilledBefore if number >= self.at => broken(),
            Fault::KilledAfter if number > self.at => broken(),
            Fault::KilledAfter if number == self.at => act(Host).and_then(|_| broken()),
            _ if name == "lease" && self.leases == Leases::None => broken(),
            _ => {
                let done = act(Host);
                self.held.set(self.held.get() + usize::from(name == "lease" && done.is_ok()));
                done
            }
        }
    }

    fn cut<'b>(&self, line: &'b [u8]) -> &'b [u8] {
        // A kill may come in the middle of a line.
        let is_cut = matches!(self.fault, Fault::KilledAfter) && self.calls.get() == self.at;
        if is_cut { &line[..line.len() / 2] } else { line }
    }
}

impl Faulty {
    fn meddle(&self, file: usize, change: impl FnOnce(&Path) -> io::Result<()>) {
        let path = &self.files[file % self.files.len()];
        let folder = path.parent().expect("it is below the root");
        let before = contents(folder);
        // What had this name may be gone, or leased.
        let _ = change(path);
        let after = contents(folder);
        self.destroyed.borrow_mut().extend(before.difference(&after).cloned());
        self.made.borrow_mut().extend(after.difference(&before).cloned());
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
        (0..6_usize).prop_map(Fault::Rewritten),
    ]
}

/// Keeps the process alive where one of its own leases is in the way of one of its files.
fn ignore_sigio() {
    signal_hook::flag::register(SIGIO, std::sync::Arc::default()).expect("it may be handled");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_content_survives_whatever_call_fails(
        files in prop::collection::vec((0..3_usize, prop::bool::weighted(0.3)), 2..6),
        action in actions(),
        fault in faults(),
        leases in prop::sample::select(vec![Leases::Some, Leases::None]),
        at in 0..160_usize,
    ) {
        ignore_sigio();
        let case = Case::new(&files, action);
        let mut before = contents(case.root());
        let [destroyed, made] = [(); 2].map(|()| Rc::<RefCell<_>>::default());
        let system = Faulty {
            fault,
            leases,
            at,
            calls: Cell::default(),
            held: Cell::default(),
            files: case.files.clone(),
            destroyed: Rc::clone(&destroyed),
            made: Rc::clone(&made),
        };
        let first = case.apply(Watched(system)).map(|(applied, _)| applied);
        before.retain(|content| !destroyed.borrow().contains(content));
        before.extend(made.borrow().iter().cloned());
        prop_assert!(contents(case.root()).is_superset(&before), "lost by the first run: {first:?}");

        // The next run puts right what is left, and goes on.
        before = contents(case.root());
        let (second, _) = case.apply(Host).expect("the journal is sound");
        prop_assert!(contents(case.root()).is_superset(&before), "lost by the second run");
        if matches!(fault, Fault::Fails | Fault::KilledBefore | Fault::KilledAfter) {
            // Where a single look at our own work failed, what is left of it is left alone.
            let is_done = second.done == case.names() && second.freed == case.plan.gain();
            let is_whole = second.done + second.left_alone == case.names() && second.failed == 0;
            let may_be_less = matches!(fault, Fault::Fails) && first.is_ok();
            prop_assert!(is_done || may_be_less && is_whole, "{second:?} after {first:?}");
            prop_assert!(case.left().is_empty(), "a temporary name is left");
        }
    }
}
