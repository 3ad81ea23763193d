//! Brings a domain that does what tests need: waits, panics, never ends.

use std::convert::Infallible;
use std::pin::Pin;
use std::process::exit;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::rt::time::sleep;
use actix_web::web::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::OpenApi;

use my_project::service::{Api, Json, Path, Problem, Query};
use my_project::service::{Routes, Settings, Signals};
use my_project::service::{get, post, serve};

pub(crate) const API: Api = Api {
    configure,
    describe: || Document::openapi(),
    prepare: || {
        Box::pin(async {
            let pause = std::env::var("PAUSE").ok().and_then(|text| text.parse().ok());
            sleep(Duration::from_millis(pause.unwrap_or(0))).await;
            std::env::var("FAULT").map_or(Ok(()), |fault| Err(fault.into()))
        })
    },
};

/// What no service can be made of.
pub(crate) const REFUSED: Api = Api {
    configure: |routes| {
        routes.add("/files/{name}.json", get(|| async { "" }));
    },
    ..API
};

#[derive(OpenApi)]
struct Document;

fn configure(routes: &mut Routes<'_>) {
    routes
        .add("/slow/{milliseconds}", get(slow).post(|path: Path, _: Json<Shape>| slow(path)))
        .add("/panic", get(panic))
        .add("/fault", get(|| async { Err::<HttpResponse, _>(std::io::Error::other("secret")) }))
        .add("/plain/{status}", get(plain))
        .add("/endless", get(|| async { HttpResponse::Ok().body(Parts(u32::MAX)) }))
        .add("/parts/{number}", get(parts))
        .add("/domain", get(|| async { Err::<HttpResponse, _>(domain_error()) }))
        .add("/query", get(query))
        .add(
            "/shape",
            post(|Json(shape): Json<Shape>| async { Json(shape) }).get(|| async { "get" }),
        );
}

/// A body with all kinds of parts.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    name: String,
    #[serde(default)]
    count: Option<u8>,
    #[serde(default)]
    share: f64,
    #[serde(default)]
    inner: Option<Box<Shape>>,
    #[serde(default)]
    list: Vec<bool>,
    #[serde(default)]
    colour: Option<Colour>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

async fn slow(path: Path) -> Result<&'static str, Problem> {
    sleep(Duration::from_millis(path.read("milliseconds")?)).await;
    Ok("done")
}

async fn plain(path: Path) -> Result<HttpResponse, Problem> {
    let status: String = path.read("status")?;
    Ok(HttpResponse::new(status.parse().expect("tests ask for a status")))
}

async fn parts(path: Path) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().body(Parts(path.read("number")?)))
}

async fn query(query: Query) -> Result<String, Problem> {
    Ok(format!("{:?}", query.read::<String>("text")?))
}

async fn panic() -> &'static str {
    panic!("secret")
}

fn domain_error() -> Problem {
    Problem::of_domain("too_much", "more than there is").at(7)
}

/// An answer that goes on for so many parts.
struct Parts(u32);

impl MessageBody for Parts {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        context.waker().wake_by_ref();
        std::thread::sleep(Duration::from_millis(1));
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(None) };
        self.0 = left;
        Poll::Ready(Some(Ok(Bytes::from_static(b"more"))))
    }
}

/// Serves; other tests run this one as a program, which needs the harness for its name only.
#[test]
#[ignore = "it is no test but a program"]
fn serve_for_tests() {
    let signals = Signals::catch().expect("the system lets it");
    let settings = Settings::from_environment().expect("tests know what is allowed");
    match serve(settings, signals, API) {
        Ok(()) => exit(0),
        Err(error) => {
            std::io::Write::write_all(&mut std::io::stderr(), error.to_string().as_bytes())
                .expect("somebody reads");
            exit(1)
        }
    }
}
