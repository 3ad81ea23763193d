//! Owns the measurement of large files that are not in memory, with one thread and with two.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::fs::{Advice, fadvise};

const FILES: usize = 40;
const SIZE: usize = 32 * 1024 * 1024;
const ROUNDS: usize = 5;

/// Prints the times and how much faster two threads are.
pub(crate) fn measure(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for number in 0..FILES {
        let path = folder.join(number.to_string());
        if !fs::metadata(&path).is_ok_and(|found| found.len() == SIZE as u64) {
            let mut content = vec![7; SIZE];
            // Only the middle tells pairs from each other.
            content[SIZE / 2] = u8::try_from(number / 2).unwrap_or_default();
            let mut file = File::create(path)?;
            file.write_all(&content)?;
            file.sync_all()?;
        }
    }
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (times, jobs) in seconds.iter_mut().zip(["1", "2"]) {
            times.push(scan(folder, jobs)?);
        }
    }
    let [one, two] = seconds.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let ratio = one / two;
    writeln!(io::stdout(), "1 thread {one:.3} s, 2 threads {two:.3} s: {ratio:.2} times as fast")
}

fn scan(folder: &Path, jobs: &str) -> io::Result<f64> {
    for entry in fs::read_dir(folder)? {
        // Takes pages that are on the disk out of memory, which needs no rights.
        fadvise(File::open(entry?.path())?, 0, None, Advice::DontNeed)?;
    }
    let start = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_my-project"));
    program.args(["scan", "--jobs", jobs]).arg(folder).stdout(Stdio::null()).status()?;
    Ok(start.elapsed().as_secs_f64())
}
