//! Owns temporary names: random, and of the program's own form.

use std::hash::{BuildHasher, RandomState};

const START: &str = ".my-project-";
const END: &str = ".tmp";

/// Makes the last part of a name that nothing else has.
pub(crate) fn temporary_name() -> String {
    // The standard library has no other source of what cannot be guessed.
    let random = RandomState::new().hash_one(std::process::id());
    format!("{START}{random:016x}{END}")
}

/// Whether it is a name of that form, so that nothing else is ever taken for one.
pub(crate) fn is_temporary(last: &str) -> bool {
    let middle = last.strip_prefix(START).and_then(|rest| rest.strip_suffix(END));
    middle.is_some_and(|digits| {
        digits.len() == 16 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}
