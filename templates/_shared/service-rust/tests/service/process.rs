//! Runs services as processes.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio, id};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Answer, Connection};

/// How long anything may take, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A service that runs, and is killed in the end.
pub(crate) struct Service {
    pub(crate) port: u16,
    process: Child,
    lines: Receiver<String>,
    seen: Vec<Value>,
}

impl Service {
    /// Starts the service of `routes`, and waits until it is ready.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let service = Self::spawn(settings);
        eventually(|| service.try_ask("GET /readyz HTTP/1.1").is_some_and(|a| a.status == 200));
        service
    }

    /// Starts the service of `routes`.
    pub(crate) fn spawn(settings: &[(&str, &str)]) -> Self {
        let mut words = Command::new(std::env::current_exe().expect("tests are programs"));
        words.args(["--ignored", "--exact", "--quiet", "--nocapture", "routes::serve_for_tests"]);
        Self::run(words, settings)
    }

    /// Starts a program that serves.
    pub(crate) fn run(mut words: Command, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let given = [("HOST", "127.0.0.1"), ("PORT", &*port.to_string())];
        let words = words.env_clear().envs(given).envs(settings.iter().copied());
        let mut process = words.stdout(Stdio::piped()).spawn().expect("it starts");
        let output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { port, process, lines, seen: Vec::new() }
    }

    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is no zero");
        Connection::new(stream)
    }

    /// Sends a request line and fields on a connection of its own, and returns the answer.
    pub(crate) fn ask(&self, head: &str) -> Answer {
        self.try_ask(head).expect("it answers")
    }

    fn try_ask(&self, head: &str) -> Option<Answer> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let mut connection = Connection::new(stream);
        connection.send(&format!("{head}\r\nHost: a\r\nConnection: close\r\n\r\n"));
        connection.answer()
    }

    /// Sends a signal.
    pub(crate) fn tell(&self, signal: &str) {
        let words = [format!("-{signal}"), self.process.id().to_string()];
        let told = Command::new("kill").args(words).status().expect("every system has kill");
        assert!(told.success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually(|| {
            status = self.process.try_wait().expect("it is our child");
            status.is_some()
        });
        status.expect("it has ended")
    }

    /// Returns what a service that has ended wrote, as it is.
    pub(crate) fn output(&self) -> Vec<String> {
        self.lines.iter().collect()
    }

    /// Returns the lines of the log that were looked at.
    pub(crate) fn seen(&self) -> &[Value] {
        &self.seen
    }

    /// Waits for a line of the log that has such a member.
    pub(crate) fn logged(&mut self, member: &str, value: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let is_it = |line: &Value| line[member] == value;
        loop {
            if let Some(line) = self.seen.iter().find(|line| is_it(line)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("no {member} {value:?} in {:?}", self.seen));
            // The harness of the tests prints lines of its own.
            if line.starts_with('{') {
                self.seen.push(serde_json::from_str(&line).expect("a line is JSON"));
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until something is so.
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never is so");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns a port on which nobody listens, below those that clients get.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(id() % 200).expect("it is small") * 100;
    loop {
        let port = 10_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
