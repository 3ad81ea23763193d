//! Single steps, and what other programs do at one moment of them.

use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use kernel_calls::lease;

use my_project::system::Host;
use my_project::{Action, Error, Halt, Identity};
use my_project::{Obstacle, Progress, Reason, Stamp, Time};

use crate::case::{Case, Sign, contents, rewrite, swap};
use crate::ignore_sigio;
use crate::watched::{Before, Watched};

const CHANGED: Halt = Halt::LeftAlone(Obstacle::Changed);

fn broken<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(5))
}

/// Does something before the call of that name and number, in a system without leases.
fn before(
    name: &'static str,
    number: usize,
    act: impl Fn() -> io::Result<()>,
) -> Watched<Before<impl Fn(&'static str) -> io::Result<()>>> {
    let seen = Cell::new(0);
    Watched(Before(move |call: &'static str| {
        if call == name && seen.replace(seen.get() + 1) == number {
            act()?;
        }
        if call == "lease" { broken() } else { Ok(()) }
    }))
}

#[test]
fn a_file_that_is_rewritten_during_the_comparison_is_seen_by_its_ctime() {
    for action in [Action::Hardlink, Action::Symlink, Action::Delete] {
        // The keeper is read first, then the victim; then the keeper is synced.
        for (file, call, number) in [(0, "read", 1), (1, "sync", 0), (0, "sync", 0)] {
            let case = Case::pair(action);
            let path = case.files[file].clone();
            let system = before(call, number, || rewrite(&path, Sign::None));
            let (_, said) = case.apply(system).expect("the journal is written");
            assert_eq!(said, [(case.files[1].clone(), CHANGED, None)], "{action:?} {file} {call}");
            assert!(contents(case.root()).len() == 2, "{action:?} {file} {call}");
        }
    }
}

#[test]
fn a_keeper_that_is_rewritten_right_before_the_victim_goes_is_seen_by_its_ctime() {
    for (action, looks) in [(Action::Symlink, 1), (Action::Delete, 0)] {
        let case = Case::pair(action);
        let system = before("look", looks, || rewrite(&case.files[0], Sign::None));
        let (_, said) = case.apply(system).expect("the journal is written");
        assert_eq!(said, [(case.files[1].clone(), CHANGED, None)], "{action:?}");
        assert_eq!(contents(case.root()).len(), 2, "{action:?}");
    }
}

#[test]
fn a_file_that_is_open_for_writing_is_in_use() {
    ignore_sigio();
    for file in 0..2 {
        let case = Case::pair(Action::Delete);
        let writer = File::options().write(true).open(&case.files[file]).expect("it is there");
        if lease(File::open(&case.files[1 - file]).expect("it is there")).is_err() {
            return; // Not every file system has leases.
        }
        let (_, said) = case.apply(Host).expect("the journal is written");
        let in_use = Halt::LeftAlone(Obstacle::InUse);
        assert_eq!(said, [(case.files[1].clone(), in_use, None)]);
        drop(writer);
        assert_eq!(case.apply(Host).expect("the journal is sound").0.done, 1);
    }
}

#[test]
fn a_writer_waits_until_the_step_is_done() {
    ignore_sigio();
    for action in [Action::Hardlink, Action::Symlink, Action::Delete] {
        let case = Case::pair(action);
        let opened = Cell::new(false);
        let system = Watched(Before(|call: &'static str| {
            if matches!(call, "read" | "sync" | "exchange" | "rename_new" | "remove") {
                let is_open = |file: &Path| rewrite(file, Sign::None).is_ok();
                opened.set(opened.get() || case.files.iter().any(|file| is_open(file)));
            }
            Ok(())
        }));
        let (applied, _) = case.apply(system).expect("the journal is written");
        // Not every file system has leases; there the bytes differ.
        assert!(applied.done == 1 && !opened.get() || applied.left_alone == 1, "{action:?}");
    }
}

#[test]
fn a_victim_whose_name_is_taken_meanwhile_is_told_by_its_temporary_name() {
    for action in [Action::Hardlink, Action::Symlink, Action::Delete] {
        let case = Case::pair(action);
        let [keeper, victim] = [&case.files[0], &case.files[1]];
        // The removal fails, and somebody has made a new file by then.
        let system = before("remove", 0, || {
            let new = victim.with_file_name("other");
            fs::write(&new, "new").and_then(|()| fs::rename(new, victim))?;
            broken()
        });
        let (applied, said) = case.apply(system).expect("the journal is written");
        let [left] = &case.left()[..] else { panic!("the victim is aside") };
        let failed = Halt::Failed(Reason::Io);
        assert_eq!(said, [(victim.clone(), failed, Some(left.clone()))], "{action:?}");
        assert_eq!(applied.failed, 1);
        assert_eq!(fs::read(victim).expect("it is there"), b"new");
        // The next run says it again, and touches nothing.
        let (_, said) = case.apply(Host).expect("the journal is sound");
        let changed = Halt::Failed(Reason::Changed);
        assert_eq!(said, [(victim.clone(), changed, Some(left.clone()))], "{action:?}");
        assert_eq!(fs::read(left).expect("it is there"), b"content 1");
        // Once the name is free the victim comes back, and the step is tried again.
        fs::remove_file(victim).expect("it goes");
        let (applied, said) = case.apply(Host).expect("the journal is sound");
        assert_eq!((applied.done, said), (1, vec![]), "{action:?}");
        assert!(case.left().is_empty() && keeper.exists());
    }
}

#[test]
fn a_victim_that_cannot_be_renamed_back_is_told_and_another_file_there_stays() {
    let case = Case::pair(Action::Delete);
    let victim = &case.files[1];
    let renamed = Cell::new(0);
    let system = Watched(Before(|call: &'static str| match call {
        "rename_new" if renamed.replace(renamed.get() + 1) > 0 => broken(),
        "remove" => broken(),
        _ => Ok(()),
    }));
    let (_, said) = case.apply(system).expect("the journal is written");
    let [left] = &case.left()[..] else { panic!("the victim is aside") };
    assert_eq!(said, [(victim.clone(), Halt::Failed(Reason::Io), Some(left.clone()))]);
    fs::rename(left, victim).expect("somebody puts it right by hand");
    fs::write(left, "of somebody else").expect("it is written");
    let (_, said) = case.apply(Host).expect("the journal is sound");
    assert_eq!(said, [(victim.clone(), Halt::Failed(Reason::Changed), None)]);
    assert_eq!(fs::read(left).expect("it is there"), b"of somebody else");
    assert!(victim.exists());
}

#[test]
fn a_victim_that_stays_aside_is_told_even_if_nothing_works_any_more() {
    for action in [Action::Hardlink, Action::Symlink, Action::Delete] {
        let case = Case::pair(action);
        let is_broken = Cell::new(false);
        let system = Watched(Before(|call: &'static str| {
            is_broken.set(is_broken.get() || call == "remove");
            if is_broken.get() && call != "append" { broken() } else { Ok(()) }
        }));
        let (_, said) = case.apply(system).expect("the journal is written");
        let failed = Halt::Failed(Reason::Io);
        assert_eq!(said, [(case.files[1].clone(), failed, case.left().pop())], "{action:?}");
        assert_eq!(case.apply(Host).expect("the journal is sound").0.done, 1, "{action:?}");
    }
}

#[test]
fn a_step_that_is_put_right_is_tried_again() {
    for action in [Action::Hardlink, Action::Symlink, Action::Delete] {
        let case = Case::pair(action);
        let moved = Cell::new(0);
        let system = Watched(Before(|call: &'static str| match call {
            "rename_new" | "exchange" if moved.replace(moved.get() + 1) > 0 => broken(),
            "remove" => broken(),
            _ => Ok(()),
        }));
        assert_eq!(case.apply(system).expect("the journal is written").0.failed, 1);
        assert_eq!(case.left().len(), 1);
        let (applied, said) = case.apply(Host).expect("the journal is sound");
        assert_eq!((applied.done, said), (1, vec![]), "{action:?}");
        assert!(case.left().is_empty(), "{action:?}");
    }
}

#[test]
fn a_keeper_whose_name_leads_elsewhere_leaves_no_link_behind() {
    let case = Case::pair(Action::Hardlink);
    let system = before("link", 0, || swap(&case.files[0]));
    let (_, said) = case.apply(system).expect("the journal is written");
    assert_eq!(said, [(case.files[1].clone(), CHANGED, None)]);
    assert!(case.left().is_empty());
    assert_eq!(contents(case.root()).len(), 2);
}

#[test]
fn a_signal_in_the_last_step_ends_the_run_behind_it() {
    let case = Case::pair(Action::Delete);
    let progress = Progress::default();
    let flag = progress.signal_flag();
    let system = before("remove", 0, || {
        flag.store(15, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    });
    let ended = case.apply_with(system, &progress);
    assert!(matches!(ended, Err(Error::Stopped { signal: 15 })), "{ended:?}");
    assert!(!case.files[1].exists());
    assert_eq!(case.apply(Host).expect("the journal is sound").0.done, 1);
}

#[test]
fn one_file_on_two_devices_is_the_same_as_long_as_all_else_is_equal() {
    let stamp = |device, inode, changed| Stamp {
        identity: Identity { device, inode },
        size: 4,
        modified: Time(1),
        changed: Time(changed),
    };
    let one = stamp(1, 1, 2);
    assert!(one.is_same_file(&one) && one.is_same_file(&stamp(2, 1, 2)));
    assert!(one.is_same_file(&stamp(1, 1, 3)), "device and inode are enough");
    assert!(!one.is_same_file(&stamp(2, 1, 3)) && !one.is_same_file(&stamp(1, 2, 2)));
}
