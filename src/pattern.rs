//! Patterns with `*` and `?`.

/// Whether a name matches a pattern, whatever the case; `*` is any text, `?` any one character.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    matches_as_written(&pattern.to_lowercase(), &name.to_lowercase())
}

/// Whether a name matches a pattern, upper and lower case as they are.
pub(crate) fn matches_as_written(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut place) = (0, 0);
    // Where the last star stands and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while place < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || Some(&wanted) == name.get(place) => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((stood, taken)) => {
                    star = Some((stood, taken + 1));
                    at = stood + 1;
                    place = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|&left| left == '*')
}

#[cfg(test)]
mod tests {
    use super::{matches, matches_as_written};

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name) in [("*", ""), ("*.dmz", "A.DMZ"), ("web?", "web1"), ("a*b*c", "aXbYbc"), ("x", "X")] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("", "a"), ("*.dmz", "dmz"), ("web?", "web"), ("a*b", "abc"), ("ab", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(matches_as_written("A*", "Ab") && !matches_as_written("A*", "ab"));
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
    }
}
