//! What a service does for whoever runs it, without a socket.

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use serde_json::{Value, json};

use my_project::service::Stage;

use crate::asking::{ask, ask_json, get, state};

#[actix_web::test]
async fn a_service_is_ready_only_between_start_and_end() {
    let state = state(&[]);
    for (stage, status, detail) in [
        (Stage::Starting, 503, json!("starting")),
        (Stage::Ready, 200, Value::Null),
        (Stage::Draining, 503, json!("draining")),
        (Stage::Ready, 503, json!("draining")),
    ] {
        state.enter(stage);
        let (got, answer) = ask_json(&state, get("/readyz")).await;
        assert_eq!((got, &answer["detail"]), (status, &detail));
        assert_eq!(ask(&state, get("/healthz")).await.0, 200);
    }
}

#[actix_web::test]
async fn the_document_is_that_of_the_contract() {
    let (status, document) = ask_json(&state(&[]), get("/openapi.json")).await;
    let contract: Value =
        serde_json::from_str(include_str!("../../contract/openapi.json")).expect("it is JSON");
    assert_eq!(status, 200);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(document["paths"][path], contract["paths"][path]);
    }
    for schema in ["Problem", "Misfit", "Status"] {
        assert_eq!(
            document["components"]["schemas"][schema],
            contract["components"]["schemas"][schema]
        );
    }
}

#[actix_web::test]
async fn metrics_count_by_route_and_not_by_path() {
    let state = state(&[]);
    let request = || get("/nothing").method("PURGE".parse().expect("it is a method"));
    for path in ["/slow/1", "/slow/2", "/a", "/b"] {
        ask(&state, get(path)).await;
    }
    ask(&state, request()).await;
    let (_, headers, body) = ask(&state, get("/metrics")).await;
    let text = String::from_utf8(body).expect("it is text");
    for line in [
        r#"http_requests_total{method="GET",route="/slow/{milliseconds}",status="200"} 2"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"} 2"#,
        r#"http_requests_total{method="other",route="unmatched",status="404"} 1"#,
        r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",route="unmatched"} 2"#,
        r#"http_request_duration_seconds_bucket{le="0.005",method="other",route="unmatched"} 1"#,
        "http_requests_in_flight 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(headers.get("content-type"), Some(&HeaderValue::from_static(kind)));
}
#[actix_web::test]
async fn cors_is_for_origins_on_the_list() {
    let state = state(&[("CORS_ALLOWED_ORIGINS", "https://a.example, http://b.example:80")]);
    for (origin, allowed) in [("https://a.example", true), ("https://c.example", false)] {
        let request = get("/healthz").insert_header(("Origin", origin));
        let (_, headers, _) = ask(&state, request).await;
        assert_eq!(headers.get("access-control-allow-origin").is_some(), allowed);
        assert_eq!(headers.get("vary"), Some(&HeaderValue::from_static("Origin")));
        let preflight = get("/nothing")
            .method(Method::OPTIONS)
            .insert_header(("Origin", origin))
            .insert_header(("Access-Control-Request-Method", "POST"));
        let (status, headers, _) = ask(&state, preflight).await;
        assert_eq!(status, if allowed { 204 } else { 404 });
        assert_eq!(headers.contains_key("access-control-allow-methods"), allowed);
    }
}
