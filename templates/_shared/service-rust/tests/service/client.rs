//! Speaks HTTP byte by byte, so that what is wrong can be sent too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// A connection to a service.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("it listens");
    }

    /// Reads an answer, if one comes before the connection ends.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let status = head.get(9..12)?.parse().ok()?;
        let mut answer = Answer { status, head, body: String::new() };
        let length: u64 = answer.field("content-length").unwrap_or("0").parse().ok()?;
        (&mut self.0).take(length).read_to_string(&mut answer.body).ok()?;
        Some(answer)
    }

    /// Waits until the service closes the connection, and returns what it sent before.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        // A reset ends it as well.
        let _ = self.0.read_to_string(&mut rest);
        rest
    }
}

/// An answer as it was sent.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns the detail of a problem.
    pub(crate) fn detail(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).expect("it is a problem");
        problem["detail"].as_str().expect("it has a detail").to_owned()
    }
}
