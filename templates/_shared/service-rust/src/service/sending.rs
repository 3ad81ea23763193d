//! Owns the bodies of answers that are more than bytes in memory.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use super::body::Body;
use super::exchange::Exchange;

/// The last answer of a connection on which more of the request comes.
///
/// The server reads on for a moment only as long as somebody holds what is unread, and cutting the
/// connection off under a client that still sends would lose the answer.
pub(super) struct Closing {
    pub(super) bytes: Bytes,
    pub(super) _unread: Body,
}

impl MessageBody for Closing {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}

/// An answer whose exchange ends when it was sent, or cut off.
pub(super) struct Streamed {
    pub(super) body: BoxBody,
    pub(super) exchange: Option<Exchange>,
    pub(super) status: u16,
    pub(super) bytes: u64,
}

impl MessageBody for Streamed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = ready!(self.body.as_pin_mut().poll_next(context));
        if let Some(Ok(bytes)) = &next {
            self.bytes += bytes.len() as u64;
        }
        Poll::Ready(next)
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            exchange.end(self.status, self.bytes);
        }
    }
}
