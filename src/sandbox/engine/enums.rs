//! Enumerations: those of .NET that scripts name, those of PowerShell's own variables, and those of scripts.

use std::sync::Arc;

use super::convert::text;
use super::errors::{ErrorRecord, Exception};
use super::value::Val;

/// An enumeration.
#[derive(Debug)]
pub(super) struct EnumType {
    pub(super) full: Arc<str>,
    pub(super) members: Vec<(Arc<str>, i32)>,
    /// `[Flags()]`: values are sums of members.
    pub(super) is_flags: bool,
}

impl EnumType {
    /// One of .NET's.
    pub(super) fn of(full: &str, is_flags: bool, members: &[(&str, i32)]) -> Self {
        let members = members.iter().map(|(name, number)| ((*name).into(), *number)).collect();
        Self { full: full.into(), members, is_flags }
    }

    /// `[x]::name`
    pub(super) fn named(&self, name: &str) -> Option<Val> {
        let (_, number) = self.members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(self.value(*number))
    }

    /// The value of a number: named, if it has a name.
    pub(super) fn value(&self, number: i32) -> Val {
        Val::of_enum(self.full.to_string(), self.name_of(number).unwrap_or_else(|| number.to_string()), number)
    }

    pub(super) fn name_of(&self, number: i32) -> Option<String> {
        if let Some((name, _)) = self.members.iter().find(|(_, known)| *known == number) {
            return Some(name.to_string());
        }
        if !self.is_flags {
            return None;
        }
        let mut parts: Vec<_> = self.members.iter().filter(|(_, bit)| *bit != 0 && number & bit == *bit).collect();
        parts.sort_by_key(|(_, bit)| *bit);
        let covered = parts.iter().fold(0, |sum, (_, bit)| sum | bit);
        // A name that others cover is not told.
        let is_covered = |bit: i32| parts.iter().any(|(_, other)| *other != bit && other & bit == bit);
        let names: Vec<_> = parts.iter().filter(|(_, bit)| !is_covered(*bit)).map(|(name, _)| &**name).collect();
        (covered == number && number != 0).then(|| names.join(", "))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| &**name)
    }

    /// Its members by their numbers, which count as unsigned, as .NET orders them.
    pub(super) fn sorted(&self) -> Vec<(Arc<str>, i32)> {
        let mut members = self.members.clone();
        members.sort_by_key(|(_, number)| *number as u32);
        members
    }

    /// `[enum]::Parse`: whole names, of flags several, or a number; case counts unless it is ignored.
    pub(super) fn parse_strictly(&self, written: &str, ignores_case: bool) -> Option<Val> {
        if let Ok(number) = written.trim().parse() {
            return Some(self.value(number));
        }
        let mut sum = 0;
        for part in written.split(',').map(str::trim) {
            let is_it = |name: &str| name == part || (ignores_case && name.eq_ignore_ascii_case(part));
            sum |= self.members.iter().find(|(name, _)| is_it(name))?.1;
        }
        Some(self.value(sum))
    }

    /// Whether a number is one of the values.
    pub(super) fn has(&self, number: i32) -> bool {
        self.name_of(number).is_some() || (self.is_flags && number == 0)
    }

    /// `[x]value`: by name, also shortened, or by number.
    ///
    /// # Errors
    /// No such value.
    pub(super) fn convert(&self, value: &Val) -> Result<Val, ErrorRecord> {
        match value {
            Val::Enum(known) if *known.type_name == *self.full => Ok(value.clone()),
            Val::Str(text) => self.parse(text),
            Val::List(list) if self.is_flags => {
                let texts: Vec<_> = list.items().iter().map(text).collect();
                self.parse(&texts.join(","))
            }
            other => {
                let number = if other.is_null() {
                    None
                } else {
                    super::convert::number(other).and_then(|number| number.as_int())
                };
                match number.and_then(|number| i32::try_from(number).ok()).filter(|number| self.has(*number)) {
                    Some(number) => Ok(self.value(number)),
                    None => Err(self.invalid(value)),
                }
            }
        }
    }

    /// A value of its own text: a name or a number, of flags several with commas.
    fn parse(&self, written: &str) -> Result<Val, ErrorRecord> {
        let mut sum = 0;
        for part in written.split(',').map(str::trim) {
            let exact = self.members.iter().find(|(name, _)| name.eq_ignore_ascii_case(part));
            let starts = |name: &str| name.get(..part.len()).is_some_and(|start| start.eq_ignore_ascii_case(part));
            let mut starting = self.members.iter().filter(|(name, _)| !part.is_empty() && starts(name));
            let short = match (starting.next(), starting.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            };
            let number = exact
                .or(short)
                .map(|(_, number)| *number)
                .or_else(|| part.parse().ok().filter(|number| self.has(*number)));
            sum |= number.ok_or_else(|| self.unknown(written, part))?;
        }
        Ok(self.value(sum))
    }

    fn unknown(&self, written: &str, part: &str) -> ErrorRecord {
        let names: Vec<_> = self.names().collect();
        let message = format!(
            "Cannot convert value \"{written}\" to type \"{}\". Error: \"Unable to match the identifier name {part} to a valid enumerator name. Specify one of the following enumerator names and try again:\n{}\"",
            self.full,
            names.join(", ")
        );
        invalid_cast(message, "SubstringDisambiguationEnumParseThrewAnException")
    }

    fn invalid(&self, value: &Val) -> ErrorRecord {
        let names: Vec<_> = self.names().collect();
        let shown = if value.is_null() { "null".to_owned() } else { format!("value \"{}\"", text(value)) };
        let message = format!(
            "Cannot convert {shown} to type \"{}\" due to enumeration values that are not valid. Specify one of the following enumeration values and try again. The possible enumeration values are \"{}\".",
            self.full,
            names.join(",")
        );
        invalid_cast(message, if value.is_null() { "nullToEnumInvalidCast" } else { "UndefinedIntegerToEnum" })
    }
}

fn invalid_cast(message: String, id: &'static str) -> ErrorRecord {
    let cause = Exception::new("System.Management.Automation.PSInvalidCastException", message.as_str());
    ErrorRecord::runtime(message, id, 5).with_cause(Some(cause.into()))
}
