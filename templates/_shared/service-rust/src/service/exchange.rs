//! Owns the account of a request from its header to its end: in flight, counted and logged.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;

use super::access::Access;
use super::line::{Line, Phase};
use super::metrics::Series;
use super::request::Facts;
use super::state::State;

/// The status that the log has for a client which went away before its answer.
const CLIENT_GONE: u16 = 499;

/// What one thread knows of a route.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) state: Arc<State>,
    /// What counted requests before; there are few of them.
    series: RefCell<Vec<Series>>,
}

impl Route {
    pub(super) fn new(path: &'static str, state: Arc<State>) -> Rc<Self> {
        Rc::new(Self { path, state, series: RefCell::default() })
    }
}

/// A request, which is in flight until this is dropped.
pub(super) struct Exchange {
    pub(super) facts: Facts,
    pub(super) request: HttpRequest,
    pub(super) route: Rc<Route>,
    /// The last byte of its body.
    pub(super) last: Option<u8>,
    line: Option<Rc<Line>>,
    started: Instant,
    is_ended: bool,
}

impl Exchange {
    /// Begins with the header of a request; of what comes behind the last one nothing is made.
    pub(super) fn begin(route: &Rc<Route>, request: HttpRequest) -> Option<Self> {
        let started = Instant::now();
        let line = request.conn_data::<Rc<Line>>().cloned();
        if let Some(line) = &line {
            if matches!(line.phase.get(), Phase::Last | Phase::Over) {
                line.phase.set(Phase::Over);
                return None;
            }
            line.phase.set(Phase::Busy);
        }
        route.state.metrics.in_flight.inc();
        let (facts, route) = (Facts::read(request.head()), Rc::clone(route));
        Some(Self { facts, request, route, last: None, line, started, is_ended: false })
    }

    /// Tells whether there were too many connections already when this one came.
    pub(super) fn is_surplus(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.is_surplus)
    }

    /// Makes it the last on its connection.
    pub(super) fn be_last(&mut self) {
        self.facts.is_last = true;
        if let Some(line) = &self.line {
            line.wants_no_body.set(true);
        }
    }

    /// Says that there can be no answer.
    pub(super) fn cut_off(&self) {
        if let Some(line) = &self.line {
            line.is_cut.set(true);
            line.phase.set(Phase::Over);
        }
    }

    /// Ends with an answer of so many bytes.
    pub(super) fn end(mut self, status: u16, bytes: u64) {
        self.account(status, bytes);
        self.is_ended = true;
    }

    /// Counts and logs the request.
    fn account(&self, status: u16, bytes: u64) {
        let duration = self.started.elapsed();
        let (path, method) = (self.route.path, self.facts.method);
        let mut series = self.route.series.borrow_mut();
        let known = series.iter().position(|one| (one.method, one.status) == (method, status));
        let known = known.unwrap_or_else(|| {
            series.push(self.route.state.metrics.series(method, path, status));
            series.len() - 1
        });
        series[known].count(duration);
        drop(series);
        self.log(status, duration, bytes);
    }

    fn log(&self, status: u16, duration: Duration, bytes: u64) {
        Access {
            id: self.facts.id.text(),
            trace: self.facts.trace(),
            method: self.request.method().as_str(),
            route: self.route.path,
            status,
            duration,
            bytes,
        }
        .log(&self.route.state.settings);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.is_ended {
            self.account(CLIENT_GONE, 0);
        }
        self.route.state.metrics.in_flight.dec();
        if let Some(line) = &self.line {
            if self.facts.is_last {
                line.phase.set(Phase::Last);
            } else {
                line.expect_next(self.last);
            }
        }
    }
}
