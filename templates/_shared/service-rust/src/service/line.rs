//! Owns what the server does not know of a connection: whether it is one too many, how long the
//! header of each request takes, and when no more requests may come.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use actix_web::rt;

use super::state::State;

/// In how many steps the time for a header is measured: looking at a clock for every request
/// would cost more.
const STEPS: u32 = 10;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Nothing; the next request may come.
    Idle,
    /// The header of a request comes, for so many steps now.
    Header(u32),
    /// A request is being answered.
    Busy,
    /// The last answer was given.
    Last,
}

/// What requests know of the connection that they came on.
pub(super) struct Line {
    pub(super) phase: Cell<Phase>,
    /// Whether there were as many connections as are allowed before this one.
    pub(super) is_surplus: bool,
    /// Whether the client need not send the body about which it asks.
    pub(super) wants_no_body: Cell<bool>,
    /// Whether the last request was dropped without an answer.
    pub(super) is_cut: Cell<bool>,
    pub(super) reader: RefCell<Option<Waker>>,
    pub(super) state: Arc<State>,
}

impl Line {
    pub(super) fn new(state: &Arc<State>) -> Rc<Self> {
        let before = state.connections.fetch_add(1, Ordering::Relaxed);
        Rc::new(Self {
            phase: Cell::new(Phase::Idle),
            is_surplus: before >= state.settings.max_connections,
            wants_no_body: Cell::default(),
            is_cut: Cell::default(),
            reader: RefCell::default(),
            state: Arc::clone(state),
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends a connection whose client takes too long for a header.
///
/// The server looks at the first header alone, and measures no other.
pub(super) async fn watch(line: Weak<Line>, timeout: Duration) {
    let step = timeout / STEPS;
    loop {
        rt::time::sleep(step).await;
        let Some(line) = line.upgrade() else { return };
        match line.phase.get() {
            Phase::Header(STEPS) => {
                line.phase.set(Phase::Last);
                if let Some(reader) = line.reader.take() {
                    reader.wake();
                }
            }
            Phase::Header(steps) => line.phase.set(Phase::Header(steps + 1)),
            Phase::Idle | Phase::Busy | Phase::Last => {}
        }
    }
}
