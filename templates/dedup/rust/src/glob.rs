//! Owns globs: patterns over the bytes of names.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::str::FromStr;

use crate::name::last_part;

/// A pattern such as `*.tmp` or `cache/**`; `contract/README.md` says what each sign means.
///
/// ```
/// use std::path::Path;
///
/// let glob: my_project::Glob = "cache/*.tmp".parse()?;
/// assert!(glob.matches(Path::new("/srv/cache/x.tmp")));
/// assert!(!glob.matches(Path::new("/srv/cache/deep/x.tmp")));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Glob {
    tokens: Vec<Token>,
    scope: Scope,
}

#[derive(Clone, Copy, Debug)]
enum Scope {
    LastPart,
    WholeName,
}

#[derive(Clone, Debug)]
enum Token {
    Byte(u8),
    AnyByte,
    AnyBytes,
    AnyBytesOrSlash,
    OneOf { ranges: Vec<(u8, u8)>, negated: bool },
}

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::new(text.as_bytes())
    }
}

impl Glob {
    /// Reads a pattern, which may hold any bytes.
    ///
    /// # Errors
    ///
    /// A sentence on what is wrong with it.
    pub fn new(pattern: &[u8]) -> Result<Self, String> {
        if pattern.is_empty() {
            return Err("an empty glob matches nothing".to_owned());
        }
        let scope = if pattern.contains(&b'/') { Scope::WholeName } else { Scope::LastPart };
        let mut tokens = Vec::new();
        if matches!(scope, Scope::WholeName) && pattern[0] != b'/' {
            tokens.extend([Token::AnyBytesOrSlash, Token::Byte(b'/')]);
        }
        let mut rest = pattern;
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            tokens.push(match first {
                b'*' if rest.first() == Some(&b'*') => {
                    rest = &rest[1..];
                    Token::AnyBytesOrSlash
                }
                b'*' => Token::AnyBytes,
                b'?' => Token::AnyByte,
                b'[' => set(&mut rest)?,
                b'\\' => Token::Byte(take(&mut rest).ok_or("a glob ends with a \\")?),
                byte => Token::Byte(byte),
            });
        }
        Ok(Self { tokens, scope })
    }

    /// Whether the whole name, or its last part, is as the pattern says.
    #[must_use]
    pub fn matches(&self, name: &Path) -> bool {
        let text = match self.scope {
            Scope::LastPart => last_part(name),
            Scope::WholeName => name.as_os_str(),
        };
        // All ways to match at once, so that no pattern takes more than its length times the name's.
        let mut here = vec![false; self.tokens.len() + 1];
        here[0] = true;
        self.skip_stars(&mut here);
        for &byte in text.as_bytes() {
            let mut next = vec![false; here.len()];
            for (at, token) in self.tokens.iter().enumerate().filter(|(at, _)| here[*at]) {
                if token.takes(byte) {
                    next[if token.repeats() { at } else { at + 1 }] = true;
                }
            }
            self.skip_stars(&mut next);
            here = next;
        }
        here[self.tokens.len()]
    }

    /// Stars may stand for nothing.
    fn skip_stars(&self, places: &mut [bool]) {
        for (at, token) in self.tokens.iter().enumerate() {
            places[at + 1] |= places[at] && token.repeats();
        }
    }
}

impl Token {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Byte(wanted) => *wanted == byte,
            Self::AnyBytesOrSlash => true,
            Self::AnyByte | Self::AnyBytes => byte != b'/',
            Self::OneOf { ranges, negated } => {
                let found = ranges.iter().any(|(first, last)| (*first..=*last).contains(&byte));
                byte != b'/' && found != *negated
            }
        }
    }

    fn repeats(&self) -> bool {
        matches!(self, Self::AnyBytes | Self::AnyBytesOrSlash)
    }
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    Some(first)
}

/// Reads a set behind its `[`.
fn set(rest: &mut &[u8]) -> Result<Token, String> {
    let negated = rest.first() == Some(&b'!');
    if negated {
        take(rest);
    }
    let mut ranges = Vec::new();
    while !rest.starts_with(b"]") || ranges.is_empty() {
        let first = member(rest)?;
        let is_range = rest.starts_with(b"-") && rest.get(1).is_some_and(|next| *next != b']');
        let last = if is_range {
            take(rest);
            member(rest)?
        } else {
            first
        };
        ranges.push((first, last));
    }
    take(rest);
    Ok(Token::OneOf { ranges, negated })
}

fn member(rest: &mut &[u8]) -> Result<u8, String> {
    let byte = match take(rest) {
        Some(b'\\') => take(rest),
        byte => byte,
    };
    byte.ok_or_else(|| "a set of a glob has no end".to_owned())
}
