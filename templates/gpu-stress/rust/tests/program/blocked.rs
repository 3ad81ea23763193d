//! An interrupt ends the program also where nobody reads what it writes, or a driver hangs.

#![cfg(unix)]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::call::{Place, full_pipe};
use crate::interruptions::{SOON, send};
#[cfg(target_os = "linux")]
use crate::{call::has_adapter, lists::bad_driver};

const SMALL: &str = "--memory-fraction 0.01 --json r.json";

/// Starts the program with an output that is blocked, and does something before that is freed.
fn with_blocked(words: &str, is_output: bool, then: impl FnOnce(&Place, Child)) {
    let place = Place::new();
    let (reader, writer) = full_pipe();
    let mut process = place.process();
    process.args(words.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    if is_output {
        process.stdout(writer)
    } else {
        process.stderr(writer)
    };
    then(&place, process.spawn().expect("the program starts"));
    drop(reader);
}

fn ends_soon(mut child: Child, status: i32) {
    let sent = Instant::now();
    assert_eq!(child.wait().expect("it ends").code(), Some(status));
    assert!(sent.elapsed() < SOON, "{:?}", sent.elapsed());
}

/// Waits for a report, which has to be there although nothing can be printed.
fn wait_for_report(place: &Place, child: &mut Child) {
    let start = Instant::now();
    while !place.path("r.json").exists() {
        assert!(start.elapsed() < Duration::from_secs(30), "a report is written");
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_millis(300));
    assert_eq!(child.try_wait().expect("it can be asked"), None, "it waits for a reader");
}

#[test]
fn an_interrupt_of_a_run_whose_output_is_blocked() {
    for is_output in [true, false] {
        let words = format!("cpu --duration 60s --kernel fma {SMALL}");
        with_blocked(&words, is_output, |place, child| {
            sleep(Duration::from_millis(700));
            send(&child, SIGTERM);
            ends_soon(child, 143);
            assert_eq!(place.json("r.json")["verdict"]["status"], "interrupted");
        });
    }
}

#[test]
fn an_interrupt_after_a_run_whose_output_is_blocked() {
    for is_output in [true, false] {
        let words = format!("cpu --duration 0.2s --kernel fma {SMALL}");
        with_blocked(&words, is_output, |place, mut child| {
            wait_for_report(place, &mut child);
            send(&child, SIGINT);
            ends_soon(child, 130);
            assert_eq!(place.json("r.json")["verdict"]["status"], "held");
        });
    }
}

#[test]
fn an_interrupt_of_a_list_or_a_report_that_nobody_reads() {
    let example = include_str!("../../contract/plot-example.json");
    let place = Place::new();
    fs::write(place.path("example.json"), example).expect("a file is written");
    let made = Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.expect("mkfifo is there").success());
    for words in ["list", "report example.json", "report pipe"] {
        let (reader, writer) = full_pipe();
        let mut process = place.process();
        process.args(words.split_whitespace()).stdout(writer).stderr(Stdio::null());
        let mut child = process.spawn().expect("the program starts");
        sleep(Duration::from_millis(1500));
        assert_eq!(child.try_wait().expect("it can be asked"), None, "{words}: it waits");
        send(&child, SIGINT);
        ends_soon(child, 130);
        drop(reader);
    }
}

#[test]
fn a_second_signal_is_the_end() {
    let words = format!("cpu --duration 0.2s --kernel fma {SMALL}");
    with_blocked(&words, true, |place, mut child| {
        wait_for_report(place, &mut child);
        // The first one alone would end it with 143, but later.
        send(&child, SIGTERM);
        send(&child, SIGINT);
        ends_soon(child, 130);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_driver_that_hangs_is_ended_by_an_interrupt() {
    let place = Place::new();
    let does =
        "FILE *f = fopen(\"pid\", \"w\"); fprintf(f, \"%d\", getpid()); fclose(f); sleep(99);";
    if !has_adapter() || !bad_driver(&place, does) {
        return;
    }
    for words in ["list", "gpu --json r.json", "selftest gpu"] {
        let _ = fs::remove_file(place.path("pid"));
        let mut process = place.process();
        process.env("VK_DRIVER_FILES", "icd.json").env("VK_ICD_FILENAMES", "icd.json");
        process.args(words.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = process.spawn().expect("the program starts");
        let start = Instant::now();
        let pid = || fs::read_to_string(place.path("pid")).unwrap_or_default();
        while pid().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(30), "{words}: the driver is asked");
            sleep(Duration::from_millis(20));
        }
        send(&child, SIGTERM);
        ends_soon(child, 143);
        assert!(!fs::exists(format!("/proc/{}", pid())).unwrap_or(true), "{words}: it is ended");
    }
    assert_eq!(place.json("r.json")["verdict"]["status"], "interrupted");
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_was_ignored_from_the_start_stays_so() {
    let place = Place::new();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' INT; exec \"$0\" \"$@\""]).arg(place.process().get_program());
    shell.args(["cpu", "--memory-fraction", "0.01", "--json", "r.json"]);
    shell.current_dir(place.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = shell.spawn().expect("sh is there");
    sleep(Duration::from_millis(700));
    send(&child, SIGINT);
    sleep(Duration::from_millis(700));
    assert_eq!(child.try_wait().expect("it can be asked"), None);
    send(&child, SIGTERM);
    ends_soon(child, 143);
}
