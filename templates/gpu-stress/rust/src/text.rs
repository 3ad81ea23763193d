//! Owns the form of texts that others wrote, such as drivers, where they are shown to people.

/// One line without control characters, whatever stood there.
#[must_use]
pub fn line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .chars()
        .map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char })
        .collect()
}
