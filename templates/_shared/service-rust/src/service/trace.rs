//! Owns the ids of traces, to which others may have said that a request belongs.

use actix_web::http::header::HeaderValue;

/// Reads a `traceparent` (W3C Trace Context, section 3.2): VERSION-TRACE-PARENT-FLAGS.
pub(super) fn trace_of_parent(value: &HeaderValue) -> Option<[u8; 32]> {
    let (text, rest) = value.as_bytes().split_at_checked(55)?;
    let is_hex = |part: &[u8]| part.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let (version, trace, parent, flags) = (&text[..2], &text[3..35], &text[36..52], &text[53..]);
    let fits = [version, trace, parent, flags].into_iter().all(is_hex)
        && [text[2], text[35], text[52]] == *b"---"
        && version != b"ff"
        && !is_zero(trace)
        && !is_zero(parent)
        // Later versions may say more.
        && (rest.is_empty() || version != b"00" && rest[0] == b'-');
    if fits { trace.try_into().ok() } else { None }
}

/// Reads an `X-Cloud-Trace-Context`: TRACE/SPAN;o=OPTIONS, of which the trace may stand alone.
pub(super) fn trace_of_context(value: &HeaderValue) -> Option<[u8; 32]> {
    let text = value.to_str().ok()?;
    let (text, options) = text.split_once(";o=").unwrap_or((text, "0"));
    let (trace, span) = text.split_once('/').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let trace: [u8; 32] = trace.to_ascii_lowercase().into_bytes().try_into().ok()?;
    let fits = trace.iter().all(u8::is_ascii_hexdigit)
        && !is_zero(&trace)
        && (is_number(span) && span.len() <= 20) // as 64 bits in decimal
        && is_number(options);
    fits.then_some(trace)
}

fn is_zero(digits: &[u8]) -> bool {
    digits.iter().all(|digit| *digit == b'0')
}
