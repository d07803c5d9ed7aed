//! Enumerations that scripts name, and `[enum]`.

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::types::TypeRef;
use super::super::value::{Enum, Val};
use super::enum_table::{ALL, EnumType};
use super::{Outcome, arg_text, set_ref, thrown};

/// The enumeration of a full name.
pub(in super::super) fn find(full: &str) -> Option<&'static EnumType> {
    ALL.iter().find(|known| known.name == full)
}

/// The full names of all.
pub(in super::super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|known| known.name)
}

/// A value by its name, in any case.
pub(in super::super) fn value_of(full: &str, name: &str) -> Option<Val> {
    let known = find(full)?;
    let (name, number) = known.values.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    Some(Val::of_enum(known.name, *name, *number))
}

impl EnumType {
    /// The value of a number; flags may have several names.
    pub(in super::super) fn of_number(&self, number: i32) -> Option<Val> {
        if let Some((name, _)) = self.values.iter().find(|(_, own)| *own == number) {
            return Some(Val::of_enum(self.name, *name, number));
        }
        if !self.is_flags {
            return None;
        }
        let mut left = number;
        let mut names = Vec::new();
        for (name, own) in self.values.iter().rev().filter(|(_, own)| *own != 0) {
            if left & own == *own {
                names.push(*name);
                left &= !own;
            }
        }
        names.reverse();
        (left == 0).then(|| Val::of_enum(self.name, names.join(", "), number))
    }

    fn parse(&self, text: &str) -> Option<Val> {
        if let Ok(number) = text.trim().parse() {
            return self.of_number(number);
        }
        let mut number = 0;
        for part in text.split(',') {
            let part = part.trim();
            number |= self.values.iter().find(|(own, _)| own.eq_ignore_ascii_case(part))?.1;
        }
        self.of_number(number)
    }

    fn listed(&self, separator: &str) -> String {
        self.values.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(separator)
    }

    /// Unsigned, as .NET orders them.
    fn sorted(&self) -> Vec<(&'static str, i32)> {
        let mut values = self.values.to_vec();
        values.sort_by_key(|(_, number)| *number as u32);
        values
    }
}

/// `[enum]value`
pub(super) fn cast(value: &Val, kind: &TypeRef, known: &EnumType) -> Result<Val, ErrorRecord> {
    let possible = |what: &str, id| {
        let message = format!(
            "Cannot convert {what} to type \"{}\" due to enumeration values that are not valid. Specify one of the following enumeration values and try again. The possible enumeration values are \"{}\".",
            kind.full,
            known.listed(",")
        );
        ErrorRecord::runtime(message, id, 5)
    };
    match value {
        Val::Enum(own) if own.type_name == known.name => Ok(value.clone()),
        Val::Void | Val::Null => Err(possible("null", "nullToEnumInvalidCast")),
        Val::Str(_) | Val::List(_) => {
            let given = value.clone().into_items().iter().map(text).collect::<Vec<_>>().join(",");
            known.parse(&given).ok_or_else(|| {
                let message = format!(
                    "Cannot convert value \"{given}\" to type \"{}\". Error: \"Unable to match the identifier name {given} to a valid enumerator name. Specify one of the following enumerator names and try again:\n{}\"",
                    kind.full,
                    known.listed(", ")
                );
                ErrorRecord::runtime(message, "SubstringDisambiguationEnumParseThrewAnException", 5)
            })
        }
        other => {
            let number = super::super::convert::index(other)?;
            let found = i32::try_from(number).ok().and_then(|number| known.of_number(number));
            found.ok_or_else(|| possible(&format!("value \"{number}\""), "UndefinedIntegerToEnum"))
        }
    }
}

/// The enumeration that an argument names.
fn of_arg(arg: Option<&Val>) -> Option<&'static EnumType> {
    match arg {
        Some(Val::Type(kind)) => find(&kind.full),
        Some(other) => TypeRef::find(&text(other)).and_then(|kind| find(&kind.full)),
        None => None,
    }
}

fn strings(items: impl Iterator<Item = &'static str>) -> Val {
    Val::list("System.String[]", items.map(Val::str).collect())
}

fn values(known: &EnumType) -> Val {
    let items = known.sorted().into_iter().map(|(name, number)| Val::of_enum(known.name, name, number));
    Val::list(format!("{}[]", known.name), items.collect())
}

/// `[enum]::...`
pub(super) fn statics(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let Some(known) = of_arg(args.first()) else { return Ok(None) };
    let given = arg_text(args, 1);
    let by_number = |value: &Val| value.as_int().and_then(|number| i32::try_from(number).ok());
    Ok(Some(match name {
        "getnames" => strings(known.sorted().into_iter().map(|(name, _)| name)),
        "getvalues" => values(known),
        "parse" => match known.parse(&given) {
            Some(value) => value,
            None => return thrown("ArgumentException", format!("Requested value '{given}' was not found.")),
        },
        "tryparse" => {
            let found = known.parse(&given);
            let is_found = found.is_some();
            if let Some(value) = found {
                set_ref(evaluator, args.get(2..).and_then(|rest| rest.last()), value)?;
            }
            Val::Bool(is_found)
        }
        "isdefined" => {
            let number = args.get(1).and_then(by_number);
            Val::Bool(known.values.iter().any(|(own, value)| *own == given || Some(*value) == number))
        }
        "getname" => {
            let number = match args.get(1) {
                Some(Val::Enum(value)) => Some(value.number),
                other => other.and_then(by_number),
            };
            let found = known.values.iter().find(|(_, value)| Some(*value) == number);
            found.map_or(Val::Null, |(name, _)| Val::str(*name))
        }
        "toobject" => match args.get(1).and_then(by_number).and_then(|number| known.of_number(number)) {
            Some(value) => value,
            None => Val::of_enum(known.name, given.clone(), args.get(1).and_then(by_number).unwrap_or(0)),
        },
        "getunderlyingtype" => Val::Type(TypeRef::named("System.Int32")),
        _ => return Ok(None),
    }))
}

/// Methods of the type itself: `[DayOfWeek].GetEnumNames()`.
pub(super) fn type_method(kind: &TypeRef, name: &str, args: &[Val]) -> Outcome {
    let known = find(&kind.full);
    Ok(Some(match (name, known) {
        ("getenumnames", Some(known)) => strings(known.sorted().into_iter().map(|(name, _)| name)),
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
                    .and_then(|known| known.parse(&text(other)))
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
    use super::super::enum_table::ALL;
    use super::find;
    use crate::sandbox::engine::convert::text;

    #[test]
    fn names_and_numbers_of_flags() {
        let attributes = find("System.IO.FileAttributes").expect("known");
        assert_eq!(attributes.parse("system, hidden").map(|value| text(&value)).as_deref(), Some("Hidden, System"));
        assert_eq!(attributes.of_number(33).map(|value| text(&value)).as_deref(), Some("ReadOnly, Archive"));
        assert!(attributes.of_number(1 << 30).is_none());
    }

    #[test]
    fn every_enumeration_is_a_type() {
        for known in &ALL {
            let found = crate::sandbox::engine::types::TypeRef::find(known.name).expect(known.name);
            assert_eq!(&*found.full, known.name);
        }
    }
}
