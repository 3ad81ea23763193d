//! Owns the lines of the log about the program itself, which tells of events through `tracing`.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::settings::{Format, Level};
use super::{clock, log};

/// Makes lines of the events that `tracing` tells.
pub(super) struct Events(pub(super) Format);

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warning,
            tracing::Level::INFO => Level::Info,
            _ => Level::Debug,
        };
        let mut told = Told::default();
        event.record(&mut told);
        let mut line = Vec::with_capacity(128);
        match self.0 {
            Format::Json => write_json(&mut line, level, &told),
            Format::Text => {
                line.extend_from_slice(&clock::now());
                let fields = told.fields.iter().map(|(name, value)| format!(" {name}={value}"));
                let fields: String = fields.collect();
                let message = told.message.replace('\n', r"\n");
                let _ = writeln!(line, " {} {message}{fields}", log::severity(level));
            }
        }
        log::take(&line, level);
    }
}

fn write_json(line: &mut Vec<u8>, level: Level, told: &Told) {
    line.extend_from_slice(br#"{"time":""#);
    line.extend_from_slice(&clock::now());
    let message = Value::from(told.message.as_str());
    let _ = write!(line, r#"","severity":"{}","message":{message}"#, log::severity(level));
    for (name, value) in &told.fields {
        let _ = write!(line, r#","{name}":{value}"#);
    }
    line.extend_from_slice(b"}\n");
}

/// What an event tells.
#[derive(Default)]
struct Told {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.fields.push((field.name(), format!("{value:?}").into()));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name(), value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.push((field.name(), value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.push((field.name(), value.into()));
    }
}
