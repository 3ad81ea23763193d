//! Holds the library to the contract's vectors, which every implementation shares.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use my_project::arithmetic::evaluate;

fn vectors() -> Value {
    let text = fs::read_to_string("contract/vectors.json").expect("the vectors are there");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

fn cases(vectors: &Value) -> &[Value] {
    vectors["cases"].as_array().expect("cases are a list")
}

#[test]
fn every_vector_gives_its_value_or_its_error() {
    for case in cases(&vectors()) {
        let expression = case["expression"].as_str().expect("an expression is text");
        let answer = match evaluate(expression) {
            Ok(value) => json!({"expression": expression, "value": value.to_string()}),
            Err(found) => json!({
                "expression": expression,
                "error": found.error.code(),
                "position": found.position,
            }),
        };
        assert_eq!(answer, *case);
    }
}

#[test]
fn every_error_has_its_message() {
    let vectors = vectors();
    let mut met = BTreeSet::new();
    for case in cases(&vectors) {
        if let Err(found) = evaluate(case["expression"].as_str().unwrap_or_default()) {
            let code = found.error.code();
            assert_eq!(vectors["messages"][code], found.error.to_string(), "of {code}");
            met.insert(code.to_owned());
        }
    }
    let promised = vectors["messages"].as_object().expect("messages are an object");
    assert_eq!(met, promised.keys().cloned().collect(), "every code occurs in some vector");
}

#[test]
fn there_are_at_least_200_vectors_and_none_twice() {
    let vectors = vectors();
    let expressions: BTreeSet<_> =
        cases(&vectors).iter().map(|case| case["expression"].as_str()).collect();
    assert_eq!(expressions.len(), cases(&vectors).len());
    assert!(expressions.len() >= 200);
}
