//! What a request body may be, without a socket.

use actix_web::body::to_bytes;
use actix_web::test::{TestRequest, call_service, init_service};
use serde_json::Value;

use my_project::service::{Level, Settings, State, app};

use crate::routes::API;

async fn post(body: impl Into<Vec<u8>>, fields: &[(&str, &str)]) -> (u16, Value) {
    let settings = Settings::read(|_| None).expect("defaults are allowed");
    let state = State::new(Settings { log_level: Level::Error, ..settings });
    let service = init_service(app(&state, API)).await;
    let body = body.into();
    let request = TestRequest::post().uri("/shape").insert_header(("Content-Length", body.len()));
    let request = fields.iter().fold(request, |request, field| request.append_header(*field));
    let response = call_service(&service, request.set_payload(body).to_request()).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.expect("it ends");
    (status, serde_json::from_slice(&body).expect("it is JSON"))
}

async fn post_json(body: impl Into<Vec<u8>>) -> (u16, Value) {
    post(body, &[("Content-Type", "application/json")]).await
}

#[actix_web::test]
async fn what_is_not_json_is_400() {
    for body in [
        "",
        "{",
        "nul",
        "NaN",
        r#"{"name":NaN}"#,
        "-Infinity",
        "01",
        "[1,]",
        "{} {}",
        "{'a':1}",
        r#""\ud800""#,
        "\u{feff}{}",
        r#"{"name":"a","name":"b""#,
    ] {
        let (status, problem) = post_json(body).await;
        assert_eq!(
            (status, problem["detail"].as_str()),
            (400, Some("the body is not JSON")),
            "{body}"
        );
    }
    let (status, _) = post_json(&b"{\"name\":\"\xff\"}"[..]).await;
    assert_eq!(status, 400);
}

#[actix_web::test]
async fn what_readers_could_understand_differently_is_400() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    for (body, detail) in [
        (r#"{"name":"a","n\u0061me":"b"}"#, "the body has a key twice"),
        (r#"[[{"":1,"":2}]]"#, "the body has a key twice"),
        ("1e400", "the body has a number out of range"),
        (&"9".repeat(400), "the body has a number out of range"),
        (&deep(128), "the body is nested too deep"),
        (&deep(10_000), "the body is nested too deep"),
    ] {
        let (status, problem) = post_json(body).await;
        assert_eq!((status, problem["detail"].as_str()), (400, Some(detail)));
    }
    assert_eq!(post_json(deep(127)).await.0, 422);
}

#[actix_web::test]
async fn what_does_not_fit_is_422_with_its_place() {
    for (body, pointer, detail) in [
        ("1", "", "must be an object"),
        ("[]", "", "must be an object"),
        (r#"["a"]"#, "", "must be an object"),
        ("{}", "/name", "is missing"),
        (r#"{"name":1}"#, "/name", "must be a string"),
        (r#"{"name":null}"#, "/name", "must be a string"),
        (r#"{"name":"a","b/~":1}"#, "/b~1~0", "is not known"),
        (r#"{"name":"a","count":"1"}"#, "/count", "must be an integer"),
        (r#"{"name":"a","count":1.0}"#, "/count", "must be an integer"),
        (r#"{"name":"a","count":256}"#, "/count", "must be an integer"),
        (r#"{"name":"a","count":-1}"#, "/count", "must be an integer"),
        (r#"{"name":"a","count":9223372036854775808}"#, "/count", "must be an integer"),
        (r#"{"name":"a","share":"1"}"#, "/share", "must be a number"),
        (r#"{"name":"a","list":{}}"#, "/list", "must be an array"),
        (r#"{"name":"a","list":[true,0]}"#, "/list/1", "must be a boolean"),
        (r#"{"name":"a","inner":{"name":"b","inner":[]}}"#, "/inner/inner", "must be an object"),
        (r#"{"name":"a","inner":{}}"#, "/inner/name", "is missing"),
        (r#"{"name":"a","colour":"blue"}"#, "/colour", "must be one of red, green"),
        (r#"{"name":"a","colour":1}"#, "/colour", "must be a string"),
    ] {
        let (status, problem) = post_json(body).await;
        let error = &problem["errors"][0];
        assert_eq!(status, 422, "{body}");
        assert_eq!(error["pointer"].as_str(), Some(&*format!("/body{pointer}")), "{body}");
        assert_eq!(error["detail"].as_str(), Some(detail), "{body}");
    }
}

#[actix_web::test]
async fn what_fits_is_taken() {
    let body = r#" {"name":"a\u00e9","count":255,"share":-0.5,"inner":{"name":""},"list":[true],"colour":"red"} "#;
    let (status, shape) = post_json(body).await;
    assert_eq!(
        (status, shape["name"].as_str(), shape["count"].as_u64()),
        (200, Some("aé"), Some(255))
    );
    let (status, shape) = post_json(r#"{"name":"a","share":9007199254740993,"count":null}"#).await;
    assert_eq!((status, shape["share"].as_f64()), (200, Some(9_007_199_254_740_992.0)));
}

#[actix_web::test]
async fn a_body_must_be_plain_json_by_its_header() {
    for (fields, expected) in [
        (&[("Content-Type", "application/json")][..], 200),
        (&[("Content-Type", "Application/JSON ; Charset=UTF-8")], 200),
        (&[("Content-Type", "application/json; charset=\"utf-8\"")], 200),
        (&[("Content-Type", "application/json; charset=\"utf-8")], 415),
        (&[("Content-Type", "application/json"), ("Content-Encoding", "identity")], 200),
        (&[], 415),
        (&[("Content-Type", "text/plain")], 415),
        (&[("Content-Type", "application/json; charset=latin-1")], 415),
        (&[("Content-Type", "application/json; charset=utf-8; x=y")], 415),
        (&[("Content-Type", "application/json"), ("Content-Type", "application/json")], 415),
        (&[("Content-Type", "application/json"), ("Content-Encoding", "gzip")], 415),
    ] {
        assert_eq!(post(r#"{"name":"a"}"#, fields).await.0, expected, "{fields:?}");
    }
}

#[actix_web::test]
async fn a_body_declared_too_large_is_413() {
    let (status, problem) = post_json(" ".repeat(65_537)).await;
    assert_eq!((status, problem["title"].as_str()), (413, Some("Content Too Large")));
    assert_eq!(post_json(format!(r#"{{"name":"{}"}}"#, "a".repeat(65_000))).await.0, 200);
}
