//! The type of an array.

use crate::clixml::TypeNames;

/// The type names of `object[]`.
pub(super) fn array_type() -> TypeNames {
    TypeNames::new(ARRAY_TYPE)
}

pub(super) const ARRAY_TYPE: [&str; 3] = ["System.Object[]", "System.Array", "System.Object"];
