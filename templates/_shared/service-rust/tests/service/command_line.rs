//! The program as its user meets it, apart from serving.

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::Value;

use crate::process::{Service, free_port};

fn run(word: &[&str], settings: &[(&str, &str)]) -> (i32, String, String) {
    let mut words = Command::new(env!("CARGO_BIN_EXE_my-project"));
    let words = words.args(word).env_clear().envs(settings.iter().copied());
    let Output { status, stdout, stderr } = words.output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
    (status.code().expect("no signal ends it"), text(stdout), text(stderr))
}

#[test]
fn every_bad_setting_is_one_line() {
    let long = "é".repeat(61);
    let (code, stdout, stderr) = run(
        &["serve"],
        &[
            ("HOST", "localhost"),
            ("PORT", "http"),
            ("LOG_LEVEL", "loud"),
            ("LOG_FORMAT", ""),
            ("MAX_BODY_BYTES", "0"),
            ("MAX_CONNECTIONS", "+1"),
            ("SHUTDOWN_GRACE_SECONDS", "3601"),
            ("CORS_ALLOWED_ORIGINS", "https://a.example/"),
            ("GOOGLE_CLOUD_PROJECT", &long),
        ],
    );
    let shown = "é".repeat(60);
    let expected = format!(
        "error: HOST is \"localhost\"; allowed is an IP address\n\
         error: PORT is \"http\"; allowed is a whole number from 1 to 65535\n\
         error: LOG_LEVEL is \"loud\"; allowed is debug, info, warning or error\n\
         error: MAX_BODY_BYTES is \"0\"; allowed is a whole number from 1 to 1073741824\n\
         error: MAX_CONNECTIONS is \"+1\"; allowed is a whole number from 1 to 100000\n\
         error: SHUTDOWN_GRACE_SECONDS is \"3601\"; allowed is a whole number from 0 to 3600\n\
         error: CORS_ALLOWED_ORIGINS is \"https://a.example/\"; allowed is origins such as \
         https://example.com, separated by commas\n\
         error: GOOGLE_CLOUD_PROJECT is \"{shown}…\"; allowed is 1 to 100 of a-z, 0-9, '-', '.' \
         and ':'\n"
    );
    assert_eq!((code, &*stdout, stderr), (2, "", expected));
    assert_eq!(run(&["healthcheck"], &[("PORT", "http")]).0, 2);
}

#[test]
fn settings_are_read_generously() {
    use my_project::service::{Format, Level, Settings};

    let variables = [
        ("HOST", "::1"),
        ("PORT", "00080"),
        ("LOG_LEVEL", "WARNING"),
        ("LOG_FORMAT", "Text"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example ,http://[::1]:80"),
    ];
    let value = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| v.into());
    let settings = Settings::read(value).expect("all are allowed");
    assert_eq!(settings.address.to_string(), "[::1]:80");
    assert_eq!((settings.log_level, settings.log_format), (Level::Warning, Format::Text));
    assert_eq!(settings.cors_allowed_origins, ["https://a.example", "http://[::1]:80"]);
}

#[test]
fn a_port_in_use_is_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("it is bound");
    let settings = [("HOST", "127.0.0.1"), ("PORT", &*address.port().to_string())];
    let (code, stdout, stderr) = run(&["serve"], &settings);
    let expected = format!("error: cannot listen on {address}: Address already in use\n");
    assert_eq!((code, &*stdout, stderr), (1, "", expected));
}

#[test]
fn healthcheck_tells_whether_it_lives() {
    let service = Service::start(&[]);
    let port = service.port.to_string();
    assert_eq!(run(&["healthcheck"], &[("PORT", &port)]), (0, String::new(), String::new()));
    let port = free_port().to_string();
    let (code, stdout, stderr) = run(&["healthcheck"], &[("PORT", &port)]);
    let expected = format!("error: no answer from 127.0.0.1:{port}: Connection refused\n");
    assert_eq!((code, &*stdout, stderr), (1, "", expected));
}

#[test]
fn the_document_is_printed_as_the_contract_has_it() {
    let contract = include_str!("../../contract/openapi.json");
    let (code, stdout, stderr) = run(&["openapi"], &[]);
    assert_eq!((code, &*stdout, &*stderr), (0, contract, ""));
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn help_and_version_end_with_0_and_wrong_usage_with_2() {
    let help = run(&["--help"], &[]);
    assert_eq!((help.0, &*help.2), (0, ""));
    assert_eq!(run(&[], &[]), help);
    let version = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(run(&["--version"], &[]), (0, version.to_owned(), String::new()));
    for words in [&["evil"][..], &["serve", "now"], &["--port", "80", "serve"]] {
        let (code, stdout, _) = run(words, &[]);
        assert_eq!((code, &*stdout), (2, ""));
    }
}
