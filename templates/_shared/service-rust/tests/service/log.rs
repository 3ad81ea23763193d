//! What the log has, as a process.

use serde_json::Value;

use crate::process::Service;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn a_request_is_one_line_with_its_route() {
    let mut service = Service::start(&[("LOG_LEVEL", "debug")]);
    service.ask("GET /slow/1?secret HTTP/1.1\r\nX-Request-ID: good.id");
    let line = service.logged("request_id", "good.id");
    assert_eq!(line["message"], "GET /slow/{milliseconds} 200");
    assert_eq!((&line["severity"], &line["method"]), (&"INFO".into(), &"GET".into()));
    assert_eq!((&line["status"], &line["bytes"]), (&200.into(), &4.into()));
    assert!(line["duration_ms"].as_f64().is_some_and(|duration| duration >= 1.0), "{line}");
    assert!(line.get("trace").is_none(), "{line}");
    service.ask("HEAD /healthz HTTP/1.1\r\nX-Request-ID: head");
    let line = service.logged("request_id", "head");
    assert_eq!((&line["severity"], &line["bytes"]), (&"DEBUG".into(), &0.into()));
    service.ask("POST /healthz HTTP/1.1\r\nX-Request-ID: wrong");
    assert_eq!(service.logged("request_id", "wrong")["severity"], "INFO");
}

#[test]
fn traces_are_taken_over_if_they_are_valid() {
    let mut service = Service::start(&[("GOOGLE_CLOUD_PROJECT", "a-project-1")]);
    let parent = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01");
    for (id, field, is_valid) in [
        ("parent", parent.clone(), true),
        ("later", parent.replace("00-", "cc-") + "-more", true),
        ("cloud", format!("X-Cloud-Trace-Context: {}/1;o=1", TRACE.to_uppercase()), true),
        ("twice", format!("{parent}\r\n{parent}"), false),
        ("both", format!("{parent}\r\n{parent}\r\nX-Cloud-Trace-Context: {TRACE}"), false),
        ("capitals", parent.to_uppercase(), false),
        ("zero", parent.replace(TRACE, &"0".repeat(32)), false),
        ("version", parent.replace("00-", "ff-"), false),
        ("long", parent + "-more", false),
        ("short", "traceparent: 00".to_owned(), false),
        ("odd", "X-Cloud-Trace-Context: x/1".to_owned(), false),
        ("bare", format!("X-Cloud-Trace-Context: {TRACE}"), true),
        ("sampled", format!("X-Cloud-Trace-Context: {TRACE};o=1"), true),
        ("span", format!("X-Cloud-Trace-Context: {TRACE}/abc;o=1"), false),
        ("wide", format!("X-Cloud-Trace-Context: {TRACE}/{}", "1".repeat(21)), false),
        ("option", format!("X-Cloud-Trace-Context: {TRACE}/1;x"), false),
        ("rest", format!("X-Cloud-Trace-Context: {TRACE}/1;o=1;o=1"), false),
    ] {
        service.ask(&format!("GET /slow/0 HTTP/1.1\r\nX-Request-ID: {id}\r\n{field}"));
        let line = service.logged("request_id", id);
        assert_eq!(line.get("trace").is_some_and(|trace| *trace == TRACE), is_valid, "{line}");
        let full = format!("projects/a-project-1/traces/{TRACE}");
        let known = line.get("logging.googleapis.com/trace");
        assert_eq!(known.is_some_and(|trace| *trace == full), is_valid, "{line}");
    }
}

#[test]
fn a_fault_is_logged_and_nowhere_else() {
    let mut service = Service::start(&[]);
    for path in ["/fault", "/panic"] {
        let answer = service.ask(&format!("GET {path} HTTP/1.1\r\nX-Request-ID: a{}", &path[1..]));
        assert_eq!((answer.status, &*answer.detail()), (500, "something went wrong here"));
        assert_eq!(service.logged("request_id", &format!("a{}", &path[1..]))["severity"], "ERROR");
    }
    let seen = format!("{:?}", service.seen());
    assert_eq!(seen.matches("secret").count(), 2, "{seen}");
    let is_fault = |line: &&Value| line["message"].as_str().is_some_and(|m| m.contains("secret"));
    let ids: Vec<_> = service.seen().iter().filter(is_fault).map(|l| &l["request_id"]).collect();
    assert_eq!(ids, ["afault", "apanic"], "{seen}");
}

#[test]
fn an_event_is_one_line_for_people_too() {
    let mut service = Service::start(&[("LOG_FORMAT", "text")]);
    assert_eq!(service.ask("GET /panic HTTP/1.1\r\nX-Request-ID: a").status, 500);
    service.tell("TERM");
    assert_eq!(service.wait().code(), Some(0));
    let output = service.output();
    let line = output.iter().find(|line| line.contains("secret")).expect("it is logged");
    assert!(line.contains(r":\nsecret request_id="), "{line}");
}

#[test]
fn a_client_that_goes_away_is_499() {
    let mut service = Service::start(&[]);
    let mut connection = service.connect();
    connection.send("GET /slow/9000 HTTP/1.1\r\nHost: a\r\nX-Request-ID: gone\r\n\r\n");
    drop(connection);
    assert_eq!(service.logged("request_id", "gone")["status"], 499);
}
