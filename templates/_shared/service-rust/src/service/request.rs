//! Owns what the service reads of every header: size, id, trace, and what the body will be.

use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderValue;
use actix_web::http::{ConnectionType, Method, Uri};

use super::request_id::Id;
use super::trace::{trace_of_context, trace_of_parent};

/// What the header of a request says.
#[derive(Debug)]
pub(super) struct Facts {
    /// The bytes of the request line and the fields, with all line ends.
    pub(super) size: usize,
    pub(super) id: Id,
    pub(super) trace: Option<[u8; 32]>,
    pub(super) method: &'static str,
    /// The length of the body as declared.
    pub(super) length: u64,
    pub(super) framing: Framing,
    pub(super) origin: Option<HeaderValue>,
    /// Whether it only asks what a page of the origin may do.
    pub(super) is_preflight: bool,
    /// Whether it is the last on its connection.
    pub(super) is_last: bool,
}

impl Facts {
    /// Looks at all fields once.
    pub(super) fn read(head: &RequestHead) -> Self {
        let first = head.method.as_str().len() + target(&head.uri) + "  HTTP/1.1\r\n\r\n".len();
        let (mut size, mut length) = (first, 0);
        let (mut id, mut parent, mut context) = (Single::Absent, Single::Absent, Single::Absent);
        let (mut origin, mut asks_for_method) = (None, false);
        let (mut is_chunked, mut is_websocket) = (false, false);
        for (name, value) in head.headers() {
            let name = name.as_str();
            size += name.len() + value.len() + ": \r\n".len();
            match name {
                "x-request-id" => id = id.or(value),
                "traceparent" => parent = parent.or(value),
                "x-cloud-trace-context" => context = context.or(value),
                "content-length" => length = number(value),
                "transfer-encoding" => is_chunked = true,
                "upgrade" => is_websocket |= names_websocket(value),
                "origin" => origin = Some(value.clone()),
                "access-control-request-method" => asks_for_method = true,
                _ => {}
            }
        }
        Self {
            size,
            id: id.found().and_then(Id::given).unwrap_or_else(Id::new),
            trace: trace(parent, context),
            method: name(&head.method),
            length,
            framing: Framing::of(is_chunked, is_websocket, length),
            is_preflight: head.method == Method::OPTIONS && origin.is_some() && asks_for_method,
            origin,
            is_last: head.connection_type() == ConnectionType::Close,
        }
    }

    /// Returns the id of the trace, if there is one.
    pub(super) fn trace(&self) -> Option<&str> {
        self.trace.as_ref().and_then(|trace| str::from_utf8(trace).ok())
    }
}

/// How the server knows where the body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    /// There is none.
    Nothing,
    /// The header says its length, or that it comes in chunks.
    Told,
    /// It does not: it takes all that comes for the body, as it would be for a `WebSocket`.
    Endless,
}

impl Framing {
    const fn of(is_chunked: bool, is_websocket: bool, length: u64) -> Self {
        match (is_chunked, is_websocket) {
            (false, true) => Self::Endless,
            (false, false) if length == 0 => Self::Nothing,
            _ => Self::Told,
        }
    }
}

/// Returns the length of what is asked for, as it stands in the request line.
fn target(uri: &Uri) -> usize {
    let path = uri.path_and_query().map_or(1, |path| path.as_str().len());
    let server = uri.authority().map_or(0, |server| server.as_str().len());
    path + server + uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len())
}

/// Returns the trace that is told, if there is no doubt which one that is.
fn trace(parent: Single<'_>, context: Single<'_>) -> Option<[u8; 32]> {
    if matches!(parent, Single::Twice) {
        return None;
    }
    let parent = parent.found().and_then(trace_of_parent);
    parent.or_else(|| context.found().and_then(trace_of_context))
}

fn number(value: &HeaderValue) -> u64 {
    value.to_str().ok().and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

fn names_websocket(value: &HeaderValue) -> bool {
    value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket")
}

/// A field that counts only if it stands once.
#[derive(Clone, Copy)]
enum Single<'a> {
    Absent,
    Once(&'a HeaderValue),
    Twice,
}

impl<'a> Single<'a> {
    fn or(self, value: &'a HeaderValue) -> Self {
        if matches!(self, Self::Absent) { Self::Once(value) } else { Self::Twice }
    }

    fn found(self) -> Option<&'a HeaderValue> {
        if let Self::Once(value) = self { Some(value) } else { None }
    }
}

/// Returns the name of a method for metrics, of which there must not be arbitrarily many.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}
