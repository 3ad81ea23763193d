//! Owns the settings: what the environment may say, and what is assumed where it says nothing.

use std::env;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::environment::{BadSetting, Reader};

/// Which events are logged; each word stands for itself and those after it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Everything, requests for health and metrics included.
    Debug,
    /// Requests, start and end.
    Info,
    /// What was cut off.
    Warning,
    /// What failed.
    Error,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// A JSON object, for programs.
    Json,
    /// For people.
    Text,
}

/// What the environment says, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub address: SocketAddr,
    /// Which events are logged.
    pub log_level: Level,
    /// What a line of the log looks like.
    pub log_format: Format,
    /// The size of the largest request body.
    pub max_body_bytes: u64,
    /// The number of connections above which requests are refused.
    pub max_connections: usize,
    /// How long a header may take.
    pub header_timeout: Duration,
    /// How long a body may take.
    pub body_timeout: Duration,
    /// How long a handler may take.
    pub handler_timeout: Duration,
    /// How long a connection may be idle.
    pub keep_alive: Duration,
    /// How long requests in flight may take after a signal.
    pub shutdown_grace: Duration,
    /// The origins of pages that may read answers; CORS is off without any.
    pub cors_allowed_origins: Vec<String>,
    /// The project to which traces belong.
    pub google_cloud_project: Option<String>,
}

impl Settings {
    /// Reads the settings from the environment of the process.
    ///
    /// # Errors
    ///
    /// Every variable with a bad value.
    pub fn from_environment() -> Result<Self, Vec<BadSetting>> {
        Self::read(|name| env::var_os(name))
    }

    /// Reads the settings from wherever `variable` looks them up.
    ///
    /// # Errors
    ///
    /// Every variable with a bad value, in the order of the contract.
    ///
    /// ```
    /// use my_project::service::Settings;
    ///
    /// let settings = Settings::read(|name| (name == "PORT").then(|| "80".into()));
    /// assert_eq!(settings.unwrap().address.port(), 80);
    /// ```
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Vec<BadSetting>> {
        let mut reader = Reader { variable, bad: Vec::new() };
        let host = reader.value("HOST", Ipv4Addr::UNSPECIFIED.into(), "an IP address", |text| {
            text.parse::<IpAddr>().ok()
        });
        let settings = Self {
            address: SocketAddr::new(host, reader.number("PORT", 8080, 1..=65535)),
            log_level: reader.word("LOG_LEVEL", "debug, info, warning or error", LEVELS, 1),
            log_format: reader.word("LOG_FORMAT", "json or text", FORMATS, 0),
            max_body_bytes: reader.number("MAX_BODY_BYTES", 65536, 1..=1_073_741_824),
            max_connections: reader.number("MAX_CONNECTIONS", 1000, 1..=100_000),
            header_timeout: reader.seconds("HEADER_TIMEOUT_SECONDS", 5, 1),
            body_timeout: reader.seconds("BODY_TIMEOUT_SECONDS", 10, 1),
            handler_timeout: reader.seconds("HANDLER_TIMEOUT_SECONDS", 30, 1),
            keep_alive: reader.seconds("KEEP_ALIVE_SECONDS", 75, 1),
            shutdown_grace: reader.seconds("SHUTDOWN_GRACE_SECONDS", 8, 0),
            cors_allowed_origins: reader.value(
                "CORS_ALLOWED_ORIGINS",
                Vec::new(),
                ORIGINS,
                |text| text.split(',').map(origin).collect(),
            ),
            google_cloud_project: reader.value("GOOGLE_CLOUD_PROJECT", None, PROJECT, project),
        };
        if reader.bad.is_empty() { Ok(settings) } else { Err(reader.bad) }
    }
}

const LEVELS: &[(&str, Level)] = &[
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warning", Level::Warning),
    ("error", Level::Error),
];
const FORMATS: &[(&str, Format)] = &[("json", Format::Json), ("text", Format::Text)];
const ORIGINS: &str = "origins such as https://example.com, separated by commas";
const PROJECT: &str = "1 to 100 of a-z, 0-9, '-', '.' and ':'";

fn origin(text: &str) -> Option<String> {
    let text = text.trim_matches(' ');
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
        }
    };
    let is_port =
        |port: &str| matches!(port.len(), 1..=5) && port.bytes().all(|b| b.is_ascii_digit());
    (is_host && port.is_none_or(is_port)).then(|| text.to_owned())
}

#[expect(clippy::option_option, reason = "the outer one says whether the value is good")]
fn project(text: &str) -> Option<Option<String>> {
    let is_part = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':');
    (text.len() <= 100 && text.bytes().all(is_part)).then(|| Some(text.to_owned()))
}
