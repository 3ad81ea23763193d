//! Owns what stands in the path of a calculation: an operation and two numbers.

use std::str::FromStr;

use utoipa::ToSchema;

use crate::arithmetic::{self, Error, Number};

// The operations that the path can name; as documentation this would stand in the document.
#[derive(Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

impl FromStr for Operation {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "add" => Self::Add,
            "subtract" => Self::Subtract,
            "multiply" => Self::Multiply,
            "divide" => Self::Divide,
            "floor_divide" => Self::FloorDivide,
            "modulo" => Self::Modulo,
            "power" => Self::Power,
            _ => return Err("is not an operation"),
        })
    }
}

impl Operation {
    pub(crate) fn compute(self, a: Number, b: Number) -> Result<Number, Error> {
        match self {
            Self::Add => arithmetic::add(a, b),
            Self::Subtract => arithmetic::subtract(a, b),
            Self::Multiply => arithmetic::multiply(a, b),
            Self::Divide => arithmetic::divide(a, b),
            Self::FloorDivide => arithmetic::floor_divide(a, b),
            Self::Modulo => arithmetic::modulo(a, b),
            Self::Power => arithmetic::power(a, b),
        }
    }
}

/// A number as the path may have it, with its value or what is wrong with that.
pub(crate) struct Literal(pub(crate) Result<Number, Error>);

impl FromStr for Literal {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match shape(text.strip_prefix('-').unwrap_or(text)) {
            Some(Shape::Integer) => {
                Ok(Self(text.parse().map(Number::Integer).map_err(|_| Error::Overflow)))
            }
            Some(Shape::Float) => {
                let value = text.parse().ok().filter(|value: &f64| value.is_finite());
                Ok(Self(value.map(Number::Float).ok_or(Error::NonFinite)))
            }
            None => Err("is not a number"),
        }
    }
}

enum Shape {
    Integer,
    Float,
}

/// Tells what a text without a sign is in the grammar of `contract/arithmetic.md`.
fn shape(text: &str) -> Option<Shape> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let fits = exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
    match mantissa.split_once('.') {
        Some((whole, rest)) if fits && (whole.is_empty() || digits(whole)) && digits(rest) => {
            Some(Shape::Float)
        }
        None if fits && digits(mantissa) => {
            Some(if exponent.is_none() { Shape::Integer } else { Shape::Float })
        }
        _ => None,
    }
}
