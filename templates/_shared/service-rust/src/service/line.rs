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
    /// There will be no answer to the request that is there.
    Over,
}

/// What requests know of the connection that they came on.
pub(super) struct Line {
    pub(super) phase: Cell<Phase>,
    /// Whether there were as many connections as are allowed before this one.
    pub(super) is_surplus: bool,
    /// Whether the client need not send the body about which it asks.
    pub(super) wants_no_body: Cell<bool>,
    /// Whether a request got no answer because its body is not HTTP, or its client has gone away.
    pub(super) is_cut: Cell<bool>,
    /// The last bytes that came.
    pub(super) tail: Cell<[u8; 4]>,
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
            tail: Cell::default(),
            reader: RefCell::default(),
            state: Arc::clone(state),
        })
    }

    /// Remembers the last of these bytes.
    pub(super) fn note(&self, data: &[u8]) {
        self.tail.set(data.last_chunk().copied().unwrap_or_else(|| {
            let mut tail = self.tail.get();
            for byte in data {
                tail.rotate_left(1);
                tail[3] = *byte;
            }
            tail
        }));
    }

    /// Waits for the next request, of which some may be here already.
    ///
    /// The server tells nobody what it has read beyond a request. But a header and chunks end with
    /// an empty line; and any other body with its last byte, which a header seldom has there too.
    pub(super) fn expect_next(&self, last: Option<u8>) {
        let tail = self.tail.get();
        let is_empty_line = tail.ends_with(b"\n\r\n") || tail.ends_with(b"\n\n");
        let is_end = is_empty_line || last.is_some_and(|last| tail[3] == last);
        self.phase.set(if is_end { Phase::Idle } else { Phase::Header(0) });
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
            Phase::Idle | Phase::Busy | Phase::Last | Phase::Over => {}
        }
    }
}
