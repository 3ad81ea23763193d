//! Owns the errors that clients see: problems as of RFC 9457.

use std::fmt::{self, Display};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::document::title;

/// Why a request has no better answer; a handler returns it as its error.
///
/// The service adds what a client needs to know of the request, such as its id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    pub(super) code: Option<&'static str>,
    pub(super) position: Option<usize>,
    pub(super) errors: Option<Vec<Misfit>>,
    pub(super) allow: Option<String>,
}

/// A part of a request that does not fit.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct Misfit {
    /// A JSON pointer into path, query and body.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl Problem {
    /// Makes a problem of a status from 400 up, with a sentence for people.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            code: None,
            position: None,
            errors: None,
            allow: None,
        }
    }

    /// Makes a problem of an error in the domain: its name, which never changes, and its message.
    #[must_use]
    pub fn of_domain(code: &'static str, message: impl Display) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { code: Some(code), ..Self::new(status, message.to_string()) }
    }

    /// Adds the place in a text, as a 0-based index of a character.
    #[must_use]
    pub fn at(self, position: usize) -> Self {
        Self { position: Some(position), ..self }
    }

    /// Makes a problem of a part of a request that does not fit.
    #[must_use]
    pub fn misfit(misfit: Misfit) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { errors: Some(vec![misfit]), ..Self::new(status, "the request does not fit") }
    }

    pub(super) fn not_allowed(allow: String) -> Self {
        Self { allow: Some(allow), ..Self::found(StatusCode::METHOD_NOT_ALLOWED) }
    }

    /// Makes a problem that the service found by itself, with the contract's sentence for it.
    pub(super) fn found(status: StatusCode) -> Self {
        let detail = match status.as_u16() {
            404 => "there is nothing here",
            405 => "this method is not allowed here",
            408 => "the body took too long",
            413 => "the body is too large",
            415 => "the body must be application/json",
            431 => "the header is too large",
            503 => "the answer took too long",
            _ => return status.into(),
        };
        Self::new(status, detail)
    }
}

/// A status of a handler's own says what its title says.
impl From<StatusCode> for Problem {
    fn from(status: StatusCode) -> Self {
        let is_fault = status == StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, if is_fault { "something went wrong here" } else { title(status) })
    }
}

impl Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}
