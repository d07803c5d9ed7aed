//! Numbers of objects over several runs: what is asked for, and what each object has of it.

use std::collections::BTreeMap;

use super::display::display;
use super::host_column;
use super::object;
use super::refs::resolve;
use super::sort::number;
use crate::clixml::{self, Document, Value};

/// How the numbers of several objects become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Last,
    Count,
    Min,
    Max,
    Avg,
    Sum,
}

/// A number that is followed: a property such as `FreeGB` or `Disk.Free`, `count`, or `max(FreeGB)`, of all objects
/// that have the same values of some properties.
#[derive(Debug, Clone)]
pub struct Measure {
    aggregate: Aggregate,
    path: Vec<String>,
    by: Vec<String>,
}

impl Measure {
    /// Reads what is asked for, and by which properties objects belong together; by their host if none are given.
    ///
    /// # Errors
    /// What is expected instead.
    pub fn new(text: &str, by: &[String]) -> Result<Self, String> {
        let text = text.trim();
        let aggregates =
            [("min", Aggregate::Min), ("max", Aggregate::Max), ("avg", Aggregate::Avg), ("sum", Aggregate::Sum)];
        let (aggregate, path) = match text.split_once('(') {
            Some((name, rest)) => {
                let known = aggregates.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
                match (known, rest.strip_suffix(')')) {
                    (Some((_, aggregate)), Some(path)) => (aggregate, path),
                    _ => return Err(expected(text)),
                }
            }
            None if text.eq_ignore_ascii_case("count") => (Aggregate::Count, ""),
            None => (Aggregate::Last, text),
        };
        let path: Vec<String> = match aggregate {
            Aggregate::Count => Vec::new(),
            _ => path.split('.').map(|name| name.trim().to_owned()).collect(),
        };
        if path.iter().any(|name| name.is_empty() || name.contains(['(', ')'])) {
            return Err(expected(text));
        }
        let by: Vec<String> = by.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        Ok(Self { aggregate, path, by: if by.is_empty() { vec![host_column::COLUMN.to_owned()] } else { by } })
    }

    /// The properties by which objects belong together.
    pub fn by(&self) -> &[String] {
        &self.by
    }

    /// What an object has of it; none if it has no such number.
    fn of(&self, document: &Document) -> Option<f64> {
        let Some((first, rest)) = self.path.split_first() else { return Some(0.0) };
        let mut value = object::property(document, first)?;
        for name in rest {
            let members = clixml::members_of(value)?;
            let found = members.iter().find(|(member, _)| member.eq_ignore_ascii_case(name))?;
            value = resolve(document, found.1);
        }
        numeric(value)
    }

    /// What tells an object from those that do not belong to it.
    fn key(&self, document: &Document, host: &str) -> Vec<String> {
        let part = |name: &String| match name.eq_ignore_ascii_case(host_column::COLUMN) {
            true => host.to_owned(),
            false => object::property(document, name).map(|value| display(document, value)).unwrap_or_default(),
        };
        self.by.iter().map(part).collect()
    }
}

/// A number, also one that came as text.
pub(super) fn numeric(value: &Value) -> Option<f64> {
    let number = number(value).or_else(|| value.as_text()?.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

fn expected(text: &str) -> String {
    format!("'{text}' is no number to follow; give a property (FreeGB, Disk.Free), count, min(FreeGB), max, avg or sum")
}

/// What becomes of the numbers of a run.
#[derive(Debug)]
pub struct Tally<'m> {
    measure: &'m Measure,
    rows: BTreeMap<Vec<String>, Numbers>,
    /// Objects that have no such number.
    pub without: u64,
}

/// Numbers of objects that belong together.
#[derive(Debug, Default)]
struct Numbers {
    count: u64,
    last: f64,
    sum: f64,
    least: f64,
    most: f64,
}

impl<'m> Tally<'m> {
    /// A tally of no objects.
    pub fn new(measure: &'m Measure) -> Self {
        Self { measure, rows: BTreeMap::new(), without: 0 }
    }

    /// Adds an object of a host.
    pub fn add(&mut self, document: &Document, host: &str) {
        let Some(number) = self.measure.of(document) else {
            self.without += 1;
            return;
        };
        let numbers = self.rows.entry(self.measure.key(document, host)).or_default();
        if numbers.count == 0 {
            (numbers.least, numbers.most) = (number, number);
        }
        numbers.count += 1;
        numbers.last = number;
        numbers.sum += number;
        numbers.least = numbers.least.min(number);
        numbers.most = numbers.most.max(number);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Rows for which several objects had different numbers, of which the last counts.
    pub fn ambiguous(&self) -> usize {
        let is_last = self.measure.aggregate == Aggregate::Last;
        self.rows.values().filter(|numbers| is_last && numbers.least < numbers.most).count()
    }

    /// The number of each row.
    pub fn into_rows(self) -> impl Iterator<Item = (Vec<String>, f64)> {
        let aggregate = self.measure.aggregate;
        self.rows.into_iter().map(move |(key, numbers)| {
            let number = match aggregate {
                Aggregate::Last => numbers.last,
                Aggregate::Count => numbers.count as f64,
                Aggregate::Min => numbers.least,
                Aggregate::Max => numbers.most,
                Aggregate::Avg => numbers.sum / numbers.count as f64,
                Aggregate::Sum => numbers.sum,
            };
            (key, number)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Measure, Tally};
    use crate::clixml::{Document, Value};
    use crate::output::testing::bag;

    fn tallied(measure: &str, by: &[&str]) -> Vec<(String, f64)> {
        let by: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
        let measure = Measure::new(measure, &by).expect("a measure");
        let mut tally = Tally::new(&measure);
        for (host, name, free) in [("a", "C:", 1), ("a", "D:", 5), ("b", "C:", 3)] {
            let inner = bag(vec![("Free", Value::I32(free * 10))]);
            let fields = vec![("Name", Value::str(name)), ("Free", Value::I32(free)), ("Disk", inner.into())];
            tally.add(&Document::new(bag(fields).into()), host);
        }
        tally.add(&Document::new(bag(vec![("Name", Value::str("C:")), ("Free", Value::str(" 7.5 "))]).into()), "c");
        tally.add(&Document::new(bag(vec![("Name", Value::str("C:")), ("Free", Value::str("much"))]).into()), "d");
        tally.into_rows().map(|(key, number)| (key.join(" "), number)).collect()
    }

    fn check(measure: &str, by: &[&str], expect: &[(&str, f64)]) {
        let expect: Vec<_> = expect.iter().map(|(key, number)| ((*key).to_owned(), *number)).collect();
        assert_eq!(tallied(measure, by), expect, "{measure}");
    }

    #[test]
    fn numbers_of_objects() {
        check("free", &[], &[("a", 5.0), ("b", 3.0), ("c", 7.5)]);
        check("sum(Free)", &["PSComputerName"], &[("a", 6.0), ("b", 3.0), ("c", 7.5)]);
        check("min(Free)", &["name"], &[("C:", 1.0), ("D:", 5.0)]);
        check("MAX( Free )", &["Name"], &[("C:", 7.5), ("D:", 5.0)]);
        check("avg(Free)", &["pscomputername"], &[("a", 3.0), ("b", 3.0), ("c", 7.5)]);
        check("count", &["Name"], &[("C:", 4.0), ("D:", 1.0)]);
        check("Disk.Free", &["PSComputerName", "Name"], &[("a C:", 10.0), ("a D:", 50.0), ("b C:", 30.0)]);
        check("Nothing", &[], &[]);
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for text in ["", "a..b", "median(x)", "max(x", "max()", "max(min(x))", "x)"] {
            assert!(Measure::new(text, &[]).is_err(), "{text}");
        }
    }
}
