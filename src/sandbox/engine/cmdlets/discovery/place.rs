//! The culture and the host program of a session.

use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::value::{Obj, Schema, Val};
use super::super::Bound;

/// Windows as it is installed in the sandbox speaks American English.
pub(super) fn culture(evaluator: &mut Evaluator<'_>, _: &Bound, out: &mut dyn Sink) -> Run<()> {
    let schema = Schema::new(
        &["System.Globalization.CultureInfo", "System.Object"],
        &[
            "LCID",
            "Name",
            "IetfLanguageTag",
            "DisplayName",
            "NativeName",
            "EnglishName",
            "TwoLetterISOLanguageName",
            "ThreeLetterISOLanguageName",
            "ThreeLetterWindowsLanguageName",
            "IsNeutralCulture",
            "UseUserOverride",
            "IsReadOnly",
        ],
    );
    let spoken = "English (United States)";
    let values = vec![
        Val::I32(1033),
        Val::str("en-US"),
        Val::str("en-US"),
        Val::str(spoken),
        Val::str(spoken),
        Val::str(spoken),
        Val::str("en"),
        Val::str("eng"),
        Val::str("ENU"),
        Val::Bool(false),
        Val::Bool(true),
        Val::Bool(false),
    ];
    out.put(evaluator, Obj::typed(&schema, "en-US", values))
}

pub(super) fn host(evaluator: &mut Evaluator<'_>, _: &Bound, out: &mut dyn Sink) -> Run<()> {
    let host = evaluator.known_variable("host").unwrap_or(Val::Null);
    out.put(evaluator, host)
}
