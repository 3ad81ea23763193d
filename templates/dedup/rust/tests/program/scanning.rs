//! What a scan finds, whatever the folder holds.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use rustix::fs::inotify;

use crate::tree::{Tree, program};

const MIB: usize = 1024 * 1024;

#[test]
fn files_of_the_same_content_make_a_group() {
    let tree = Tree::new(&[("b", "same"), ("a", "same"), ("deep/c", "same"), ("d", "else")]);
    let here = tree.root().display();
    tree.say("scan .").code(0).stderr("").stdout(format!(
        "3 files of 4 bytes, 8 bytes to gain\n  {here}/a\n  {here}/b\n  {here}/deep/c\n\n\
         1 group, 3 files, 8 bytes to gain\n"
    ));
    tree.say("scan . --quiet --min-size 5").code(0).stdout("");
}

#[test]
fn large_files_are_told_apart_wherever_they_differ() {
    let tree = Tree::new(&[]);
    for (name, place) in [("start", 0), ("middle", MIB / 2), ("end", MIB - 1)] {
        let mut content = vec![7; MIB];
        tree.write("one", &content);
        tree.write("two", &content);
        content[place] = 8;
        tree.write(name, &content);
        tree.write(format!("{name} again"), &content);
    }
    let groups = [["end", "end again"], ["middle", "middle again"], ["one", "two"]];
    for verify in ["hash", "bytes"] {
        let found = tree.groups(&format!(". --verify {verify}"));
        assert_eq!(found[..3], groups, "by {verify}");
        assert_eq!(found[3..], [["start", "start again"]], "by {verify}");
    }
}

#[test]
fn more_files_than_may_be_open_are_compared_by_bytes() {
    let tree = Tree::new(&[]);
    for number in 0..100 {
        tree.write(format!("{number:03}"), vec![number % 3; 70_000]);
    }
    let found = tree.groups(". --verify bytes");
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [34, 33, 33]);
    assert_eq!(found, tree.groups("."));
}

#[test]
fn hard_links_to_one_inode_are_one_file() {
    let tree = Tree::new(&[("a", "same"), ("c", "same")]);
    fs::hard_link(tree.path("a"), tree.path("b")).expect("a link is made");
    let here = tree.root().display();
    tree.say("scan . --quiet").code(0).stdout(format!(
        "2 files of 4 bytes, 4 bytes to gain\n  {here}/a\n    {here}/b\n  {here}/c\n\n"
    ));
    fs::remove_file(tree.path("c")).expect("a file is removed");
    assert!(tree.groups(".").is_empty());
}

#[test]
fn a_root_that_is_given_in_many_ways_makes_no_file_its_own_duplicate() {
    let tree = Tree::new(&[("a/b/file", "x"), ("a/file", "y")]);
    symlink(tree.path("a"), tree.path("link")).expect("a link is made");
    let whole = tree.path("a").display().to_string();
    for roots in ["a a", "a a/b", "a/b a", "a a/../a .", "a link", "a/file a/b/../file", &whole] {
        let found = tree.groups(&format!("a {roots} --follow-symlinks"));
        assert!(found.is_empty(), "{roots}: {found:?}");
    }
}

#[test]
fn links_are_followed_only_if_asked_and_loops_end() {
    let tree = Tree::new(&[("in/file", "same"), ("out/file", "same")]);
    symlink("..", tree.path("in/up")).expect("a link is made");
    symlink(tree.path("out"), tree.path("in/aside")).expect("a link is made");
    symlink("nowhere", tree.path("in/dangling")).expect("a link is made");
    symlink("file", tree.path("in/to a file")).expect("a link is made");
    assert!(tree.groups("in").is_empty());
    let found = tree.groups("in --follow-symlinks");
    assert_eq!(found, [["in/aside/file", "in/file"]]);
}

#[test]
fn empty_and_hidden_files_are_left_out_unless_asked_for() {
    let tree = Tree::new(&[("a", ""), ("b", ""), (".hidden", "h"), ("seen", "h"), (".d/f", "h")]);
    assert!(tree.groups(".").is_empty());
    assert_eq!(tree.groups(". --min-size 0"), [["a", "b"]]);
    assert_eq!(tree.groups(". --hidden"), [[".d/f", ".hidden", "seen"]]);
    assert_eq!(tree.groups(".d seen"), [[".d/f", "seen"]]);
}

#[test]
fn what_is_no_file_is_never_opened() {
    let tree = Tree::new(&[("a", "same"), ("b", "same")]);
    let fifo = Command::new("mkfifo").arg(tree.path("fifo")).status().expect("mkfifo is there");
    assert!(fifo.success());
    let _socket = UnixListener::bind(tree.path("socket")).expect("a socket is made");
    // To open a FIFO that nobody writes to would take for ever.
    assert_eq!(tree.groups(". fifo socket"), [["a", "b"]]);
    for system in ["/proc", "/sys", "/dev"] {
        tree.say(&format!("scan {system}")).code(0).stdout("0 groups, 0 files, 0 bytes to gain\n");
    }
}

#[test]
fn globs_sizes_and_ages_choose_files() {
    let tree = Tree::new(&[("a.jpg", "1234"), ("b.jpg", "1234"), ("c.txt", "1234")]);
    tree.write("cache/d.jpg", "1234");
    assert_eq!(tree.groups(". --glob *.txt --glob cache/*"), [["c.txt", "cache/d.jpg"]]);
    assert_eq!(tree.groups(". --glob *.jpg --exclude cache"), [["a.jpg", "b.jpg"]]);
    assert_eq!(tree.groups(". --exclude [ab].*"), [["c.txt", "cache/d.jpg"]]);
    assert!(tree.groups(". --min-size 5").is_empty());
    assert!(tree.groups(". --max-size 3").is_empty());
    assert!(tree.groups(". --min-age 1d").is_empty());
    assert_eq!(tree.groups(". --hidden --hidden --min-size 9 --min-size 1").len(), 1);
    assert_eq!(tree.groups(". --max-size 0.004kB --min-age 0s --one-file-system")[0].len(), 4);
}

#[test]
fn wrong_usage_ends_with_2_and_does_nothing() {
    let tree = Tree::new(&[]);
    for arguments in [
        "scan",
        "scan . --jobs 0",
        "scan . --jobs 1025",
        "scan . --min-size -1",
        "scan . --min-size=-1",
        "scan . --min-size 1.5",
        "scan . --min-size 10XB",
        "scan . --min-size 2 --max-size 1",
        "scan . --max-size 9223372036854775808",
        "scan . --min-age 7",
        "scan . --glob [a",
        "scan . --exclude a\\",
        "scan . --format xml",
        "plan .",
        "plan . --action shred",
        "apply",
        "cache",
    ] {
        tree.say(arguments).code(2).stdout("");
    }
    tree.run(["scan", ""]).code(2);
    tree.run(["scan", ".", "--glob", ""]).code(2);
    tree.say("").code(0);
    tree.say("plan --help").code(0);
    tree.say("completions bash").code(0);
    tree.say("--version").code(0).stdout(concat!(
        env!("CARGO_PKG_NAME"),
        " ",
        env!("CARGO_PKG_VERSION"),
        "\n"
    ));
}

#[test]
fn a_root_that_is_missing_is_told_and_the_others_are_scanned() {
    let tree = Tree::new(&[("a", "same"), ("b", "same")]);
    symlink("nowhere", tree.path("link")).expect("a link is made");
    let here = tree.root().display();
    let warnings = format!("warning: {here}/link: missing\nwarning: {here}/none: missing\n");
    tree.say("scan none link a b --format csv --jobs 1")
        .code(1)
        .stderr(warnings)
        .stdout(format!("group,size,path\n1,4,{here}/a\n1,4,{here}/b\n"));
    tree.say("scan none . --quiet").code(1).stderr("");
}

#[test]
fn a_file_that_may_not_be_read_is_told_and_the_others_are_right() {
    let tree = Tree::new(&[("a", "same"), ("b", "same"), ("c", "same"), ("d/e", "same")]);
    for name in ["b", "d"] {
        let mode = fs::Permissions::from_mode(0o0);
        fs::set_permissions(tree.path(name), mode).expect("permissions are taken away");
    }
    if File::open(tree.path("b")).is_ok() {
        return; // The superuser may read everything.
    }
    let here = tree.root().display();
    let denied = "permission denied";
    tree.say("scan . --format null")
        .code(1)
        .stderr(format!("warning: {here}/b: {denied}\nwarning: {here}/d: {denied}\n"))
        .stdout(format!("{here}/a\0{here}/c\0\0"));
}

#[test]
fn a_huge_sparse_file_is_read_no_further_than_it_must_be() {
    let tree = Tree::new(&[]);
    for (name, size) in [("one", 1 << 40), ("other", 1 << 40), ("third", (1 << 40) + 1)] {
        let file = File::create(tree.path(name)).expect("a file is made");
        if file.set_len(size).is_err() {
            return; // Not every file system takes files of that size.
        }
    }
    let mut start = File::options().write(true).open(tree.path("one")).expect("it is there");
    std::io::Write::write_all(&mut start, b"x").expect("it is written");
    assert!(tree.groups(".").is_empty());
}

#[test]
fn few_descriptors_are_enough() {
    let tree = Tree::new(&[]);
    for number in 0..200 {
        tree.write(format!("{}/{number}", number % 50), [number / 100; 5000]);
    }
    let script = "ulimit -n 64; exec \"$0\" scan . --jobs 64 --verify bytes";
    let program = program();
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(program).current_dir(tree.root());
    let output = shell.output().expect("there is a shell");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let summary = "2 groups, 200 files, 966.8 KiB to gain\n";
    assert!(String::from_utf8_lossy(&output.stdout).ends_with(summary));
}

#[test]
fn a_path_that_the_system_does_not_take_is_told() {
    let tree = Tree::new(&[("a", "same"), ("b", "same")]);
    let script = "name=$(printf '%0200d' 0); for level in $(seq 25); do \
                  mkdir $name && cd -P $name || exit; done; echo same > file";
    let mut shell = Command::new("sh");
    let made = shell.args(["-c", script]).current_dir(tree.root()).status().expect("a shell");
    if made.success() {
        let output = tree.say("scan . --format null").code(1).get_output().clone();
        assert!(String::from_utf8_lossy(&output.stderr).ends_with(": name too long\n"));
    }
    assert_eq!(tree.groups("."), [["a", "b"]]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "rm -rf 0*"]).current_dir(tree.root()).status().expect("a shell");
}

#[test]
fn thousands_of_equal_files_and_of_one_size_are_no_trouble() {
    let tree = Tree::new(&[]);
    for number in 0..3000 {
        tree.write(format!("equal/{number}"), "equal");
        tree.write(format!("sized/{number}"), format!("{number:07}"));
    }
    assert_eq!(tree.groups(".").iter().map(Vec::len).collect::<Vec<_>>(), [3000]);
    assert_eq!(tree.groups(". --verify bytes")[0].len(), 3000);
}

#[test]
fn the_output_is_the_same_on_every_run() {
    let tree = Tree::new(&[]);
    for number in 0..250 {
        tree.write(format!("{}/{number}", number % 7), [number % 11; 9000]);
    }
    let scan = |jobs: &str| {
        tree.say(&format!("scan . --format json --jobs {jobs}")).get_output().stdout.clone()
    };
    let first = scan("1");
    assert!(["2", "5", "9"].iter().all(|jobs| scan(jobs) == first));
}

#[test]
fn the_cache_knows_a_file_until_it_changes() {
    let tree = Tree::new(&[("a", &"x".repeat(5000)), ("b", &"x".repeat(5000))]);
    let cache = tree.path(".cache/my-project/hashes-1.json");
    let shown = cache.display();
    tree.say("cache info").code(0).stdout(format!("there is no cache at {shown}\n"));
    let long_ago = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
    for name in ["a", "b"] {
        let file = File::options().write(true).open(tree.path(name)).expect("it is there");
        file.set_times(long_ago).expect("its time is set");
    }
    // The ctime cannot be set, and is too young to be trusted.
    tree.say("scan . --cache").code(0);
    tree.say("cache info").code(0).stdout(format!("there is no cache at {shown}\n"));
    std::thread::sleep(std::time::Duration::from_millis(2100));
    tree.say("scan . --cache --verify bytes").code(0);
    assert!(!cache.exists(), "a fast hash is no proof that could be kept");
    tree.say("scan . --cache --quiet").code(0);
    assert_eq!(fs::read_to_string(&cache).expect("it is there").lines().count(), 2);
    assert_eq!(tree.groups(". --cache"), [["a", "b"]]);
    tree.write("b", "y".repeat(5000));
    fs::write(&cache, fs::read_to_string(&cache).expect("it is there") + "no line\n")
        .expect("it is written");
    assert!(tree.groups(". --cache").is_empty());
    tree.say("cache clear").code(0).stdout(format!("removed {shown}\n"));
    tree.say("cache clear").code(0).stdout(format!("there is no cache at {shown}\n"));
}

#[test]
fn a_hole_is_the_same_as_zeros() {
    let tree = Tree::new(&[("dense", ""), ("sparse", ""), ("sparser", "")]);
    let mut content = vec![0; 3 * MIB];
    content[2 * MIB + 17] = 1;
    for number in 0..12 {
        tree.write(format!("dense {number}"), &content);
        let sparse = File::create(tree.path(format!("sparse {number}"))).expect("it is made");
        sparse.set_len(content.len() as u64).expect("it has a length");
        sparse.write_all_at(&[1], 2 * MIB as u64 + 17).expect("it is written");
        if number > 0 {
            continue;
        }
        for name in ["one", "other"] {
            let other = File::create(tree.path(name)).expect("it is made");
            other.set_len(content.len() as u64).expect("it has a length");
        }
        for verify in ["hash", "bytes"] {
            let found = tree.groups(&format!(". --verify {verify}"));
            assert_eq!(found, [["dense 0", "sparse 0"], ["one", "other"]], "{verify}");
        }
    }
    for verify in ["hash", "bytes"] {
        let found = tree.groups(&format!(". --verify {verify}"));
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [24, 2], "{verify}");
    }
    let found = tree.say("scan . --format json").get_output().stdout.clone();
    let hash = blake3::hash(&content).to_hex().to_string();
    assert!(String::from_utf8_lossy(&found).contains(&hash));
}

#[test]
fn folders_of_the_kernel_are_not_even_opened() {
    let tree = Tree::new(&[]);
    let is_opened = || {
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).expect("there is inotify");
        inotify::add_watch(&watch, "/dev", inotify::WatchFlags::OPEN).expect("it is watched");
        tree.say("scan /dev").code(0);
        let mut space = [std::mem::MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&watch, &mut space);
        // An event of the folder itself has no name.
        std::iter::from_fn(|| events.next().ok().map(|event| event.file_name().is_none()))
            .any(|is_itself| is_itself)
    };
    // Somebody else may open it.
    assert!((0..5).any(|_| !is_opened()));
}
