//! Owns the environment: looks variables up, and tells of those whose values are bad.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

/// The number of characters of a bad value that its message repeats.
const SHOWN: usize = 60;

/// A variable with a value that it cannot have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadSetting {
    name: &'static str,
    value: String,
    allowed: String,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown: String = self.value.chars().take(SHOWN).collect();
        if shown.len() < self.value.len() {
            shown.push('…');
        }
        write!(formatter, "{} is {}; allowed is {}", self.name, Value::from(shown), self.allowed)
    }
}

/// Looks variables up, and keeps those whose values are bad.
pub(super) struct Reader<V> {
    pub(super) variable: V,
    pub(super) bad: Vec<BadSetting>,
}

impl<V: Fn(&str) -> Option<OsString>> Reader<V> {
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        default: T,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        let Some(value) = (self.variable)(name).filter(|value| !value.is_empty()) else {
            return default;
        };
        value.to_str().and_then(parse).unwrap_or_else(|| {
            let value = OsStr::to_string_lossy(&value).into_owned();
            self.bad.push(BadSetting { name, value, allowed: allowed.to_owned() });
            default
        })
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        name: &'static str,
        allowed: &str,
        words: &[(&str, T)],
        default: usize,
    ) -> T {
        self.value(name, words[default].1, allowed, |text| {
            let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
            found.map(|(_, meaning)| *meaning)
        })
    }

    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        name: &'static str,
        default: T,
        allowed: RangeInclusive<u64>,
    ) -> T {
        let words = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        self.value(name, default, &words, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| text.parse::<u64>().ok()).flatten();
            number
                .filter(|number| allowed.contains(number))
                .and_then(|number| number.try_into().ok())
        })
    }

    pub(super) fn seconds(&mut self, name: &'static str, default: u64, least: u64) -> Duration {
        Duration::from_secs(self.number(name, default, least..=3600))
    }
}
