//! Owns what all answers have in common: fields of the header, and the form of errors.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, StatusCode, Version};
use actix_web::{HttpResponse, dev::ServiceResponse};

use super::body::Body;
use super::cors;
use super::document::title;
use super::exchange::Exchange;
use super::operations::is_probe;
use super::problem::Problem;
use super::request::Framing;
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
    add_fields(&exchange, &mut answer);
    close_or_go_on(&mut exchange, &mut answer, unread.is_some());
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

/// Says whether the connection ends with the answer.
fn close_or_go_on(exchange: &mut Exchange, answer: &mut HttpResponse, is_unread: bool) {
    let is_endless = exchange.facts.framing == Framing::Endless;
    // Chunks are unknown to old clients, and to the server where it takes all for one body.
    let is_plain = answer.body().size() == BodySize::Stream
        && (is_endless || exchange.request.version() < Version::HTTP_11);
    // Else the server would repeat the client's wish for an upgrade, which is not done.
    let is_last = exchange.facts.is_last || is_plain || exchange.request.head().upgrade();
    // The server reads on for a moment where more of a body comes, and must be able to.
    let reads_on = is_endless || is_unread;
    exchange.facts.is_last = is_last && !reads_on;
    if is_last || reads_on {
        answer.head_mut().set_connection_type(ConnectionType::Close);
    }
    if is_plain {
        answer.head_mut().no_chunking(true);
    }
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
    // Whoever runs the service must learn how it is above all when it is busy.
    let is_refused = exchange.is_surplus() && !is_probe(exchange.route.path);
    let problem = if is_refused {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many connections")
    } else if facts.size > MAX_HEADER {
        Problem::found(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else if facts.length > settings.max_body_bytes {
        Problem::found(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        exchange.facts.is_last |= exchange.is_surplus();
        return cors::preflight(exchange);
    };
    let mut answer = HttpResponse::from_error(problem);
    if is_refused {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    exchange.be_last();
    Some(answer)
}

/// The bytes of the largest header.
const MAX_HEADER: usize = 8192;
