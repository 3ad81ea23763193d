//! Asks the service of `routes` without a socket.

use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service};
use serde_json::Value;

use my_project::service::{Level, Settings, State, app};

use crate::routes::API;

pub(crate) fn state(variables: &'static [(&str, &str)]) -> Arc<State> {
    let value = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| v.into());
    let settings = Settings::read(value).expect("tests know what is allowed");
    State::new(Settings { log_level: Level::Error, ..settings })
}

pub(crate) async fn ask(state: &Arc<State>, request: TestRequest) -> (u16, HeaderMap, Vec<u8>) {
    let service = init_service(app(state, API)).await;
    let response: ServiceResponse = call_service(&service, request.to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.expect("bodies in tests end");
    (status, headers, body.to_vec())
}

pub(crate) async fn ask_json(state: &Arc<State>, request: TestRequest) -> (u16, Value) {
    let (status, _, body) = ask(state, request).await;
    (status, serde_json::from_slice(&body).expect("it is JSON"))
}

pub(crate) fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}
