//! Measures how much of the machine's limit the program reaches, verification and sampling included.
//!
//! `cargo bench` compares `fma` on the first adapter with a bare loop of dispatches of the same
//! shader, and `matmul` on the CPU with `NumPy` where `python3` has it. They run in turn, so that
//! whatever else the machine does befalls both; only their ratios carry over to another machine.

mod bare;
mod program;

use std::env;
use std::io::{self, Write};
use std::process::Command;

use my_project::gpu::adapters;
use my_project::number::median;

use program::{Ran, run};

const ROUNDS: usize = 3;

/// Multiplies for two seconds on all cores, and prints operations a second.
const NUMPY: &str = "
import time
import numpy as np
n = 2048
a = np.random.default_rng(1).random((n, n), dtype=np.float32)
c = a @ a
count, start = 0, time.perf_counter()
while (ran := time.perf_counter() - start) < 2:
    np.matmul(a, a, out=c)
    count += 1
print(2 * n**3 * count / ran)
";

fn main() -> io::Result<()> {
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(()); // Somebody runs tests.
    }
    let mut out = io::stdout();
    let device = adapters().into_iter().next();
    if let Some(found) = device {
        let bare = bare::Loop::new(&found.adapter);
        let words = "gpu --kernel fma --device 0 --allow-software --memory-fraction 0.05";
        compare(&format!("fma on {}", found.name), "bare loop", words, || Some(bare.run()))?;
    } else {
        writeln!(out, "no driver of Vulkan, Metal or DX12: nothing to compare fma with")?;
    }
    let words = "cpu --kernel matmul --memory-fraction 0.05";
    compare("matmul on the CPU", "NumPy", words, numpy)?;
    for kernel in ["fma", "memory"] {
        let ran = run(&format!("cpu --kernel {kernel} --memory-fraction 0.05"))?;
        writeln!(out, "\n{kernel} on the CPU: {:.1} G/s", ran.rate / 1e9)?;
        about(&ran)?;
    }
    Ok(())
}

/// Runs the program and a peer in turn, and prints what both reach.
fn compare(
    title: &str,
    peer: &str,
    words: &str,
    mut other: impl FnMut() -> Option<f64>,
) -> io::Result<()> {
    let (mut ours, mut theirs, mut last) = (Vec::new(), Vec::new(), None);
    for _ in 0..ROUNDS {
        theirs.extend(other());
        let ran = run(words)?;
        ours.push(ran.rate);
        last = Some(ran);
    }
    let mut out = io::stdout();
    let ours = median(&ours).unwrap_or_default();
    writeln!(out, "\n{title}, median of {ROUNDS} runs: {:.1} GFLOP/s", ours / 1e9)?;
    match median(&theirs) {
        Some(theirs) => {
            writeln!(out, "  {peer}: {:.1} GFLOP/s, ratio {:.2}", theirs / 1e9, ours / theirs)?;
        }
        None => writeln!(out, "  {peer} is not there")?,
    }
    last.map_or(Ok(()), |ran| about(&ran))
}

fn about(ran: &Ran) -> io::Result<()> {
    let Ran { ready, memory, busy, .. } = ran;
    let mebibytes = memory.map_or_else(|| "?".into(), |bytes| (bytes >> 20).to_string());
    let text = format!("  {ready:.2} s beside the batches, {mebibytes} MiB beside the allocation");
    writeln!(io::stdout(), "{text}, cores {:.0} % busy", busy * 100.0)
}

fn numpy() -> Option<f64> {
    let output = Command::new("python3").args(["-c", NUMPY]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}
