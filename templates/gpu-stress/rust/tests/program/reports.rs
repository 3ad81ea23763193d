//! Reports are read back as a table and a plot, and what is none is refused.

use std::fs;

use serde_json::{Value, json};

use crate::call::{Place, complaint};

const EXAMPLE: &str = include_str!("../../contract/plot-example.json");
const PLOT: &str = include_str!("../../contract/plot-example.svg");

fn with_example() -> Place {
    let place = Place::new();
    fs::write(place.path("one.json"), EXAMPLE).expect("a report is written");
    place
}

#[test]
fn the_first_report_is_drawn_and_all_are_listed() {
    let place = with_example();
    fs::copy(place.path("one.json"), place.path("two.json")).expect("it is copied");
    let words = "report one.json two.json --svg plot.svg";
    let output = place.say(words).code(0).stderr("").get_output().stdout.clone();
    let table = String::from_utf8_lossy(&output).into_owned();
    let rows = |file: &str| table.lines().filter(|line| line.starts_with(file)).count();
    assert_eq!((rows("file"), rows("two.json")), (1, rows("one.json")));
    assert!(rows("one.json") > 0, "{table}");
    assert_eq!(fs::read_to_string(place.path("plot.svg")).ok().as_deref(), Some(PLOT));
    place.say("report one.json --svg -").code(0).stdout(PLOT);
}

/// Puts a value at a place of the example, or takes away what is there.
fn changed(place: &str, value: Option<Value>) -> String {
    let mut report: Value = serde_json::from_str(EXAMPLE).expect("it is JSON");
    let (parent, name) = place.rsplit_once('/').expect("a place begins with a slash");
    let parent = report.pointer_mut(parent).expect("it is there");
    match (value, parent) {
        (Some(value), Value::Array(items)) => items[0] = value,
        (Some(value), parent) => parent[name] = value,
        (None, parent) => {
            parent.as_object_mut().expect("an object").shift_remove(name).expect("it is there");
        }
    }
    report.to_string()
}

#[test]
fn what_breaks_the_schema_is_refused_with_its_place() {
    let place = with_example();
    let many = json!((0..17).collect::<Vec<_>>());
    let changes = [
        ("/version", Some(json!(2)), "is not what it must be"),
        ("/version", Some(json!(true)), "is not what it must be"),
        ("/version", Some(json!(1.0)), "is not what it must be"),
        ("/verdict", None, "is missing"),
        ("/extra", Some(json!(1)), "should not be there"),
        ("/duration_s", Some(json!(-1)), "is less than 0"),
        ("/duration_s", Some(json!("1")), "is not of the type number"),
        ("/started", Some(json!("yesterday")), "has not the form it must have"),
        ("/started", Some(json!("٢026-01-01T00:00:00Z")), "has not the form it must have"),
        ("/started", Some(json!("2026-01-01T00:00:00Z\n")), "has not the form it must have"),
        ("/verdict/exit_status", Some(json!(2)), "is not what it must be"),
        ("/host/cores", Some(json!(1.5)), "is not of the type integer"),
        ("/devices/0/samples/0/throughput", Some(json!(-1.0)), "is less than 0"),
        ("/devices/0/samples/0/power_w", Some(json!("1")), "is not of the type number or null"),
        ("/devices/0/kernels/0/first_addresses", Some(many), "has more than 16 items"),
        ("/devices/0/kernels/0/reference/tolerance", Some(json!(0)), "is not more than 0"),
        ("/duration_s", Some(json!(1e300)), "is beyond 1e30"),
        ("/devices/0", Some(json!(null)), "is not of the type object"),
    ];
    for (at, value, flaw) in changes {
        fs::write(place.path("bad.json"), changed(at, value)).expect("a file is written");
        let said = complaint(&place.say("report one.json bad.json").code(2).stdout(""));
        assert_eq!(said, format!("error: bad.json: no report: {at} {flaw}\n"));
    }
    fs::write(place.path("bad.json"), "[]").expect("a file is written");
    let said = complaint(&place.say("report bad.json").code(2).stdout(""));
    assert_eq!(said, "error: bad.json: no report: the whole is not of the type object\n");
}

#[test]
fn numbers_are_as_large_as_a_long_run_makes_them_and_no_larger() {
    let place = with_example();
    let texts = [("30000000000000000000000", None), ("1e999", Some("not of the type integer"))];
    for (text, flaw) in texts.into_iter().chain([(&"9".repeat(400)[..], Some("beyond 1e30"))]) {
        let spoilt = EXAMPLE.replacen("189338964079594", text, 1);
        assert_ne!(spoilt, EXAMPLE, "it is there to be replaced");
        fs::write(place.path("long.json"), spoilt).expect("a file is written");
        let assert = place.say("report long.json");
        match flaw {
            None => drop(assert.code(0)),
            Some(flaw) => {
                let said = complaint(&assert.code(2).stdout(""));
                assert!(said.contains(&format!("/operations is {flaw}")), "{said}");
            }
        }
    }
}

#[test]
fn what_is_no_report_is_refused_with_its_name() {
    let place = with_example();
    let changes = [
        ("\"version\": 1,", "\"version\": 2,"),
        ("\"samples\"", "\"example\""),
        ("\"fma\"", "\"sort\""),
        ("{", "["),
    ];
    for (old, new) in changes {
        let spoilt = EXAMPLE.replacen(old, new, 1);
        assert_ne!(spoilt, EXAMPLE, "{old} is there to be replaced");
        fs::write(place.path("bad.json"), spoilt).expect("a file is written");
        let said = complaint(&place.say("report one.json bad.json").code(2).stdout(""));
        assert!(said.starts_with("error: bad.json: "), "{said}");
    }
    complaint(&place.say("report one.json --svg missing/plot.svg").code(2));
}

#[test]
fn what_is_no_json_is_told_without_the_words_of_a_parser() {
    let place = with_example();
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let texts: [&[u8]; 8] = [
        b"",
        b"{",
        b"\xef\xbb\xbf{}",
        b"{\"a\": \"\xff\"}",
        b"{\"a\": \"\\ud800\"}",
        b"{\"a\": NaN}",
        &nested(101).into_bytes(),
        &nested(5000).into_bytes(),
    ];
    for text in texts {
        fs::write(place.path("bad.json"), text).expect("a file is written");
        let said = complaint(&place.say("report bad.json").code(2).stdout(""));
        assert_eq!(said, "error: bad.json: no report: it is not JSON\n");
    }
    fs::write(place.path("bad.json"), nested(100)).expect("a file is written");
    let said = complaint(&place.say("report bad.json").code(2).stdout(""));
    assert_eq!(said, "error: bad.json: no report: the whole is not of the type object\n");
}

#[test]
fn integers_are_as_large_as_numbers_may_be_and_zero_may_have_a_sign() {
    let place = with_example();
    for at in ["/devices/0/kernels/0/errors", "/devices/0/memory_bytes", "/host/cores"] {
        let report = changed(at, Some(json!("HERE")));
        for (number, flaw) in [
            ("1000000000000000000000000000000", None),
            ("10000000000000000000000000000000", Some("is beyond 1e30")),
            ("-10000000000000000000000000000000", Some("is beyond 1e30")),
        ] {
            fs::write(place.path("r.json"), report.replace("\"HERE\"", number))
                .expect("a file is written");
            let assert = place.say("report r.json");
            match flaw {
                None => drop(assert.code(0)),
                Some(flaw) => {
                    let said = complaint(&assert.code(2));
                    assert!(said.contains(&format!("{at} {flaw}")), "{said}");
                }
            }
        }
    }
    for at in ["/verdict/exit_status", "/devices/0/kernels/0/errors"] {
        let report = changed(at, Some(json!("HERE"))).replace("\"HERE\"", "-0");
        fs::write(place.path("r.json"), report).expect("a file is written");
        place.say("report r.json").code(0);
    }
    for number in ["1e400", "-1e400"] {
        let report = changed("/duration_s", Some(json!("HERE"))).replace("\"HERE\"", number);
        fs::write(place.path("r.json"), report).expect("a file is written");
        let said = complaint(&place.say("report r.json").code(2));
        assert!(said.ends_with("/duration_s is beyond 1e30\n"), "{said}");
    }
}

#[test]
fn a_plot_does_not_take_the_place_of_a_report() {
    let place = with_example();
    let said = complaint(&place.say("report one.json --svg ./one.json").code(2).stdout(""));
    assert_eq!(said, "error: --svg ./one.json: it is one of the reports\n");
    assert_eq!(fs::read_to_string(place.path("one.json")).ok().as_deref(), Some(EXAMPLE));
}
