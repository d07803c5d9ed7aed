//! `[ref]`: an object that has a variable's value, and gives it one.

use std::sync::{Arc, LazyLock};

use super::value::{Obj, Schema, Val};

/// The type of `[ref]`.
pub(super) const REFERENCE: &str = "System.Management.Automation.PSReference";

impl Val {
    /// A `[ref]`.
    pub(super) fn reference(value: Self) -> Self {
        static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Schema::new(&[REFERENCE, "System.Object"], &["Value"]));
        Obj::typed(&SCHEMA, REFERENCE, vec![value.stored()])
    }
}
