//! .NET's regular expressions as the crates write them, and the numbers of their groups.

/// The groups of a pattern, the whole first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Groups {
    pub(super) names: Vec<Option<String>>,
    /// A group is repeated.
    pub(super) repeats: bool,
}

/// The places of groups as .NET numbers them: the whole, those without a name, then those with one.
pub(super) fn numbered(names: &[Option<String>]) -> Vec<usize> {
    let places = |is_named: bool| (0..names.len()).filter(move |place| names[*place].is_some() == is_named);
    places(false).chain(places(true)).collect()
}

impl Groups {
    pub(super) fn of(pattern: &str) -> Self {
        let mut all = vec![None];
        let (mut in_class, mut repeats) = (false, false);
        let mut chars = pattern.chars().peekable();
        while let Some(next) = chars.next() {
            match next {
                '\\' => {
                    chars.next();
                }
                '[' if !in_class => {
                    in_class = true;
                    chars.next_if_eq(&'^');
                    chars.next_if_eq(&']');
                }
                ']' => in_class = false,
                ')' if !in_class => repeats |= chars.peek().is_some_and(|next| matches!(next, '*' | '+' | '{')),
                '(' if !in_class => {
                    if chars.next_if_eq(&'?').is_none() {
                        all.push(None);
                        continue;
                    }
                    chars.next_if_eq(&'P');
                    let Some(open) = chars.next_if(|next| matches!(next, '<' | '\'')) else { continue };
                    if open == '<' && chars.peek().is_some_and(|next| matches!(next, '=' | '!')) {
                        continue;
                    }
                    let close = if open == '<' { '>' } else { open };
                    all.push(Some(chars.by_ref().take_while(|next| *next != close).collect()));
                }
                _ => {}
            }
        }
        Self { names: all, repeats }
    }
}

/// Whether `?'name'` follows.
fn is_quoted_name(mut after: impl Iterator<Item = char>) -> bool {
    after.next() == Some('?') && after.next() == Some('\'')
}

/// In a class `[` is a character like any other, and `-[` takes characters away: .NET's way to write what the crate
/// writes otherwise.
pub(super) fn translated(pattern: &str, order: &[usize]) -> String {
    let (mut out, mut depth) = (String::with_capacity(pattern.len()), 0_u32);
    let mut chars = pattern.chars().peekable();
    let mut at_start = false;
    while let Some(next) = chars.next() {
        let was_at_start = std::mem::take(&mut at_start);
        match next {
            '\\' if depth == 0 && chars.peek().is_some_and(|next| matches!(next, '1'..='9')) => {
                let mut number = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                // A number of .NET's is that of another group here.
                let place = number.parse::<usize>().ok().and_then(|number| order.get(number).copied());
                out += &format!("\\{}", place.map_or(number, |place| place.to_string()));
                continue;
            }
            '\\' => {
                out.push(next);
                out.extend(chars.next());
                continue;
            }
            '(' if depth == 0 && is_quoted_name(chars.clone()) => {
                chars.nth(1);
                let name: String = chars.by_ref().take_while(|next| *next != '\'').collect();
                out += &format!("(?<{name}>");
                continue;
            }
            '[' if depth == 0 => {
                depth = 1;
                at_start = true;
                out.push(next);
                if chars.peek() == Some(&'^') {
                    out.extend(chars.next());
                }
                // A bracket that comes first is one of the characters.
                if chars.peek() == Some(&']') {
                    chars.next();
                    out += "\\]";
                }
                continue;
            }
            '[' if out.ends_with('-') && !was_at_start => {
                out += "-[";
                depth += 1;
            }
            '[' if chars.peek() != Some(&':') => out += "\\[",
            '&' | '~' if depth > 0 => {
                out.push('\\');
                out.push(next);
            }
            ']' if depth > 0 => {
                depth -= 1;
                out.push(next);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Groups, numbered, translated};

    #[test]
    fn named_groups_are_numbered_last() {
        let groups = Groups::of(r"(?<a>x)(y)(?:z)(?<=q)[(](?<b>\()(w)+");
        assert_eq!(numbered(&groups.names), [0, 2, 4, 1, 3]);
        let names: Vec<_> = groups.names.iter().map(|name| name.as_deref().unwrap_or("")).collect();
        assert_eq!(names, ["", "a", "", "b", ""]);
        assert!(groups.repeats);
    }

    #[test]
    fn classes_are_written_as_the_crate_has_them() {
        for (pattern, wanted) in [
            ("[[]", "[\\[]"),
            ("[a-z-[aeiou]]x", "[a-z--[aeiou]]x"),
            ("[]a]", "[\\]a]"),
            ("[^]&]", "[^\\]\\&]"),
            ("\\[a&", "\\[a&"),
            ("[[:alpha:]]", "[[:alpha:]]"),
            (r"(?'n'a)(b)\1[\1]", r"(?<n>a)(b)\2[\1]"),
        ] {
            assert_eq!(translated(pattern, &numbered(&Groups::of(pattern).names)), wanted);
        }
    }
}
