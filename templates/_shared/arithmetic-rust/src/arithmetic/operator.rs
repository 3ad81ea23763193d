//! Owns the operators: their symbols, how tightly they bind, and what they compute.

use super::{
    Error, Number, add, divide, floor_divide, modulo, multiply, negate, power, sqrt, subtract,
};

/// An operator or a function with one operand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unary {
    /// `-x`
    Negate,
    /// `sqrt(x)`
    Sqrt,
}

impl Unary {
    /// Computes this operator's value.
    ///
    /// # Errors
    ///
    /// Those of [`negate`] and [`sqrt`].
    pub fn apply(self, operand: Number) -> Result<Number, Error> {
        match self {
            Self::Negate => negate(operand),
            Self::Sqrt => sqrt(operand),
        }
    }
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binary {
    /// `x + y`
    Add,
    /// `x - y`
    Subtract,
    /// `x * y`
    Multiply,
    /// `x / y`
    Divide,
    /// `x // y`
    FloorDivide,
    /// `x % y`
    Modulo,
    /// `x ** y`
    Power,
}

/// How tightly a unary minus binds: more than a product, less than a power.
pub(crate) const MINUS_BINDING: u8 = 5;
/// How tightly numbers, brackets and functions hold together.
pub(crate) const ATOM_BINDING: u8 = 7;

impl Binary {
    /// Computes this operator's value.
    ///
    /// # Errors
    ///
    /// Those of the function that has its name, such as [`floor_divide`].
    pub fn apply(self, left: Number, right: Number) -> Result<Number, Error> {
        match self {
            Self::Add => add(left, right),
            Self::Subtract => subtract(left, right),
            Self::Multiply => multiply(left, right),
            Self::Divide => divide(left, right),
            Self::FloorDivide => floor_divide(left, right),
            Self::Modulo => modulo(left, right),
            Self::Power => power(left, right),
        }
    }

    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Modulo => "%",
            Self::Power => "**",
        }
    }

    /// Returns how tightly this operator binds on its left and on its right.
    ///
    /// The larger side wins an operand that stands between two operators.
    pub(crate) const fn binding(self) -> (u8, u8) {
        match self {
            Self::Add | Self::Subtract => (1, 2),
            Self::Multiply | Self::Divide | Self::FloorDivide | Self::Modulo => (3, 4),
            Self::Power => (6, MINUS_BINDING),
        }
    }
}
