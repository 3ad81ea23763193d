//! Owns what stands in the path and the query of a request: decoded, and read into types.

use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::percent::{decode, decode_form};
use super::problem::{Misfit, Problem};

/// The variable segments of the path, as the argument of a handler.
#[derive(Clone, Debug)]
pub struct Path(HttpRequest);

impl Path {
    /// Reads a segment; the error of its type says what is wrong with it.
    ///
    /// # Errors
    ///
    /// A problem with the pointer `/path/NAME`.
    ///
    /// # Panics
    ///
    /// If the route has no such segment.
    pub fn read<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Problem> {
        let segment = self.segment(name).expect("the route has this segment");
        decode(segment).parse().map_err(|error| misfit("/path/", name, error))
    }

    /// Returns a segment as it was sent.
    ///
    /// The router decodes everything but a few characters before it matches, so that what it gives
    /// cannot be decoded to the end without decoding some of it twice.
    fn segment(&self, name: &str) -> Option<&str> {
        let wanted = self.0.match_info().get(name)?;
        let path = self.0.uri().path();
        if !path.contains('%') {
            return Some(wanted);
        }
        let pattern = self.0.match_pattern()?;
        let index = pattern.split('/').position(|part| {
            part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name)
        })?;
        path.split('/').nth(index)
    }
}

impl FromRequest for Path {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone())))
    }
}

/// The parameters of the query, as the argument of a handler.
#[derive(Clone, Debug)]
pub struct Query(HttpRequest);

impl Query {
    /// Reads a parameter, if it is there; the error of its type says what is wrong with it.
    ///
    /// # Errors
    ///
    /// A problem with the pointer `/query/NAME`, also if it is given twice.
    pub fn read<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let parts = self.0.query_string().split('&').filter(|part| !part.is_empty());
        let pairs = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
        let mut values = pairs.filter(|(key, _)| decode_form(key) == name).map(|(_, value)| value);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(misfit("/query/", name, "is given twice"));
        }
        let value = decode_form(value);
        value.parse().map(Some).map_err(|error| misfit("/query/", name, error))
    }
}

impl FromRequest for Query {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone())))
    }
}

fn misfit(part: &str, name: &str, detail: impl Display) -> Problem {
    Problem::misfit(Misfit { pointer: format!("{part}{name}"), detail: detail.to_string() })
}
