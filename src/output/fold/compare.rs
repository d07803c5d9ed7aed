//! `--diff`: what the hosts of a group have otherwise than those of the reference.
//!
//! Text is compared line by line. Objects are paired by the first property that names each of them, such as `Name`;
//! where there is none, equal objects are paired in order, and those in between by their places.

use std::collections::{HashMap, HashSet};

use super::align::gaps;
use super::canonical::{self, Digest, Tokens};
use super::delta::{Change, Delta};
use crate::clixml::{self, Content, Document, Value};
use crate::output::display::display;
use crate::output::object::{self, Shape};
use crate::output::refs::resolve;
use crate::output::select::{Field, Select};

/// Properties that may name an object among its like, best first.
const NAMES: [&str; 16] = [
    "Name",
    "DeviceID",
    "InstanceId",
    "FullName",
    "HotFixID",
    "Thumbprint",
    "Id",
    "Key",
    "Path",
    "PSPath",
    "DisplayName",
    "InterfaceAlias",
    "UserName",
    "Caption",
    "Title",
    "Index",
];

/// Levels of members that are compared one by one.
const LEVELS: usize = 4;

/// What one host of a group has sent.
#[derive(Default)]
pub struct Side {
    /// Its objects.
    pub objects: Vec<Document>,
    /// The messages of its errors.
    pub errors: Vec<String>,
}

/// What is different on the other side.
pub fn compare(reference: &Side, other: &Side, select: &Select) -> Vec<Delta> {
    let mut deltas = Vec::new();
    if let (Some(one), Some(two)) = (lines(&reference.objects, select), lines(&other.objects, select)) {
        texts(None, &one, &two, &mut deltas);
    }
    // Also where the lines are the same and the values are not: two strings, or one of two lines.
    if deltas.is_empty() {
        Pair { one: &reference.objects, two: &other.objects, select }.compare(&mut deltas);
    }
    texts(Some("error"), &reference.errors, &other.errors, &mut deltas);
    deltas
}

/// The lines of objects that are all single values, and not null, which no line can show.
fn lines(objects: &[Document], select: &Select) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for document in objects {
        let Shape::Scalar(value) = object::shape(document, select) else { return None };
        if *value == Value::Null {
            return None;
        }
        let text = display(document, value);
        match text.is_empty() {
            true => lines.push(String::new()),
            false => lines.extend(text.lines().map(str::to_owned)),
        }
    }
    Some(lines)
}

fn texts(property: Option<&str>, one: &[String], two: &[String], deltas: &mut Vec<Delta>) {
    let delta = |change, reference, value| Delta {
        change,
        object: None,
        property: property.map(str::to_owned),
        reference,
        value,
    };
    for (lost, new) in gaps(one, two) {
        deltas.extend(one[lost].iter().map(|line| delta(Change::Removed, Value::str(line.as_str()), Value::Null)));
        deltas.extend(two[new].iter().map(|line| delta(Change::Added, Value::Null, Value::str(line.as_str()))));
    }
}

/// The objects of both sides.
struct Pair<'s> {
    one: &'s [Document],
    two: &'s [Document],
    select: &'s Select,
}

impl Pair<'_> {
    fn compare(&self, deltas: &mut Vec<Delta>) {
        let named = NAMES.iter().find_map(|name| Some((names(self.one, name)?, names(self.two, name)?)));
        match named {
            Some((one, two)) => self.by_name(&one, &two, deltas),
            None => self.by_place(deltas),
        }
    }

    fn by_name(&self, one: &[String], two: &[String], deltas: &mut Vec<Delta>) {
        let before = deltas.len();
        let places: HashMap<String, usize> = two.iter().map(|name| name.to_lowercase()).zip(0..).collect();
        let mut paired = HashSet::new();
        for (name, document) in one.iter().zip(self.one) {
            match places.get(&name.to_lowercase()) {
                Some(place) => {
                    paired.insert(*place);
                    self.object(name, document, &self.two[*place], deltas);
                }
                None => deltas.push(removed(name.clone(), document)),
            }
        }
        let new = two.iter().zip(self.two).enumerate().filter(|(place, _)| !paired.contains(place));
        deltas.extend(new.map(|(_, (name, document))| added(name.clone(), document)));
        if deltas.len() == before && one.iter().zip(two).any(|(a, b)| !a.eq_ignore_ascii_case(b)) {
            let (reference, value) = (Value::Null, Value::Null);
            deltas.push(Delta { change: Change::Reordered, object: None, property: None, reference, value });
        }
    }

    fn by_place(&self, deltas: &mut Vec<Delta>) {
        let digests = |side: &[Document]| -> Vec<Digest> {
            side.iter().map(|document| canonical::of_object(document, self.select)).collect()
        };
        let label = |place: usize| format!("#{}", place + 1);
        for (lost, new) in gaps(&digests(self.one), &digests(self.two)) {
            for (one, two) in lost.clone().zip(new.clone()) {
                self.object(&label(one), &self.one[one], &self.two[two], deltas);
            }
            let both = lost.len().min(new.len());
            deltas.extend(lost.skip(both).map(|place| removed(label(place), &self.one[place])));
            deltas.extend(new.skip(both).map(|place| added(label(place), &self.two[place])));
        }
    }

    /// What is different within one object.
    fn object(&self, label: &str, one: &Document, two: &Document, deltas: &mut Vec<Delta>) {
        if canonical::of_object(one, self.select) == canonical::of_object(two, self.select) {
            return;
        }
        let before = deltas.len();
        let fields = |document| match object::shape(document, self.select) {
            Shape::Fields(fields) => Some(self.select.apply(fields)),
            Shape::Scalar(_) => None,
        };
        if let (Some(first), Some(second)) = (fields(one), fields(two)) {
            let mut members = Members { object: label, one, two, deltas };
            members.compare("", &first, &second, LEVELS);
        }
        if deltas.len() == before {
            let (reference, value) = (carried(one, &one.root), carried(two, &two.root));
            let object = Some(label.to_owned());
            deltas.push(Delta { change: Change::Changed, object, property: None, reference, value });
        }
    }
}

/// The members of one object on both sides.
struct Members<'m> {
    object: &'m str,
    one: &'m Document,
    two: &'m Document,
    deltas: &'m mut Vec<Delta>,
}

impl Members<'_> {
    fn compare(&mut self, prefix: &str, one: &[Field<'_>], two: &[Field<'_>], levels: usize) {
        let (was, is) = (by_name(one), by_name(two));
        for (name, first) in one {
            let path = format!("{prefix}{name}");
            match is.get(&name.to_ascii_lowercase()) {
                Some(second) => self.value(path, first, second, levels),
                None => self.push(Change::Removed, path, carried(self.one, first), Value::Null),
            }
        }
        for (name, second) in two.iter().filter(|(name, _)| !was.contains_key(&name.to_ascii_lowercase())) {
            self.push(Change::Added, format!("{prefix}{name}"), Value::Null, carried(self.two, second));
        }
    }

    fn value(&mut self, path: String, one: &Value, two: &Value, levels: usize) {
        if Tokens::new(self.one).of(one) == Tokens::new(self.two).of(two) {
            return;
        }
        let before = self.deltas.len();
        if levels > 0
            && let (Some(first), Some(second)) = (members(self.one, one), members(self.two, two))
        {
            self.compare(&format!("{path}."), &first, &second, levels - 1);
        }
        if self.deltas.len() == before {
            self.push(Change::Changed, path, carried(self.one, one), carried(self.two, two));
        }
    }

    fn push(&mut self, change: Change, property: String, reference: Value, value: Value) {
        let object = Some(self.object.to_owned());
        self.deltas.push(Delta { change, object, property: Some(property), reference, value });
    }
}

/// Fields by their names, whose case does not count; of those of one name the first.
fn by_name<'f>(fields: &[Field<'f>]) -> HashMap<String, &'f Value> {
    let mut found = HashMap::new();
    for (name, value) in fields {
        found.entry(name.to_ascii_lowercase()).or_insert(*value);
    }
    found
}

/// The names that this property gives to objects, if it gives each of them one of its own.
fn names(objects: &[Document], property: &str) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    let name = |document| {
        let value = object::property(document, property)?;
        let is_name = value.as_object().is_none_or(|_| clixml::single(value).is_some());
        let name = Some(clixml::text(value).into_owned()).filter(|name| is_name && !name.is_empty())?;
        seen.insert(name.to_lowercase()).then_some(name)
    };
    objects.iter().map(name).collect()
}

/// The members of a value that is a bag or a dictionary with names; none for all others.
fn members<'d>(document: &'d Document, value: &'d Value) -> Option<Vec<Field<'d>>> {
    let value = resolve(document, value);
    let object = value.as_object().filter(|_| clixml::single(value).is_none())?;
    match &object.content {
        Content::None => clixml::members_of(value).filter(|members| !members.is_empty()),
        Content::Dict(entries) => {
            entries.iter().map(|(key, value)| Some((key.unboxed().as_text()?.as_str()?, value))).collect()
        }
        _ => None,
    }
}

fn removed(object: String, document: &Document) -> Delta {
    let reference = carried(document, &document.root);
    Delta { change: Change::Removed, object: Some(object), property: None, reference, value: Value::Null }
}

fn added(object: String, document: &Document) -> Delta {
    let value = carried(document, &document.root);
    Delta { change: Change::Added, object: Some(object), property: None, reference: Value::Null, value }
}

/// A value in an object of another document, where it refers to nothing.
fn carried(document: &Document, value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Ref(_) if document.has_refs => Value::str(display(document, value)),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Side, compare};
    use crate::clixml::{Content, Document, Object, TypeNames, Value};
    use crate::output::Select;
    use crate::output::fold::delta::line;
    use crate::output::testing::bag;

    fn said(one: Vec<Value>, two: Vec<Value>) -> Vec<String> {
        let side = |objects: Vec<Value>| Side {
            objects: objects.into_iter().map(|value| Document::with_refs(value, true)).collect(),
            errors: Vec::new(),
        };
        let deltas = compare(&side(one), &side(two), &Select::default());
        deltas.into_iter().map(|delta| line(&delta.into_document()).1).collect()
    }

    fn service(name: &str, status: &str) -> Value {
        bag(vec![("Name", Value::str(name)), ("Status", Value::str(status))]).into()
    }

    fn texts(lines: &str) -> Vec<Value> {
        lines.split_whitespace().map(Value::str).collect()
    }

    #[test]
    fn what_no_line_shows_is_a_difference_too() {
        assert_eq!(said(vec![], vec![Value::Null, Value::Null]), ["+ #1: null", "+ #2: null"]);
        assert_eq!(said(texts("a"), vec![Value::str("a"), Value::Null]), ["+ #2: null"]);
        assert_eq!(said(vec![], vec![Value::str("")]), ["+ "]);
        assert_eq!(said(vec![Value::str("")], vec![]), ["- "]);
        assert_eq!(said(vec![Value::str("")], vec![Value::Null]), ["~ #1: \"\" -> null"]);
        assert_eq!(said(vec![Value::I32(1)], vec![Value::I32(1)]), Vec::<String>::new());
        assert!(!said(vec![Value::str("a\nb")], texts("a b")).is_empty(), "one string, and two");
    }

    #[test]
    fn text_is_compared_line_by_line() {
        assert_eq!(said(texts("a b c d"), texts("a x c d e")), ["- b", "+ x", "+ e"]);
        assert_eq!(said(vec![Value::str("a\nb\n")], texts("a c")), ["- b", "+ c"]);
        assert_eq!(said(vec![], texts("a")), ["+ a"]);
        assert_eq!(
            said(vec![Value::I32(1), Value::Bool(true)], vec![Value::I32(2), Value::Bool(true)]),
            ["- 1", "+ 2"]
        );
    }

    #[test]
    fn objects_are_paired_by_what_names_them() {
        let one = vec![service("a", "Running"), service("b", "Running"), service("c", "Stopped")];
        let two = vec![service("d", "Stopped"), service("B", "Stopped"), service("a", "Running")];
        assert_eq!(said(one.clone(), two), ["~ b.Name: b -> B", "~ b.Status: Running -> Stopped", "- c", "+ d"],);
        let turned = one.iter().rev().cloned().collect();
        assert_eq!(said(one, turned), ["~ the same objects in another order"]);
    }

    #[test]
    fn objects_without_a_name_are_paired_by_place() {
        let row = |a: i32| Value::from(bag(vec![("A", Value::I32(a))]));
        let rows = |all: &[i32]| all.iter().map(|a| row(*a)).collect::<Vec<_>>();
        assert_eq!(said(rows(&[1, 2, 3]), rows(&[0, 1, 2, 4])), ["+ #1: @{A=0}", "~ #3.A: 3 -> 4"]);
        assert_eq!(said(rows(&[1, 1, 2]), rows(&[1, 2])), ["- #2: @{A=1}"]);
        let same = |status: &str| vec![service("a", "Running"), service("a", status)];
        assert_eq!(said(same("Running"), same("Stopped")), ["~ #2.Status: Running -> Stopped"]);
        assert_eq!(said(rows(&[1]), vec![Value::str("x")]), ["~ #1: @{A=1} -> x"]);
    }

    #[test]
    fn members_are_told_by_their_path() {
        let inner =
            |k: i32| Object { content: Content::Dict(vec![(Value::str("k"), Value::I32(k))]), ..Object::default() };
        let outer = |k: i32, more: (&str, Value)| {
            Value::from(bag(vec![("Name", Value::str("n")), ("t", bag(vec![("d", inner(k).into())]).into()), more]))
        };
        let said = said(vec![outer(1, ("x", Value::Null))], vec![outer(2, ("y", Value::Bool(true)))]);
        assert_eq!(said, ["~ n.t.d.k: 1 -> 2", "- n.x: null", "+ n.y: True"]);
    }

    #[test]
    fn what_differs_in_its_text_alone_is_told_too() {
        let told = |text: &str| Object { to_string: Some(text.into()), ..bag(vec![("Name", Value::str("n"))]) };
        assert_eq!(said(vec![told("one").into()], vec![told("two").into()]), ["~ n: one -> two"]);
        let address = |text: &str| {
            let names = TypeNames::new(["System.Net.IPAddress"]);
            Value::from(Object { type_names: names, to_string: Some(text.into()), ..Object::default() })
        };
        assert_eq!(said(vec![address("::1")], vec![address("::2")]), ["- ::1", "+ ::2"]);
    }
}
