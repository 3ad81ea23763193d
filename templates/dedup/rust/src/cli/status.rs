//! Owns the exit status.

use std::io;

use my_project::Error;

/// All is done.
pub(crate) const DONE: u8 = 0;
/// Finished, but something could not be read or acted on; or not finished.
pub(crate) const FAILED: u8 = 1;
/// Wrong usage, or a plan that is refused.
pub(crate) const REFUSED: u8 = 2;
/// Something had changed since the scan, and was left alone.
pub(crate) const CHANGED: u8 = 3;
/// Ended by a signal, whose number is added.
pub(crate) const SIGNALLED: u8 = 128;

/// Returns the status of an error, and what has to be said of it.
pub(crate) fn status(error: &anyhow::Error) -> (u8, Option<String>) {
    let message = Some(format!("{error:#}"));
    match error.downcast_ref::<Error>() {
        Some(
            Error::Plan { .. }
            | Error::UnreadablePlan { .. }
            | Error::OtherPlan { .. }
            | Error::Journal { .. },
        ) => (REFUSED, message),
        // Whoever read the results has seen enough.
        None if is_broken_pipe(error) => (FAILED, None),
        _ => (FAILED, message),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        kind.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
