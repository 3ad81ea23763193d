//! Owns the form in which problems are sent, and in which the `OpenAPI` document describes them.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::problem::{Misfit, Problem};

/// An error, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
struct Document<'a> {
    /// What kind of problem; always about:blank.
    r#type: &'a str,
    /// The phrase of the status.
    title: &'a str,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong, for people.
    detail: &'a str,
    /// The path of the request.
    instance: &'a str,
    /// The id of the request, as in X-Request-ID and the log.
    request_id: &'a str,
    /// The stable name of an error in the domain.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// Where in a text, as a 0-based index of a character.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    /// The parts of the request that do not fit.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [Misfit]>,
}

/// A problem is described as it is sent.
impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Document::schema()
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Document::schemas(schemas);
    }
}

impl Problem {
    /// Returns the body of the answer to a request.
    pub(super) fn document(&self, instance: &str, request_id: &str) -> Vec<u8> {
        let document = Document {
            r#type: "about:blank",
            title: title(self.status),
            status: self.status.as_u16(),
            detail: &self.detail,
            instance,
            request_id,
            code: self.code,
            position: self.position,
            errors: self.errors.as_deref(),
        };
        serde_json::to_vec(&document).expect("strings and numbers are JSON")
    }
}

/// Returns the phrase of a status as RFC 9110 has it, which renamed two.
pub(super) fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        _ => status.canonical_reason().unwrap_or("Error"),
    }
}
