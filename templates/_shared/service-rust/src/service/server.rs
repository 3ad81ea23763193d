//! Owns the life of the server: from the port that opens to the last answer.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_http::HttpService;
use actix_server::{Server, ServerBuilder};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::rt::{System, spawn, time::sleep};

use super::api::Api;
use super::connection::Connection;
use super::error::Error;
use super::routes::app;
use super::settings::Settings;
use super::signals::Signals;
use super::state::{Stage, State};
use super::{log, panics};

/// How many connections may wait until they are accepted.
const BACKLOG: u32 = 1024;
/// How long a client that is told to go may take to hear it.
const LINGER: Duration = Duration::from_secs(1);
/// How often it is looked whether connections are still open.
const LOOK: Duration = Duration::from_millis(2);

/// Serves until a signal ends it.
///
/// # Errors
///
/// The address cannot be bound, or the service cannot prepare itself.
pub fn serve(settings: Settings, mut signals: Signals, api: Api) -> Result<(), Error> {
    log::start(&settings);
    panics::log_all();
    let state = State::new(settings);
    let outcome = System::new().block_on(run(&state, &mut signals, api));
    log::flush();
    outcome
}

async fn run(state: &Arc<State>, signals: &mut Signals, api: Api) -> Result<(), Error> {
    let address = state.settings.address;
    let server = bind(state, api).map_err(|source| Error::Listen { address, source })?.run();
    let handle = server.handle();
    signals.leave_to_server();
    let mut server = spawn(server);
    tracing::info!("listening on http://{address}");
    let prepare = async {
        (api.prepare)().await.map_err(Error::Prepare)?;
        state.enter(Stage::Ready);
        std::future::pending().await
    };
    let signal = tokio::select! {
        signal = signals.first() => signal,
        failed = prepare => return failed,
        ended = &mut server => return Ok(ended.map_err(io::Error::other)??),
    };
    state.enter(Stage::Draining);
    tracing::info!("draining: {signal}");
    // Accepting stops, idle connections close, and answers say that theirs is the last.
    spawn(handle.stop(true));
    drain(state).await;
    Ok(())
}

/// Waits until all connections are closed, or for as long as they are given.
async fn drain(state: &State) {
    let started = Instant::now();
    let grace = state.settings.shutdown_grace;
    loop {
        sleep(LOOK).await;
        if state.connections() == 0 {
            return;
        }
        if started.elapsed() >= grace {
            let number = state.metrics.in_flight.get();
            // What is open without a request only lingers.
            if number > 0 {
                let what = if number == 1 { "request" } else { "requests" };
                tracing::warn!("cut off after {} s: {number} {what} in flight", grace.as_secs());
            }
            return;
        }
    }
}

/// Opens the port.
///
/// This is what `actix_web::HttpServer` does, but with connections of our own.
fn bind(state: &Arc<State>, api: Api) -> io::Result<ServerBuilder> {
    let builder = Server::build().disable_signals().backlog(BACKLOG);
    // Above the limit, connections are taken still, to be told that they are too many.
    let builder = builder.max_concurrent_connections(state.settings.max_connections * 2 + 1000);
    let draining = builder.graceful_shutdown_signal();
    let state = Arc::clone(state);
    builder.bind("http", state.settings.address, move || {
        let (settings, draining) = (&state.settings, draining.clone());
        let app = actix_service::IntoServiceFactory::into_factory(app(&state, api));
        let http = HttpService::build()
            .keep_alive(settings.keep_alive)
            .client_request_timeout(settings.header_timeout)
            .client_disconnect_timeout(LINGER)
            // Else what is no HTTP behind a request would cost that one its answer. Who closes has
            // gone away all the same: the connection sees to that.
            .h1_allow_half_closed(true)
            .graceful_shutdown_signal(move || {
                let draining = draining.clone();
                async move { draining.notified().await }
            })
            .on_connect_ext(|connection: &Connection, data| {
                data.insert(std::rc::Rc::clone(&connection.line));
            })
            .h1(map_config(app.map_err(|error| error.error_response()), |()| AppConfig::default()));
        let state = Arc::clone(&state);
        fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            let connection = Connection::new(stream, &state);
            std::future::ready(Ok((connection, peer)))
        })
        .and_then(http)
    })
}
