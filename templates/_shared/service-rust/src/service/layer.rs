//! Owns the middleware: all that happens to a request around its handler.
//!
//! There is one for each route and thread, so that what belongs to a route is at hand.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage};

use super::answer::early;
use super::answering::{Answering, Stage};
use super::body::Body;
use super::exchange::{Exchange, Route};
use super::request::Framing;
use super::state::State;

/// The middleware of a route.
pub(super) struct Layer {
    pub(super) path: &'static str,
    pub(super) state: Arc<State>,
}

impl<S> Transform<S, ServiceRequest> for Layer
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error, Future: Unpin>,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = Layered<S>;
    type InitError = ();
    type Future = Ready<Result<Layered<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Layered { service, route: Route::new(self.path, Arc::clone(&self.state)) }))
    }
}

/// The handler of a route, and the middleware around it.
pub(super) struct Layered<S> {
    service: S,
    route: Rc<Route>,
}

impl<S> Service<ServiceRequest> for Layered<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error, Future: Unpin>,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Answering<S::Future>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let exchange = Exchange::begin(&self.route, request.request().clone());
        let Some(mut exchange) = exchange else {
            return Answering { exchange: None, body: None, timer: None, stage: Stage::Nothing };
        };
        let settings = &self.route.state.settings;
        let facts = &exchange.facts;
        let has_body = facts.framing != Framing::Nothing;
        let body = has_body.then(|| Body::new(request.take_payload(), facts, settings));
        let stage = if let Some(answer) = early(&mut exchange) {
            Stage::Answered(answer)
        } else {
            if let Some(body) = body.clone() {
                request.set_payload(Payload::Stream { payload: Box::pin(body) });
            }
            Stage::Asked(self.service.call(request))
        };
        Answering { exchange: Some(exchange), body, timer: None, stage }
    }
}
