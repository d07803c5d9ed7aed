//! Messages with the values of properties in them.

use std::str::FromStr;

/// A text such as `{Drive} has {FreePercent} % free`; `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Property(String),
}

impl Template {
    /// The names in it.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Property(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text, with what `value` says for each name.
    pub fn filled(&self, mut value: impl FnMut(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Property(name) => value(name),
        };
        self.parts.iter().map(part).collect()
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut parts, mut plain) = (Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.next_if_eq(&c).is_some() => plain.push(c),
                '}' => return Err("a '}' stands alone; write '}}' for a brace".to_owned()),
                '{' => {
                    let name: String = std::iter::from_fn(|| chars.next_if(|c| *c != '}')).collect();
                    if chars.next().is_none() || name.trim().is_empty() {
                        return Err("a '{' has no name and '}' behind it; write '{{' for a brace".to_owned());
                    }
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::Property(name.trim().to_owned()));
                }
                _ => plain.push(c),
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn properties_are_filled_in() {
        let template: Template = "{Drive} has {{{ Free }}} %".parse().expect("a template");
        assert_eq!(template.filled(|name| format!("<{name}>")), "<Drive> has {<Free>} %");
        assert_eq!(template.properties().collect::<Vec<_>>(), ["Drive", "Free"]);
        for text in ["{a", "a}", "{}", "{ }"] {
            assert!(text.parse::<Template>().is_err(), "{text}");
        }
    }
}
