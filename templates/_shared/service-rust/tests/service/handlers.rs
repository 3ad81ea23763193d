//! What handlers are given and what becomes of what they return, without a socket.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use serde_json::json;

use my_project::service::{State, app};

use crate::asking::{ask, ask_json, get, state};
use crate::routes::REFUSED;

#[test]
#[should_panic(expected = "/files/{name}.json: a variable must be a whole segment, {name}")]
fn a_path_whose_values_could_not_be_told_is_refused() {
    app(&state(&[]), REFUSED);
}

#[actix_web::test]
async fn a_problem_has_its_members_in_their_order() {
    let request = get("/nothing?a=1").insert_header(("X-Request-ID", "my.id"));
    let (status, headers, body) = ask(&state(&[]), request).await;
    let expected = concat!(
        r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"there is nothing here","#,
        r#""instance":"/nothing","request_id":"my.id"}"#,
    );
    assert_eq!((status, String::from_utf8_lossy(&body).as_ref()), (404, expected));
    for (name, value) in [
        ("content-type", "application/problem+json"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-request-id", "my.id"),
    ] {
        assert_eq!(headers.get(name), Some(&HeaderValue::from_static(value)));
    }
}

#[actix_web::test]
async fn an_error_in_the_domain_has_a_code_and_a_place() {
    let (status, problem) = ask_json(&state(&[]), get("/domain")).await;
    assert_eq!(
        (status, &problem["code"], &problem["position"]),
        (422, &json!("too_much"), &json!(7))
    );
    assert_eq!(problem["detail"], "more than there is");
}

#[actix_web::test]
async fn any_error_becomes_a_problem_without_internals() {
    let state = state(&[]);
    for (path, status, title) in [
        ("/fault", 500, "Internal Server Error"),
        ("/panic", 500, "Internal Server Error"),
        ("/plain/500", 500, "Internal Server Error"),
        ("/plain/400", 400, "Bad Request"),
        ("/plain/404", 404, "Not Found"),
        ("/plain/418", 418, "I'm a teapot"),
        ("/plain/413", 413, "Content Too Large"),
        ("/plain/503", 503, "Service Unavailable"),
    ] {
        let (got, problem) = ask_json(&state, get(path)).await;
        assert_eq!((got, &problem["title"]), (status, &json!(title)), "{path}");
        // The sentences of the contract are about what the service found by itself.
        let detail = if status == 500 { "something went wrong here" } else { title };
        assert_eq!(problem["detail"], detail, "{path}");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}

#[actix_web::test]
async fn a_method_that_is_not_there_is_405_with_those_that_are() {
    let state = state(&[]);
    for (path, method, allow) in [
        ("/healthz", Method::POST, "GET, HEAD"),
        ("/healthz", Method::OPTIONS, "GET, HEAD"),
        ("/shape", Method::PUT, "POST, GET, HEAD"),
    ] {
        let (status, headers, _) = ask(&state, get(path).method(method)).await;
        assert_eq!(status, 405);
        assert_eq!(headers.get("allow"), Some(&HeaderValue::from_static(allow)));
    }
    assert_eq!(ask(&state, get("/healthz").method(Method::HEAD)).await.0, 200);
    assert_eq!(ask(&state, get("/nothing").method(Method::POST)).await.0, 404);
}

#[actix_web::test]
async fn a_handler_that_takes_too_long_is_503() {
    let mut settings = state(&[]).settings.clone();
    settings.handler_timeout = Duration::from_millis(20);
    let (status, problem) = ask_json(&State::new(settings), get("/slow/5000")).await;
    assert_eq!((status, &problem["detail"]), (503, &json!("the answer took too long")));
    assert_eq!(ask(&state(&[]), get("/slow/20")).await.0, 200);
}

#[actix_web::test]
async fn paths_and_queries_are_decoded_once() {
    let state = state(&[]);
    let (status, problem) = ask_json(&state, get("/slow/1%2F%ff")).await;
    let errors =
        json!([{"pointer": "/path/milliseconds", "detail": "invalid digit found in string"}]);
    assert_eq!((status, &problem["errors"]), (422, &errors));
    for (query, text) in [
        ("", "None"),
        ("?other=1&other=2", "None"),
        ("?text", r#"Some("")"#),
        ("?text=a+%2B%2562=c&", r#"Some("a +%62=c")"#),
        ("?%74ext=%ff", "Some(\"\u{fffd}\")"),
    ] {
        let (_, _, body) = ask(&state, get(&format!("/query{query}"))).await;
        assert_eq!(String::from_utf8_lossy(&body), text);
    }
    let (status, problem) = ask_json(&state, get("/query?text=1&text=1")).await;
    assert_eq!((status, &problem["errors"][0]["detail"]), (422, &json!("is given twice")));
}
