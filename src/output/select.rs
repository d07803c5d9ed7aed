//! Which properties are shown: `--select`.

use std::str::Chars;

use crate::clixml::Value;

/// A property under its name.
pub(super) type Field<'a> = (&'a str, &'a Value);

/// The host's name among the properties: a column of its own in most formats, and never a property of the object.
const HOST: &str = super::host_column::COLUMN;

/// Names and patterns of properties, in the order wanted.
#[derive(Debug, Clone, Default)]
pub struct Select {
    patterns: Vec<String>,
    host: bool,
}

impl Select {
    /// Reads names; `*` stands for any characters. An empty list selects everything.
    pub fn new(names: &[String]) -> Self {
        let mut select = Self::default();
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            if name.eq_ignore_ascii_case(HOST) {
                select.host = true;
            } else if !select.patterns.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                select.patterns.push(name.to_owned());
            }
        }
        select
    }

    /// Whether the host was asked for by name.
    pub fn has_host(&self) -> bool {
        self.host
    }

    /// Whether everything is selected.
    pub fn is_all(&self) -> bool {
        self.patterns.is_empty() && !self.host
    }

    /// The selected fields in the order wanted. A name without `*` that an object lacks is null, as Select-Object has
    /// it. The host is not among them, and an object's own property of its name gives way to it, as under
    /// Invoke-Command.
    pub fn apply<'a>(&'a self, mut fields: Vec<Field<'a>>) -> Vec<Field<'a>> {
        fields.retain(|(name, _)| !name.eq_ignore_ascii_case(HOST));
        if self.is_all() {
            return fields;
        }
        let mut chosen: Vec<Field<'a>> = Vec::with_capacity(fields.len());
        for pattern in &self.patterns {
            let mut found = false;
            for field in fields.iter().filter(|(name, _)| matches(pattern, name)) {
                found = true;
                if !chosen.iter().any(|(name, _)| *name == field.0) {
                    chosen.push(*field);
                }
            }
            if !found && !pattern.contains(['*', '?']) {
                chosen.push((pattern, &Value::Null));
            }
        }
        chosen
    }

    /// The names that are columns whatever the objects have.
    pub fn fixed(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter(|pattern| !pattern.contains(['*', '?'])).map(String::as_str)
    }

    /// The place of the pattern that selects this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.patterns.iter().position(|pattern| matches(pattern, name))
    }
}

/// Whether a name matches a pattern with `*` (any characters) and `?` (one), without regard to ASCII case.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    // Where to go on if the last `*` must take one character more.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut more_pattern, mut more_name) = (pattern.clone(), name.clone());
        match (more_pattern.next(), more_name.next()) {
            (Some('*'), _) => {
                retry = Some((more_pattern.clone(), name.clone()));
                pattern = more_pattern;
            }
            (Some(p), Some(n)) if p == '?' || p.eq_ignore_ascii_case(&n) => {
                (pattern, name) = (more_pattern, more_name);
            }
            (None, None) => return true,
            _ => {
                let Some((rest, taken)) = &mut retry else { return false };
                if taken.next().is_none() {
                    return false;
                }
                (pattern, name) = (rest.clone(), taken.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Select, matches};
    use crate::clixml::Value;

    #[test]
    fn patterns() {
        for (pattern, name, expect) in [
            ("name", "Name", true),
            ("*", "", true),
            ("*name", "DisplayName", true),
            ("d*n*e", "DisplayName", true),
            ("na*", "DisplayName", false),
            ("*a*b", "aabab", true),
            ("*a*b", "aaba", false),
            ("", "a", false),
            ("n?me", "Name", true),
            ("*?", "é", true),
            ("?", "", false),
        ] {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}");
        }
    }

    #[test]
    fn selects_in_the_order_wanted() {
        let names = ["Status".to_owned(), "*name".to_owned(), "Missing".to_owned()];
        let select = Select::new(&names);
        let fields = vec![("Name", &Value::Bool(true)), ("Status", &Value::Null), ("DisplayName", &Value::Null)];
        let chosen: Vec<_> = select.apply(fields).into_iter().map(|(name, _)| name).collect();
        assert_eq!(chosen, ["Status", "Name", "DisplayName", "Missing"]);
    }

    #[test]
    fn the_host_is_no_property_and_names_count_once() {
        let names = ["pscomputername", "Name", "name", "Gone", "GONE", "PS*"].map(str::to_owned);
        let select = Select::new(&names);
        let own = vec![("Name", &Value::Bool(true)), ("PSComputerName", &Value::Null), ("PSPath", &Value::Null)];
        let chosen: Vec<_> = select.apply(own.clone()).into_iter().map(|(name, _)| name).collect();
        assert_eq!((chosen, select.has_host()), (vec!["Name", "Gone", "PSPath"], true));
        let only = Select::new(&["PSComputerName".to_owned()]);
        assert!(!only.is_all() && only.apply(own.clone()).is_empty());
        let everything = Select::default();
        let all: Vec<_> = everything.apply(own).into_iter().map(|(name, _)| name).collect();
        assert_eq!(all, ["Name", "PSPath"]);
    }
}
