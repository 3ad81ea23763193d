//! What `apply` does to files, and what it refuses to do.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use kernel_calls::lease;

use crate::tree::{Tree, files, program};

fn planned(action: &str) -> Tree {
    let tree = Tree::new(&[("a", "same"), ("b", "same"), ("c/d", "same"), ("e", "else")]);
    tree.say(&format!("plan . --action {action} -o plan.json")).code(0);
    tree
}

fn inode(tree: &Tree, name: &str) -> u64 {
    tree.path(name).symlink_metadata().expect("it is there").ino()
}

#[test]
fn without_yes_nothing_is_touched() {
    let tree = planned("delete");
    let here = tree.root().display();
    tree.say("apply plan.json").code(0).stderr("").stdout(format!(
        "delete {here}/b\n  keep {here}/a\ndelete {here}/c/d\n  keep {here}/a\n\
         2 actions, 8 bytes to gain; --yes does it\n"
    ));
    assert_eq!(files(tree.root()).len(), 4);
    assert!(!tree.path("plan.json.journal").exists());
}

#[test]
fn hard_links_take_the_place_of_victims() {
    let tree = planned("hardlink");
    let done = "2 done, 0 left alone, 0 failed, 8 bytes freed\n";
    tree.say("apply plan.json --yes").code(0).stderr("").stdout(done);
    assert_eq!(inode(&tree, "b"), inode(&tree, "a"));
    assert_eq!(inode(&tree, "c/d"), inode(&tree, "a"));
    tree.say("apply plan.json --yes").code(0).stderr("").stdout(done);
    tree.say("apply plan.json --yes --journal other --quiet").code(3).stdout("");
}

#[test]
fn symlinks_take_the_place_of_victims() {
    let tree = planned("symlink");
    tree.say("apply plan.json --yes").code(0).stderr("");
    assert_eq!(fs::read_link(tree.path("c/d")).expect("it is a link"), tree.path("a"));
    assert_eq!(tree.read("b"), "same");
}

#[test]
fn deleted_victims_are_gone_and_trashed_ones_are_in_the_trash() {
    let tree = planned("delete");
    tree.say("apply plan.json --yes").code(0).stderr("");
    assert_eq!(files(tree.root()), [tree.path("a"), tree.path("e")]);

    let tree = planned("trash");
    tree.say("apply plan.json --yes").code(0).stderr("");
    assert!(!tree.path("b").exists() && !tree.path("c/d").exists());
    // Where the temporary folder is a file system of its own, the trash is there.
    if tree.path(".data/Trash/files").exists() {
        assert_eq!(tree.read(".data/Trash/files/b"), "same");
    }
}

#[test]
fn a_reflink_is_made_by_the_file_system_or_is_an_error() {
    let tree = planned("reflink");
    let inodes = [inode(&tree, "b"), inode(&tree, "c/d")];
    let output = tree.say("apply plan.json --yes").get_output().clone();
    let said = String::from_utf8_lossy(&output.stderr);
    // Whether there are such file systems here is up to the machine.
    assert!(
        said.is_empty() || said.lines().all(|line| line.ends_with(": not supported")),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(i32::from(!said.is_empty())));
    assert_eq!([inode(&tree, "b"), inode(&tree, "c/d")], inodes);
    assert_eq!(tree.read("b"), "same");
}

#[test]
fn names_may_be_as_long_as_the_system_takes_them() {
    for action in ["hardlink", "symlink", "delete"] {
        let tree = Tree::new(&[("a", "same")]);
        // The last part is shorter than a temporary name.
        let mut name = String::new();
        loop {
            let left = 4095 - tree.path(&name).as_os_str().len();
            let part = if left > 250 { 200 } else { left.saturating_sub(11) };
            if part == 0 {
                break;
            }
            name += &"d".repeat(part);
            name.push('/');
        }
        name += &"f".repeat(4095 - tree.path(&name).as_os_str().len());
        tree.write(&name, "same");
        tree.say(&format!("plan . --action {action} -o plan.json")).code(0);
        tree.say("apply plan.json --yes").code(0).stderr("");
    }
}

#[test]
fn a_file_that_somebody_writes_to_is_left_alone() {
    let tree = planned("delete");
    let writer = File::options().append(true).open(tree.path("b")).expect("it is there");
    if lease(File::open(tree.path("a")).expect("it is there")).is_err() {
        return; // Not every file system has leases.
    }
    let said = format!("left alone: {}: in use\n", tree.path("b").display());
    tree.say("apply plan.json --yes").code(3).stderr(said);
    drop(writer);
    tree.say("apply plan.json --yes").code(0).stderr("");
}

/// In a mount namespace of its own: an overlay, and a plan by which its file and that of its layer
/// are two.
const OVERLAY: &str = r#"
mkdir up low work merged && printf same > up/f || exit 77
mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work merged || exit 77
"$0" plan merged up --action delete -o none.json
file() {
  stat -c '{"names":[{"path":"%n"}],"device":%d,"inode":%i,"mtime_ns":%.9Y,"ctime_ns":%.9Z}' "$1" |
    sed -E 's/:([0-9]+)\.([0-9]{9})/:\1\2/g'
}
{ printf '{"plan":1,"action":"delete","roots":[{"path":"%s"}]}\n' "$PWD"
  printf '{"size":4,"keep":%s,"victims":[%s]}\n' "$(file "$PWD/merged/f")" "$(file "$PWD/up/f")"
  printf '{"groups":1,"victims":1}\n'; } > plan.json
"$0" apply plan.json --yes
"#;

#[test]
fn an_overlay_and_its_layer_are_one_file() {
    let tree = Tree::new(&[]);
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "--map-root-user", "sh", "-c", OVERLAY]).arg(program());
    let Ok(output) = shell.current_dir(tree.root()).output() else { return };
    if output.status.code() != Some(3) {
        // Not everybody may mount something.
        assert_ne!(output.status.code(), Some(0), "{output:?}");
        return;
    }
    let here = tree.root().display();
    let said = format!("left alone: {here}/up/f: same file\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
    let printed = String::from_utf8_lossy(&output.stdout);
    let none = "0 victims in 0 groups, 0 bytes to gain\n";
    assert_eq!(printed, format!("{none}0 done, 1 left alone, 0 failed, 0 bytes freed\n"));
    assert_eq!(tree.read("up/f"), "same");
}

#[test]
fn holes_that_both_files_have_are_not_read() {
    for action in ["hardlink", "delete"] {
        let tree = Tree::new(&[]);
        for name in ["a", "b"] {
            let file = File::create(tree.path(name)).expect("a file is made");
            if file.set_len(1 << 40).is_err() {
                return; // Not every file system takes files of that size.
            }
            let end = (1 << 40) - 5;
            std::os::unix::fs::FileExt::write_all_at(&file, b"x", end).expect("it is written");
        }
        let plan = format!("plan . --action {action} --verify bytes -o plan.json");
        tree.say(&plan).code(0).stdout("1 victim in 1 group, 1.0 TiB to gain\n");
        tree.say("apply plan.json --yes").code(0).stderr("");
    }
}

#[test]
fn all_names_of_a_victim_are_acted_on_and_its_size_counts_once() {
    let tree = Tree::new(&[("a", "same"), ("b", "same")]);
    fs::hard_link(tree.path("b"), tree.path("c")).expect("a link is made");
    tree.say("plan . --action hardlink -o plan.json").code(0);
    let done = "2 done, 0 left alone, 0 failed, 4 bytes freed\n";
    tree.say("apply plan.json --yes").code(0).stderr("").stdout(done);
    assert_eq!(inode(&tree, "c"), inode(&tree, "a"));
}

/// Something that happens to a file after it was planned, and what is said of it.
type Change = (&'static str, fn(&Tree, &str));

const CHANGES: [Change; 6] = [
    ("changed", |tree, name| tree.write(name, "sane")),
    ("missing", |tree, name| fs::remove_file(tree.path(name)).expect("it goes")),
    ("changed", |tree, name| {
        tree.write("new", "same");
        fs::rename(tree.path("new"), tree.path(name)).expect("it is replaced");
    }),
    ("not a regular file", |tree, name| {
        fs::remove_file(tree.path(name)).expect("it goes");
        symlink("e", tree.path(name)).expect("a link is made");
    }),
    ("not a regular file", |tree, name| {
        fs::remove_file(tree.path(name)).expect("it goes");
        fs::create_dir(tree.path(name)).expect("a folder is made");
    }),
    ("changed", |tree, name| {
        fs::hard_link(tree.path(name), tree.path("new")).expect("a link is made");
    }),
];

#[test]
fn what_changed_since_the_scan_is_left_alone() {
    for action in ["hardlink", "symlink", "delete", "trash", "reflink"] {
        for (reason, change) in CHANGES {
            for changed in ["a", "b"] {
                let tree = planned(action);
                change(&tree, changed);
                let before = tree.contents();
                let victim = tree.path("b").display().to_string();
                let output = tree.say("apply plan.json --yes").code(3).get_output().clone();
                let said = String::from_utf8_lossy(&output.stderr);
                let first = said.lines().next().unwrap_or_default();
                assert_eq!(first, format!("left alone: {victim}: {reason}"), "{action} {changed}");
                // The trash has its own notes beside what is thrown away.
                let is_there = tree.contents().is_superset(&before);
                assert!(is_there, "{action}, {changed} {reason}");
            }
        }
    }
}

#[test]
fn a_change_that_keeps_size_and_times_is_seen_in_the_bytes() {
    let tree = planned("delete");
    // The plan is made to fit the changed file, as if nothing told the change but its bytes.
    tree.write("b", "sane");
    let new = tree.path("b").metadata().expect("it is there");
    let mut plan = tree.read("plan.json");
    let line = plan.lines().nth(1).expect("there is a group").to_owned();
    let mut group: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
    let nanoseconds = |seconds: i64, rest: i64| seconds * 1_000_000_000 + rest;
    group["victims"][0]["mtime_ns"] = nanoseconds(new.mtime(), new.mtime_nsec()).into();
    group["victims"][0]["ctime_ns"] = nanoseconds(new.ctime(), new.ctime_nsec()).into();
    plan = plan.replace(&line, &group.to_string());
    tree.write("plan.json", plan);
    let victim = tree.path("b").display().to_string();
    let said = format!("left alone: {victim}: differs\n");
    tree.say("apply plan.json --yes").code(3).stderr(said);
    assert_eq!(tree.read("b"), "sane");
}

#[test]
fn a_plan_that_was_edited_into_something_unsafe_is_refused() {
    let tree = planned("delete");
    let here = tree.root().display().to_string();
    let plan = tree.read("plan.json");
    let before = tree.contents();
    let first = |text: &str, new: &str| plan.replacen(text, new, 1);
    let (head, rest) = plan.split_once('\n').expect("there are lines");
    let (group, end) = rest.split_once('\n').expect("there are lines");
    let keep = format!("{here}/a");
    for (line, reason, edited) in [
        (1, "another version", first("\"plan\":1", "\"plan\":2")),
        (1, "not a line of a plan", first("\"plan\":1", "\"plan\":\"1\"")),
        (1, "not a line of a plan", first("delete", "shred")),
        (1, "not a line of a plan", first("\"delete\"", "{\"delete\":null}")),
        (1, "not a line of a plan", first("\"plan\":1", "\"plan\":1180591620717411303424")),
        (1, "not a line of a plan", first("\"plan\":1", "\"plan\":9223372036854775808")),
        (1, "another version", first("\"plan\":1", "\"plan\":9223372036854775807")),
        (1, "not a line of a plan", first("\"plan\":1", "\"plan\":1,\"plan\":2")),
        (1, "not a line of a plan", format!("[1,\"delete\",[[{here:?}]]]\n")),
        (
            2,
            "not a line of a plan",
            first("\"/", "\"/").replacen(
                &format!("{{\"path\":\"{here}/b\"}}"),
                &format!("[\"{here}/b\",null]"),
                1,
            ),
        ),
        (
            2,
            "not a line of a plan",
            first(
                &format!("\"path\":\"{here}/b\""),
                &format!("\"path\":\"{here}/b\",\"path_base64\":null"),
            ),
        ),
        (2, "not a line of a plan", first("\"size\":4", "\"size\":-0")),
        (2, "not a line of a plan", first("\"keep\"", "\"keep\":null,\"keep\"")),
        (3, "not a line of a plan", format!("{head}\n{group}\n[1,2]\n")),
        (1, "not a line of a plan", "some text\n".to_owned()),
        (1, "the end is missing", String::new()),
        (1, "a path that is not absolute", first("[{\"path\":\"/", "[{\"path\":\"")),
        (2, "not a line of a plan", format!("{head}\n{}", &group[..group.len() / 2])),
        (2, "not a line of a plan", first("\"size\":4", "\"size\":4,\"extra\":0")),
        (2, "not a line of a plan", first("\"size\":4", "\"size\":-4")),
        (2, "not a line of a plan", first("\"size\":4", "\"size\":4,\"size\":4")),
        (2, "not a line of a plan", format!("{head}\n\n{group}\n{end}")),
        (2, "a group without a file to keep", first("\"keep\"", "\"kept\"")),
        (2, "a group without victims", first("\"victims\"", "\"victim\"")),
        (2, "a path that is not absolute", first(&format!("\"{here}/b"), "\"b")),
        (2, "a path that is not plain", first(&format!("{here}/b"), &format!("{here}/../b"))),
        (2, "a path that is not plain", first(&format!("{here}/b"), &format!("{here}//b"))),
        (2, "a path that is not plain", first(&format!("{here}/b"), &format!("{here}/b\\u0000"))),
        (2, "a path outside of the roots", first(&format!("{here}/b"), "/etc/hostname")),
        (2, "a path outside of the roots", first(&format!("{here}/b"), &format!("{here}x/b"))),
        (2, "a victim is the file to keep", first(&format!("{here}/b"), &keep)),
        (2, "a victim stands twice", first(&format!("{here}/c/d"), &format!("{here}/b"))),
        (3, "a victim stands twice", format!("{head}\n{group}\n{group}\n{end}")),
        (3, "the end counts otherwise", first("\"groups\":1", "\"groups\":2")),
        (3, "the end is missing", format!("{head}\n{group}\n")),
        (4, "not a line of a plan", format!("{plan}{group}\n")),
    ] {
        tree.write("plan.json", &edited);
        for arguments in ["apply plan.json", "apply plan.json --yes"] {
            let said = format!("error: plan.json: line {line}: {reason}\n");
            tree.say(arguments).code(2).stdout("").stderr(said);
        }
        assert_eq!(tree.contents(), before, "{reason}");
    }
    assert!(!tree.path("plan.json.journal").exists());
    tree.say("apply none.json --yes").code(2).stderr("error: none.json: missing\n");
    tree.say("apply c --yes").code(2).stderr("error: c: is a folder\n");
}

#[test]
fn a_keeper_that_is_a_victim_elsewhere_is_refused() {
    let tree = Tree::new(&[("a", "one"), ("b", "one"), ("c", "other"), ("d", "other")]);
    tree.say("plan . --action delete -o plan.json").code(0);
    let plan = tree.read("plan.json");
    let lines: Vec<_> = plan.lines().collect();
    let groups = [1, 2].map(|line| {
        serde_json::from_str::<serde_json::Value>(lines[line]).expect("every line is JSON")
    });
    let mut crossed = groups.clone();
    crossed[0]["victims"][0] = groups[1]["keep"].clone();
    let [first, second] = crossed;
    tree.write("plan.json", format!("{}\n{first}\n{second}\n{}\n", lines[0], lines[3]));
    let said = "error: plan.json: line 3: the file to keep is a victim elsewhere\n";
    tree.say("apply plan.json --yes").code(2).stderr(said);
}

#[test]
fn a_journal_is_as_its_schema_says() {
    let tree = planned("delete");
    tree.say("apply plan.json --yes").code(0);
    let journal = tree.read("plan.json.journal");
    let (head, _) = journal.split_once('\n').expect("there are lines");
    let start = "{\"line\":2,\"victim\":0,\"name\":0,\"state\":\"start\"}";
    tree.write("plan.json.journal", format!("{head}\n{start}\n"));
    tree.say("apply plan.json --yes").code(3);
    for (text, new) in [
        ("2", "99"),
        ("2", "-5"),
        ("2", "2.0"),
        ("2", "18446744073709551618"),
        ("\"victim\":0", "\"victim\":0,\"victim\":0"),
        ("\"start\"", "{\"start\":null}"),
        ("\"start\"", "\"begin\""),
        ("}", ",\"reason\":null}"),
        ("}", ",\"temporary\":\"other\"}"),
        (start, "[2,0,0,\"start\"]"),
    ] {
        tree.write("plan.json.journal", format!("{head}\n{}\n", start.replacen(text, new, 1)));
        let said = "error: plan.json.journal: line 2: not a line of a journal\n";
        tree.say("apply plan.json --yes").code(2).stderr(said).stdout("");
    }
}

#[test]
fn a_journal_that_cannot_be_written_stops_everything() {
    let tree = planned("delete");
    tree.write("e", "text");
    let other = "error: e: belongs to another plan\n";
    tree.say("apply plan.json --yes --journal e").code(2).stderr(other);
    tree.say("apply plan.json --yes --journal c").code(1).stderr("error: c: is a folder\n");
    let device = "error: /dev/null: not a regular file\n";
    tree.say("apply plan.json --yes --journal /dev/null").code(1).stderr(device);
    let missing = "error: none/journal: missing\n";
    tree.say("apply plan.json --yes --journal none/journal").code(1).stderr(missing);
    // Files of no bytes at all are as good as a full disk.
    let script = "ulimit -f 0; trap '' XFSZ; exec \"$0\" apply plan.json --yes";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(program()).current_dir(tree.root());
    let output = shell.output().expect("there is a shell");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: plan.json.journal: i/o error\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(files(tree.root()).len(), 4);
}
