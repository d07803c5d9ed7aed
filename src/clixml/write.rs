//! The texts of scalars that CLIXML and JSON write alike.

use uuid::Uuid;

/// Appends a boolean.
pub(super) fn boolean(yes: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if yes { b"true" } else { b"false" });
}

/// Appends an integer in decimal.
pub(super) fn integer(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a GUID in its form with hyphens.
pub(super) fn guid(id: &Uuid, out: &mut Vec<u8>) {
    out.extend_from_slice(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
}
