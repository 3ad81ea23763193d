//! Owns the check of reports: the first thing in which data break `contract/report.schema.json`.
//!
//! Of JSON Schema it knows what that file uses; libraries for all of it take forty others along.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// What no number exceeds, so that no formula of `contract/plot.md` overflows.
const LARGEST: f64 = 1e30;
const SCHEMA: &str = include_str!("../../contract/report.schema.json");

/// Holds data to the schema of reports.
///
/// # Errors
///
/// Where they break it first, and how.
pub fn check(report: &Value) -> Result<(), String> {
    let root: Value = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
    check_value(report, &root, &root, "")
}

fn check_value(data: &Value, schema: &Value, root: &Value, place: &str) -> Result<(), String> {
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => schema,
    };
    if let Some(flaw) = flaw_of_itself(data, schema).or_else(|| flaw_of_range(data, schema)) {
        let place = if place.is_empty() { "the whole" } else { place };
        return Err(format!("{place} {flaw}"));
    }
    match data {
        Value::Object(members) => check_members(members, schema, root, place),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(number, item)| {
            check_value(item, &schema["items"], root, &format!("{place}/{number}"))
        }),
        _ => Ok(()),
    }
}

/// What is wrong with a value, not looking into it.
fn flaw_of_itself(data: &Value, schema: &Value) -> Option<String> {
    let types = match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().map_or_else(Vec::new, |name| vec![name]),
    };
    if !types.is_empty() && !types.iter().any(|name| is_of(data, name)) {
        return Some(format!("is not of the type {}", types.join(" or ")));
    }
    let is_listed = schema["enum"].as_array().is_none_or(|all| all.contains(data));
    if !is_listed || schema.get("const").is_some_and(|only| only != data) {
        return Some("is not what it must be".into());
    }
    let count = data.as_array().map_or(0, Vec::len) as u64;
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| count > *most) {
        return Some(format!("has more than {most} items"));
    }
    let (text, pattern) = data.as_str().zip(schema["pattern"].as_str())?;
    let has_form = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
    (!has_form).then(|| "has not the form it must have".into())
}

fn flaw_of_range(data: &Value, schema: &Value) -> Option<String> {
    if !data.is_number() {
        return None;
    }
    // What is beyond all numbers of 64 bits is known as none.
    let number = data.as_f64().unwrap_or(f64::INFINITY);
    if number.abs() > LARGEST {
        return Some("is beyond 1e30".into());
    }
    let least = schema["minimum"].as_f64().filter(|least| number < *least);
    let bound = schema["exclusiveMinimum"].as_f64().filter(|bound| number <= *bound);
    let below = least.map(|least| format!("is less than {least}"));
    below.or_else(|| bound.map(|bound| format!("is not more than {bound}")))
}

fn check_members(
    members: &Map<String, Value>,
    schema: &Value,
    root: &Value,
    place: &str,
) -> Result<(), String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for name in required {
        if !members.contains_key(name) {
            return Err(format!("{place}/{name} is missing"));
        }
    }
    for (name, data) in members {
        let place = format!("{place}/{name}");
        let known = schema["properties"].get(name);
        let inner = known.unwrap_or(&schema["additionalProperties"]);
        if *inner == Value::Bool(false) {
            return Err(format!("{place} should not be there"));
        }
        check_value(data, inner, root, &place)?;
    }
    Ok(())
}

/// Whether a value has a type; an integer is one that is written as such.
fn is_of(data: &Value, name: &str) -> bool {
    match name {
        "object" => data.is_object(),
        "array" => data.is_array(),
        "string" => data.is_string(),
        "integer" => data.is_number() && !data.to_string().contains(['.', 'e', 'E']),
        "number" => data.is_number(),
        "null" => data.is_null(),
        _ => false,
    }
}
