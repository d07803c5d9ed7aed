//! `[switch]`: a value of its own, which scripts ask for `IsPresent`.

use std::sync::{Arc, LazyLock};

use super::value::{Obj, Schema, Val};

const SWITCH: &str = "System.Management.Automation.SwitchParameter";

impl Val {
    /// A `[switch]`.
    pub(super) fn switch(is_on: bool) -> Self {
        static SCHEMA: LazyLock<Arc<Schema>> =
            LazyLock::new(|| Schema::new(&[SWITCH, "System.ValueType", "System.Object"], &["IsPresent"]));
        Obj::typed(&SCHEMA, if is_on { "True" } else { "False" }, vec![Self::Bool(is_on)])
    }

    /// Whether a switch is on; `None` if it is none.
    pub(super) fn as_switch(&self) -> Option<bool> {
        match self {
            Self::Object(object) if object.type_name() == SWITCH => Some(object.text.as_deref() == Some("True")),
            _ => None,
        }
    }
}
