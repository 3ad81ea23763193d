//! Laws that hold whatever the input.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use my_project::{Glob, Group, Progress};
use my_project::{Request, Roots};
use my_project::{Scan, Selection, Verify};
use my_project::{absolute, escape, parse_size, scan, show_size};

/// Contents that differ at the start, at the end, in the middle or not at all.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    let sizes = prop::sample::select(vec![1, 10, 4096, 4097, 65_536, 65_537, 200_000]);
    (sizes, 0..4_usize).prop_map(|(size, place)| {
        let mut content = vec![0; size];
        if place > 0 {
            content[(size - 1) * (place - 1) / 2] = 1;
        }
        content
    })
}

fn scan_of(root: &Path, verify: Verify) -> Scan {
    let roots = Roots { plain: vec![root.to_owned()], references: vec![] };
    let request = Request { roots, selection: Selection::default(), verify, jobs: 3 };
    scan(&request, None, &Progress::default()).expect("a scan")
}

/// A glob, by trying all that its stars could stand for.
fn matches_slowly(glob: &[u8], name: &[u8]) -> bool {
    match (glob, name) {
        ([], _) => name.is_empty(),
        ([b'*', b'*', rest @ ..], _) => {
            matches_slowly(rest, name) || !name.is_empty() && matches_slowly(glob, &name[1..])
        }
        ([b'*', rest @ ..], _) => {
            let goes_on = name.first().is_some_and(|byte| *byte != b'/');
            matches_slowly(rest, name) || goes_on && matches_slowly(glob, &name[1..])
        }
        ([b'?', rest @ ..], [byte, after @ ..]) => *byte != b'/' && matches_slowly(rest, after),
        ([wanted, rest @ ..], [byte, after @ ..]) => wanted == byte && matches_slowly(rest, after),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_scan_finds_what_comparing_all_with_all_finds(
        contents in prop::collection::vec(contents(), 0..14),
    ) {
        let folder = TempDir::new().expect("there is a folder for temporary files");
        let mut expected = BTreeMap::<&Vec<u8>, Vec<PathBuf>>::new();
        for (number, content) in contents.iter().enumerate() {
            let path = folder.path().join(format!("{number:02}"));
            fs::write(&path, content).expect("a file is written");
            expected.entry(content).or_default().push(path);
        }
        let mut expected: Vec<_> = expected.into_values().filter(|group| group.len() > 1).collect();
        expected.sort();
        for verify in [Verify::Hash, Verify::Bytes] {
            let found = scan_of(folder.path(), verify);
            prop_assert!(found.problems.is_empty());
            let gains: Vec<_> = found.groups.iter().map(Group::gain).collect();
            prop_assert!(gains.is_sorted_by(|one, other| one >= other));
            let names = found.groups.iter().map(|group| {
                found.files(group).flat_map(|file| file.names).collect::<Vec<_>>()
            });
            let mut names: Vec<_> = names.collect();
            names.sort();
            prop_assert_eq!(&names, &expected);
        }
    }
}

proptest! {
    #[test]
    fn a_glob_matches_what_its_signs_say(
        glob in "/(\\*\\*|[ab*?/]){0,6}",
        name in "(/[ab]{1,3}){1,3}",
    ) {
        let parsed = Glob::new(glob.as_bytes()).expect("it has no sets");
        let expected = matches_slowly(glob.as_bytes(), name.as_bytes());
        prop_assert_eq!(parsed.matches(Path::new(&name)), expected);
    }

    #[test]
    fn no_glob_is_too_much(glob in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(glob) = Glob::new(&glob) {
            let _ = glob.matches(Path::new(&"/a".repeat(100)));
        }
    }

    #[test]
    fn a_name_that_is_made_absolute_stays_as_it_is(path in "[./a]{0,20}") {
        let name = absolute(Path::new(&path), Path::new("/here"));
        prop_assert!(name.is_absolute());
        prop_assert_eq!(absolute(&name, Path::new("/there")), name);
    }

    #[test]
    fn what_is_shown_has_no_control_characters(name in any::<String>()) {
        prop_assert!(!escape(Path::new(&name)).chars().any(char::is_control));
    }

    #[test]
    fn a_size_in_bytes_is_read_as_it_is_written(size in 0..=i64::MAX.unsigned_abs()) {
        prop_assert_eq!(parse_size(&size.to_string()), Ok(size));
        prop_assert_eq!(parse_size(&format!("{size}B")), Ok(size));
        prop_assert!(show_size(size).len() < 15);
    }

    #[test]
    fn no_text_is_too_odd_for_a_size(text in any::<String>()) {
        let _ = parse_size(&text);
    }
}

#[test]
fn sizes_have_the_units_that_people_write() {
    for (text, size) in [
        ("1k", 1024),
        ("1kB", 1000),
        ("1KIB", 1024),
        ("1.5MiB", 1_572_864),
        ("0.0001K", 0),
        ("2g", 2_147_483_648),
        ("1TB", 1_000_000_000_000),
        ("0.0000000000009094947017729282379150390625TiB", 1),
        ("0.00000000000090949470177292823791503906249TiB", 0),
        ("0000000000000000000000000000000000000000000007", 7),
    ] {
        assert_eq!(parse_size(text), Ok(size), "{text}");
    }
    for text in
        ["", "B", "1.B", ".5K", "1.5", "1e3", "-1", "+1", "1 K", "1KK", "1.5.5K", "8388608T"]
    {
        assert!(parse_size(text).is_err(), "{text}");
    }
    for (size, text) in [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1280, "1.2 KiB"),
        (1_048_575, "1024.0 KiB"),
        (u64::MAX, "16777216.0 TiB"),
    ] {
        assert_eq!(show_size(size), text);
    }
}
