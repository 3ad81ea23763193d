//! A report takes the place of the one before as a whole, or not at all.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::call::{Place, complaint};

const SHORT: &str = "cpu --duration 0.2s --kernel fma --memory-fraction 0.01 --quiet --json";

fn names(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path("")).expect("it is there").flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string()).collect();
    names.sort();
    names.into_iter().map(|name| name.expect("names are of ASCII")).collect()
}

#[test]
fn a_report_goes_where_a_link_leads_and_keeps_what_others_may_do_with_it() {
    let place = Place::new();
    fs::create_dir(place.path("far")).expect("a folder is made");
    symlink("far/real.json", place.path("link.json")).expect("a link is made");
    place.say(&format!("{SHORT} link.json")).code(0);
    assert_eq!(names(&place), ["far", "link.json"]);
    assert!(place.path("link.json").is_symlink());
    assert_eq!(place.json("far/real.json")["command"], "cpu");
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(place.path("far/real.json"), mode).expect("it is ours");
    place.say(&format!("{SHORT} link.json")).code(0);
    let kept = fs::metadata(place.path("far/real.json")).expect("it is there").permissions();
    assert_eq!(kept.mode() & 0o777, 0o640);
}

#[test]
fn a_disk_that_is_full_leaves_the_report_of_before_and_nothing_else() {
    let place = Place::new();
    fs::write(place.path("r.json"), "old").expect("a file is written");
    // A limit for the size of files stands for a disk that is full.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(place.process().get_program());
    command.args(SHORT.split(' ')).arg("r.json");
    let output = command.current_dir(place.path("")).output().expect("sh is there");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error: --json r.json: ") && said.lines().count() == 1, "{said}");
    assert_eq!(fs::read_to_string(place.path("r.json")).ok().as_deref(), Some("old"));
    assert_eq!(names(&place), ["r.json"]);
}

#[test]
fn a_run_that_is_killed_leaves_the_report_of_before_and_nothing_else() {
    let place = Place::new();
    fs::write(place.path("r.json"), "old").expect("a file is written");
    let mut process = place.process();
    process.args(["cpu", "--memory-fraction", "0.01", "--json", "r.json"]);
    let mut child = process.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    sleep(Duration::from_millis(500));
    child.kill().expect("it runs");
    child.wait().expect("it has ended");
    assert_eq!(fs::read_to_string(place.path("r.json")).ok().as_deref(), Some("old"));
    assert_eq!(names(&place), ["r.json"]);
}

#[test]
fn what_cannot_take_a_report_is_found_before_the_run() {
    let place = Place::new();
    let said = complaint(&place.say("cpu --json .").code(2));
    assert!(said.starts_with("error: --json .: "), "{said}");
    let said = complaint(&place.say("cpu --json missing/r.json").code(2));
    assert_eq!(said, "error: --json missing/r.json: No such file or directory\n");
    place.say(&format!("{SHORT} /dev/null")).code(0);
}
