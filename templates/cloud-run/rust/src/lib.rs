//! A small domain behind HTTP, to be replaced: what it answers is in `contract/`.

pub mod api;
pub mod service;
