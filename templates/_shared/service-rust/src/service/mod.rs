//! What every service does, whatever it is about: settings, limits, errors, logs, metrics, and a
//! clean end, as `contract/service.md` says.
//!
//! A domain brings an [`Api`]; its handlers take [`Path`], [`Query`] and [`Json`], and return
//! [`Json`] or a [`Problem`].

mod access;
mod answer;
mod answering;
mod api;
mod body;
mod clock;
mod connection;
mod cors;
mod document;
mod environment;
mod error;
mod events;
mod exchange;
mod healthcheck;
mod json;
mod layer;
mod line;
mod log;
mod metrics;
mod operations;
mod panics;
mod parameters;
mod percent;
mod problem;
mod request;
mod request_id;
mod routes;
mod sending;
mod server;
mod settings;
mod shape;
mod signals;
mod state;
mod strict_json;
mod trace;
mod unfit;

pub use api::{Api, Preparation};
pub use environment::BadSetting;
pub use error::Error;
pub use healthcheck::healthcheck;
pub use json::{Json, json};
pub use parameters::{Path, Query};
pub use problem::{Misfit, Problem};
pub use routes::{Methods, Routes, app, get, post};
pub use server::serve;
pub use settings::{Format, Level, Settings};
pub use shape::read_shape;
pub use signals::Signals;
pub use state::{Stage, State};
pub use strict_json::{JsonError, read_json};
