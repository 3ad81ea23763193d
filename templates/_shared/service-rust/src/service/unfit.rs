//! Owns what is wrong with a document that does not fit a type, in the contract's words.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

/// What does not fit, and the steps to it, the last one first.
#[derive(Debug)]
pub(super) struct Unfit {
    pub(super) steps: Vec<String>,
    pub(super) detail: String,
}

impl Unfit {
    pub(super) fn under(mut self, step: impl Into<String>) -> Self {
        self.steps.push(step.into());
        self
    }
}

impl Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: Display>(detail: T) -> Self {
        Self { steps: Vec::new(), detail: detail.to_string() }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // Types of numbers are called by their names in Rust here.
        let is_integer =
            |name: &str| name.starts_with(['i', 'u']) && name[1..].parse::<u8>().is_ok();
        match expected.to_string() {
            name if is_integer(&name) => Self::custom("must be an integer"),
            name => Self::custom(format_args!("must be {name}")),
        }
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("must be one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::custom("is not known").under(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom("is missing").under(field)
    }
}
