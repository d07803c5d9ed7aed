//! `[ref]`: an object that has a variable's value, and gives it one.

use std::borrow::Cow;

use super::value::{Obj, Schema, Val};

/// The type of `[ref]`.
pub(super) const REFERENCE: &str = "System.Management.Automation.PSReference";

impl Val {
    /// A `[ref]`.
    pub(super) fn reference(value: Self) -> Self {
        let of: Cow<'_, str> = match &value {
            Self::Void | Self::Null => "System.Management.Automation.LanguagePrimitives+Null".into(),
            other => other.type_name().to_string().into(),
        };
        let own = format!("{REFERENCE}`1[[{of}]]");
        let schema = Schema::new(&[&own, REFERENCE, "System.Object"], &["Value"]);
        Obj::typed(&schema, format!("{REFERENCE}`1[{of}]"), vec![value.stored()])
    }
}
