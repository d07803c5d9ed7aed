//! Enumerations that scripts name, and `[enum]`.

use std::sync::LazyLock;

use super::super::convert::{text, truth};
use super::super::enums::EnumType;
use super::super::eval::Evaluator;
use super::super::format;
use super::super::types::TypeRef;
use super::super::value::{Enum, Val};
use super::enum_table;
use super::{Outcome, arg_text, set_ref, thrown};

static ALL: LazyLock<Vec<EnumType>> = LazyLock::new(|| {
    enum_table::ALL.iter().map(|(name, is_flags, values)| EnumType::of(name, *is_flags, values)).collect()
});

/// The enumeration of a full name.
pub(in super::super) fn find(full: &str) -> Option<&'static EnumType> {
    ALL.iter().find(|known| &*known.full == full)
}

/// The full names of all.
pub(in super::super) fn names() -> impl Iterator<Item = &'static str> {
    enum_table::ALL.iter().map(|(name, ..)| *name)
}

/// A value by its name, in any case.
pub(in super::super) fn value_of(full: &str, name: &str) -> Option<Val> {
    find(full)?.named(name)
}

/// The enumeration that an argument names.
fn of_arg(arg: Option<&Val>) -> Option<&'static EnumType> {
    match arg {
        Some(Val::Type(kind)) => find(&kind.full),
        Some(other) => TypeRef::find(&text(other)).and_then(|kind| find(&kind.full)),
        None => None,
    }
}

fn strings(known: &EnumType) -> Val {
    Val::list("System.String[]", known.sorted().into_iter().map(|(name, _)| Val::Str(name)).collect())
}

fn values(known: &EnumType) -> Val {
    let items = known.sorted().into_iter().map(|(_, number)| known.value(number));
    Val::list(format!("{}[]", known.full), items.collect())
}

/// `[enum]::...`
pub(super) fn statics(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let Some(known) = of_arg(args.first()) else { return Ok(None) };
    let given = arg_text(args, 1);
    let by_number = |value: &Val| value.as_int().and_then(|number| i32::try_from(number).ok());
    Ok(Some(match name {
        "getnames" => strings(known),
        "getvalues" => values(known),
        "parse" if given.trim().is_empty() => {
            let why = "Must specify valid information for parsing in the string. (Parameter 'value')";
            return thrown("ArgumentException", why);
        }
        "parse" => match known.parse_strictly(&given, args.get(2).is_some_and(truth)) {
            Some(value) => value,
            None => return thrown("ArgumentException", format!("Requested value '{given}' was not found.")),
        },
        "tryparse" => {
            let ignores_case = args.len() > 3 && args.get(2).is_some_and(truth);
            let found = known.parse_strictly(&given, ignores_case);
            let is_found = found.is_some();
            if let Some(value) = found {
                set_ref(evaluator, args.get(2..).and_then(|rest| rest.last()), value)?;
            }
            Val::Bool(is_found)
        }
        "isdefined" => {
            let number = args.get(1).and_then(by_number);
            Val::Bool(known.members.iter().any(|(own, value)| **own == *given || Some(*value) == number))
        }
        "getname" => {
            let number = match args.get(1) {
                Some(Val::Enum(value)) => Some(value.number),
                other => other.and_then(by_number),
            };
            let found = known.members.iter().find(|(_, value)| Some(*value) == number);
            found.map_or(Val::Null, |(name, _)| Val::Str(name.clone()))
        }
        "toobject" => known.value(args.get(1).and_then(by_number).unwrap_or(0)),
        "format" => {
            let value = known.convert(args.get(1).unwrap_or(&Val::Null))?;
            Val::str(format::value_text(&value, &arg_text(args, 2))?)
        }
        "getunderlyingtype" => Val::Type(TypeRef::named("System.Int32")),
        _ => return Ok(None),
    }))
}

/// Methods of the type itself: `[DayOfWeek].GetEnumNames()`.
pub(super) fn type_method(kind: &TypeRef, name: &str, args: &[Val]) -> Outcome {
    let known = find(&kind.full);
    Ok(Some(match (name, known) {
        ("getenumnames", Some(known)) => strings(known),
        ("getenumvalues", Some(known)) => values(known),
        ("gettype", _) => Val::Type(TypeRef::named("System.RuntimeType")),
        ("isinstanceoftype", _) => Val::Bool(kind.is_of(args.first().unwrap_or(&Val::Null))),
        ("isassignablefrom", _) => Val::Bool(matches!(args.first(), Some(Val::Type(other)) if other == kind)),
        _ => return Ok(None),
    }))
}

/// Methods of a value.
pub(super) fn method(value: &Enum, name: &str, args: &[Val]) -> Outcome {
    Ok(Some(match name {
        "hasflag" => {
            let wanted = match args.first() {
                Some(Val::Enum(other)) => other.number,
                Some(other) => find(&value.type_name)
                    .and_then(|known| known.convert(other).ok())
                    .map_or(0, |found| if let Val::Enum(found) = found { found.number } else { 0 }),
                None => return Ok(None),
            };
            Val::Bool(value.number & wanted == wanted)
        }
        "gettypecode" => Val::of_enum("System.TypeCode", "Int32", 9),
        "gethashcode" => Val::I32(value.number),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::{ALL, find};
    use crate::sandbox::engine::convert::text;
    use crate::sandbox::engine::types::TypeRef;
    use crate::sandbox::engine::value::Val;

    #[test]
    fn names_and_numbers_of_flags() {
        let attributes = find("System.IO.FileAttributes").expect("known");
        let of = |value: Val| attributes.convert(&value).map(|value| text(&value)).ok();
        assert_eq!(of(Val::str("system, hidden")).as_deref(), Some("Hidden, System"));
        assert_eq!(of(Val::I32(33)).as_deref(), Some("ReadOnly, Archive"));
        assert_eq!(of(Val::I32(1 << 30)), None);
    }

    #[test]
    fn every_enumeration_is_a_type() {
        for known in ALL.iter() {
            let found = TypeRef::find(&known.full).unwrap_or_else(|| panic!("{}", known.full));
            assert_eq!(found.full, known.full);
        }
    }
}
