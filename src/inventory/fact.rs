//! Facts: what earlier runs found out about hosts, as expressions select by it: `fact:TYPE.PROPERTY`, an operator, a value.

use std::cmp::Ordering;
use std::fmt;

use crate::config::FactsOfHost;
use crate::hostlist::natural;

use crate::pattern::matches;

/// How a fact is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// `=`: the value, which may have `*` and `?`.
    Is,
    /// `!=`: the host has the fact, and never so.
    IsNot,
    /// `~`: the value is somewhere in it.
    Contains,
    /// `<`.
    Below,
    /// `>`.
    Above,
}

/// The operators; one that begins another comes behind it.
const OPERATORS: [(&str, Comparison); 5] = [
    ("!=", Comparison::IsNot),
    ("=", Comparison::Is),
    ("~", Comparison::Contains),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

/// A property of the objects of a type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FactName {
    /// The type, with its namespace or without.
    pub kind: String,
    /// The property.
    pub property: String,
}

impl fmt::Display for FactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.property)
    }
}

/// A fact that hosts are chosen by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    /// Which.
    pub name: FactName,
    comparison: Comparison,
    value: String,
}

impl Fact {
    /// Reads what stands behind `fact:`.
    ///
    /// # Errors
    /// How it is to be written.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'fact:{text}': write fact:TYPE.PROPERTY, then =, !=, ~, < or >, then a value, such as \
                 fact:Win32_OperatingSystem.Version~10.0.20348"
            )
        };
        let at = text.find(['=', '!', '~', '<', '>']).ok_or_else(wrong)?;
        let (name, rest) = text.split_at(at);
        let (operator, comparison) =
            *OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator)).ok_or_else(wrong)?;
        let value = rest.strip_prefix(operator).unwrap_or_default();
        let (kind, property) = name.rsplit_once('.').ok_or_else(wrong)?;
        let is_name = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        if !is_name(kind) || !is_name(property) || value.starts_with(['=', '~', '<', '>']) {
            return Err(wrong());
        }
        let name = FactName { kind: kind.to_owned(), property: property.to_owned() };
        Ok(Self { name, comparison, value: value.to_owned() })
    }

    /// Whether a host that has these facts is meant.
    pub(super) fn holds(&self, found: &FactsOfHost) -> bool {
        let any = |holds: &dyn Fn(&str) -> bool| found.values.iter().any(|value| holds(value));
        match self.comparison {
            Comparison::Is => any(&|value| matches(&self.value, value)),
            Comparison::IsNot => !any(&|value| matches(&self.value, value)),
            Comparison::Contains => any(&|value| matches(&format!("*{}*", self.value), value)),
            Comparison::Below => any(&|value| compare(value, &self.value) == Some(Ordering::Less)),
            Comparison::Above => any(&|value| compare(value, &self.value) == Some(Ordering::Greater)),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = OPERATORS.iter().find(|(_, comparison)| *comparison == self.comparison).map(|(text, _)| *text);
        write!(f, "{}{}{}", self.name, operator.unwrap_or_default(), self.value)
    }
}

/// Numbers by their value; versions, dates and texts with the numbers in them by their value. A word is neither above nor
/// below a number: `unknown` is no free room of more than 100.
fn compare(one: &str, two: &str) -> Option<Ordering> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let is_word = |text: &str| !text.starts_with(|first: char| first.is_ascii_digit());
    match (number(one), number(two)) {
        (Some(one), Some(two)) => Some(one.total_cmp(&two)),
        (Some(_), None) if is_word(two) => None,
        (None, Some(_)) if is_word(one) => None,
        _ => Some(natural(one, two)),
    }
}

#[cfg(test)]
mod tests {
    use super::Fact;
    use crate::config::FactsOfHost;

    fn holds(text: &str, values: &[&str]) -> bool {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let found = FactsOfHost { host: String::new(), values, origin: String::new() };
        Fact::parse(text).expect("a fact").holds(&found)
    }

    #[test]
    fn values_are_compared() {
        for (text, values) in [
            ("T.P=ab", &["x", "AB"][..]),
            ("T.P=a*", &["abc"]),
            ("T.P!=a", &["b"]),
            ("T.P~0.20", &["10.0.20348"]),
            ("T.P<10.0.20000", &["10.0.9"]),
            ("T.P>10.0.9", &["10.0.20348"]),
            ("T.P<1.5", &["1.25"]),
            ("T.P>2026-01-01", &["2026-02-01T00:00:00+00:00"]),
            ("T.P=", &[""]),
            ("A.B.C=1", &["1"]),
        ] {
            assert!(holds(text, values), "{text}");
        }
        for (text, values) in [
            ("T.P=a", &["ab"][..]),
            ("T.P!=a", &["b", "a"]),
            ("T.P~x", &["abc"]),
            ("T.P<10", &["10", "11"]),
            ("T.P>1.5", &["1.25"]),
            ("T.P>5", &["Running", "n/a", "True", "", "inf", "NaN"]),
            ("T.P<5", &["Running", "", "-inf", "(none)"]),
            ("T.P>auto", &["7"]),
        ] {
            assert!(!holds(text, values), "{text}");
        }
    }

    #[test]
    fn names_end_at_the_last_dot() {
        let fact = Fact::parse("System.Diagnostics.Process.Name!=a.b=c").expect("a fact");
        assert_eq!((&*fact.name.kind, &*fact.name.property), ("System.Diagnostics.Process", "Name"));
        assert_eq!(fact.to_string(), "System.Diagnostics.Process.Name!=a.b=c");
    }

    #[test]
    fn mistakes_show_how_to_write_it() {
        for text in ["", "T=1", "T.P", ".P=1", "T.=1", "T.P==1", "T.P>=1", "T.P!1", "T x.P=1"] {
            assert!(Fact::parse(text).is_err_and(|what| what.contains("write fact:TYPE.PROPERTY")), "{text}");
        }
    }
}
