//! Owns the routes that every service has: for whoever runs it.

use std::future::ready;
use std::sync::OnceLock;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::api::Api;
use super::json::json;
use super::problem::{Misfit, Problem};
use super::routes::{Routes, get};
use super::state::{Stage, State};

/// What the `OpenAPI` document says of these routes.
#[derive(OpenApi)]
#[openapi(paths(healthz, readyz, metrics), components(schemas(Problem, Misfit, Status)))]
pub(super) struct Document;

/// How the service is.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    status: &'static str,
}

pub(super) fn add(routes: &mut Routes<'_>, api: Api) {
    let text = OnceLock::new();
    let openapi = move || {
        let text: &Bytes = text.get_or_init(|| api.document().to_string().into());
        ready(json(text.clone()))
    };
    routes
        .add("/healthz", get(healthz))
        .add("/readyz", get(readyz))
        .add("/metrics", get(metrics))
        .add("/openapi.json", get(openapi));
}

/// Tells whether a route is there for probes and scrapers.
pub(super) fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz" | "/metrics")
}

#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    summary = "Tells that the process lives",
    tag = "operations",
    responses(
        (status = 200, description = "It lives", body = Status),
        (status = "default", description = "Any error", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
async fn healthz() -> impl Responder {
    json(r#"{"status":"ok"}"#)
}

#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    summary = "Tells whether requests are welcome",
    tag = "operations",
    responses(
        (status = 200, description = "Ready", body = Status),
        (status = 503, description = "Starting or draining", body = Problem,
         content_type = "application/problem+json"),
        (status = "default", description = "Any error", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
async fn readyz(state: Data<State>) -> Result<HttpResponse, Problem> {
    let unready = |detail| Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    match state.stage() {
        Stage::Starting => unready("starting"),
        Stage::Ready => Ok(json(r#"{"status":"ready"}"#)),
        Stage::Draining => unready("draining"),
    }
}

#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    summary = "Gives the metrics as OpenMetrics text",
    tag = "operations",
    responses(
        (status = 200, description = "The metrics", body = String,
         content_type = "application/openmetrics-text"),
        (status = "default", description = "Any error", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
async fn metrics(state: Data<State>) -> impl Responder {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(state.metrics.text())
}
