//! Owns the report: the form of `contract/report.schema.json`, written and read.

mod device;
pub mod schema;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Error;
use crate::host::Host;

pub use device::{
    DeviceReport, KernelReport, ReferenceReport, Sample, ScoreReport, SensorReport,
    ThroughputReport,
};

/// How deep arrays and objects may lie in each other, in what is read.
const DEEPEST: u32 = 100;

/// A run, as it went.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of the form.
    pub version: u32,
    /// What made it.
    pub program: Program,
    /// When it began.
    pub started: String,
    /// From the first batch to the last.
    pub duration_s: f64,
    /// Where it ran.
    pub host: Host,
    /// The command.
    pub command: String,
    /// The options, and what they meant.
    pub settings: Map<String, Value>,
    /// What was found of each device.
    pub devices: Vec<DeviceReport>,
    /// What came of it.
    pub verdict: Verdict,
}

/// A program.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is written in.
    pub language: String,
}

impl Program {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            language: "rust".into(),
        }
    }
}

/// What a run comes to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// In words.
    pub status: Status,
    /// As the exit status.
    pub exit_status: u8,
    /// All that was found.
    pub reasons: Vec<String>,
}

/// The words of a verdict.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All was as it should be.
    Held,
    /// Something was wrong.
    Fault,
    /// It became too hot.
    #[serde(rename = "stopped for temperature")]
    Hot,
    /// A signal came.
    Interrupted,
}

impl Status {
    /// The words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Fault => "fault",
            Self::Hot => "stopped for temperature",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Seconds, to the millisecond.
#[must_use]
pub fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// Reads a report.
///
/// # Errors
///
/// [`Error::File`] with the first thing that is wrong.
pub fn read(path: &Path) -> Result<Report, Error> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| Error::file(name.clone(), &error))?;
    let refuse = |flaw: String| Error::File { name, reason: format!("no report: {flaw}") };
    let data = parse(&text).ok_or_else(|| "it is not JSON".to_owned());
    let checked = data.and_then(|data| schema::check(&data).map(|()| data));
    let report =
        checked.and_then(|data| serde_json::from_value(data).map_err(|error| error.to_string()));
    report.map_err(refuse)
}

/// Reads JSON that is nested no deeper than a report ever is.
fn parse(text: &[u8]) -> Option<Value> {
    let mut data = serde_json::from_slice(text).ok()?;
    if depth(&data) > DEEPEST {
        return None;
    }
    unsign_zeros(&mut data);
    Some(data)
}

/// Numbers are kept as they are written, and 0 is the one integer that is written in two ways.
fn unsign_zeros(data: &mut Value) {
    match data {
        Value::Number(number) if number.as_str() == "-0" => *data = Value::from(0),
        Value::Array(items) => items.iter_mut().for_each(unsign_zeros),
        Value::Object(members) => members.values_mut().for_each(unsign_zeros),
        _ => {}
    }
}

/// How deep arrays and objects lie in each other.
fn depth(data: &Value) -> u32 {
    let inner = match data {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}
