//! Compares the service with a bare handler of the same framework: what ids, limits, logs and
//! metrics cost.
//!
//! `cargo bench` prints a table. It needs `oha` (`cargo install oha`) and Linux; the service has
//! one processor, the load another. Only ratios carry over to another machine, and where the load
//! is what cannot go faster, only that of the processor time tells.

mod bare;
mod load;
mod program;

use std::time::Duration;

use load::Load;
use program::Program;

/// What is asked for, and the pattern of the route for it.
const TARGET: &str = include_str!("../target.txt");
/// How often each program is measured, in turns; the median counts.
const ROUNDS: usize = 5;
/// How many microseconds there are in a tick of Linux.
const MICROSECONDS: f64 = 10_000.0;
/// How many requests come before memory is looked at.
const REQUESTS: u32 = 10_000;

fn main() {
    let mut words = std::env::args().skip(1);
    let (path, pattern) = TARGET.trim().split_once(' ').expect("there are two words");
    match (words.next().as_deref(), words.next()) {
        (Some("bare"), Some(port)) => bare::serve(pattern, &port),
        _ if !load::is_installed() => program::tell("there is no oha here: cargo install oha"),
        _ => compare(path),
    }
}

/// Prints the table.
fn compare(path: &str) {
    let programs = [Program::bare(), Program::ours()];
    let whole = rounds(&programs, |port| Load::whole(port, path));
    let half = whole[0].rate / 2.0;
    let halves = rounds(&programs, |port| Load::limited(port, path, half));
    let starts = programs.each_ref().map(|program| milliseconds(program.start_up(ROUNDS * 2)));
    let sizes = programs.each_ref().map(|program| {
        let (_, taken) = program.run(|port| Load::count(port, path, REQUESTS));
        taken.memory
    });
    program::tell(&format!("{:36}{:>12}{:>12}{:>10}", path, "bare", "service", "ratio"));
    let rows = [
        ("requests a second, one processor", whole.each_ref().map(|load| load.rate)),
        ("processor time a request, µs", whole.each_ref().map(|load| load.cost)),
        ("p50 at half the bare load, ms", halves.each_ref().map(|load| load.p50)),
        ("p99 at half the bare load, ms", halves.each_ref().map(|load| load.p99)),
        ("from start to the first 200, ms", starts),
        ("resident after 10,000 requests, MB", sizes),
    ];
    for (name, [bare, ours]) in rows {
        program::tell(&format!("{name:36}{bare:12.2}{ours:12.2}{:10.2}", ours / bare));
    }
}

/// Measures each program several times, in turns, and returns the medians.
fn rounds(programs: &[Program; 2], measure: impl Fn(u16) -> Load) -> [Load; 2] {
    let mut loads = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (program, loads) in programs.iter().zip(&mut loads) {
            let (load, taken) = program.run(&measure);
            loads.push(Load { cost: taken.ticks * MICROSECONDS / load.requests, ..load });
        }
    }
    loads.map(|loads| Load::median(&loads))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
