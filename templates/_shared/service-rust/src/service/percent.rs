//! Owns percent-encoding.

use std::borrow::Cow;

/// Decodes a part of a form, where a plus is a blank.
pub(super) fn decode_form(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        Cow::Owned(decode(&text.replace('+', " ")).into_owned())
    } else {
        decode(text)
    }
}

/// Decodes percent-encoding; what is not UTF-8 then becomes U+FFFD.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let code = (*first == b'%').then(|| others.split_at_checked(2)).flatten();
        if let Some((digits, behind)) = code
            && let Some(byte) = hexadecimal(digits)
        {
            decoded.push(byte);
            rest = behind;
        } else {
            decoded.push(*first);
            rest = others;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + value(*digit)?))?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, decode_form};

    #[test]
    fn percent_signs_without_digits_stay() {
        assert_eq!(decode("%zz%4%41%2f%"), "%zz%4A/%");
        assert_eq!(decode("%%41%2541"), "%A%41");
        assert_eq!(decode("%ff%c3%a9"), "\u{fffd}é");
        assert_eq!(decode_form("a+b%2B"), "a b+");
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(text: String) {
            let codes: Vec<_> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let encoded = codes.concat();
            prop_assert_eq!(decode(&encoded), text);
        }

        #[test]
        fn decoding_never_panics(text in "[%0-9a-fA-Fé+]*") {
            prop_assert!(decode_form(&text).len() <= text.len() * 3);
        }
    }
}
