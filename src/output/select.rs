//! Which properties are shown: `--select`.

use std::str::Chars;

use crate::clixml::Value;

/// A property under its name.
pub type Field<'a> = (&'a str, &'a Value);

/// Names and patterns of properties, in the order wanted.
#[derive(Debug, Clone, Default)]
pub struct Select {
    patterns: Vec<String>,
}

impl Select {
    /// Reads names; `*` stands for any characters. An empty list selects everything.
    pub fn new(names: &[String]) -> Self {
        let names = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        Self { patterns: names.map(str::to_owned).collect() }
    }

    /// Whether everything is selected.
    pub fn is_all(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The selected fields in the order wanted. A name without `*` that an object lacks is null, as Select-Object has it.
    pub fn apply<'a>(&'a self, fields: Vec<Field<'a>>) -> Vec<Field<'a>> {
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
pub fn matches(pattern: &str, name: &str) -> bool {
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
}
