//! Checked arithmetic on 64-bit integers and floats, and an evaluator of expressions.
//!
//! ```
//! use my_project::{Number, evaluate};
//!
//! assert_eq!(evaluate("2 * (3 + 4) ** 2")?, Number::Integer(98));
//! # Ok::<(), my_project::EvaluateError>(())
//! ```

pub mod arithmetic;

pub use arithmetic::{
    Binary, Error, EvaluateError, Expression, MAX_DEPTH, MAX_EXPONENT, MAX_LENGTH, Number,
    Position, Unary, add, divide, evaluate, floor_divide, modulo, multiply, negate, parse, power,
    sqrt, subtract,
};
