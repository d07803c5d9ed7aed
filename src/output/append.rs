//! JSON into the bytes of a line.

use serde::Serialize;

/// Appends a value as JSON.
pub(super) fn append<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    // Plain structs into a Vec: neither the writer nor a key can fail.
    let _ = serde_json::to_writer(out, value);
}
