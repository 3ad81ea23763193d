//! Holds the routes of the domain to `contract/README.md`, without a socket.

use std::collections::HashSet;

use actix_web::body::to_bytes;
use actix_web::test::{TestRequest, call_service, init_service};
use serde_json::{Value, json};

use my_project::api::API;
use my_project::service::{Level, Settings, State, app};

async fn get(query: &str) -> (u16, String) {
    let settings = Settings::read(|_| None).expect("defaults are allowed");
    let state = State::new(Settings { log_level: Level::Error, ..settings });
    let service = init_service(app(&state, API)).await;
    let request = TestRequest::get().uri(&format!("/v1/fruit{query}")).to_request();
    let response = call_service(&service, request).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.expect("it ends");
    (status, String::from_utf8(body.to_vec()).expect("it is UTF-8"))
}

#[actix_web::test]
async fn a_seed_draws_the_same_fruit_in_every_language() {
    for (seed, fruit) in
        [("0", "kiwi"), ("1", "kiwi"), ("0042", "fig"), ("18446744073709551615", "lemon")]
    {
        let expected = (200, format!(r#"{{"fruit":"{fruit}"}}"#));
        assert_eq!(get(&format!("?seed={seed}&other=1")).await, expected);
    }
}

#[actix_web::test]
async fn without_a_seed_every_fruit_is_drawn_sooner_or_later() {
    let mut drawn = HashSet::new();
    for _ in 0..1000 {
        drawn.insert(get("").await);
    }
    assert_eq!(drawn.len(), 10, "{drawn:?}");
}

#[actix_web::test]
async fn a_seed_that_does_not_fit_is_refused() {
    let number = "must be a whole number from 0 to 18446744073709551615";
    for (query, detail) in [
        ("?seed", number),
        ("?seed=-1", number),
        ("?seed=+1", number),
        ("?seed=1.0", number),
        ("?seed=18446744073709551616", number),
        ("?seed=000000000000000000001", number),
        ("?seed=%D9%A3", number),
        ("?seed=1&seed=1", "is given twice"),
    ] {
        let (status, body) = get(query).await;
        let problem: Value = serde_json::from_str(&body).expect("it is JSON");
        let errors = json!([{"pointer": "/query/seed", "detail": detail}]);
        assert_eq!((status, &problem["errors"]), (422, &errors), "{query}");
    }
}
