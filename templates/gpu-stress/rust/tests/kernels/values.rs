//! Values of options are read as the contract says, and numbers add up.

use std::time::{Duration, UNIX_EPOCH};

use my_project::assemble::timestamp;
use my_project::batches::fitting;
use my_project::buffers::{Ring, Spot};
use my_project::load::{Done, Wrong};
use my_project::number::median;
use my_project::phase::Phase;
use my_project::plot::draw;
use my_project::report::Report;
use my_project::settings::parse_throughput;
use my_project::settings::{Choice, parse_count, parse_duration};
use my_project::settings::{parse_fraction, parse_temperature};
use my_project::{Kernel, Task};

use proptest::prelude::*;

#[test]
fn durations_fractions_and_rates_are_read_or_refused() {
    assert_eq!(parse_duration("60s"), Ok(Duration::from_secs(60)));
    assert_eq!(parse_duration("1.5m"), Ok(Duration::from_secs(90)));
    assert_eq!(parse_duration("1000h"), Ok(Duration::from_secs(3_600_000)));
    for text in ["0", "0s", "-1", "-1s", "5 min", "1e9h", "1e1s", "1001h", "", "s", "1", ".s", "٣s"]
    {
        assert!(parse_duration(text).is_err(), "{text}");
    }
    assert_eq!(parse_fraction("0.9"), Ok(0.9));
    assert_eq!(parse_fraction("1"), Ok(1.0));
    for text in ["0", "1.5", "nan", "inf", "-0.5", "1.0.0", "+1", "0,5", ""] {
        assert!(parse_fraction(text).is_err(), "{text}");
    }
    assert_eq!(parse_throughput("9.5T"), Ok(9.5e12));
    assert_eq!(parse_throughput("100"), Ok(100.0));
    for text in ["0", "0k", "T", "9.5 T", "9.5t", "1e3", "inf"] {
        assert!(parse_throughput(text).is_err(), "{text}");
    }
    assert_eq!(parse_temperature("85"), Ok(85.0));
    for text in ["0", "0.9", "150.1", "-5", "85C"] {
        assert!(parse_temperature(text).is_err(), "{text}");
    }
    assert_eq!(parse_count("1024", 1024), Ok(1024));
    for text in ["0", "1025", "-1", "+1", "1.0", ""] {
        assert!(parse_count(text, 1024).is_err(), "{text}");
    }
}

#[test]
fn devices_are_told_apart() {
    assert_eq!(Choice::parse("all"), Choice::All);
    assert_eq!(Choice::parse("3"), Choice::Index(3));
    assert_eq!(Choice::parse("GPU-7d2"), Choice::Uuid("GPU-7d2".into()));
    assert_eq!(Choice::parse("+3"), Choice::Uuid("+3".into()));
}

#[test]
fn times_are_those_of_the_calendar() {
    let times = [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_799, "2000-02-29T23:59:59Z"),
        (1_767_225_600, "2026-01-01T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ];
    for (seconds, expected) in times {
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
    }
}

#[test]
fn sixteen_wrong_words_are_told_and_all_are_counted() {
    let mut wrong = Wrong::default();
    let found: Vec<u32> = (0..40).map(|i| i % 2).collect();
    wrong.compare(&[0; 40], &found, 100);
    assert_eq!(wrong.count, 20);
    assert_eq!(wrong.addresses, (0..16).map(|i| 101 + 2 * i).collect::<Vec<_>>());
    let mut all = Wrong { count: 1, addresses: vec![5] };
    all.merge(&wrong);
    assert_eq!((all.count, all.addresses.len(), all.addresses[0]), (21, 16, 5));
}

#[test]
fn buffers_take_turns_and_any_word_of_them_can_be_hit() {
    // Eight of 64 KiB, and a smaller last one.
    let mut ring = Ring::new((512 + 12) << 10, u64::MAX);
    assert_eq!(ring.words(), [&[1 << 14; 8][..], &[12 << 8]].concat());
    assert_eq!(ring.held_spot(9, 0), None);
    ring.begin();
    let turns: Vec<_> = (0..8).map(|_| ring.turn()).collect();
    assert!(turns.iter().all(|turn| (turn.held, turn.pass) == (None, 0)));
    ring.begin();
    assert_eq!((ring.turn().buffer, ring.turn().buffer), (8, 0));
    let last = (12 << 8) - 1;
    assert_eq!(ring.fresh_spot(last << 8), Some(Spot { buffer: 8, word: last }));
    assert_eq!(ring.fresh_spot((last + 1) << 8), Some(Spot { buffer: 0, word: 0 }));
    assert_eq!(ring.fresh_spot((last + (1 << 14)) << 8), Some(Spot { buffer: 0, word: 16_383 }));
    assert_eq!(ring.written().collect::<Vec<_>>(), [(8, 0), (0, 1)]);
    // The next are 1 and 2, which hold something.
    assert_eq!(ring.held_spot(2, 16_384 << 8), Some(Spot { buffer: 2, word: 0 }));
    assert_eq!(ring.address(Spot { buffer: 8, word: 5 }), 8 * 16_384 + 5);
}

#[test]
fn memory_says_how_often_it_was_gone_over_with_what_does_not_count() {
    let task = |kernel| Task { kernel, precision: None };
    let phase = Phase::new(task(Kernel::Memory), Duration::from_secs(1), 2);
    assert_eq!(phase.written(), Some((0, 0)), "its memory was never there");
    phase.allocate(700);
    phase.allocate(300);
    let done = Done { written: 400, bytes: 1200, ..Done::default() };
    phase.meters[0].warm_up(&done);
    phase.meters[1].add(&done, Duration::from_millis(1));
    assert_eq!((phase.written(), phase.total().bytes), (Some((800, 1000)), 1200));
    let phase = Phase::new(task(Kernel::Fma), Duration::from_secs(1), 1);
    assert_eq!(phase.written(), None);
}

#[test]
fn the_median_is_in_the_middle() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
}

#[test]
fn the_example_of_the_contract_is_drawn_byte_for_byte_each_time() {
    let report = include_str!("../../contract/plot-example.json");
    let report: Report = serde_json::from_str(report).expect("it is a report");
    let expected = include_str!("../../contract/plot-example.svg");
    for _ in 0..2 {
        assert!(draw(&report) == expected, "the plot differs from the example");
    }
    let mut empty = report;
    empty.devices.clear();
    assert!(draw(&empty).ends_with("</svg>\n"), "no device is no trouble");
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic_or_lie(text in ".{0,12}") {
        if let Ok(seconds) = parse_duration(&text).map(|time| time.as_secs_f64()) {
            prop_assert!(seconds > 0.0 && seconds <= 3_600_000.0);
        }
        if let Ok(fraction) = parse_fraction(&text) {
            prop_assert!(fraction > 0.0 && fraction <= 1.0);
        }
        if let Ok(rate) = parse_throughput(&text) {
            prop_assert!(rate > 0.0 && rate.is_finite());
        }
        if let Choice::Index(index) = Choice::parse(&text) {
            prop_assert!(text.trim_start_matches('0').is_empty() || text.ends_with(&index.to_string()));
        }
    }

    #[test]
    fn buffers_fill_a_memory(
        memory in (1_u64 << 20)..(1 << 40),
        largest in 27_u32..40,
    ) {
        let ring = Ring::new(memory, 1 << largest);
        prop_assert!(ring.bytes() <= memory && ring.bytes() >= memory / 100 * 97);
        let (last, others) = ring.words().split_last().expect("there is one");
        for words in others {
            prop_assert!(words.is_power_of_two() && *words == ring.words()[0] && last <= words);
            prop_assert!(4 * words <= (memory / 256).max(1 << 20) && 4 * words <= 1 << largest);
        }
    }

    #[test]
    fn a_size_is_found_in_few_steps(nanoseconds in 1_u64..1_000_000_000, most in 1_u32..1_000_000) {
        let mut size = 1;
        for _ in 0..12 {
            let took = Duration::from_nanos(nanoseconds * u64::from(size));
            size = fitting(size, took, most);
            prop_assert!((1..=most).contains(&size));
        }
        let took = Duration::from_nanos(nanoseconds * u64::from(size));
        // A single one may take longer, and all that there are may take less.
        prop_assert!(size == 1 || took <= Duration::from_millis(100));
        prop_assert!(size == most || took >= Duration::from_millis(50) || size == 1);
    }
}
