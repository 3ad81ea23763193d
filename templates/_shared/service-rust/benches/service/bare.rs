//! Owns the floor: a handler and nothing else.

use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};

/// Answers as the service does, with a constant.
pub(crate) fn serve(pattern: &str, port: &str) {
    let (pattern, port) = (pattern.to_owned(), port.parse::<u16>().expect("it is a port"));
    let answer =
        || async { HttpResponse::Ok().insert_header(ContentType::json()).body("{\"a\":12345}") };
    let server = HttpServer::new(move || {
        App::new().route(&pattern, web::get().to(answer)).route("/readyz", web::get().to(answer))
    });
    let server = server.bind(("127.0.0.1", port)).expect("the port is free");
    actix_web::rt::System::new().block_on(server.run()).expect("it runs until it is killed");
}
