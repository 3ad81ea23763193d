//! A signal ends a run soon, in every phase, and its report is written all the same.

#![cfg(unix)]

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::call::{Place, has_adapter};

/// What a run may take to end: 200 ms and a batch, and as much again for a machine that is busy.
pub(crate) const SOON: Duration = Duration::from_secs(2);

fn start(place: &Place, words: &str) -> Child {
    let mut process = place.process();
    process.args(words.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    process.spawn().expect("the program starts")
}

pub(crate) fn send(child: &Child, signal: i32) {
    let mut kill = std::process::Command::new("kill");
    let status = kill.arg(format!("-{signal}")).arg(child.id().to_string()).status();
    assert!(status.expect("kill is there").success(), "it was not waited for yet");
}

#[test]
fn each_phase_ends_soon_and_the_report_says_why() {
    let commands = ["cpu", "gpu --allow-software", "selftest cpu --rounds 100000"];
    for (command, wait) in commands.iter().flat_map(|command| [(command, 400), (command, 1500)]) {
        if command.starts_with("gpu") && !has_adapter() {
            continue;
        }
        for (signal, status, name) in [(SIGINT, 130, "SIGINT"), (SIGTERM, 143, "SIGTERM")] {
            let place = Place::new();
            let options = if command.starts_with("self") { "" } else { "--memory-fraction 0.01" };
            let mut child = start(&place, &format!("{command} {options} --json r.json"));
            sleep(Duration::from_millis(wait));
            send(&child, signal);
            let sent = Instant::now();
            let ended = child.wait().expect("it ends").code();
            assert_eq!(ended, Some(status), "{command}");
            assert!(sent.elapsed() < SOON, "{command}: {:?}", sent.elapsed());
            let verdict = &place.json("r.json")["verdict"];
            assert_eq!(verdict["status"], "interrupted");
            let reasons = verdict["reasons"].as_array().expect("an array");
            assert_eq!(reasons.last(), Some(&format!("interrupted by {name}").into()));
        }
    }
}

#[test]
fn a_pipe_that_nobody_reads_is_no_trouble_before_the_report_and_no_lasting_one_then() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.expect("mkfifo is there").success());
    let words = "cpu --duration 0.2s --kernel fma --memory-fraction 0.01 --quiet --json pipe";
    let mut child = start(&place, words);
    sleep(Duration::from_millis(1500));
    assert_eq!(child.try_wait().expect("it can be asked"), None, "it waits for a reader");
    send(&child, SIGINT);
    let sent = Instant::now();
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(sent.elapsed() < SOON, "{:?}", sent.elapsed());
    let mut child = start(&place, words);
    let report = std::fs::read_to_string(place.path("pipe")).expect("it is written");
    assert!(report.starts_with('{') && report.ends_with("}\n"), "{report}");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
