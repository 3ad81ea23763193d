//! Measures scans of the contract's corpus against the programs that people use for it.
//!
//! `cargo bench` takes the whole corpus, `cargo bench -- 2000` one of 2000 files, and
//! `cargo bench -- cold` measures how much faster two threads read large files from the disk.
//! Programs that are not installed are left out.

mod cold;
mod corpus;
mod programs;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use programs::Program;

const ROUNDS: usize = 5;

fn main() -> io::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(()); // Somebody runs tests.
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    if arguments.iter().any(|argument| argument == "cold") {
        return cold::measure(&folder.join("cold"));
    }
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let corpus = made(folder, count)?;
    compare(folder, &corpus)
}

/// Writes the corpus, unless it is there.
fn made(folder: &Path, count: usize) -> io::Result<PathBuf> {
    let (corpus, half) =
        (folder.join(format!("corpus-{count}")), folder.join(format!("corpus-{count}-half")));
    if !corpus.exists() {
        if half.exists() {
            fs::remove_dir_all(&half)?;
        }
        let size = corpus::write(&half, count)?;
        fs::rename(&half, &corpus)?;
        writeln!(io::stdout(), "wrote {count} files, {size} bytes")?;
    }
    Ok(corpus)
}

struct Row {
    program: Program,
    times: Vec<Duration>,
    memory: u64,
}

fn compare(folder: &Path, corpus: &Path) -> io::Result<()> {
    let mut rows = Vec::new();
    let mut expected = None;
    for program in programs::programs() {
        // The first run of the first program also brings the files into memory.
        let groups = program.groups(folder, corpus)?;
        let expected = expected.get_or_insert_with(|| groups.clone());
        if *expected != groups {
            let (ours, theirs) = (expected.len(), groups.len());
            let label = program.label;
            let text = format!("{label} finds {theirs} groups, others than the {ours} of scan");
            return Err(io::Error::other(text));
        }
        let memory = program.memory(folder, corpus)?;
        rows.push(Row { program, times: Vec::new(), memory });
    }
    // In turn, so that whatever else the machine does befalls all.
    for _ in 0..ROUNDS {
        for row in &mut rows {
            row.times.push(row.program.time(folder, corpus)?);
        }
    }
    let groups = expected.map_or(0, |groups| groups.len());
    let mut out = io::stdout();
    writeln!(out, "all agree on {groups} groups; median of {ROUNDS} runs, files in memory\n")?;
    writeln!(out, "{:<20} {:>9} {:>9} {:>11}", "program", "time", "to scan", "memory")?;
    let base = median(&rows[0].times);
    for row in &rows {
        let (time, label) = (median(&row.times), row.program.label);
        let (ratio, memory) = (time / base, row.memory / 1024);
        writeln!(out, "{label:<20} {time:>7.3} s {ratio:>9.2} {memory:>7} MiB")?;
    }
    Ok(())
}

fn median(times: &[Duration]) -> f64 {
    let mut seconds: Vec<_> = times.iter().map(Duration::as_secs_f64).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
