//! Checked arithmetic on 64-bit integers and floats, and an evaluator of expressions.
//!
//! Nothing here wraps, rounds an integer silently or answers with an infinity: a computation
//! gives the right [`Number`] or an [`Error`] with a stable code.
//! What is right is written down in `contract/arithmetic.md`.
//!
//! ```
//! use my_project::arithmetic::{Error, Number, evaluate, modulo};
//!
//! assert_eq!(evaluate("2 * (3 + 4) ** 2")?, Number::Integer(98));
//! assert_eq!(evaluate("1 + 7 / 0"), Err(Error::DivisionByZero.at(6)));
//! assert_eq!(modulo(Number::Integer(-7), Number::Integer(2)), Ok(Number::Integer(1)));
//! # Ok::<(), my_project::arithmetic::EvaluateError>(())
//! ```

mod error;
mod expression;
mod number;
mod operations;
mod operator;
mod parser;
mod scanner;

pub use error::{Error, EvaluateError};
pub use expression::{Expression, Position};
pub use number::Number;
pub use operations::{
    MAX_EXPONENT, add, divide, floor_divide, modulo, multiply, negate, power, sqrt, subtract,
};
pub use operator::{Binary, Unary};
pub use parser::{MAX_DEPTH, MAX_LENGTH, parse};

/// Computes the value of an expression.
///
/// # Errors
///
/// Every [`Error`], with its position in `text`.
///
/// ```
/// use my_project::arithmetic::evaluate;
///
/// assert_eq!(evaluate("-2 ** 2")?.to_string(), "-4");
/// assert_eq!(evaluate("7 / 2")?.to_string(), "3.5");
/// # Ok::<(), my_project::arithmetic::EvaluateError>(())
/// ```
pub fn evaluate(text: &str) -> Result<Number, EvaluateError> {
    parse(text)?.evaluate()
}
