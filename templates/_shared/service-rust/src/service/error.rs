//! Owns the errors: what keeps a service from running, or a check from finding it healthy.

use std::io;
use std::net::SocketAddr;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {}", reason(source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The service could not prepare itself.
    #[error("cannot start: {0}")]
    Prepare(Box<dyn std::error::Error + Send + Sync>),
    /// The server ended by itself.
    #[error("the server failed: {0}")]
    Server(#[from] io::Error),
    /// Nobody answers, or not as HTTP.
    #[error("no answer from {address}: {}", reason(source))]
    NoAnswer {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// It answers otherwise than healthy.
    #[error("{address} answers {status}")]
    Unhealthy {
        /// The address.
        address: SocketAddr,
        /// What it says in place of `200`.
        status: String,
    },
}

/// Returns what the system says without the number that Rust adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(text, _)| text.to_owned())
}
