//! Owns what a domain brings to its service, and the document that describes both.

use std::error::Error;
use std::pin::Pin;

use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::{InfoBuilder, OpenApi as Described};

use super::operations;
use super::routes::Routes;

/// What must be done before a service is ready.
pub type Preparation = Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>>>>;

/// What a domain brings to its service.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// Adds its routes.
    pub configure: fn(&mut Routes<'_>),
    /// Describes them.
    pub describe: fn() -> Described,
    /// Does what must be done before they can answer, such as opening connections to others.
    pub prepare: fn() -> Preparation,
}

impl Api {
    /// Returns the `OpenAPI` document, with sorted keys.
    ///
    /// # Panics
    ///
    /// If the description cannot be written as JSON, which the tests would tell.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut document = operations::Document::openapi();
        document.merge((self.describe)());
        document.info = InfoBuilder::new()
            .title("My Project")
            .description(Some(env!("CARGO_PKG_DESCRIPTION")))
            .version(env!("CARGO_PKG_VERSION"))
            .build();
        let mut document = serde_json::to_value(document).expect("a document is JSON");
        forget_widths(&mut document);
        document
    }
}

/// Forgets how wide numbers are in Rust, which is no part of the contract.
fn forget_widths(document: &mut Value) {
    match document {
        Value::Object(members) => {
            let is_width =
                |format: &Value| format.as_str().is_some_and(|format| WIDTHS.contains(&format));
            if members.get("format").is_some_and(is_width) {
                members.remove("format");
            }
            members.values_mut().for_each(forget_widths);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_widths),
        _ => {}
    }
}

const WIDTHS: [&str; 4] = ["int32", "int64", "float", "double"];
