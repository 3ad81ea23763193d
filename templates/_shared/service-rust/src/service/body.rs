//! Owns the body of a request as it comes: how much of it, and for how long.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::rt::time::{Instant, Sleep, sleep_until};
use actix_web::web::Bytes;
use futures_core::Stream;

use super::request::{Facts, Framing};
use super::settings::Settings;

/// How a body ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// All of it is here.
    Whole,
    /// There is more than is allowed.
    TooLarge,
    /// It took longer than is allowed.
    TooSlow,
    /// The client has gone away, or sent what is not HTTP.
    Gone,
}

/// A body that counts while it comes.
///
/// It is shared: the handler reads it, and the layer looks at its end and reads what was left.
#[derive(Clone)]
pub(super) struct Body(Rc<RefCell<Coming>>);

struct Coming {
    payload: Payload,
    left: u64,
    /// Whether it ends where nothing is left, since the server does not see where it does.
    is_endless: bool,
    /// The byte that came last.
    last: Option<u8>,
    deadline: Pin<Box<Sleep>>,
    /// Whether its reader waits for the client.
    waiting: bool,
    end: Option<End>,
}

impl Body {
    pub(super) fn new(payload: Payload, facts: &Facts, settings: &Settings) -> Self {
        let is_endless = facts.framing == Framing::Endless;
        Self(Rc::new(RefCell::new(Coming {
            payload,
            left: if is_endless { facts.length } else { settings.max_body_bytes },
            is_endless,
            last: None,
            deadline: Box::pin(sleep_until(Instant::now() + settings.body_timeout)),
            waiting: false,
            end: None,
        })))
    }

    /// Returns the last of the bytes that came.
    pub(super) fn last(&self) -> Option<u8> {
        self.0.borrow().last
    }

    /// Returns how it ended, if it did.
    pub(super) fn end(&self) -> Option<End> {
        self.0.borrow().end
    }

    /// Returns whether its reader waits for the client.
    pub(super) fn is_waited_for(&self) -> bool {
        self.0.borrow().waiting
    }

    /// Shortens its time, since nobody needs it any more.
    pub(super) fn hurry(&self, left: Duration) {
        let mut coming = self.0.borrow_mut();
        let deadline = coming.deadline.deadline().min(Instant::now() + left);
        coming.deadline.as_mut().reset(deadline);
    }

    /// Reads up to the end, and forgets what was read.
    pub(super) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<End> {
        while let Some(Ok(_)) = ready!(pin!(&mut *self).poll_next(context)) {}
        Poll::Ready(self.end().unwrap_or(End::Gone))
    }
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let coming = &mut *self.0.borrow_mut();
        if coming.is_endless && coming.left == 0 {
            coming.end.get_or_insert(End::Whole);
        }
        if coming.end.is_some() {
            return Poll::Ready(None);
        }
        let next = Pin::new(&mut coming.payload).poll_next(context);
        coming.waiting = next.is_pending();
        let end = match next {
            Poll::Pending => {
                ready!(coming.deadline.as_mut().poll(context));
                End::TooSlow
            }
            Poll::Ready(None) => {
                coming.end = Some(End::Whole);
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Ok(mut part))) => {
                if coming.is_endless {
                    part.truncate(usize::try_from(coming.left).unwrap_or(usize::MAX));
                }
                coming.last = part.last().copied();
                if let Some(left) = coming.left.checked_sub(part.len() as u64) {
                    coming.left = left;
                    return Poll::Ready(Some(Ok(part)));
                }
                End::TooLarge
            }
            Poll::Ready(Some(Err(_))) => End::Gone,
        };
        coming.waiting = false;
        coming.end = Some(end);
        Poll::Ready(Some(Err(PayloadError::Incomplete(None))))
    }
}
