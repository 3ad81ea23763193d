//! Laws of reading JSON, for documents at random.

use proptest::prelude::*;
use serde_json::{Map, Value};

use my_project::service::{JsonError, read_json, read_shape};

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |f| f.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 50, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(document in documents()) {
        prop_assert_eq!(read_json(document.to_string().as_bytes()), Ok(document.clone()));
        prop_assert_eq!(read_json(format!("{document:#}\n").as_bytes()), Ok(document));
    }

    #[test]
    fn any_shape_reads_itself(document in documents()) {
        prop_assert_eq!(read_shape::<Value>(&document, ""), Ok(document));
    }

    #[test]
    fn a_text_cut_off_is_no_json(document in documents(), place: prop::sample::Index) {
        let text = Value::from(vec![document]).to_string();
        prop_assert_eq!(read_json(&text.as_bytes()[..place.index(text.len())]), Err(JsonError::Syntax));
    }

    #[test]
    fn a_key_twice_is_found_at_any_depth(document in documents(), key: String, depth in 0..100_usize) {
        let key = Value::from(key);
        let twice = format!("{{{key}:{document},{key}:{document}}}");
        let text = "[".repeat(depth) + &twice + &"]".repeat(depth);
        prop_assert_eq!(read_json(text.as_bytes()), Err(JsonError::KeyTwice));
    }

    #[test]
    fn bytes_at_random_never_panic(bytes: Vec<u8>) {
        let _ = read_json(&bytes).map(|document| read_shape::<crate::routes::Shape>(&document, ""));
    }
}
