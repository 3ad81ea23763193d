//! Owns the step from JSON to types: says what does not fit, and where, in the contract's words.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Value, map};

use super::problem::Misfit;
use super::unfit::Unfit;

/// Makes a type of a document.
///
/// # Errors
///
/// The first part that does not fit, with a pointer that starts at `root`.
///
/// ```
/// use my_project::service::read_shape;
///
/// let error = read_shape::<Vec<u8>>(&serde_json::json!([1, "2"]), "/body").unwrap_err();
/// assert_eq!((&*error.pointer, &*error.detail), ("/body/1", "must be an integer"));
/// ```
pub fn read_shape<T: DeserializeOwned>(document: &Value, root: &str) -> Result<T, Misfit> {
    T::deserialize(Node(document)).map_err(|Unfit { steps, detail }| {
        let escaped = steps.iter().rev().map(|step| step.replace('~', "~0").replace('/', "~1"));
        let pointer = escaped.fold(root.to_owned(), |at, step| at + "/" + &step);
        Misfit { pointer, detail }
    })
}

/// A part of a document.
#[derive(Clone, Copy)]
struct Node<'de>(&'de Value);

impl Node<'_> {
    fn must_be(self, fits: bool, what: &str) -> Result<Self, Unfit> {
        if fits { Ok(self) } else { Err(Unfit::custom(format_args!("must be {what}"))) }
    }
}

/// Writes the methods that look at the kind of a value before anything else.
macro_rules! checked {
    ($what:literal, $fits:ident: $($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            self.must_be(self.0.$fits(), $what)?.deserialize_any(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Array(items) => visitor.visit_seq(Items(items.iter().enumerate())),
            Value::Object(members) => visitor.visit_map(Members(members.iter(), None)),
            Value::Number(value) => match (value.as_u64(), value.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(value.as_f64().unwrap_or(f64::NAN)),
            },
        }
    }

    checked!("a boolean", is_boolean: deserialize_bool);
    checked!("a number", is_number: deserialize_f32 deserialize_f64);
    checked!("a string", is_string: deserialize_char deserialize_str deserialize_string);
    checked!("an array", is_array: deserialize_seq);
    checked!("an object", is_object: deserialize_map);

    checked!("an integer", is_number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    checked!("an integer", is_number: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        let name = self.0.as_str().ok_or_else(|| Unfit::custom("must be a string"))?;
        visitor.visit_enum(name.into_deserializer())
    }

    forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The items of an array.
struct Items<I>(I);

impl<'de, I: Iterator<Item = (usize, &'de Value)>> SeqAccess<'de> for Items<I> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unfit> {
        let Some((index, item)) = self.0.next() else { return Ok(None) };
        seed.deserialize(Node(item)).map(Some).map_err(|unfit| unfit.under(index.to_string()))
    }
}

/// The members of an object, and the one whose key was read.
struct Members<'de>(map::Iter<'de>, Option<(&'de String, &'de Value)>);

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        self.1 = self.0.next();
        let Some((key, _)) = self.1 else { return Ok(None) };
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        let (key, value) = self.1.expect("serde reads keys first");
        seed.deserialize(Node(value)).map_err(|unfit| unfit.under(key))
    }
}
