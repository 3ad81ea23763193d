//! Owns the ids of requests.

use actix_web::http::header::HeaderValue;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// What tells a request from all others.
#[derive(Debug)]
pub(super) enum Id {
    /// The client gave it one.
    Given(HeaderValue),
    /// It is a UUID of version 4.
    New([u8; Hyphenated::LENGTH]),
}

impl Id {
    pub(super) fn given(value: &HeaderValue) -> Option<Self> {
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let fits = matches!(value.len(), 1..=64) && value.as_bytes().iter().all(is_part);
        fits.then(|| Self::Given(value.clone()))
    }

    pub(super) fn new() -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        Uuid::new_v4().hyphenated().encode_lower(&mut text);
        Self::New(text)
    }

    pub(super) fn text(&self) -> &str {
        let text = match self {
            Self::Given(value) => value.as_bytes(),
            Self::New(text) => text,
        };
        str::from_utf8(text).unwrap_or_default()
    }

    /// Returns it for the header of the answer.
    pub(super) fn value(&self) -> HeaderValue {
        match self {
            Self::Given(value) => value.clone(),
            Self::New(text) => HeaderValue::from_bytes(text).expect("it is ASCII"),
        }
    }
}
