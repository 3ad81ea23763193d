//! Owns the routes: which handler answers which method at which path.

use std::future::ready;
use std::sync::Arc;

use actix_service::{apply, fn_service};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard::{Guard, GuardContext};
use actix_web::http::{Method, StatusCode};
use actix_web::web::ServiceConfig;
use actix_web::{App, Error, FromRequest, Handler, HttpResponse, Responder, Route, web};

use super::api::Api;
use super::layer::Layer;
use super::operations;
use super::problem::Problem;
use super::state::State;

/// The routes of a service.
pub struct Routes<'a> {
    config: &'a mut ServiceConfig,
    state: Arc<State>,
}

impl Routes<'_> {
    /// Adds a path, such as `/v1/items/{item}`, with a handler for each of its methods.
    ///
    /// # Panics
    ///
    /// If a variable is not a whole segment: what it stood for could not be told where the path
    /// is percent-encoded.
    pub fn add(&mut self, path: &'static str, methods: Methods) -> &mut Self {
        let fits = path.split('/').all(is_segment);
        assert!(fits, "{path}: a variable must be a whole segment, {{name}}");
        let Methods { routes, allow } = methods;
        let refuse = move || {
            let problem = Problem::not_allowed(allow.join(", "));
            async { Err::<HttpResponse, _>(problem) }
        };
        let resource = web::resource(path).default_service(web::to(refuse));
        let resource = routes.into_iter().fold(resource, actix_web::Resource::route);
        self.config.service(resource.wrap(Layer { path, state: Arc::clone(&self.state) }));
        self
    }
}

fn is_segment(part: &str) -> bool {
    let inside = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).unwrap_or(part);
    !inside.contains(['{', '}', ':', '*'])
}

/// Which handler answers which method.
#[derive(Default)]
pub struct Methods {
    routes: Vec<Route>,
    allow: Vec<&'static str>,
}

impl Methods {
    /// Adds a handler for GET, which answers HEAD too.
    #[must_use]
    pub fn get<F, A>(self, handler: F) -> Self
    where
        F: Handler<A, Output: Responder>,
        A: FromRequest + 'static,
    {
        self.add(Get, &["GET", "HEAD"], handler)
    }

    /// Adds a handler for POST.
    #[must_use]
    pub fn post<F, A>(self, handler: F) -> Self
    where
        F: Handler<A, Output: Responder>,
        A: FromRequest + 'static,
    {
        self.add(actix_web::guard::Post(), &["POST"], handler)
    }

    fn add<F, A>(mut self, guard: impl Guard + 'static, names: &[&'static str], handler: F) -> Self
    where
        F: Handler<A, Output: Responder>,
        A: FromRequest + 'static,
    {
        self.routes.push(web::route().guard(guard).to(handler));
        self.allow.extend(names);
        self
    }
}

/// Returns methods of which there is only GET, and HEAD with it.
pub fn get<F, A>(handler: F) -> Methods
where
    F: Handler<A, Output: Responder>,
    A: FromRequest + 'static,
{
    Methods::default().get(handler)
}

/// Returns methods of which there is only POST.
pub fn post<F, A>(handler: F) -> Methods
where
    F: Handler<A, Output: Responder>,
    A: FromRequest + 'static,
{
    Methods::default().post(handler)
}

struct Get;

impl Guard for Get {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        matches!(context.head().method, Method::GET | Method::HEAD)
    }
}

/// Makes the service, which answers without a socket too.
pub fn app(
    state: &Arc<State>,
    api: Api,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let nothing = fn_service(|_: ServiceRequest| {
        ready(Err::<ServiceResponse, _>(Error::from(Problem::found(StatusCode::NOT_FOUND))))
    });
    let unmatched = apply(Layer { path: "unmatched", state: Arc::clone(state) }, nothing);
    let state = Arc::clone(state);
    App::new().app_data(web::Data::from(Arc::clone(&state))).default_service(unmatched).configure(
        |config| {
            let mut routes = Routes { config, state };
            operations::add(&mut routes, api);
            (api.configure)(&mut routes);
        },
    )
}
