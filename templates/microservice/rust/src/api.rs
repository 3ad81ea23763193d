//! Owns the domain: the calculator's routes, and how its numbers and errors look over HTTP.

use std::future::ready;

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use crate::arithmetic::{self, Error, EvaluateError, Number};
use crate::operands::{Literal, Operation};
use crate::service::{Api, Json, Path, Preparation, Problem, Routes, get, json, post};

/// What this domain brings to the service.
pub const API: Api = Api { configure, describe: Document::openapi, prepare };

#[derive(OpenApi)]
#[openapi(paths(calculate, evaluate), components(schemas(Answer, Calculation)))]
struct Document;

fn configure(routes: &mut Routes<'_>) {
    routes.add("/v1/{operation}/{a}/{b}", get(calculate)).add("/v1/evaluate", post(evaluate));
}

/// There is nothing to prepare; a service that needs a database would connect to it here.
fn prepare() -> Preparation {
    Box::pin(ready(Ok(())))
}

/// What to evaluate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Calculation {
    /// An expression such as 2 * (3 + 4), of 1,000 characters at most.
    expression: String,
}

/// What was computed.
#[derive(ToSchema)]
struct Answer {
    /// An integer of 64 bits, or a float.
    #[schema(value_type = f64)]
    result: Number,
}

impl Responder for Answer {
    type Body = BoxBody;

    /// Writes the number as the arithmetic prints it, which JSON libraries do not.
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        json(format!(r#"{{"result":{}}}"#, self.result))
    }
}

#[utoipa::path(
    get,
    path = "/v1/{operation}/{a}/{b}",
    operation_id = "calculate",
    summary = "Computes one operation with two numbers",
    tag = "calculator",
    params(
        ("operation" = inline(Operation), Path, description = "What to compute."),
        ("a" = String, Path, description = "The left number.", pattern = r"^-?([0-9]+|[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)$"),
        ("b" = String, Path, description = "The right number.", pattern = r"^-?([0-9]+|[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)$"),
    ),
    responses(
        (status = 200, description = "The result", body = Answer),
        (status = 422, description = "A value that does not fit, or a result that does not exist",
         body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Any other error", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
async fn calculate(path: Path) -> Result<Answer, Problem> {
    let operation: Operation = path.read("operation")?;
    let (Literal(a), Literal(b)) = (path.read("a")?, path.read("b")?);
    Ok(Answer { result: operation.compute(a?, b?)? })
}

#[utoipa::path(
    post,
    path = "/v1/evaluate",
    operation_id = "evaluate",
    summary = "Evaluates an expression",
    tag = "calculator",
    request_body = Calculation,
    responses(
        (status = 200, description = "The result", body = Answer),
        (status = 422, description = "A body that does not fit, or a result that does not exist",
         body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Any other error", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
async fn evaluate(Json(asked): Json<Calculation>) -> Result<Answer, Problem> {
    Ok(Answer { result: arithmetic::evaluate(&asked.expression)? })
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::of_domain(error.code(), error)
    }
}

impl From<EvaluateError> for Problem {
    fn from(EvaluateError { error, position }: EvaluateError) -> Self {
        Self::from(error).at(position)
    }
}
