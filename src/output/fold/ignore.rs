//! What does not count when hosts are compared: volatile properties of known types, and those of `--ignore`.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::volatile::VOLATILE;
use crate::clixml::{self, Content, Document, Members, Object, RefId, TypeNames, Value};
use crate::output::select::{Select, matches};

/// What `--ignore` takes so that nothing is ignored by itself.
const NONE: &str = "none";

/// Properties that do not count. Clones share what they have met.
#[derive(Debug, Clone)]
pub struct Ignore {
    /// Whether volatile properties of known types are among them.
    volatile: bool,
    patterns: Vec<Pattern>,
    /// What is shown at all. Volatile properties that it has by name are shown all the same.
    select: Select,
    /// The volatile ones that were there; clones share them.
    met: Arc<Mutex<BTreeSet<(&'static str, &'static str)>>>,
}

/// `Name` or `Type.Name`, each with `*` for any characters.
#[derive(Debug, Clone)]
struct Pattern {
    kind: Option<String>,
    name: String,
}

impl Default for Ignore {
    fn default() -> Self {
        Self::new(&[], &Select::default())
    }
}

/// What is put back stands at most below so many values: more than PowerShell nests by itself.
const DEEPEST: usize = 100;

impl Ignore {
    /// Reads names and patterns; `none` stands for no volatile ones. What is selected by its name counts.
    pub fn new(names: &[String], select: &Select) -> Self {
        let names = || names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let pattern = |name: &str| match name.rsplit_once('.') {
            Some((kind, name)) => Pattern { kind: Some(kind.to_owned()), name: name.to_owned() },
            None => Pattern { kind: None, name: name.to_owned() },
        };
        Self {
            volatile: !names().any(|name| name.eq_ignore_ascii_case(NONE)),
            patterns: names().filter(|name| !name.eq_ignore_ascii_case(NONE)).map(pattern).collect(),
            select: select.clone(),
            met: Arc::default(),
        }
    }

    /// The volatile properties that were left out so far and would have been shown, as `Type.Name`.
    pub fn met(&self) -> Vec<String> {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.iter().map(|(kind, name)| format!("{kind}.{name}")).collect()
    }

    /// A document without what does not count. What others refer to stays.
    pub(super) fn prune(&self, document: &Document) -> Document {
        let mut pruned = document.clone();
        let removed = self.value(&mut pruned.root);
        if removed && document.has_refs {
            let mut kept = HashSet::new();
            ids(&pruned.root, &mut kept);
            let mut root = std::mem::replace(&mut pruned.root, Value::Null);
            self.restore(document, &mut root, &mut kept, 0);
            pruned = Document::with_refs(root, true);
        }
        pruned
    }

    /// Removes what does not count from a value; whether there was any.
    fn value(&self, value: &mut Value) -> bool {
        // What is one value has no members to compare.
        if clixml::single(value).is_some() {
            return false;
        }
        let Value::Object(object) = value else { return false };
        let Object { type_names, to_string, content, props, notes, .. } = &mut **object;
        let rules = Rules::of(type_names);
        let own = self.members(&rules, props) | self.members(&rules, notes);
        // The text is made of members, and may tell what was removed.
        if own && *content == Content::None {
            *to_string = None;
        }
        let members = props.iter_mut().chain(notes).fold(false, |any, (_, value)| self.value(value) | any);
        own | members
            | match content {
                Content::None => false,
                Content::Value(value) => self.value(value),
                Content::List(_, items) => items.iter_mut().fold(false, |any, item| self.value(item) | any),
                Content::Dict(entries) => {
                    let before = entries.len();
                    entries.retain(|(key, _)| {
                        !key.unboxed().as_text().is_some_and(|key| self.removes(&rules, &key.to_str_lossy()))
                    });
                    let removed = entries.len() < before;
                    entries.iter_mut().fold(removed, |any, (_, value)| self.value(value) | any)
                }
            }
    }

    fn members(&self, rules: &Rules<'_>, members: &mut Members) -> bool {
        let before = members.len();
        members.retain(|(name, _)| !self.removes(rules, name));
        members.len() < before
    }

    fn removes(&self, rules: &Rules<'_>, name: &str) -> bool {
        if self.volatile && !self.select.fixed().any(|wanted| wanted.eq_ignore_ascii_case(name)) {
            let find = |names: &'static [&'static str]| names.iter().find(|known| known.eq_ignore_ascii_case(name));
            if let Some((kind, known)) = rules.volatile.iter().find_map(|(kind, names)| Some((*kind, *find(names)?))) {
                if self.select.is_all() || self.select.place(name).is_some() {
                    self.met.lock().unwrap_or_else(PoisonError::into_inner).insert((kind, known));
                }
                return true;
            }
        }
        self.patterns.iter().any(|pattern| {
            let is_kind =
                |kind: &String| rules.types.iter().any(|name| matches(kind, name) || matches(kind, last(name)));
            matches(&pattern.name, name) && pattern.kind.as_ref().is_none_or(is_kind)
        })
    }

    /// Puts back, where they are first referred to, objects that went with what was removed. A host may have them refer
    /// to each other without an end: those below `depth` values are left out.
    fn restore(&self, document: &Document, value: &mut Value, kept: &mut HashSet<RefId>, depth: usize) {
        if let Value::Ref(id) = value
            && !kept.contains(id)
            && let Some(lost) = document.find(*id).filter(|lost| !matches!(lost, Value::Ref(_)))
        {
            if depth >= DEEPEST {
                *value = Value::Null;
                return;
            }
            *value = lost.clone();
            self.value(value);
            ids(value, kept);
        }
        each(value, &mut |inner| self.restore(document, inner, kept, depth + 1));
    }
}

/// What is asked of the members of one type.
struct Rules<'t> {
    types: Vec<&'t str>,
    volatile: Vec<&'static (&'static str, &'static [&'static str])>,
}

impl<'t> Rules<'t> {
    fn of(type_names: &'t TypeNames) -> Self {
        let types: Vec<_> = type_names.iter().map(clixml::first_name).collect();
        let known = |name: &&str| VOLATILE.iter().find(|(kind, _)| kind.eq_ignore_ascii_case(last(name)));
        // CIM's classes are CimInstance, too, with the class behind `#`.
        let family = types.iter().filter_map(|name| name.split_once('#')).map(|(family, _)| family);
        let volatile = types.iter().copied().chain(family).filter_map(|name| known(&name)).collect();
        Self { types, volatile }
    }
}

/// The last part of a type's name, or the class of a CIM object.
fn last(name: &str) -> &str {
    name.rsplit(['.', '#', '/', '\\', '+']).next().unwrap_or(name)
}

/// The ids of all objects within a value.
fn ids(value: &Value, found: &mut HashSet<RefId>) {
    let Value::Object(object) = value else { return };
    found.extend(object.id);
    object.props.iter().chain(&object.notes).for_each(|(_, value)| ids(value, found));
    match &object.content {
        Content::None => {}
        Content::Value(value) => ids(value, found),
        Content::List(_, items) => items.iter().for_each(|item| ids(item, found)),
        Content::Dict(entries) => entries.iter().for_each(|(key, value)| {
            ids(key, found);
            ids(value, found);
        }),
    }
}

/// Does something with each value right inside of another.
fn each(value: &mut Value, act: &mut dyn FnMut(&mut Value)) {
    let Value::Object(object) = value else { return };
    object.props.iter_mut().chain(&mut object.notes).for_each(|(_, value)| act(value));
    match &mut object.content {
        Content::None => {}
        Content::Value(value) => act(value),
        Content::List(_, items) => items.iter_mut().for_each(act),
        Content::Dict(entries) => entries.iter_mut().for_each(|(key, value)| {
            act(key);
            act(value);
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ignore, VOLATILE};
    use crate::clixml::{Content, Decoder, Document, Limits, ListKind, Object, TypeNames, Value, encode, write_plain};
    use crate::output::Select;
    use crate::output::testing::bag;

    fn typed(name: &'static str, members: Vec<(&str, Value)>) -> Object {
        Object { type_names: TypeNames::new([name]), ..bag(members) }
    }

    /// What is left of an object, as plain JSON.
    fn left(names: &[&str], value: impl Into<Value>) -> String {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let document = Document::with_refs(value.into(), true);
        let mut json = Vec::new();
        write_plain(&Ignore::new(&names, &Select::default()).prune(&document), &mut json);
        String::from_utf8(json).unwrap()
    }

    fn process(kind: &'static str) -> Object {
        let members = vec![("Name", Value::str("pwsh")), ("CPU", Value::F64(1.5)), ("Company", Value::Null)];
        Object { to_string: Some("pwsh (4711)".into()), ..typed(kind, members) }
    }

    #[test]
    fn every_rule_can_be_met() {
        assert!(VOLATILE.is_sorted());
        for (kind, names) in VOLATILE {
            assert!(names.is_sorted(), "{kind}");
        }
    }

    #[test]
    fn volatile_properties_of_known_types_are_left_out_and_named() {
        for kind in [
            "System.Diagnostics.Process",
            "Deserialized.System.Diagnostics.Process",
            "Selected.System.Diagnostics.Process",
            "Deserialized.Selected.System.Diagnostics.Process",
        ] {
            assert_eq!(left(&[], process(kind)), r#"{"Name":"pwsh","Company":null}"#, "{kind}");
        }
        let ignore = Ignore::default();
        ignore.prune(&Document::new(process("System.Diagnostics.Process").into()));
        assert_eq!(ignore.met(), ["Process.CPU"]);
        let kept = r#"{"$string":"pwsh (4711)","Name":"pwsh","CPU":1.5,"Company":null}"#;
        assert_eq!(left(&["none"], process("System.Diagnostics.Process")), kept);
        assert_eq!(left(&[], process("My.Processor")), kept);
        let disk = "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_LogicalDisk";
        let members = ["DeviceID", "FreeSpace", "SystemName"].map(|name| (name, Value::I32(1)));
        assert_eq!(left(&[], typed(disk, members.into())), r#"{"DeviceID":1}"#);
    }

    #[test]
    fn what_is_asked_for_by_name_counts() {
        let select = |name: &str| Select::new(&[name.to_owned()]);
        let document = Document::new(process("System.Diagnostics.Process").into());
        assert!(Ignore::new(&[], &select("cpu")).prune(&document).root.member("CPU").is_some());
        assert!(Ignore::new(&[], &select("c*")).prune(&document).root.member("CPU").is_none());
    }

    #[test]
    fn patterns_at_every_level() {
        let inner = || Value::from(typed("My.Disk", vec![("Free", Value::I32(1)), ("Size", Value::I32(2))]));
        let entries = vec![(Value::str("Free"), Value::I32(3)), (Value::str("k"), inner())];
        let table = Object { content: Content::Dict(entries), ..Object::default() };
        let list = Object { content: Content::List(ListKind::List, vec![inner()]), ..Object::default() };
        let whole =
            || typed("My.Host", vec![("Free", Value::I32(0)), ("t", table.clone().into()), ("l", list.clone().into())]);
        assert_eq!(left(&["fr*"], whole()), r#"{"t":{"k":{"Size":2}},"l":[{"Size":2}]}"#);
        for kind in ["Disk.Free", "My.Disk.Free", "*Disk.F*"] {
            assert_eq!(
                left(&[kind], whole()),
                r#"{"Free":0,"t":{"Free":3,"k":{"Size":2}},"l":[{"Size":2}]}"#,
                "{kind}"
            );
        }
    }

    #[test]
    fn objects_in_a_row_of_references_stay_as_far_as_they_are_told() {
        // What is removed holds many objects, each of which refers to the one before.
        let linked = |id| {
            let before = if id == 0 { Value::Null } else { Value::Ref(id - 1) };
            Object { id: Some(id), ..typed("My.Thread", vec![("Before", before)]) }
        };
        for count in [3, 101, 20_000] {
            let items = (0..count).map(|id| linked(id).into()).collect();
            let threads = Object { content: Content::List(ListKind::List, items), ..Object::default() };
            let last = ("Last", Value::Ref(count - 1));
            let process = typed("System.Diagnostics.Process", vec![("Threads", threads.into()), last]);
            let pruned = Ignore::default().prune(&Document::with_refs(process.into(), true));
            let mut decoder = Decoder::new(Limits::OF_KEPT);
            let again = decoder.decode(encode(&pruned).as_bytes()).expect("it can be read back");
            assert!(again.root.member("Last").is_some() && again.root.member("Threads").is_none(), "{count}");
        }
    }

    #[test]
    fn what_others_refer_to_stays() {
        let shared = Object { id: Some(5), ..bag(vec![("x", Value::I32(1)), ("gone", Value::I32(2))]) };
        let outer = Object { id: Some(4), ..bag(vec![("inner", shared.into())]) };
        let whole = bag(vec![("gone", outer.into()), ("a", Value::Ref(5)), ("b", Value::Ref(5))]);
        assert_eq!(left(&["gone"], whole), r#"{"a":{"x":1},"b":{"x":1}}"#);
    }
}
