//! Owns runs of the program: how fast it says it was, and what it took.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use my_project::host::cores;
use my_project::number::float;
use my_project::report::Report;

/// How a run went.
pub(crate) struct Ran {
    /// Operations or bytes a second, finished and verified.
    pub(crate) rate: f64,
    /// Seconds that the process took beside its batches.
    pub(crate) ready: f64,
    /// The most memory that it had beside its allocation, in bytes, where the system tells.
    pub(crate) memory: Option<u64>,
    /// The share of all cores that it kept busy from the first batch to the last.
    pub(crate) busy: f64,
}

/// Runs the program for three seconds.
pub(crate) fn run(words: &str) -> io::Result<Ran> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_my-project"));
    program.args(words.split_whitespace()).args(["--duration", "3s", "--quiet", "--json", "-"]);
    let start = Instant::now();
    let mut child = program.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take();
    let reader = thread::spawn(move || output.map(io::read_to_string).transpose());
    let (mut peak, mut ticks) = (None, Vec::new());
    while child.try_wait()?.is_none() {
        let folder = format!("/proc/{}", child.id());
        let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        let times = fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
        peak = peak_memory(&status).max(peak);
        ticks.extend(cpu_ticks(&times).map(|ticks| (start.elapsed(), ticks)));
        sleep(Duration::from_millis(20));
    }
    let took = start.elapsed().as_secs_f64();
    let text = reader.join().map_err(|_| io::Error::other("nothing was read"))??;
    let report: Report = serde_json::from_str(&text.unwrap_or_default())?;
    let device = &report.devices[0];
    let kernel = &device.kernels[0];
    let allocated = u64::try_from(device.allocated_bytes).unwrap_or(u64::MAX);
    let beside = |peak: u64| peak.saturating_sub(allocated);
    Ok(Ran {
        rate: float(kernel.operations + kernel.bytes) / kernel.seconds,
        ready: took - report.duration_s,
        memory: peak.map(beside),
        busy: busy(&ticks),
    })
}

fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}

/// Time on all cores, in hundredths of a second.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Over the middle of the time, when nothing begins and nothing ends.
fn busy(ticks: &[(Duration, u64)]) -> f64 {
    let (Some(first), Some(last)) = (ticks.get(ticks.len() / 3), ticks.get(ticks.len() * 4 / 5))
    else {
        return 0.0;
    };
    let seconds = last.0.saturating_sub(first.0).as_secs_f64();
    float(last.1.saturating_sub(first.1)) / 100.0 / seconds / float(cores() as u64)
}
