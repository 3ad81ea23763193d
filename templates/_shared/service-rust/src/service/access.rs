//! Owns the line of the log about a request.
//!
//! It does not go through `tracing`: an event whose fields each cross a virtual call costs more
//! than all else that the service does for a request.

use std::cell::RefCell;
use std::time::Duration;

use super::operations::is_probe;
use super::settings::{Format, Level, Settings};
use super::{clock, log};

/// What is logged of a request that has ended.
pub(super) struct Access<'a> {
    pub(super) id: &'a str,
    pub(super) trace: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) route: &'static str,
    pub(super) status: u16,
    pub(super) duration: Duration,
    pub(super) bytes: u64,
}

thread_local! {
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Access<'_> {
    /// Logs it, if the level lets it.
    pub(super) fn log(&self, settings: &Settings) {
        let level = self.level();
        if level < settings.log_level {
            return;
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            match settings.log_format {
                Format::Json => {
                    self.write_json(line, level, settings.google_cloud_project.as_deref());
                }
                Format::Text => self.write_text(line, level),
            }
            log::take(line, level);
        });
    }

    fn level(&self) -> Level {
        let is_unready = self.route == "/readyz" && self.status == 503;
        match self.status {
            500.. if !is_unready => Level::Error,
            ..400 | 503 if is_probe(self.route) => Level::Debug,
            _ => Level::Info,
        }
    }

    /// Writes JSON by hand: nothing in here can hold what would have to be escaped.
    fn write_json(&self, line: &mut Vec<u8>, level: Level, project: Option<&str>) {
        let (method, route, id) =
            (self.method.as_bytes(), self.route.as_bytes(), self.id.as_bytes());
        let mut status = [0; 3];
        clock::write_digits(&mut status, self.status.into());
        let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| line.extend_from_slice(part));
        put(&[b"{\"time\":\"", &clock::now(), b"\",\"severity\":\""]);
        put(&[log::severity(level).as_bytes(), b"\",\"message\":\"", method, b" ", route, b" "]);
        put(&[&status, b"\",\"request_id\":\"", id]);
        if let Some(trace) = self.trace {
            put(&[b"\",\"trace\":\"", trace.as_bytes()]);
            if let Some(project) = project {
                put(&[b"\",\"logging.googleapis.com/trace\":\"projects/", project.as_bytes()]);
                put(&[b"/traces/", trace.as_bytes()]);
            }
        }
        put(&[b"\",\"method\":\"", method, b"\",\"route\":\"", route, b"\",\"status\":", &status]);
        put(&[b",\"duration_ms\":"]);
        self.write_duration(line);
        line.extend_from_slice(b",\"bytes\":");
        write_number(line, self.bytes);
        line.extend_from_slice(b"}\n");
    }

    fn write_text(&self, line: &mut Vec<u8>, level: Level) {
        let Self { id, method, route, status, bytes, .. } = self;
        line.extend_from_slice(&clock::now());
        let start = format!(" {} {method} {route} {status} in ", log::severity(level));
        line.extend_from_slice(start.as_bytes());
        self.write_duration(line);
        line.extend_from_slice(format!(" ms, {bytes} bytes, {id}\n").as_bytes());
    }

    /// Writes milliseconds with three decimals.
    fn write_duration(&self, line: &mut Vec<u8>) {
        let microseconds = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        write_number(line, microseconds / 1000);
        let mut decimals = *b".000";
        clock::write_digits(&mut decimals[1..], microseconds % 1000);
        line.extend_from_slice(&decimals);
    }
}

/// Writes a number without the machinery of formatting, which takes ten times as long.
fn write_number(line: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let length = number.checked_ilog10().map_or(1, |log| log as usize + 1);
    clock::write_digits(&mut digits[..length], number);
    line.extend_from_slice(&digits[..length]);
}
