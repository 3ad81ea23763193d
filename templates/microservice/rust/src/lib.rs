//! A calculator behind HTTP: what it answers is in `contract/`.

pub mod api;
pub mod arithmetic;
mod operands;
pub mod service;
