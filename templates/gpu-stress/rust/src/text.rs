//! Owns the form of texts that others wrote, such as drivers, where they are shown to people.

/// One line without control characters, whatever stood there.
#[must_use]
pub fn line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .chars()
        .map(|char| if is_shown(char) { char } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

/// Whether a character shows something, and does not turn the direction of what follows.
fn is_shown(char: char) -> bool {
    !char.is_control()
        && !matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
