//! Owns CORS: what pages of other origins may do.

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue, VARY,
};

use super::exchange::Exchange;

/// Adds what a browser needs to know to an answer.
pub(super) fn add_fields(exchange: &Exchange, fields: &mut HeaderMap) {
    if exchange.route.state.settings.cors_allowed_origins.is_empty() {
        return;
    }
    fields.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = welcome(exchange) {
        fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        fields.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("X-Request-ID"));
    }
}

/// Answers a browser that only asks what a page may do.
pub(super) fn preflight(exchange: &Exchange) -> Option<HttpResponse> {
    if !exchange.facts.is_preflight {
        return None;
    }
    welcome(exchange).map(|_| {
        HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST"))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, X-Request-ID"))
            .insert_header((ACCESS_CONTROL_MAX_AGE, "600"))
            .finish()
    })
}

/// Returns the origin of the page, if it is on the list.
fn welcome(exchange: &Exchange) -> Option<&HeaderValue> {
    let allowed = &exchange.route.state.settings.cors_allowed_origins;
    let origin = exchange.facts.origin.as_ref()?;
    allowed.iter().any(|one| one.as_bytes() == origin.as_bytes()).then_some(origin)
}
