//! A value as one text, whatever it is.

use std::borrow::Cow;

use super::Value;
use super::json::PlainJson;
use super::scalar_text::scalar_text;
use super::view::{Shape, shape};

/// A value as plain text: scalars as the plain JSON profile writes them, without quotes; null and secure strings empty;
/// enums and objects that have a text of their own by that; everything else as compact JSON.
///
/// References are not resolved; see [`PlainJson::cell`].
pub fn text(value: &Value) -> Cow<'_, str> {
    match shape(value) {
        Shape::Scalar(scalar) => scalar_text(scalar),
        Shape::Same(scalar) => Cow::Owned(scalar_text(&scalar).into_owned()),
        Shape::Ref(_) => Cow::Borrowed(""),
        other => {
            if let Some(own) = other.own_text() {
                return own;
            }
            let mut out = Vec::new();
            PlainJson::default().write(value, &mut out);
            Cow::Owned(String::from_utf8(out).unwrap_or_default())
        }
    }
}
