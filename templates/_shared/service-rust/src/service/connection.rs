//! Owns connections as the server reads and writes them.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::rt::net::TcpStream;
use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::line::{Line, Phase, watch};
use super::state::{Stage, State};

/// What the server sends to a client that expects it before it sends a body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What the server sends where a header is not HTTP.
const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A connection as the server reads and writes it.
pub(super) struct Connection {
    stream: TcpStream,
    /// Whether the client has closed its side.
    has_ended: bool,
    pub(super) line: Rc<Line>,
    watch: JoinHandle<()>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, state: &Arc<State>) -> Self {
        // An answer goes out in one piece; waiting for more of it would only delay the next.
        let _ = stream.set_nodelay(true);
        let line = Line::new(state);
        let watch = spawn(watch(Rc::downgrade(&line), state.settings.header_timeout));
        Self { stream, has_ended: false, line, watch }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(self.line.phase.get(), Phase::Last | Phase::Over) {
            return Poll::Ready(Ok(())); // the end, as the server sees it
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            let mut reader = self.line.reader.borrow_mut();
            if reader.as_ref().is_none_or(|reader| !reader.will_wake(context.waker())) {
                *reader = Some(context.waker().clone());
            }
        } else if buffer.filled().len() == before {
            self.has_ended = true;
        } else {
            self.line.note(&buffer.filled()[before..]);
            if self.line.phase.get() == Phase::Idle {
                self.line.phase.set(Phase::Header(0));
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        // The server asks for a body before it asks whether anybody wants it.
        if self.line.wants_no_body.take() && data.starts_with(CONTINUE) {
            return Poll::Ready(Ok(CONTINUE.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    /// Ends the connection, too, where somebody waits in vain for an answer: the server comes here
    /// whenever it has read, and has written all answers that there are.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let phase = self.line.phase.get();
        if phase == Phase::Over || (phase == Phase::Busy && self.has_ended) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for Connection {
    /// Tells the client where the server drops a connection without a word: a body is not HTTP.
    fn drop(&mut self) {
        self.watch.abort();
        if self.line.is_cut.get() && !self.has_ended && self.line.state.stage() != Stage::Draining {
            // It is a courtesy, for which nobody waits.
            let _ = self.stream.try_write(BAD_REQUEST);
        }
    }
}
