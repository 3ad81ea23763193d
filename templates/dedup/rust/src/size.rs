//! Owns sizes and ages as people write and read them.

use std::time::Duration;

/// The largest size that can be asked for, 2^63 - 1.
const LARGEST: u128 = i64::MAX as u128;
const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];

/// Reads a size such as `4096` or `1.5MiB`, in bytes.
///
/// # Errors
///
/// A sentence on what is wrong with it.
///
/// ```
/// assert_eq!(my_project::parse_size("1.5KiB"), Ok(1536));
/// assert!(my_project::parse_size("1.5").is_err());
/// ```
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size; write one such as 4096, 10MiB or 1.5G");
    let start = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(start);
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && !unit.is_empty() => (whole, fraction),
        Some(_) => return Err(wrong()),
        None => (number, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(fraction) {
        return Err(wrong());
    }
    let unit = unit_size(unit).ok_or_else(wrong)?;
    // Multiplied by hand from the last digit on, what is carried at the end is the whole part.
    let carried = |rest, digit: u8| (u128::from(digit - b'0') * unit + rest) / 10;
    let part = fraction.bytes().rev().fold(0, carried);
    let size = whole.parse::<u128>().ok().and_then(|whole| whole.checked_mul(unit));
    match size.and_then(|size| size.checked_add(part)) {
        Some(size) if size <= LARGEST => u64::try_from(size).map_err(|_| wrong()),
        _ => Err(format!("{text:?} is more than 2^63 - 1 bytes")),
    }
}

fn unit_size(unit: &str) -> Option<u128> {
    let unit = unit.to_ascii_lowercase();
    let (base, prefix) = match unit.as_str() {
        "" | "b" => return Some(1),
        unit => match unit.strip_suffix("ib") {
            Some(prefix) => (1024, prefix),
            None => match unit.strip_suffix('b') {
                Some(prefix) => (1000, prefix),
                None => (1024, unit),
            },
        },
    };
    let power = ["k", "m", "g", "t"].iter().position(|known| *known == prefix)?;
    Some(u128::pow(base, u32::try_from(power).ok()? + 1))
}

/// Reads an age such as `30s`, `10m`, `12h` or `7d`.
///
/// # Errors
///
/// A sentence on what is wrong with it.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no age; write one such as 30s, 10m, 12h or 7d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number = &text[..text.len() - 1];
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let age = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    let age = age.map(Duration::from_secs);
    let longest = Duration::from_nanos(i64::MAX.unsigned_abs());
    age.filter(|age| *age <= longest).ok_or(format!("{text:?} is too long ago"))
}

/// Writes a size for people: `1 byte`, `17 bytes`, `1.5 KiB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn show_size(bytes: u64) -> String {
    if bytes < 1024 {
        return counted(bytes, "byte");
    }
    let mut number = bytes as f64 / 1024.0;
    let mut unit = 0;
    while number >= 1024.0 && unit < UNITS.len() - 1 {
        number /= 1024.0;
        unit += 1;
    }
    format!("{number:.1} {}", UNITS[unit])
}

/// Writes a number and what it counts, `1 file` or `2 files`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
