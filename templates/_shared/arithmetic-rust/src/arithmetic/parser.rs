//! Owns the grammar: reads a text once, from left to right, into an [`Expression`].
//!
//! The method is Pratt's ("Top Down Operator Precedence", 1973): an operator gets the operand on
//! its left if it binds at least as tightly as whoever asked for that operand.

use super::operator::MINUS_BINDING;
use super::scanner::Scanner;
use super::{Binary, Error, EvaluateError, Expression, Number, Position, Unary};

/// The largest number of characters in an expression.
pub const MAX_LENGTH: usize = 1000;
/// The largest number of levels: brackets, unary minuses and right sides of `**`.
pub const MAX_DEPTH: usize = 50;

type Parsed = Result<Expression, EvaluateError>;

/// Reads an expression without computing it.
///
/// # Errors
///
/// [`Error::TooLong`], [`Error::TooDeep`], [`Error::Syntax`], and for a number that does not fit
/// [`Error::Overflow`] or [`Error::NonFinite`].
///
/// ```
/// use my_project::arithmetic::{Error, parse};
///
/// assert_eq!(parse("1 +"), Err(Error::Syntax.at(3)));
/// ```
pub fn parse(text: &str) -> Parsed {
    if text.chars().nth(MAX_LENGTH).is_some() {
        return Err(Error::TooLong.at(MAX_LENGTH));
    }
    let mut parser = Parser { scanner: Scanner::new(text), depth: 0 };
    let expression = parser.expression(0)?;
    match parser.scanner.peek() {
        None => Ok(expression),
        Some(_) => Err(Error::Syntax.at(parser.scanner.at)),
    }
}

struct Parser {
    scanner: Scanner,
    depth: usize,
}

impl Parser {
    /// Reads operands and operators for as long as these bind at least as tightly as `minimum`.
    fn expression(&mut self, minimum: u8) -> Parsed {
        let mut left = self.operand()?;
        while let Some(operator) = self.scanner.peek_operator()
            && operator.binding().0 >= minimum
        {
            let at = self.scanner.at;
            self.scanner.at += operator.symbol().len();
            let right = match operator {
                // Only these can nest without a bracket.
                Binary::Power => self.nested(at, |inner| inner.expression(operator.binding().1))?,
                _ => self.expression(operator.binding().1)?,
            };
            left = Expression::Binary(operator, Position(at), left.into(), right.into());
        }
        Ok(left)
    }

    fn operand(&mut self) -> Parsed {
        self.scanner.skip_blanks();
        let at = self.scanner.at;
        let operand = match self.scanner.peek() {
            Some('0'..='9' | '.') => Expression::Number(self.scanner.number()?),
            Some('(') => self.brackets()?,
            Some('-') => {
                self.scanner.at += 1;
                self.nested(at, |inner| inner.negated(Position(at)))?
            }
            _ => {
                "sqrt".chars().try_for_each(|letter| self.scanner.expect(letter))?;
                self.scanner.skip_blanks();
                Expression::Unary(Unary::Sqrt, Position(at), self.brackets()?.into())
            }
        };
        self.scanner.skip_blanks();
        Ok(operand)
    }

    fn brackets(&mut self) -> Parsed {
        let at = self.scanner.at;
        self.scanner.expect('(')?;
        let inside = self.nested(at, |inner| inner.expression(0))?;
        self.scanner.expect(')')?;
        Ok(inside)
    }

    /// Reads what stands behind a unary minus, and negates it.
    fn negated(&mut self, minus: Position) -> Parsed {
        self.scanner.skip_blanks();
        if self.scanner.skip_smallest_integer() {
            // It is no negation: its positive twin does not fit.
            return Ok(Expression::Number(Number::Integer(i64::MIN)));
        }
        let operand = self.expression(MINUS_BINDING)?;
        Ok(Expression::Unary(Unary::Negate, minus, operand.into()))
    }

    /// Parses one level deeper, which the character at `opener` opens.
    fn nested(&mut self, opener: usize, parse: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth == MAX_DEPTH {
            return Err(Error::TooDeep.at(opener));
        }
        self.depth += 1;
        let inside = parse(self)?;
        self.depth -= 1;
        Ok(inside)
    }
}
