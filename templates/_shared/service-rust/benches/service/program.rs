//! Owns the programs that are compared: how each is started, and how much memory it takes.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where cargo has built the service.
const OURS: &str = env!("CARGO_BIN_EXE_my-project");

/// A program that serves.
pub(crate) struct Program {
    words: fn(u16) -> Vec<OsString>,
}

impl Program {
    /// The floor, which this very program plays.
    pub(crate) fn bare() -> Self {
        Self {
            words: |port| {
                let this = std::env::current_exe().expect("every program has a name");
                vec![this.into(), "bare".into(), port.to_string().into()]
            },
        }
    }

    /// The service.
    pub(crate) fn ours() -> Self {
        Self { words: |_| vec![OURS.into(), "serve".into()] }
    }

    /// Runs it, measures, and tells what it took.
    pub(crate) fn run<T>(&self, measure: impl FnOnce(u16) -> T) -> (T, Taken) {
        let (mut process, port) = self.start();
        let before = Taken::so_far(&process);
        let measured = measure(port);
        let after = Taken::so_far(&process);
        end(&mut process);
        (measured, Taken { ticks: after.ticks - before.ticks, ..after })
    }

    /// Returns the median time from the start to the first answer that it is ready.
    pub(crate) fn start_up(&self, rounds: usize) -> Duration {
        let mut times: Vec<_> = (0..rounds)
            .map(|_| {
                let started = Instant::now();
                let (mut process, _) = self.start();
                let time = started.elapsed();
                end(&mut process);
                time
            })
            .collect();
        times.sort();
        times[rounds / 2]
    }

    /// Starts it, and waits until it is ready.
    fn start(&self) -> (Child, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let process = Command::new("taskset")
            .args(["-c", "0"])
            .args((self.words)(port))
            .env("PORT", port.to_string())
            .stdout(Stdio::null())
            .spawn()
            .expect("Linux has taskset");
        while !is_ready(port).unwrap_or(false) {
            std::thread::sleep(Duration::from_micros(200));
        }
        (process, port)
    }
}

fn is_ready(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    Ok(answer == *b"HTTP/1.1 200")
}

fn end(process: &mut Child) {
    process.kill().expect("it runs");
    process.wait().expect("it is our child");
}

/// Prints a line.
pub(crate) fn tell(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads");
}

/// What a process took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    /// The time of the processor, in hundredths of a second.
    pub(crate) ticks: f64,
    /// The resident memory, in MB.
    pub(crate) memory: f64,
}

impl Taken {
    /// Reads what Linux tells (proc(5): `utime` and `stime` of stat, `VmRSS` of status).
    fn so_far(process: &Child) -> Self {
        let read = |file| std::fs::read_to_string(format!("/proc/{}/{file}", process.id()));
        let (stat, status) = (read("stat").expect("it runs"), read("status").expect("it runs"));
        let number = |text: &str| text.parse::<f64>().expect("it is a number");
        // The name of the program may hold blanks, but ends with the last bracket.
        let fields = stat.rsplit(')').next().expect("there is one").split_whitespace();
        let ticks = fields.skip(11).take(2).map(number).sum();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it is told");
        let memory = line.split_whitespace().nth(1).map_or(0.0, number) / 1000.0;
        Self { ticks, memory }
    }
}
