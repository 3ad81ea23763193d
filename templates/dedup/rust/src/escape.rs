//! Owns how a name is shown: no byte of it can speak to a terminal.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Writes control characters, backslashes and what is not UTF-8 in visible letters.
///
/// ```
/// use std::path::Path;
///
/// assert_eq!(my_project::escape(Path::new("tab\there")), "tab\\there");
/// ```
#[must_use]
pub fn escape(name: &Path) -> String {
    let bytes = name.as_os_str().as_bytes();
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => shown.push_str("\\\\"),
                '\n' => shown.push_str("\\n"),
                '\t' => shown.push_str("\\t"),
                '\r' => shown.push_str("\\r"),
                _ if character.is_control() => {
                    push_bytes(&mut shown, character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => shown.push(character),
            }
        }
        push_bytes(&mut shown, chunk.invalid());
    }
    shown
}

fn push_bytes(shown: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(shown, "\\x{byte:02x}").expect("a string takes everything");
    }
}
