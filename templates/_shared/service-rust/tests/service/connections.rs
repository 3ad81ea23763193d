//! What clients may do on their connections, as bytes.

use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::process::{Service, eventually};

const CHUNKED: &str = "POST /shape HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
                       Transfer-Encoding: chunked\r\n\r\n";

fn ask(connection: &mut Connection, text: &str) -> (u16, String) {
    connection.send(text);
    let answer = connection.answer().expect("it answers");
    (answer.status, answer.body)
}

#[test]
fn requests_on_one_connection_are_answered_in_their_order() {
    let service = Service::start(&[]);
    let mut connection = service.connect();
    let shape = r#"{"name":"a"}"#;
    connection.send(&format!(
        "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n\
         POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde\
         {CHUNKED}{:x}\r\n{shape}\r\n0\r\n\r\n\
         GET /slow/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n\
         GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        shape.len(),
    ));
    let rest = connection.rest();
    let statuses: Vec<_> =
        rest.match_indices("HTTP/1.1 ").map(|(at, _)| &rest[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "405", "200", "200"], "{rest}");
    assert!(rest.ends_with("done"), "{rest}");
}

#[test]
fn a_body_over_the_limit_is_413_and_the_last() {
    let service = Service::start(&[("MAX_BODY_BYTES", "100")]);
    let declared = "POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n";
    let counted = format!("{CHUNKED}65\r\n{}\r\n", " ".repeat(101));
    for text in [declared, &counted] {
        let mut connection = service.connect();
        connection.send(text);
        let answer = connection.answer().expect("it answers");
        assert_eq!((answer.status, answer.field("connection")), (413, Some("close")));
        assert_eq!(connection.rest(), "");
    }
    // A client that sends all of it before it reads learns why.
    let mut connection = service.connect();
    let whole = declared.replace("101", "3000000") + &" ".repeat(3_000_000);
    assert_eq!(ask(&mut connection, &whole).0, 413);
    let mut connection = service.connect();
    let fits = format!("{CHUNKED}64\r\n{:100}\r\n0\r\n\r\n", r#"{"name":"a"}"#);
    assert_eq!(ask(&mut connection, &fits).0, 200);
}

#[test]
fn slow_clients_are_told_to_go() {
    let service = Service::start(&[("HEADER_TIMEOUT_SECONDS", "1"), ("BODY_TIMEOUT_SECONDS", "1")]);
    let body = format!("{CHUNKED}1\r\n");
    for text in ["", "GET /hea", &body] {
        let started = Instant::now();
        let mut connection = service.connect();
        assert_eq!(ask(&mut connection, text).0, 408, "{text:?}");
        assert_eq!(connection.rest(), "");
        assert!((500..5000).contains(&started.elapsed().as_millis()), "{text:?}");
    }
    let mut connection = service.connect();
    assert_eq!(ask(&mut connection, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").0, 200);
    let started = Instant::now();
    connection.send("GET /hea");
    assert_eq!(connection.rest(), "");
    assert!((500..5000).contains(&started.elapsed().as_millis()));
}

#[test]
fn idle_connections_are_closed_after_a_while() {
    let service = Service::start(&[("KEEP_ALIVE_SECONDS", "1")]);
    let mut connection = service.connect();
    assert_eq!(ask(&mut connection, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").0, 200);
    let started = Instant::now();
    assert_eq!(connection.rest(), "");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_header_over_the_limit_is_431_and_the_last() {
    let service = Service::start(&[]);
    for (size, status) in [(8000, 200), (8400, 431), (70_000, 431)] {
        let mut connection = service.connect();
        let field = "b".repeat(size);
        let text = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Big: {field}\r\n\r\n");
        assert_eq!(ask(&mut connection, &text).0, status);
        if status == 431 {
            assert_eq!(connection.rest(), "");
        }
    }
    // The name of the server counts where it stands in the request line.
    for (size, status) in [(8192, 200), (8193, 431)] {
        let start = "GET http://a.example:80/healthz HTTP/1.1\r\nHost: a\r\nX-Big: ";
        let field = "b".repeat(size - start.len() - 4);
        assert_eq!(ask(&mut service.connect(), &format!("{start}{field}\r\n\r\n")).0, status);
    }
}

#[test]
fn connections_above_the_limit_are_told_so() {
    let mut service = Service::start(&[("MAX_CONNECTIONS", "1")]);
    let mut first = service.connect();
    let fast = "GET /slow/0 HTTP/1.1\r\nHost: a\r\n\r\n";
    // The connection that asked whether it is ready may still be closing.
    eventually(|| {
        first = service.connect();
        ask(&mut first, fast).0 == 200
    });
    let mut second = service.connect();
    second.send("GET /nothing HTTP/1.1\r\nHost: a\r\nX-Request-ID: second\r\n\r\n");
    let answer = second.answer().expect("it answers");
    assert_eq!((answer.status, answer.field("retry-after")), (503, Some("1")));
    assert_eq!(answer.detail(), "too many connections");
    assert_eq!(second.rest(), "");
    assert_eq!(service.logged("request_id", "second")["severity"], "ERROR");
    // Whoever runs it still learns how it is.
    for path in ["/healthz", "/readyz", "/metrics"] {
        let mut third = service.connect();
        third.send(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let answer = third.answer().expect("it answers");
        assert_eq!((answer.status, answer.field("connection")), (200, Some("close")), "{path}");
        assert_eq!(third.rest(), "");
    }
    assert_eq!(ask(&mut first, fast).0, 200);
}

#[test]
fn what_is_not_http_is_400_without_a_body() {
    let service = Service::start(&[]);
    let broken = format!("{CHUNKED}x\r\n");
    for text in [
        "hello\r\n\r\n",
        "GET /é HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        &broken,
    ] {
        let mut connection = service.connect();
        assert_eq!(ask(&mut connection, text), (400, String::new()), "{text:?}");
        assert_eq!(connection.rest(), "");
    }
    assert_eq!(service.ask("GET /healthz HTTP/1.1").status, 200);
}

#[test]
fn old_clients_and_asking_clients_are_answered() {
    let service = Service::start(&[]);
    let mut old = service.connect();
    assert_eq!(ask(&mut old, "GET /healthz HTTP/1.0\r\n\r\n").0, 200);
    assert_eq!(old.rest(), "");
    let expecting = |length: u32| {
        format!(
            "POST /shape HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
             Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut connection = service.connect();
    assert_eq!(ask(&mut connection, &expecting(12)).0, 100);
    assert_eq!(ask(&mut connection, r#"{"name":"a"}"#).0, 200);
    assert_eq!(ask(&mut service.connect(), &expecting(65_537)).0, 413);
}

#[test]
fn the_wait_for_a_body_is_not_the_time_of_the_handler() {
    let service = Service::start(&[("HANDLER_TIMEOUT_SECONDS", "1")]);
    for (path, status) in [("/slow/600", 200), ("/slow/9000", 503)] {
        let mut connection = service.connect();
        connection.send(&CHUNKED.replace("/shape", path));
        std::thread::sleep(Duration::from_millis(600));
        connection.send("c\r\n");
        std::thread::sleep(Duration::from_millis(600));
        let started = Instant::now();
        let (got, body) = ask(&mut connection, "{\"name\":\"a\"}\r\n0\r\n\r\n");
        assert_eq!(got, status, "{body}");
        assert!((500..5000).contains(&started.elapsed().as_millis()), "{path}");
    }
}

#[test]
fn an_upgrade_is_not_offered() {
    let service = Service::start(&[]);
    for protocol in ["websocket", "h2c"] {
        let mut connection = service.connect();
        let fields = format!("Connection: upgrade, x\r\nUpgrade: {protocol}");
        connection.send(&format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
        let answer = connection.answer().expect("it answers");
        assert_eq!((answer.status, answer.field("connection")), (200, Some("close")));
        assert_eq!(connection.rest(), "");
    }
}
