//! Owns the reading of JSON: strict, so that no two readers can understand a text differently.

use std::cell::Cell;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is no JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JsonError {
    /// It is not in the grammar, or not UTF-8.
    #[error("the body is not JSON")]
    Syntax,
    /// An object has a key twice.
    #[error("the body has a key twice")]
    KeyTwice,
    /// Arrays and objects are nested more than 127 deep.
    #[error("the body is nested too deep")]
    TooDeep,
    /// A number is beyond the range of a double.
    #[error("the body has a number out of range")]
    OutOfRange,
}

/// Reads a document.
///
/// # Errors
///
/// Every [`JsonError`]; a text that is no JSON is just that, whatever else is wrong in it before.
///
/// ```
/// use my_project::service::{JsonError, read_json};
///
/// assert_eq!(read_json(br#"{"a": 1, "\u0061": 2}"#), Err(JsonError::KeyTwice));
/// ```
pub fn read_json(text: &[u8]) -> Result<Value, JsonError> {
    let key_twice = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Document(&key_twice).deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        // The kinds of error of `serde_json` can be told apart by their messages alone.
        let message = error.to_string();
        if message.starts_with("recursion limit exceeded") {
            JsonError::TooDeep
        } else if message.starts_with("number out of range") {
            JsonError::OutOfRange
        } else {
            JsonError::Syntax
        }
    })?;
    if key_twice.get() { Err(JsonError::KeyTwice) } else { Ok(value) }
}

/// Makes a value of what is read, and notes whether a key stood twice.
#[derive(Clone, Copy)]
struct Document<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            if object.insert(key, value).is_some() {
                self.0.set(true);
            }
        }
        Ok(Value::Object(object))
    }
}
