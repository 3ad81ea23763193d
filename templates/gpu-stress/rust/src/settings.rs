//! Owns the values of options: what may be said, and what it means.

use std::time::Duration;

/// No throughput is beyond what a report may hold.
const FASTEST: f64 = 1e30;

/// A number: ASCII digits, with at most one point between some.
fn number(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (are_digits(whole) && are_digits(fraction)).then(|| text.parse().ok()).flatten()
}

/// Reads a duration such as `60s`, `1.5m` or `1h`.
///
/// # Errors
///
/// What a duration is.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let fault = || "not a time such as 90s, 10m or 1h, up to 1000h".to_owned();
    let units = [("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let split = |(unit, seconds)| Some(number(text.strip_suffix(unit)?)? * seconds);
    let seconds = units.into_iter().find_map(split).ok_or_else(fault)?;
    let is_fitting = seconds > 0.0 && seconds <= 3_600_000.0;
    let duration = Duration::try_from_secs_f64(seconds).ok().filter(|_| is_fitting);
    // However short, it is more than nothing.
    duration.map(|duration| duration.max(Duration::from_nanos(1))).ok_or_else(fault)
}

/// Reads a share, more than 0 and at most 1.
///
/// # Errors
///
/// What a share is.
pub fn parse_fraction(text: &str) -> Result<f64, String> {
    let fitting = number(text).filter(|fraction| *fraction > 0.0 && *fraction <= 1.0);
    fitting.ok_or_else(|| "not a number more than 0 and at most 1".into())
}

/// Reads a temperature in degrees Celsius, from 1 to 150.
///
/// # Errors
///
/// What a temperature is.
pub fn parse_temperature(text: &str) -> Result<f64, String> {
    let fitting = number(text).filter(|celsius| (1.0..=150.0).contains(celsius));
    fitting.ok_or_else(|| "not a number from 1 to 150".into())
}

/// Reads a throughput such as `9.5T`, in operations or bytes a second.
///
/// # Errors
///
/// What a throughput is.
pub fn parse_throughput(text: &str) -> Result<f64, String> {
    let units = [("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("", 1.0)];
    let split = |(unit, factor)| Some(number(text.strip_suffix(unit)?)? * factor);
    let found: Option<f64> = units.into_iter().find_map(split);
    let fitting = found.filter(|found| *found > 0.0 && *found <= FASTEST);
    fitting.ok_or_else(|| "not a rate above 0 such as 9.5T (k, M, G, T, P)".into())
}

/// Reads a whole number in a range.
///
/// # Errors
///
/// What the range is.
pub fn parse_count(text: &str, most: u32) -> Result<u32, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let fitting = text.parse().ok().filter(|count| digits && (1..=most).contains(count));
    fitting.ok_or_else(|| format!("not a whole number from 1 to {most}"))
}

/// Reads a word for a device.
///
/// # Errors
///
/// That it is none.
pub fn parse_device(text: &str) -> Result<String, String> {
    let is_word = !text.is_empty() && !text.starts_with('-');
    is_word.then(|| text.to_owned()).ok_or_else(|| "not an index or a UUID".into())
}

/// Which device is meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Choice {
    /// All that count as devices.
    All,
    /// The one with an index of `list`.
    Index(usize),
    /// The one with a UUID.
    Uuid(String),
}

impl Choice {
    /// Reads what stands for a device.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_index = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            _ if text == "all" => Self::All,
            Ok(index) if is_index => Self::Index(index),
            _ => Self::Uuid(text.into()),
        }
    }
}
