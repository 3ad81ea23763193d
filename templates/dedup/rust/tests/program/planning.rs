//! Which file a plan keeps, and what it says.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::tree::Tree;

/// Three files of one content: the oldest, the newest, and one with a short name.
fn three() -> Tree {
    let tree = Tree::new(&[("b/older", "same"), ("c/newer", "same"), ("d", "same"), ("e", "else")]);
    for (name, seconds) in [("b/older", 10), ("c/newer", 30), ("d", 20)] {
        let file = File::options().write(true).open(tree.path(name)).expect("it is there");
        let time = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(seconds));
        file.set_times(time).expect("its time is set");
    }
    tree
}

fn lines(plan: &[u8]) -> Vec<Value> {
    let lines = plan.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("every line is JSON")).collect()
}

/// What is kept, and what is not, by the plan with these options.
fn choice(tree: &Tree, options: &str) -> Option<(String, Vec<String>)> {
    let output = tree.say(&format!("plan . --action delete {options}")).get_output().clone();
    let lines = lines(&output.stdout);
    let group = lines.get(1).filter(|line| line.get("keep").is_some())?;
    let name = |file: &Value| {
        let path = file["names"][0]["path"].as_str().expect("it is UTF-8");
        path.replacen(&format!("{}/", tree.root().display()), "", 1)
    };
    let victims = group["victims"].as_array().expect("there are victims");
    Some((name(&group["keep"]), victims.iter().map(name).collect()))
}

#[test]
fn the_file_to_keep_is_chosen_as_asked() {
    let tree = three();
    for (options, kept, victims) in [
        ("", "b/older", ["c/newer", "d"]),
        ("--keep first-path", "b/older", ["c/newer", "d"]),
        ("--keep oldest", "b/older", ["c/newer", "d"]),
        ("--keep newest", "c/newer", ["b/older", "d"]),
        ("--keep shortest", "d", ["b/older", "c/newer"]),
        ("--reference c", "c/newer", ["b/older", "d"]),
    ] {
        let victims = victims.map(String::from).to_vec();
        assert_eq!(choice(&tree, options), Some((kept.to_owned(), victims)), "{options}");
    }
}

#[test]
fn what_is_protected_or_a_reference_is_never_a_victim() {
    let tree = three();
    let choice = |options| choice(&tree, options).map(|(_, victims)| victims);
    assert_eq!(choice("--protect c/**"), Some(vec!["d".to_owned()]));
    assert_eq!(choice("--protect c"), Some(vec!["d".to_owned()]));
    assert_eq!(choice("--protect *er --protect d"), None);
    assert_eq!(choice("--reference b --reference c"), Some(vec!["d".to_owned()]));
    symlink("c", tree.path("alias")).expect("a link is made");
    assert_eq!(choice("--reference alias"), Some(vec!["b/older".to_owned(), "d".to_owned()]));
}

#[test]
fn a_plan_is_lines_of_json() {
    let tree = three();
    tree.say("plan . --action trash -o plan.json")
        .code(0)
        .stderr("")
        .stdout("2 victims in 1 group, 8 bytes to gain\n");
    let written = fs::read(tree.path("plan.json")).expect("it is there");
    let [head, group, end] = &lines(&written)[..] else { panic!("there are three lines") };
    let roots = json!([{"path": tree.root()}]);
    assert_eq!(head, &json!({"plan": 1, "action": "trash", "roots": roots}));
    assert_eq!(group["size"], 4);
    assert_eq!(group["keep"]["mtime_ns"], 10_000_000_000_i64);
    assert_eq!(end, &json!({"groups": 1, "victims": 2}));
    tree.say("plan . --action trash -o - --quiet").code(0).stdout(written);
}

#[test]
fn a_plan_is_written_whole_or_not_at_all() {
    let tree = three();
    let before = tree.contents();
    let here = tree.root().display();
    tree.say("plan . --action delete -o none/plan.json")
        .code(1)
        .stderr("error: none/plan.json: missing\n");
    tree.say("plan none --action delete -o plan.json")
        .code(1)
        .stderr(format!("warning: {here}/none: missing\n"));
    assert_eq!(tree.contents(), before);
}

#[test]
fn a_plan_follows_links_and_goes_straight_into_what_is_no_file() {
    let tree = three();
    let shown = "2 victims in 1 group, 8 bytes to gain\n";
    fs::create_dir(tree.path("plans")).expect("a folder is made");
    for link in ["old", "new"] {
        symlink(format!("plans/{link}.json"), tree.path(link)).expect("a link is made");
    }
    tree.write("plans/old.json", "else");
    for link in ["old", "new"] {
        tree.say(&format!("plan b c d --action delete -o {link}")).code(0).stdout(shown);
        assert!(tree.path(link).is_symlink());
        let plan = tree.read(&format!("plans/{link}.json"));
        assert!(plan.starts_with("{\"plan\":1,"), "{plan}");
    }
    assert_eq!(fs::read_dir(tree.path("plans")).expect("it is listed").count(), 2);
    tree.say("plan b c d --action delete -o plans").code(1).stderr("error: plans: is a folder\n");
    let fifo = Command::new("mkfifo").arg(tree.path("fifo")).status().expect("mkfifo is there");
    assert!(fifo.success());
    let read = thread::spawn({
        let path = tree.path("fifo");
        move || fs::read_to_string(path).expect("somebody writes")
    });
    tree.say("plan b c d --action delete -o fifo").code(0).stdout(shown);
    assert!(read.join().expect("it ends").ends_with("{\"groups\":1,\"victims\":2}\n"));
    // Only now, since the superuser may replace devices.
    let full = "error: /dev/full: no space left\n";
    tree.say("plan b c d --action delete -o /dev/full").code(1).stderr(full);
}

#[test]
fn a_reference_that_cannot_be_looked_at_is_an_error_before_anything_else() {
    let tree = three();
    symlink("nowhere", tree.path("link")).expect("a link is made");
    for (reference, reason) in [("none", "missing"), ("link", "missing"), ("d/x", "missing")] {
        let said = format!("error: {}: {reason}\n", tree.path(reference).display());
        let plan = format!("plan . other --action delete --reference {reference} -o plan.json");
        tree.say(&plan).code(2).stdout("").stderr(said);
        assert!(!tree.path("plan.json").exists());
    }
}

#[test]
fn a_time_that_does_not_fit_is_the_nearest_that_does() {
    let tree = three();
    let far = Duration::from_secs(400 * 365 * 86_400);
    for (time, nearest) in [(UNIX_EPOCH + far, i64::MAX), (UNIX_EPOCH - far, i64::MIN)] {
        let file = File::options().write(true).open(tree.path("d")).expect("it is there");
        let is_set = file.set_times(FileTimes::new().set_modified(time)).is_ok();
        if !is_set || file.metadata().expect("it is there").modified().ok() != Some(time) {
            continue; // Not every file system has such times.
        }
        let plan = tree.say("plan . --action delete --keep shortest").get_output().clone();
        assert_eq!(lines(&plan.stdout)[1]["keep"]["mtime_ns"], nearest);
    }
}
