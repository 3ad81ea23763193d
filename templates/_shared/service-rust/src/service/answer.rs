//! Owns what all answers have in common: fields of the header, and the form of errors.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::{HttpResponse, dev::ServiceResponse};

use super::body::Body;
use super::cors;
use super::document::title;
use super::exchange::Exchange;
use super::problem::Problem;
use super::sending::{Closing, Streamed};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Completes an answer, and ends the exchange as soon as all of it was handed over.
pub(super) fn complete(
    mut exchange: Exchange,
    answer: HttpResponse,
    unread: Option<Body>,
) -> ServiceResponse {
    let status = answer.status();
    let mut answer = if status.as_u16() < 400 { answer } else { problem(&exchange, answer) };
    // Else the server would repeat the client's wish for an upgrade, which is not done.
    let is_upgrade = exchange.request.head().upgrade();
    let is_last = exchange.facts.is_last || unread.is_some() || is_upgrade;
    // The server reads on for a moment where more of a body comes, and must be able to.
    exchange.facts.is_last &= unread.is_none();
    add_fields(&exchange, &mut answer);
    if is_last {
        answer.head_mut().set_connection_type(ConnectionType::Close);
    }
    let request = exchange.request.clone();
    let is_head = request.method() == Method::HEAD;
    let status = status.as_u16();
    let answer = answer.map_body(|_, body| match (body.size(), body.try_into_bytes()) {
        (BodySize::None, _) => {
            exchange.end(status, 0);
            BoxBody::new(())
        }
        (_, Ok(bytes)) => {
            exchange.end(status, if is_head { 0 } else { bytes.len() as u64 });
            match unread {
                None => BoxBody::new(bytes),
                Some(unread) => BoxBody::new(Closing { bytes, _unread: unread }),
            }
        }
        (_, Err(body)) => {
            BoxBody::new(Streamed { body, exchange: Some(exchange), status, bytes: 0 })
        }
    });
    ServiceResponse::new(request, answer)
}

/// Makes a problem of an answer that is an error, whatever made it.
fn problem(exchange: &Exchange, answer: HttpResponse) -> HttpResponse {
    let error = answer.error();
    let problem = error.and_then(|error| error.as_error::<Problem>()).cloned();
    if let Some(error) = error
        && problem.is_none()
        && answer.status().is_server_error()
    {
        tracing::error!(request_id = exchange.facts.id.text(), "{error}");
    }
    let problem = problem.unwrap_or_else(|| answer.status().into());
    let document = problem.document(exchange.request.uri().path(), exchange.facts.id.text());
    let mut answer = answer.set_body(BoxBody::new(document));
    answer.head_mut().reason = Some(title(problem.status));
    let fields = answer.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(allow) = problem.allow.and_then(|allow| allow.try_into().ok()) {
        fields.insert(ALLOW, allow);
    }
    answer
}

fn add_fields(exchange: &Exchange, answer: &mut HttpResponse) {
    let fields = answer.headers_mut();
    fields.insert(REQUEST_ID.clone(), exchange.facts.id.value());
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    cors::add_fields(exchange, fields);
}

/// Returns what answers a request before its handler is asked, if anything does.
pub(super) fn early(exchange: &mut Exchange) -> Option<HttpResponse> {
    let (facts, settings) = (&exchange.facts, &exchange.route.state.settings);
    let problem = if exchange.is_surplus() {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many connections")
    } else if facts.size > MAX_HEADER {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into()
    } else if facts.length > settings.max_body_bytes {
        StatusCode::PAYLOAD_TOO_LARGE.into()
    } else {
        return cors::preflight(exchange);
    };
    let mut answer = HttpResponse::from_error(problem);
    if exchange.is_surplus() {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    exchange.be_last();
    Some(answer)
}

/// The bytes of the largest header.
const MAX_HEADER: usize = 8192;
