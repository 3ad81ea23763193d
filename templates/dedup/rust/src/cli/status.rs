//! Owns the exit status.

use my_project::Error;

use super::printing::Unprinted;

/// All is done.
pub(crate) const DONE: u8 = 0;
/// Finished, but something could not be read or acted on; or not finished.
pub(crate) const FAILED: u8 = 1;
/// Wrong usage, or a plan that is refused; nothing was done.
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
            | Error::Journal { .. }
            | Error::Reference { .. },
        ) => (REFUSED, message),
        Some(Error::Stopped { signal }) => (SIGNALLED.saturating_add(*signal), None),
        Some(_) => (FAILED, message),
        None => match error.downcast_ref::<Unprinted>() {
            Some(Unprinted::NobodyReads) => (FAILED, None),
            _ => (FAILED, message),
        },
    }
}
