//! Reports are read back as a table and a plot, and what is none is refused.

use std::fs;

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
