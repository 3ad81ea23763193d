//! Holds the routes of the domain to `contract/README.md`, without a socket.

use actix_web::body::to_bytes;
use actix_web::test::{TestRequest, call_service, init_service};
use proptest::prelude::*;
use serde_json::{Value, json};

use my_project::api::API;
use my_project::arithmetic::{Number, add};
use my_project::service::{Level, Settings, State, app};

async fn ask(request: TestRequest) -> (u16, String) {
    let settings = Settings::read(|_| None).expect("defaults are allowed");
    let state = State::new(Settings { log_level: Level::Error, ..settings });
    let service = init_service(app(&state, API)).await;
    let response = call_service(&service, request.to_request()).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.expect("it ends");
    (status, String::from_utf8(body.to_vec()).expect("it is UTF-8"))
}

async fn get(path: &str) -> (u16, String) {
    ask(TestRequest::get().uri(path)).await
}

async fn evaluate(expression: &str) -> (u16, String) {
    let body = json!({"expression": expression});
    ask(TestRequest::post().uri("/v1/evaluate").set_json(body)).await
}

fn members(body: &str, names: &[&str]) -> Vec<Value> {
    let problem: Value = serde_json::from_str(body).expect("it is JSON");
    names.iter().map(|name| problem[name].clone()).collect()
}

#[actix_web::test]
async fn each_operation_has_its_path() {
    for (path, result) in [
        ("add/1/2", "3"),
        ("subtract/1/2.5", "-1.5"),
        ("multiply/-3/-4", "12"),
        ("divide/4/2", "2.0"),
        ("floor_divide/-7/2", "-4"),
        ("modulo/-7/2", "1"),
        ("power/2/-1", "0.5"),
        ("add/.5/1e16", "1e16"),
        ("add/-9223372036854775808/007", "-9223372036854775801"),
        ("add/-0.0/-0.0", "-0.0"),
        ("%61dd/%31/%2D2", "-1"),
    ] {
        assert_eq!(get(&format!("/v1/{path}")).await, (200, format!(r#"{{"result":{result}}}"#)));
    }
}

#[actix_web::test]
async fn a_part_of_the_path_that_does_not_fit_is_named() {
    for (path, pointer, detail) in [
        ("ADD/1/2", "/path/operation", "is not an operation"),
        ("sqrt/x/2", "/path/operation", "is not an operation"),
        ("add/x/y", "/path/a", "is not a number"),
        ("add/1./2", "/path/a", "is not a number"),
        ("add/+1/2", "/path/a", "is not a number"),
        ("add/--1/2", "/path/a", "is not a number"),
        ("add/1e/2", "/path/a", "is not a number"),
        ("add/.e1/2", "/path/a", "is not a number"),
        ("add/1%2F2/2", "/path/a", "is not a number"),
        ("add/%D9%A3/2", "/path/a", "is not a number"),
        ("add/1/inf", "/path/b", "is not a number"),
        ("add/99999999999999999999/%ff", "/path/b", "is not a number"),
    ] {
        let (status, body) = get(&format!("/v1/{path}")).await;
        let errors = json!([{"pointer": pointer, "detail": detail}]);
        assert_eq!((status, members(&body, &["errors"])), (422, vec![errors]), "{path}");
    }
    assert_eq!(get("/v1/add//2").await.0, 404);
}

#[actix_web::test]
async fn an_error_of_the_arithmetic_has_its_code() {
    for (path, code, detail) in [
        ("divide/1/0", "division_by_zero", "division by zero"),
        ("add/9223372036854775808/1e999", "overflow", "integer outside 64 bits"),
        ("add/1e999/9223372036854775808", "non_finite", "float infinite or not a number"),
        ("power/2/1025", "exponent_too_large", "exponent outside -1,024 to 1,024"),
    ] {
        let (status, body) = get(&format!("/v1/{path}")).await;
        let expected = vec![json!(code), json!(detail), Value::Null];
        assert_eq!((status, members(&body, &["code", "detail", "position"])), (422, expected));
    }
}

#[actix_web::test]
async fn an_expression_is_evaluated() {
    assert_eq!(evaluate("2 * (3 + 4) ** 2").await, (200, r#"{"result":98}"#.to_owned()));
    assert_eq!(evaluate("1e15 * 10").await, (200, r#"{"result":1e16}"#.to_owned()));
    let (status, body) = evaluate("1 / 0").await;
    let expected = vec![json!("division_by_zero"), json!(2)];
    assert_eq!((status, members(&body, &["code", "position"])), (422, expected));
    assert_eq!(members(&evaluate("").await.1, &["code", "position"]), [json!("syntax"), json!(0)]);
}

#[actix_web::test]
async fn an_expression_is_all_that_a_body_may_have() {
    for (body, pointer, detail) in [
        (json!({}), "/body/expression", "is missing"),
        (json!({"expression": 1}), "/body/expression", "must be a string"),
        (json!({"expression": "1", "more": 1}), "/body/more", "is not known"),
    ] {
        let request = TestRequest::post().uri("/v1/evaluate").set_json(body);
        let errors = json!([{"pointer": pointer, "detail": detail}]);
        assert_eq!(members(&ask(request).await.1, &["errors"]), [errors]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn paths_say_what_the_arithmetic_says(a: i64, b in -1e300..1e300) {
        let sum = add(Number::Integer(a), Number::Float(b)).expect("it is finite");
        let path = format!("/v1/add/{a}/{b:?}");
        let answer = actix_web::rt::System::new().block_on(async { get(&path).await });
        prop_assert_eq!(answer, (200, format!(r#"{{"result":{sum}}}"#)));
    }
}
