//! Many names in a short form: `web[01-38,40]`; the opposite of what [`expand`](super::expand) does.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

/// Folds names to a short list that `psfleet hosts expand` turns back into the same names.
///
/// Numbers that differ while the rest of the name is equal are put into brackets; groups stand in the order of their
/// first name. Equal names count once.
pub fn fold<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen = BTreeSet::new();
    let mut patterns: Vec<Vec<Part>> = names.into_iter().filter(|name| seen.insert(*name)).map(split).collect();
    let most = patterns.iter().map(|pattern| pattern.len()).max().unwrap_or(0);
    // The last number first: it is what counts hosts up; then whole racks or sites may fold as well.
    for place in (0..most).rev() {
        patterns = merge(patterns, place);
    }
    patterns.iter().map(|pattern| pattern.iter().map(Part::show).collect::<String>()).collect::<Vec<_>>().join(",")
}

/// Compares names as people do: numbers inside by their value, letters without case.
pub fn natural(one: &str, two: &str) -> Ordering {
    let (left, right) = (split(one), split(two));
    for (a, b) in left.iter().zip(&right) {
        let order = match (a, b) {
            (Part::Text(a), Part::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
            (Part::Numbers(a), Part::Numbers(b)) => a.cmp(b),
            (Part::Numbers(_), Part::Text(_)) => Ordering::Less,
            (Part::Text(_), Part::Numbers(_)) => Ordering::Greater,
        };
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| one.cmp(two))
}

/// A piece of a name: text, or the numbers that stand in its place over all folded names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    Numbers(BTreeSet<Number>),
}

/// A number with the digits it was written in. Sorted by value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Number {
    value: u64,
    width: usize,
}

impl Part {
    fn show(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Numbers(numbers) => show_numbers(numbers),
        }
    }
}

/// Splits a name at its numbers. Names with brackets (IPv6) stay whole, as brackets in them are not ranges.
fn split(name: &str) -> Vec<Part> {
    let text = |text: &str| Part::Text(text.to_owned());
    if name.contains(['[', ']']) {
        return vec![text(name)];
    }
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        parts.push(match part.parse() {
            Ok(value) if digits && part.len() <= 18 => {
                Part::Numbers(BTreeSet::from([Number { value, width: part.len() }]))
            }
            _ => text(part),
        });
        rest = tail;
    }
    parts
}

/// Merges the patterns that differ in nothing but the numbers at one place.
fn merge(patterns: Vec<Vec<Part>>, place: usize) -> Vec<Vec<Part>> {
    let mut merged: Vec<Vec<Part>> = Vec::new();
    let mut known: HashMap<Vec<Part>, usize> = HashMap::new();
    for pattern in patterns {
        let Some(Part::Numbers(numbers)) = pattern.get(place).cloned() else {
            merged.push(pattern);
            continue;
        };
        let mut rest = pattern.clone();
        rest[place] = Part::Numbers(BTreeSet::new());
        let first = *known.entry(rest).or_insert(merged.len());
        match merged.get_mut(first).map(|pattern| &mut pattern[place]) {
            Some(Part::Numbers(all)) => all.extend(numbers),
            _ => merged.push(pattern),
        }
    }
    merged
}

fn show_numbers(numbers: &BTreeSet<Number>) -> String {
    let mut spans: Vec<(&Number, &Number)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((first, last)) if follows(first, last, number) => *last = number,
            _ => spans.push((number, number)),
        }
    }
    let show = |number: &Number| format!("{:0width$}", number.value, width = number.width);
    let span = |(first, last): &(&Number, &Number)| match first == last {
        true => show(first),
        false => format!("{}-{}", show(first), show(last)),
    };
    match spans.as_slice() {
        [(first, last)] if first == last => show(first),
        _ => format!("[{}]", spans.iter().map(span).collect::<Vec<_>>().join(",")),
    }
}

/// Whether a range that begins with `first` and has come to `last` goes on with `number`, digits included.
fn follows(first: &Number, last: &Number, number: &Number) -> bool {
    let digits = number.value.checked_ilog10().unwrap_or(0) as usize + 1;
    number.value == last.value + 1 && number.width == digits.max(first.width)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{fold, natural};
    use crate::hostlist::expand;

    fn check(names: &str, folded: &str) {
        assert_eq!(fold(names.split_whitespace()), folded, "{names}");
    }

    #[test]
    fn folds() {
        check("web01 web02 web03 web05", "web[01-03,05]");
        check("db web1 web1", "db,web1");
        check("web9 web10 web11", "web[9-11]");
        check("web08 web09 web10", "web[08-10]");
        check("web9 web010", "web[9,010]");
        check("r1h1 r1h2 r2h1 r2h2 r3h1", "r[1-2]h[1-2],r3h1");
        check("10.0.0.1 10.0.0.2 10.0.1.1", "10.0.0.[1-2],10.0.1.1");
        check("[fe80::1] [fe80::2]", "[fe80::1],[fe80::2]");
        check("a1.x b1.x a2.x", "a[1-2].x,b1.x");
        check("", "");
    }

    #[test]
    fn people_count_numbers() {
        let mut names = ["web10", "Web2", "db", "web", "web2a"];
        names.sort_by(|one, two| natural(one, two));
        assert_eq!(names, ["db", "web", "Web2", "web2a", "web10"]);
    }

    fn all(list: &str) -> BTreeSet<String> {
        crate::hostlist::split_top(list, ',').into_iter().flat_map(|part| expand(part).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn expanding_gives_the_same_names(names in prop::collection::btree_set("[ab]{0,1}[0-9]{1,3}[.x]?[0-9]{0,2}", 1..40)) {
            let folded = fold(names.iter().map(String::as_str));
            prop_assert_eq!(all(&folded), names);
        }

        #[test]
        fn folding_is_stable(names in prop::collection::btree_set("h[0-9]{1,2}", 1..40)) {
            let folded = fold(names.iter().map(String::as_str));
            let again = all(&folded);
            prop_assert_eq!(fold(again.iter().map(String::as_str)), folded);
        }
    }
}
