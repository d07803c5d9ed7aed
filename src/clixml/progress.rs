//! `PR`, the compact form of a progress record outside PSRP's own progress messages.
//!
//! It becomes an object of its .NET type with the members that a PROGRESS_RECORD message has, so that readers know one
//! form only. Such an object, and no other, is written as `PR` again.

use super::scalar::Scalar;
use super::{Content, Members, Object, TypeNames, Value};

const TYPE: &str = "System.Management.Automation.ProgressRecord";

/// Members and their elements in the order in which PowerShell writes them.
pub(super) const PARTS: [(&str, &str); 8] = [
    ("Activity", "AV"),
    ("ActivityId", "AI"),
    ("CurrentOperation", "S"),
    ("ParentActivityId", "PI"),
    ("PercentComplete", "PC"),
    ("Type", "T"),
    ("SecondsRemaining", "SR"),
    ("StatusDescription", "SD"),
];

/// The member that an element inside `PR` holds.
pub(super) fn member_of(tag: &str) -> Option<&'static str> {
    let tag = if tag == "Nil" { "S" } else { tag };
    PARTS.iter().find(|(_, element)| *element == tag).map(|(member, _)| *member)
}

/// How the text of a member is read.
pub(super) fn scalar_of(member: &str) -> Scalar {
    match member {
        "ActivityId" | "ParentActivityId" | "PercentComplete" | "SecondsRemaining" => Scalar::I32,
        _ => Scalar::Str,
    }
}

/// The object of a progress record.
pub(super) fn object(members: Members) -> Object {
    Object { type_names: TypeNames::new([TYPE, "System.Object"]), notes: members, ..Object::default() }
}

/// Whether an object has exactly the form that [`object`] makes of a whole `PR`.
pub(super) fn is_progress(object: &Object) -> bool {
    object.id.is_none()
        && object.type_names.iter().eq([TYPE, "System.Object"])
        && object.content == Content::None
        && object.to_string.is_none()
        && object.props.is_empty()
        && object.notes.iter().map(|(name, _)| &**name).eq(PARTS.iter().map(|(member, _)| *member))
        && object.notes.iter().all(|(name, value)| fits(name, value))
}

fn fits(member: &str, value: &Value) -> bool {
    match value {
        Value::Null => member == "CurrentOperation",
        Value::I32(_) => scalar_of(member) == Scalar::I32,
        Value::Str(_) => scalar_of(member) == Scalar::Str,
        _ => false,
    }
}
