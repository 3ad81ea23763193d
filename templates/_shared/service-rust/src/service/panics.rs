//! Owns panics: all are logged, and those of handlers with the id of their request.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use super::request_id::Id;

thread_local! {
    /// What panics of the handler at work have said; nothing where none is at work.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Logs panics from now on.
pub(super) fn log_all() {
    set_hook(Box::new(|panic| {
        SAID.with_borrow_mut(|said| {
            if let Some(said) = said {
                *said += &panic.to_string();
            } else {
                tracing::error!("{panic}");
            }
        });
    }));
}

/// Lets a handler work, and returns nothing if it panics.
pub(super) fn catch<T>(id: &Id, work: impl FnOnce() -> T) -> Option<T> {
    SAID.set(Some(String::new()));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    // A handler may have caught one by itself.
    if let Some(said) = SAID.take()
        && !said.is_empty()
    {
        tracing::error!(request_id = id.text(), "{said}");
    }
    outcome.ok()
}
