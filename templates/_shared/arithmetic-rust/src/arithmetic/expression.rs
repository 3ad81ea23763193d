//! Owns the syntax tree: its value, and its text with no more brackets than it needs.

use std::fmt;

use super::operator::{ATOM_BINDING, MINUS_BINDING};
use super::{Binary, EvaluateError, Number, Unary};

/// Where an operator stands in the text, as a 0-based index of a character.
///
/// It is no part of what a tree means, so all positions are equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Position(pub usize);

impl PartialEq for Position {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// An expression that was read, and is right as a whole.
///
/// ```
/// use my_project::arithmetic::parse;
///
/// assert_eq!(parse("(1)+((2*3))")?.to_string(), "1 + 2 * 3");
/// # Ok::<(), my_project::arithmetic::EvaluateError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number; only the smallest integer is negative.
    Number(Number),
    /// A unary minus, or a function.
    Unary(Unary, Position, Box<Self>),
    /// An operator between its two sides.
    Binary(Binary, Position, Box<Self>, Box<Self>),
}

impl Expression {
    /// Computes the value, left sides before right sides.
    ///
    /// # Errors
    ///
    /// Every [`Error`](super::Error) of an operation, with the operator's position.
    pub fn evaluate(&self) -> Result<Number, EvaluateError> {
        match self {
            Self::Number(value) => Ok(*value),
            Self::Unary(operator, Position(at), operand) => {
                operator.apply(operand.evaluate()?).map_err(|error| error.at(*at))
            }
            Self::Binary(operator, Position(at), left, right) => {
                operator.apply(left.evaluate()?, right.evaluate()?).map_err(|error| error.at(*at))
            }
        }
    }

    /// Returns how tightly the outermost operator binds.
    fn binding(&self) -> u8 {
        match self {
            // Its minus is part of its text, and would lose it to a `**`.
            Self::Number(Number::Integer(i64::MIN)) | Self::Unary(Unary::Negate, ..) => {
                MINUS_BINDING
            }
            Self::Number(_) | Self::Unary(Unary::Sqrt, ..) => ATOM_BINDING,
            Self::Binary(operator, ..) => operator.binding().0,
        }
    }

    fn write(&self, formatter: &mut fmt::Formatter<'_>, minimum: u8) -> fmt::Result {
        if self.binding() < minimum {
            return write!(formatter, "({self})");
        }
        write!(formatter, "{self}")
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(formatter, "{value}"),
            Self::Unary(Unary::Negate, _, operand) => {
                write!(formatter, "-")?;
                operand.write(formatter, MINUS_BINDING)
            }
            Self::Unary(Unary::Sqrt, _, operand) => write!(formatter, "sqrt({operand})"),
            Self::Binary(operator, _, left, right) => {
                let (on_left, on_right) = operator.binding();
                // What groups to the right needs a bracket around its like on the left.
                left.write(formatter, on_left + u8::from(on_left > on_right))?;
                write!(formatter, " {} ", operator.symbol())?;
                right.write(formatter, on_right)
            }
        }
    }
}
