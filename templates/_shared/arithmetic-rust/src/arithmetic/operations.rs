//! Owns the operations: each gives the right number or says why there is none.

use super::{
    Error,
    Number::{self, Float, Integer},
};

/// The largest absolute exponent when both sides of a power are integers.
pub const MAX_EXPONENT: u64 = 1024;

/// Adds two numbers.
///
/// # Errors
///
/// [`Error::Overflow`] for integers, [`Error::NonFinite`] for floats.
pub fn add(left: Number, right: Number) -> Result<Number, Error> {
    compute(left, right, i64::checked_add, |left, right| left + right)
}

/// Subtracts `right` from `left`.
///
/// # Errors
///
/// [`Error::Overflow`] for integers, [`Error::NonFinite`] for floats.
pub fn subtract(left: Number, right: Number) -> Result<Number, Error> {
    compute(left, right, i64::checked_sub, |left, right| left - right)
}

/// Multiplies two numbers.
///
/// # Errors
///
/// [`Error::Overflow`] for integers, [`Error::NonFinite`] for floats.
pub fn multiply(left: Number, right: Number) -> Result<Number, Error> {
    compute(left, right, i64::checked_mul, |left, right| left * right)
}

/// Divides as floats, whatever the numbers are, so that the answer is always a float.
///
/// # Errors
///
/// [`Error::DivisionByZero`], [`Error::NonFinite`].
pub fn divide(left: Number, right: Number) -> Result<Number, Error> {
    check_division(left, right)?;
    finite(left.to_float() / right.to_float()).map(Float)
}

/// Divides and rounds towards minus infinity: `-7 // 2` is `-4`.
///
/// # Errors
///
/// [`Error::DivisionByZero`], [`Error::Overflow`] for integers, [`Error::NonFinite`] for floats.
pub fn floor_divide(left: Number, right: Number) -> Result<Number, Error> {
    check_division(left, right)?;
    let integers = |left: i64, right: i64| {
        let inexact = left.checked_rem(right)? != 0;
        Some(left.checked_div(right)? - i64::from(inexact && (left < 0) != (right < 0)))
    };
    compute(left, right, integers, |left, right| divmod(left, right).0)
}

/// Returns what [`floor_divide`] leaves, with the sign of `right`: `-7 % 2` is `1`.
///
/// # Errors
///
/// [`Error::DivisionByZero`], [`Error::NonFinite`] for floats.
pub fn modulo(left: Number, right: Number) -> Result<Number, Error> {
    check_division(left, right)?;
    let integers = |left: i64, right: i64| {
        let rest = left.wrapping_rem(right); // of the smallest integer and -1 it is 0
        Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
    };
    compute(left, right, integers, |left, right| divmod(left, right).1)
}

/// Raises `base` to a power: exact for integers and an exponent from 0 up, else a float.
///
/// # Errors
///
/// [`Error::ExponentTooLarge`] and [`Error::Overflow`] for integers, [`Error::DivisionByZero`] for
/// zero to a negative power, [`Error::Domain`] for a fractional power of a negative number,
/// [`Error::NonFinite`].
pub fn power(base: Number, exponent: Number) -> Result<Number, Error> {
    if let (Integer(base), Integer(exponent)) = (base, exponent) {
        if exponent.unsigned_abs() > MAX_EXPONENT {
            return Err(Error::ExponentTooLarge);
        }
        if let Ok(exponent) = u32::try_from(exponent) {
            return base.checked_pow(exponent).map(Integer).ok_or(Error::Overflow);
        }
    }
    let (base, exponent) = (finite(base.to_float())?, finite(exponent.to_float())?);
    match base {
        0.0 if exponent < 0.0 => Err(Error::DivisionByZero),
        ..0.0 if exponent.fract() != 0.0 => Err(Error::Domain),
        _ => finite(base.powf(exponent)).map(Float),
    }
}

/// Returns the square root, as a float.
///
/// # Errors
///
/// [`Error::Domain`] for a negative number, [`Error::NonFinite`].
pub fn sqrt(operand: Number) -> Result<Number, Error> {
    match finite(operand.to_float())? {
        ..0.0 => Err(Error::Domain),
        operand => Ok(Float(operand.sqrt())),
    }
}

/// Turns the sign.
///
/// # Errors
///
/// [`Error::Overflow`] for the smallest integer, [`Error::NonFinite`] for floats.
pub fn negate(operand: Number) -> Result<Number, Error> {
    match operand {
        Integer(operand) => operand.checked_neg().map(Integer).ok_or(Error::Overflow),
        Float(operand) => finite(-operand).map(Float),
    }
}

fn compute(
    left: Number,
    right: Number,
    integers: impl Fn(i64, i64) -> Option<i64>,
    floats: impl Fn(f64, f64) -> f64,
) -> Result<Number, Error> {
    if let (Integer(left), Integer(right)) = (left, right) {
        return integers(left, right).map(Integer).ok_or(Error::Overflow);
    }
    let (left, right) = (finite(left.to_float())?, finite(right.to_float())?);
    finite(floats(left, right)).map(Float)
}

fn finite(value: f64) -> Result<f64, Error> {
    value.is_finite().then_some(value).ok_or(Error::NonFinite)
}

fn check_division(left: Number, right: Number) -> Result<(), Error> {
    let (_, divisor) = (finite(left.to_float())?, finite(right.to_float())?);
    if divisor == 0.0 { Err(Error::DivisionByZero) } else { Ok(()) }
}

/// Quotient and modulo of floats, as `float_divmod` of `CPython` computes them
/// (`Objects/floatobject.c`), since rounding makes every other order of steps differ somewhere.
fn divmod(left: f64, right: f64) -> (f64, f64) {
    let rest = left % right;
    let quotient = (left - rest) / right;
    let (quotient, rest) = if rest == 0.0 {
        (quotient, 0.0_f64.copysign(right))
    } else if (rest < 0.0) != (right < 0.0) {
        (quotient - 1.0, rest + right)
    } else {
        (quotient, rest)
    };
    if quotient == 0.0 {
        return (0.0_f64.copysign(left / right), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}
