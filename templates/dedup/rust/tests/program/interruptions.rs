//! What becomes of files when the program is interrupted.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::tree::{Tree, program};

/// So many files of each content.
const COPIES: u64 = 60;

fn planned(action: &str) -> Tree {
    let tree = Tree::new(&[]);
    for number in 0..COPIES {
        for content in ["one", "two", "three"] {
            tree.write(format!("{content}/{number:02}"), content);
        }
    }
    tree.say(&format!("plan . --action {action} -o plan.json")).code(0);
    tree
}

fn start(tree: &Tree, arguments: &[&str]) -> Child {
    Command::new(program())
        .args(arguments)
        .current_dir(tree.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Applies the plan, and sends a signal so long after the first step has begun.
fn apply_and(tree: &Tree, wait: Duration, signal: Signal) -> Option<i32> {
    let mut child = start(tree, &["apply", "plan.json", "--yes"]);
    let started = Instant::now();
    let has_begun = || {
        let journal = fs::read_to_string(tree.path("plan.json.journal")).unwrap_or_default();
        journal.contains("\"start\"")
    };
    while !has_begun() {
        assert!(started.elapsed() < Duration::from_secs(60), "no step begins");
        sleep(Duration::from_millis(1));
    }
    sleep(wait);
    let pid = Pid::from_child(&child);
    kill_process(pid, signal).expect("it was not waited for yet");
    let mut printed = String::new();
    child.stdout.take().map(|mut out| out.read_to_string(&mut printed));
    child.wait().expect("it ends").code()
}

#[test]
fn signals_let_the_step_finish_and_the_next_run_goes_on() {
    let signals = [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)];
    for ((signal, code), action) in signals.into_iter().zip(["hardlink", "delete", "symlink"]) {
        let tree = planned(action);
        let contents = tree.contents();
        let ended = apply_and(&tree, Duration::from_millis(5), signal);
        // A fast disk may have been faster than the signal.
        assert!(ended == Some(code) || ended == Some(0), "{ended:?}");
        let journal = tree.read("plan.json.journal");
        let ends = journal.matches("\"done\"").count();
        assert_eq!(journal.matches("\"start\"").count(), ends, "each step has its end");
        let names = 3 * (COPIES - 1);
        let freed = (COPIES - 1) * 11;
        tree.say("apply plan.json --yes")
            .code(0)
            .stderr("")
            .stdout(format!("{names} done, 0 left alone, 0 failed, {freed} bytes freed\n"));
        assert_eq!(tree.contents(), contents);
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_and_the_next_run_goes_on() {
    for action in ["hardlink", "symlink", "delete"] {
        let tree = planned(action);
        let contents = tree.contents();
        for round in 1..6 {
            apply_and(&tree, Duration::from_millis(7 * round), Signal::KILL);
            assert_eq!(tree.contents(), contents, "{action}, round {round}");
        }
        let names = 3 * (COPIES - 1);
        let output = tree.say("apply plan.json --yes").code(0).stderr("").get_output().clone();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with(&format!("{names} done, 0 left alone, 0 failed")), "{said}");
        assert_eq!(tree.contents(), contents);
        let temporary = Command::new("find").arg(tree.root()).args(["-name", "*.tmp"]).output();
        assert_eq!(temporary.expect("find is there").stdout, b"");
    }
}

#[test]
fn a_line_that_a_kill_cut_off_is_no_trouble() {
    let tree = planned("hardlink");
    tree.say("apply plan.json --yes").code(0);
    let journal = tree.read("plan.json.journal");
    for end in [0, 10, journal.len() / 2, journal.len() - 5] {
        fs::write(tree.path("plan.json.journal"), &journal[..end]).expect("it is written");
        let code = if end < journal.len() / 2 { 3 } else { 0 };
        // Where the journal forgot what was done, it is the same file by now.
        let output = tree.say("apply plan.json --yes").get_output().clone();
        assert!(output.status.code() == Some(code) || output.status.code() == Some(3));
    }
    tree.write("plan.json.journal", format!("{journal}no line\n"));
    let line = journal.lines().count() + 1;
    let said = format!("error: plan.json.journal: line {line}: not a line of a journal\n");
    tree.say("apply plan.json --yes").code(2).stderr(said);
}

#[test]
fn a_second_run_waits_for_no_other() {
    let tree = planned("hardlink");
    let journal = File::create(tree.path("plan.json.journal")).expect("it is made");
    flock(&journal, FlockOperation::LockExclusive).expect("nobody else has it");
    let said = "error: plan.json.journal: in use\n";
    tree.say("apply plan.json --yes").code(1).stderr(said);
}

#[test]
fn a_victim_is_not_gone_with_its_folder() {
    for action in ["delete", "trash"] {
        let tree = Tree::new(&[("a", "same"), ("c/b", "same")]);
        tree.say(&format!("plan . --action {action} -o plan.json")).code(0);
        // A kill came behind the first line of the step.
        tree.say("apply plan.json --yes --journal other").code(0);
        let journal = tree.read("other");
        let lines: Vec<_> = journal.split_inclusive('\n').take(2).collect();
        tree.write("plan.json.journal", lines.concat());
        fs::remove_dir_all(tree.path("c")).expect("the folder is away");
        let victim = tree.path("c/b");
        let said = format!("left alone: {}: missing\n", victim.display());
        tree.say("apply plan.json --yes").code(3).stderr(said);
        tree.write("plan.json.journal", lines.concat());
        fs::create_dir(tree.path("c")).expect("the folder is there again");
        tree.say("apply plan.json --yes").code(0).stderr("");
    }
}

/// Waits for the end of a program that should come at once.
fn ended(mut child: Child) -> Option<i32> {
    for _ in 0..500 {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code();
        }
        sleep(Duration::from_millis(10));
    }
    child.kill().expect("it still runs");
    panic!("the program waits in spite of the signal");
}

#[test]
fn what_waits_for_something_else_ends_at_once() {
    let tree = Tree::new(&[]);
    for number in 0..400 {
        tree.write(format!("{number:0200}"), "same");
    }
    let fifo = Command::new("mkfifo").arg(tree.path("fifo")).status().expect("mkfifo is there");
    assert!(fifo.success());
    for arguments in [
        &["apply", "fifo"][..],
        &["apply", "fifo", "--yes"],
        // Nobody reads what the tests get through a pipe.
        &["scan", "."],
        &["plan", ".", "--action", "delete", "-o", "fifo"],
    ] {
        let child = start(&tree, arguments);
        sleep(Duration::from_millis(300));
        kill_process(Pid::from_child(&child), Signal::IO).expect("it was not waited for yet");
        sleep(Duration::from_millis(100));
        kill_process(Pid::from_child(&child), Signal::TERM).expect("it was not waited for yet");
        assert_eq!(ended(child), Some(143), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let tree = planned("hardlink");
    let mut child = start(&tree, &["scan", "."]);
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").code().is_some(), "no signal killed it");
}
