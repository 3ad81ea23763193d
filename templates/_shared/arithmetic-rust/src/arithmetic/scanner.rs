//! Owns the characters of an expression: blanks, symbols and numbers.

use super::{Binary, Error, EvaluateError, Number};

/// A text, and how much of it was read.
pub(crate) struct Scanner {
    text: Vec<char>,
    /// The index of the next character.
    pub(crate) at: usize,
}

impl Scanner {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.chars().collect(), at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(crate) fn peek_operator(&self) -> Option<Binary> {
        Some(match (self.peek()?, self.text.get(self.at + 1)) {
            ('*', Some('*')) => Binary::Power,
            ('/', Some('/')) => Binary::FloorDivide,
            ('*', _) => Binary::Multiply,
            ('/', _) => Binary::Divide,
            ('%', _) => Binary::Modulo,
            ('+', _) => Binary::Add,
            ('-', _) => Binary::Subtract,
            _ => return None,
        })
    }

    /// Reads the next character if it is `wanted`, which is an error otherwise.
    pub(crate) fn expect(&mut self, wanted: char) -> Result<(), EvaluateError> {
        if self.skip_if(|next| next == wanted) { Ok(()) } else { Err(Error::Syntax.at(self.at)) }
    }

    pub(crate) fn skip_blanks(&mut self) {
        while self.skip_if(|next| matches!(next, ' ' | '\t')) {}
    }

    /// Reads a number and checks that it fits.
    pub(crate) fn number(&mut self) -> Result<Number, EvaluateError> {
        let start = self.at;
        self.skip_digits();
        let mut is_float = false;
        if self.skip_if(|next| next == '.') {
            self.expect_digits()?;
            is_float = true;
        }
        if self.skip_if(|next| matches!(next, 'e' | 'E')) {
            self.skip_if(|next| matches!(next, '+' | '-'));
            self.expect_digits()?;
            is_float = true;
        }
        let literal: String = self.text[start..self.at].iter().collect();
        let number = if is_float {
            let value = literal.parse().ok().filter(|value: &f64| value.is_finite());
            value.map(Number::Float).ok_or(Error::NonFinite)
        } else {
            literal.parse().map(Number::Integer).map_err(|_| Error::Overflow)
        };
        number.map_err(|error| error.at(start))
    }

    /// Reads the digits of the smallest integer, which stand behind its minus, if they come next.
    ///
    /// A `**` after them would take them away from that minus.
    pub(crate) fn skip_smallest_integer(&mut self) -> bool {
        let start = self.at;
        self.skip_digits();
        let digits: String = self.text[start..self.at].iter().collect();
        let goes_on = matches!(self.peek(), Some('.' | 'e' | 'E'));
        self.skip_blanks();
        let found = digits.parse() == Ok(i64::MIN.unsigned_abs())
            && !goes_on
            && self.peek_operator() != Some(Binary::Power);
        if !found {
            self.at = start;
        }
        found
    }

    fn skip_if(&mut self, wanted: impl FnOnce(char) -> bool) -> bool {
        let found = self.peek().is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip_digits(&mut self) {
        while self.skip_if(|next| next.is_ascii_digit()) {}
    }

    fn expect_digits(&mut self) -> Result<(), EvaluateError> {
        let start = self.at;
        self.skip_digits();
        if self.at == start { Err(Error::Syntax.at(start)) } else { Ok(()) }
    }
}
