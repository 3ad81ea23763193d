//! Owns the measurement of large files that are not in memory, with one thread and with two,
//! beside plain reading of the same files, which is what the disk itself gains.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
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
    let mut out = io::stdout();
    writeln!(out, "{FILES} files of {} MiB, not in memory; median of {ROUNDS}\n", SIZE >> 20)?;
    writeln!(out, "{:<26} {:>10} {:>10} {:>6}", "", "1 thread", "2 threads", "gain")?;
    row("scan", folder, scan)?;
    row("plain reading of the same", folder, read)
}

fn row(label: &str, folder: &Path, act: fn(&Path, usize) -> io::Result<()>) -> io::Result<()> {
    let mut seconds = [Vec::new(), Vec::new()];
    // In turn, so that whatever else the machine does befalls both.
    for _ in 0..ROUNDS {
        for (times, jobs) in seconds.iter_mut().zip([1, 2]) {
            for path in paths(folder)? {
                // Takes pages that are on the disk out of memory, which needs no rights.
                fadvise(File::open(path)?, 0, None, Advice::DontNeed)?;
            }
            let start = Instant::now();
            act(folder, jobs)?;
            times.push(start.elapsed().as_secs_f64());
        }
    }
    let [one, two] = seconds.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    writeln!(io::stdout(), "{label:<26} {one:>8.3} s {two:>8.3} s {:>6.2}", one / two)
}

fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn scan(folder: &Path, jobs: usize) -> io::Result<()> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_my-project"));
    let jobs = jobs.to_string();
    program.args(["scan", "--jobs", &jobs]).arg(folder).stdout(Stdio::null()).status()?;
    Ok(())
}

fn read(folder: &Path, jobs: usize) -> io::Result<()> {
    let paths = paths(folder)?;
    thread::scope(|scope| {
        let threads: Vec<_> = paths
            .chunks(paths.len().div_ceil(jobs))
            .map(|share| scope.spawn(|| share.iter().try_for_each(|path| read_one(path))))
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no reader panics"))
    })
}

fn read_one(path: &Path) -> io::Result<()> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 1 << 20]);
    while file.read(&mut buffer)? > 0 {}
    Ok(())
}
