//! How many arguments the methods of .NET's most used classes take, so that a call that none of them fits is refused as
//! PowerShell refuses it, and not answered by the nearest.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::errors::ErrorRecord;
use super::super::value::Val;

/// Behind a line `[Type::]` (static members) or `[Type.]` (members of objects): a method, and the numbers of arguments
/// that its overloads take; `2+` is two and more.
///
/// Source: reflection over the types in PowerShell 7.6.
const METHODS: &str = include_str!("overloads.txt");

type Counts = &'static str;

static BY_TYPE: LazyLock<HashMap<&'static str, HashMap<String, Counts>>> = LazyLock::new(|| {
    let mut types: HashMap<_, HashMap<String, Counts>> = HashMap::new();
    let mut current = "";
    for line in METHODS.lines() {
        match (line.strip_prefix('['), line.split_once(' ')) {
            (Some(name), _) => current = name.trim_end_matches(']'),
            (None, Some((name, counts))) => {
                types.entry(current).or_default().insert(name.to_ascii_lowercase(), counts);
            }
            _ => {}
        }
    }
    types
});

fn takes(counts: Counts, given: usize) -> bool {
    counts.split(' ').any(|count| match count.strip_suffix('+') {
        Some(least) => least.parse().is_ok_and(|least: usize| given >= least),
        None => count.parse() == Ok(given),
    })
}

fn check(key: &str, name: &str, given: usize) -> Result<(), ErrorRecord> {
    let counts = BY_TYPE.get(key).and_then(|methods| methods.get(&name.to_ascii_lowercase()));
    match counts {
        Some(counts) if !takes(counts, given) => Err(none(name, given)),
        _ => Ok(()),
    }
}

/// `[type]::name(...)`
pub(in super::super) fn check_static(full: &str, name: &str, given: usize) -> Result<(), ErrorRecord> {
    check(&format!("{full}::"), name, given)
}

/// `value.name(...)`
pub(super) fn check_value(value: &Val, name: &str, given: usize) -> Result<(), ErrorRecord> {
    match value {
        Val::List(list) if list.is_fixed_size() => check("System.Array.", name, given),
        Val::Net(_) | Val::Hash(_) | Val::List(_) | Val::Type(_) | Val::Enum(_) => Ok(()),
        other => check(&format!("{}.", other.type_name()), name, given),
    }
}

/// No overload takes so many arguments.
pub(super) fn none(name: &str, given: usize) -> ErrorRecord {
    let message = format!("Cannot find an overload for \"{name}\" and the argument count: \"{given}\".");
    ErrorRecord::new("System.Management.Automation.MethodException", message, "MethodCountCouldNotFindBest", 0)
}

/// An argument is of a type that no overload takes.
pub(super) fn misfit(parameter: &str, value: &Val, method: &str, kind: &str, why: &str) -> ErrorRecord {
    let message = format!(
        "Cannot convert argument \"{parameter}\", with value: \"{}\", for \"{method}\" to type \"{kind}\": \"{why}\"",
        super::super::convert::text(value)
    );
    let class = "System.Management.Automation.MethodException";
    ErrorRecord::new(class, message, "MethodArgumentConversionInvalidCastArgument", 0)
}

#[cfg(test)]
mod tests {
    use super::{check, takes};

    #[test]
    fn counts() {
        assert!(takes("1 3", 3) && !takes("1 3", 2));
        assert!(takes("2+", 7) && !takes("2+", 1));
        assert!(check("System.Math::", "abs", 1).is_ok());
        assert!(check("System.Math::", "abs", 2).is_err());
        assert!(check("System.Math::", "nope", 2).is_ok());
    }
}
