//! Owns the way from a request to its answer: the handler, its limits, and what it leaves unread.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::rt::time::{Sleep, sleep};
use actix_web::{Error, HttpResponse};

use super::answer::complete;
use super::body::{Body, End};
use super::exchange::Exchange;
use super::panics;
use super::problem::Problem;

/// How long a body that nobody wants may still come before its connection is closed.
const PATIENCE: Duration = Duration::from_millis(100);

/// A request while it is answered.
pub(super) struct Answering<F> {
    pub(super) exchange: Option<Exchange>,
    pub(super) body: Option<Body>,
    pub(super) timer: Option<Pin<Box<Sleep>>>,
    pub(super) stage: Stage<F>,
}

/// How far the answer is.
pub(super) enum Stage<F> {
    /// The handler was asked.
    Asked(F),
    /// The answer is there, and the rest of the body comes.
    Rest(HttpResponse),
    /// The answer is there.
    Answered(HttpResponse),
    /// There will be no answer.
    Nothing,
}

impl<F> Future for Answering<F>
where
    F: Future<Output = Result<ServiceResponse, Error>> + Unpin,
{
    type Output = Result<ServiceResponse, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let stage = std::mem::replace(&mut self.stage, Stage::Nothing);
            self.stage = match stage {
                Stage::Asked(future) => match self.poll_handler(future, context) {
                    stage @ Stage::Asked(_) => {
                        self.stage = stage;
                        return Poll::Pending;
                    }
                    stage => stage,
                },
                Stage::Rest(answer) => {
                    let body = self.body.as_mut().expect("a rest is the rest of a body");
                    match body.poll_end(context) {
                        Poll::Ready(End::Gone) => Stage::Nothing,
                        Poll::Ready(_) => Stage::Answered(answer),
                        Poll::Pending => {
                            self.stage = Stage::Rest(answer);
                            return Poll::Pending;
                        }
                    }
                }
                Stage::Answered(answer) => {
                    let mut exchange = self.exchange.take().expect("it is answered once");
                    exchange.last = self.body.as_ref().and_then(Body::last);
                    let unread = self.body.take().filter(|body| body.end() != Some(End::Whole));
                    return Poll::Ready(Ok(complete(exchange, answer, unread)));
                }
                Stage::Nothing => {
                    if let Some(exchange) = &self.exchange {
                        exchange.cut_off();
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<F> Answering<F>
where
    F: Future<Output = Result<ServiceResponse, Error>> + Unpin,
{
    /// Asks the handler once more, and returns what comes next.
    fn poll_handler(&mut self, mut future: F, context: &mut Context<'_>) -> Stage<F> {
        let exchange = self.exchange.as_ref().expect("it is not answered yet");
        let polled = panics::catch(&exchange.facts.id, || Pin::new(&mut future).poll(context));
        let answer = match polled {
            Some(Poll::Ready(Ok(response))) => response.into_parts().1,
            Some(Poll::Ready(Err(error))) => HttpResponse::from_error(error),
            Some(Poll::Pending) if self.is_late(context) => {
                failure(StatusCode::SERVICE_UNAVAILABLE)
            }
            Some(Poll::Pending) => return Stage::Asked(future),
            None => failure(StatusCode::INTERNAL_SERVER_ERROR),
        };
        match self.body.as_ref().map(|body| (body, body.end())) {
            None | Some((_, Some(End::Whole))) => Stage::Answered(answer),
            Some((body, None)) => {
                body.hurry(PATIENCE);
                Stage::Rest(answer)
            }
            Some((_, Some(End::TooLarge))) => {
                Stage::Answered(failure(StatusCode::PAYLOAD_TOO_LARGE))
            }
            Some((_, Some(End::TooSlow))) => Stage::Answered(failure(StatusCode::REQUEST_TIMEOUT)),
            Some((_, Some(End::Gone))) => Stage::Nothing,
        }
    }

    /// Tells whether the handler has taken too long, not counting its wait for the client.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        if self.body.as_ref().is_some_and(Body::is_waited_for) {
            self.timer = None;
            return false;
        }
        let Some(exchange) = &self.exchange else { return false };
        let limit = exchange.route.state.settings.handler_timeout;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(context).is_ready()
    }
}

fn failure(status: StatusCode) -> HttpResponse {
    HttpResponse::from_error(Problem::found(status))
}
