//! Owns the values: integers, floats, and how they are written.

use std::fmt;

/// An integer or a float.
///
/// ```
/// use my_project::arithmetic::Number;
///
/// assert_eq!(Number::Integer(2).to_string(), "2");
/// assert_eq!(Number::Float(2.0).to_string(), "2.0");
/// assert_eq!(Number::Float(1.5e-7).to_string(), "1.5e-7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A signed 64-bit integer.
    Integer(i64),
    /// An IEEE 754 double; operations accept and return finite ones only.
    Float(f64),
}

impl Number {
    /// Returns the nearest float, ties to even.
    #[must_use]
    pub const fn to_float(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "to the nearest is what is promised")]
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Float(value) => formatter.write_str(&shortest(*value)),
        }
    }
}

/// Returns the shortest digits that read back as `value`: of several the nearest, and of two that
/// are equally near the even one, as in Python, JavaScript and Java.
fn shortest(value: f64) -> String {
    // All of the rule but its last part.
    let shortest = format!("{value:?}");
    let (mantissa, exponent) = shortest.split_once('e').unzip();
    let mantissa = mantissa.unwrap_or(&shortest);
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    // Rounding to as many digits does go to the even one.
    let rounded = match exponent {
        Some(_) => format!("{value:.decimals$e}"),
        None => format!("{value:.decimals$}"),
    };
    // Floats lie closer below a power of two, where the nearest digits may read back as another.
    if rounded.parse() == Ok(value) { rounded } else { shortest }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
