//! How a service starts and ends, as a process.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::process::{Service, eventually};

fn in_flight(service: &mut Service, path: &str) -> Connection {
    let mut connection = service.connect();
    connection.send(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    let mut other = service.connect();
    eventually(|| {
        other.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        other.answer().is_some_and(|answer| answer.body.contains("in_flight 2\n"))
    });
    connection
}

#[test]
fn it_listens_while_it_prepares_itself() {
    let mut service = Service::spawn(&[("PAUSE", "300")]);
    service.logged("message", &format!("listening on http://127.0.0.1:{}", service.port));
    let answer = service.ask("GET /readyz HTTP/1.1");
    assert_eq!((answer.status, &*answer.detail()), (503, "starting"));
    assert_eq!(service.ask("GET /healthz HTTP/1.1").status, 200);
    eventually(|| service.ask("GET /readyz HTTP/1.1").status == 200);
}

#[test]
fn it_ends_if_it_cannot_prepare_itself() {
    let mut service = Service::spawn(&[("FAULT", "no database")]);
    assert_eq!(service.wait().code(), Some(1));
}

#[test]
fn a_request_in_flight_is_finished_and_idle_connections_are_closed() {
    for signal in ["TERM", "INT"] {
        let mut service = Service::start(&[]);
        let mut slow = in_flight(&mut service, "/slow/500");
        let mut idle = service.connect();
        service.tell(signal);
        service.logged("message", &format!("draining: SIG{signal}"));
        assert_eq!(idle.rest(), "");
        let answer = slow.answer().expect("it is finished");
        assert_eq!((answer.status, answer.field("connection")), (200, Some("close")));
        assert_eq!(slow.rest(), "");
        assert_eq!(service.wait().code(), Some(0));
    }
}

#[test]
fn what_takes_longer_than_the_grace_is_cut_off() {
    for path in ["/slow/9000", "/endless"] {
        let mut service = Service::start(&[("SHUTDOWN_GRACE_SECONDS", "1")]);
        let _open = in_flight(&mut service, path);
        service.tell("TERM");
        let started = Instant::now();
        service.logged("message", "cut off after 1 s: 1 request in flight");
        assert_eq!(service.wait().code(), Some(0));
        assert!(started.elapsed() >= Duration::from_millis(900));
    }
}

#[test]
fn connections_without_a_request_are_no_requests_in_flight() {
    let settings = [("SHUTDOWN_GRACE_SECONDS", "0"), ("MAX_BODY_BYTES", "1")];
    let mut service = Service::start(&settings);
    let mut lingering = service.connect();
    lingering.send("POST /shape HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(lingering.answer().expect("it answers").status, 413);
    service.tell("TERM");
    assert_eq!(service.wait().code(), Some(0));
    let log = service.output().join("\n");
    assert!(log.contains("draining: SIGTERM") && !log.contains("cut off"), "{log}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut service = Service::start(&[]);
        let _open = in_flight(&mut service, "/slow/9000");
        service.tell("TERM");
        service.logged("message", "draining: SIGTERM");
        service.tell(signal);
        assert_eq!(service.wait().code(), Some(code));
    }
}

#[test]
fn a_signal_while_it_prepares_itself_ends_it_in_order() {
    let mut service = Service::spawn(&[("PAUSE", "9000")]);
    service.logged("message", &format!("listening on http://127.0.0.1:{}", service.port));
    service.tell("TERM");
    assert_eq!(service.wait().code(), Some(0));
}

#[test]
fn the_program_itself_starts_and_ends() {
    let mut service = Service::run(program(), &[]);
    service.logged("message", &format!("listening on http://127.0.0.1:{}", service.port));
    eventually(|| service.ask("GET /readyz HTTP/1.1").status == 200);
    service.tell("TERM");
    assert_eq!(service.wait().code(), Some(0));
}

fn program() -> Command {
    let mut words = Command::new(env!("CARGO_BIN_EXE_my-project"));
    words.arg("serve");
    words
}
