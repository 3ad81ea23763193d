//! What may follow a request on its connection: others, halves of others, and what is no HTTP.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::process::Service;

const SLOW: &str = "GET /slow/400 HTTP/1.1\r\nHost: a\r\n\r\n";
const SHAPE: &str = "POST /shape HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
const CHUNKED: &str = "POST /shape HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Sends a request with what follows it, in the same segment and in a later one.
fn follow(service: &Service, request: &str, follower: &str) -> impl Iterator<Item = Connection> {
    [None, Some(Duration::from_millis(100))].into_iter().map(move |pause| {
        let mut connection = service.connect();
        if let Some(pause) = pause {
            connection.send(request);
            sleep(pause);
            connection.send(follower);
        } else {
            connection.send(&format!("{request}{follower}"));
        }
        connection
    })
}

#[test]
fn what_is_not_http_does_not_touch_the_answer_before_it() {
    let service = Service::start(&[]);
    let large = format!("GET /healthz HTTP/1.1\r\nX-Big: {}", "b".repeat(140_000));
    for (follower, status) in [("hello\r\n\r\n", "400"), (&*large, "431")] {
        for mut connection in follow(&service, SLOW, follower) {
            let answer = connection.answer().expect("it is finished");
            assert_eq!((answer.status, &*answer.body), (200, "done"), "{status}");
            let rest = connection.rest();
            assert!(rest.starts_with(&format!("HTTP/1.1 {status} ")), "{rest}");
            assert!(rest.ends_with("\r\n\r\n") && !rest.contains("x-request-id"), "{rest}");
        }
    }
    // A stream is one answer, too.
    let stream = "GET /parts/200 HTTP/1.1\r\nHost: a\r\n\r\n";
    for mut connection in follow(&service, stream, "hello\r\n\r\n") {
        let rest = connection.rest();
        assert_eq!(rest.matches("4\r\nmore\r\n").count(), 200, "{rest}");
        assert!(rest.contains("\r\n0\r\n\r\nHTTP/1.1 400 "), "{rest}");
    }
    assert_eq!(service.ask("GET /healthz HTTP/1.1\r\nX-Request-ID: last").status, 200);
    let counts = service.ask("GET /metrics HTTP/1.1").body;
    assert!(!counts.contains(r#"status="499""#), "{counts}");
}

#[test]
fn a_broken_body_is_no_answer_to_the_request_before_it() {
    let service = Service::start(&[]);
    for mut connection in follow(&service, SLOW, &format!("{CHUNKED}x\r\n")) {
        let rest = connection.rest();
        assert!(!rest.starts_with("HTTP/1.1 400 "), "{rest}");
    }
}

#[test]
fn half_a_header_is_timed_from_the_answer_before_it() {
    let service = Service::start(&[("HEADER_TIMEOUT_SECONDS", "1")]);
    let body = format!("{}Content-Length: 12\r\n\r\n{}", SHAPE, r#"{"name":"a"}"#);
    for request in [SLOW, &body.replace("/shape", "/slow/400")] {
        for mut connection in follow(&service, request, "GET /hea") {
            assert_eq!(connection.answer().expect("it is finished").status, 200);
            let started = Instant::now();
            assert_eq!(connection.rest(), "");
            assert!((500..5000).contains(&started.elapsed().as_millis()), "{request:?}");
        }
    }
}

#[test]
fn an_idle_connection_is_not_one_with_half_a_header() {
    let service = Service::start(&[("HEADER_TIMEOUT_SECONDS", "1")]);
    let shape = r#"{"name":"a"}"#;
    let declared = format!("{SHAPE}Content-Length: 12\r\n\r\n{shape}");
    let chunked = format!("{SHAPE}Transfer-Encoding: chunked\r\n\r\nc\r\n{shape}\r\n0\r\n\r\n");
    let lines = SLOW.replace("\r\n", "\n");
    let requests = [SLOW, &lines, &declared, &chunked];
    let mut connections = requests.map(|request| {
        let mut connection = service.connect();
        connection.send(request);
        assert_eq!(connection.answer().expect("it answers").status, 200, "{request:?}");
        connection
    });
    sleep(Duration::from_millis(1800));
    for (request, connection) in requests.iter().zip(&mut connections) {
        connection.send(request);
        assert_eq!(connection.answer().expect("it is open").status, 200, "{request:?}");
    }
}

#[test]
fn an_upgrade_changes_nothing_of_a_body() {
    let service = Service::start(&[("BODY_TIMEOUT_SECONDS", "1")]);
    let shape = r#"{"name":"a"}"#;
    let bodies = [
        ("Content-Length: 12", shape.to_owned(), 200),
        ("Transfer-Encoding: chunked", format!("c\r\n{shape}\r\n0\r\n\r\n"), 200),
        ("Content-Length: 70000", String::new(), 413),
        ("X-No-Body: 1", String::new(), 400),
    ];
    for upgrade in ["websocket", "h2c\r\nUpgrade: WebSocket", "h2c", "x"] {
        for (field, body, status) in &bodies {
            let fields = format!("Connection: upgrade\r\nUpgrade: {upgrade}\r\n{field}");
            // What comes behind is never another request.
            let body = format!("{body}GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
            let head = format!("{SHAPE}{fields}\r\n\r\n");
            for mut connection in follow(&service, &head, &body) {
                let answer = connection.answer().expect("it answers");
                assert_eq!(answer.status, *status, "{head} {}", answer.body);
                assert_eq!(answer.field("connection"), Some("close"), "{head}");
                assert_eq!(connection.rest(), "", "{head}");
            }
        }
    }
}

#[test]
fn streams_are_not_in_chunks_where_their_client_or_the_server_knows_none() {
    let service = Service::start(&[]);
    for request in [
        "GET /parts/3 HTTP/1.0\r\n\r\n",
        "GET /parts/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /parts/3 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let mut connection = service.connect();
        connection.send(request);
        let rest = connection.rest();
        assert!(rest.ends_with("\r\n\r\nmoremoremore"), "{rest}");
        assert!(!rest.contains("chunked") && !rest.contains("keep-alive"), "{rest}");
    }
}
