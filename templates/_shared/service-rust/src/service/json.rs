//! Owns JSON bodies: what a handler takes and gives.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ContentType, HeaderMap};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use futures_core::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::shape::read_shape;
use super::strict_json::{JsonError, read_json};

/// A body in JSON, as the argument or the answer of a handler.
///
/// A type that refuses what it does not know says so: `#[serde(deny_unknown_fields)]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request.headers());
        let mut payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(Problem::found(StatusCode::UNSUPPORTED_MEDIA_TYPE));
            }
            let mut text = BytesMut::new();
            while let Some(part) = next(&mut payload).await {
                // Whatever it is, the layer has noted it, and answers in place of this.
                text.extend_from_slice(&part.map_err(|_| StatusCode::BAD_REQUEST)?);
            }
            let document = read_json(&text)?;
            read_shape(&document, "/body").map(Self).map_err(Problem::misfit)
        })
    }
}

impl<T: Serialize> Responder for Json<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match serde_json::to_string(&self.0) {
            Ok(text) => json(text),
            Err(error) => {
                tracing::error!("an answer that is no JSON: {error}");
                HttpResponse::InternalServerError().finish()
            }
        }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

/// Answers with a text that is JSON already.
#[must_use]
pub fn json(text: impl Into<actix_web::web::Bytes>) -> HttpResponse {
    HttpResponse::Ok().insert_header(ContentType::json()).body(text.into())
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// The only parameter of the media type, with and without quotes (RFC 9110, section 5.6.6).
const CHARSETS: [&str; 2] = ["charset=utf-8", "charset=\"utf-8\""];

/// Tells whether a body is what a service understands: plain JSON in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let is_identity = |value: &[u8]| value.trim_ascii().eq_ignore_ascii_case(b"identity");
    let mut types = headers.get_all(CONTENT_TYPE);
    let (first, second) = (types.next(), types.next());
    let fits = first.and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let (kind, parameter) = value.split_once(';').unwrap_or((value, "charset=utf-8"));
        kind.trim().eq_ignore_ascii_case("application/json")
            && CHARSETS.iter().any(|known| parameter.trim().eq_ignore_ascii_case(known))
    });
    let mut encodings = headers.get_all(CONTENT_ENCODING);
    fits && second.is_none() && encodings.all(|value| is_identity(value.as_bytes()))
}
