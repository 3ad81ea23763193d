//! Owns the errors: what can go wrong, and where.

/// Why a computation has no answer.
///
/// Messages and codes are the contract's, the same in every language.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Error {
    /// The text is no expression.
    #[error("syntax error")]
    Syntax,
    /// The text has more than [`MAX_LENGTH`](super::MAX_LENGTH) characters.
    #[error("more than 1,000 characters")]
    TooLong,
    /// The expression is nested more than [`MAX_DEPTH`](super::MAX_DEPTH) deep.
    #[error("nested more than 50 deep")]
    TooDeep,
    /// An integer, written or computed, does not fit into 64 bits.
    #[error("integer outside 64 bits")]
    Overflow,
    /// A float, given, written or computed, is infinite or not a number.
    #[error("float infinite or not a number")]
    NonFinite,
    /// A division or a modulo by zero, or zero to a negative power.
    #[error("division by zero")]
    DivisionByZero,
    /// The square root of a negative number, or a fractional power of one.
    #[error("result not a real number")]
    Domain,
    /// The exponent of an integer power is beyond [`MAX_EXPONENT`](super::MAX_EXPONENT).
    #[error("exponent outside -1,024 to 1,024")]
    ExponentTooLarge,
}

impl Error {
    /// Returns the name of this error for programs; it never changes.
    ///
    /// ```
    /// assert_eq!(my_project::arithmetic::Error::TooDeep.code(), "too_deep");
    /// ```
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::Overflow => "overflow",
            Self::NonFinite => "non_finite",
            Self::DivisionByZero => "division_by_zero",
            Self::Domain => "domain",
            Self::ExponentTooLarge => "exponent_too_large",
        }
    }

    /// Says where in an expression this error arose, as a 0-based index of a character.
    #[must_use]
    pub const fn at(self, position: usize) -> EvaluateError {
        EvaluateError { error: self, position }
    }
}

/// An [`Error`] and its place in an expression.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
#[error("{error} at position {position}")]
pub struct EvaluateError {
    /// What went wrong.
    pub error: Error,
    /// The 0-based index of the character, not the byte, where it did.
    pub position: usize,
}
