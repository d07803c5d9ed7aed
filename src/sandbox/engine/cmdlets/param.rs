//! Parameters of commands, in the notation of the tables.
//!
//! `Names[:type][@place][marks]`, as in `Path|FullName:string@0<^+`:
//!
//! - names with `|` between them, the first is the parameter's own;
//! - `:string` is the type that input must have to bind without conversion: a PowerShell type of values, or the last
//!   part of an object's type name (`:ServiceController`);
//! - `@0` is its place, `@*` takes all places that are left;
//! - `!` makes it a switch;
//! - `<` binds input by value, `^` by the property of one of its names;
//! - `+` is mandatory; `/` stands in for the mandatory parameter before it (`LiteralPath` for `Path`).

use super::super::convert::cast;
use super::super::types::TypeRef;
use super::super::value::Val;

/// A parameter of a table, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Param {
    names: &'static str,
    /// What input must be to bind by value.
    pub(super) kind: Option<&'static str>,
    pub(super) place: Option<Place>,
    pub(super) is_switch: bool,
    pub(super) by_value: bool,
    pub(super) by_name: bool,
    pub(super) is_mandatory: bool,
    /// Stands in for the mandatory parameter before it.
    pub(super) is_instead: bool,
}

/// Where arguments without a name go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Place {
    At(u8),
    Rest,
}

impl Param {
    pub(super) fn of(text: &'static str) -> Self {
        let marks_at = text.trim_end_matches(['!', '<', '^', '+', '/']).len();
        let (text, marks) = text.split_at(marks_at);
        let (text, place) = match text.split_once('@') {
            Some((text, "*")) => (text, Some(Place::Rest)),
            Some((text, place)) => (text, place.parse().ok().map(Place::At)),
            None => (text, None),
        };
        let (names, kind) = text.split_once(':').map_or((text, None), |(names, kind)| (names, Some(kind)));
        Self {
            names,
            kind,
            place,
            is_switch: marks.contains('!'),
            by_value: marks.contains('<'),
            by_name: marks.contains('^'),
            is_mandatory: marks.contains('+'),
            is_instead: marks.contains('/'),
        }
    }

    pub(in super::super) fn name(self) -> &'static str {
        self.names.split('|').next().unwrap_or(self.names)
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        self.names.split('|')
    }

    pub(super) fn is_named(self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    pub(super) fn starts_with(self, name: &str) -> bool {
        self.names().any(|own| own.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    }

    /// Whether it wants a text.
    pub(super) fn is_text(self) -> bool {
        self.kind == Some("string") || (self.kind.is_none() && matches!(self.name(), "Object" | "Message"))
    }

    /// Whether an object is of the parameter's type as it is.
    pub(super) fn takes(self, value: &Val) -> bool {
        match (self.kind, value) {
            (None, _) => true,
            (Some("string"), _) => matches!(value, Val::Str(_)),
            (Some("int"), _) => value.as_int().is_some(),
            (Some("double"), _) => value.as_float().is_some(),
            (Some("scriptblock"), _) => matches!(value, Val::Script(_)),
            (Some("hashtable"), _) => matches!(value, Val::Hash(_)),
            (Some("datetime"), _) => matches!(value, Val::DateTime(_)),
            (Some("timespan"), _) => matches!(value, Val::TimeSpan(_)),
            (Some(kind), Val::Object(object)) => {
                object.type_names().iter().any(|name| name.rsplit(['.', '#', '/']).next() == Some(kind))
            }
            _ => false,
        }
    }

    /// Whether PowerShell would convert the object to the parameter's type: everything has a text.
    pub(super) fn could_take(self, value: &Val) -> bool {
        match self.kind {
            Some("string") => !value.is_null(),
            Some("int" | "double") => super::super::convert::number(value).is_some(),
            Some("datetime") => cast(value, &TypeRef::named("System.DateTime")).is_ok(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Param, Place};

    #[test]
    fn notation() {
        let path = Param::of("Path|FullName:string@0<^+");
        assert_eq!((path.name(), path.kind, path.place), ("Path", Some("string"), Some(Place::At(0))));
        assert!(path.by_value && path.by_name && path.is_mandatory && !path.is_switch && !path.is_instead);
        let recurse = Param::of("Recurse|s!");
        assert!(recurse.is_switch && recurse.is_named("S") && recurse.place.is_none());
        assert!(Param::of("LiteralPath|PSPath:string^/").is_instead);
        assert_eq!(Param::of("Object@*").place, Some(Place::Rest));
    }
}
