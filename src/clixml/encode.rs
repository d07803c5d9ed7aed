//! Values to CLIXML text: the way back, in exactly PowerShell's form.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::slice::Iter;
use std::sync::Arc;

use super::escape::{Place, escape, escape_str};
use super::float::{write_f32, write_f64};
use super::scalar::Scalar;
use super::{Content, Document, Object, RefId, TypeNames, Value, progress, write};

/// The text of a document: one element without insignificant white space, as the data of a PSRP message.
///
/// Objects keep their ids; those without one get the next free numbers. Type names are numbered afresh.
///
/// # Source
/// MS-PSRP 2.2.5; order of children and attributes as Windows writes them.
pub fn encode(document: &Document) -> String {
    let mut out = Vec::new();
    encode_into(&document.root, &mut out);
    // Only whole `str`s and ASCII are ever appended.
    String::from_utf8(out).unwrap_or_default()
}

/// Appends the text of a value, like [`encode`].
pub fn encode_into(value: &Value, out: &mut Vec<u8>) {
    let survey = Survey::of(value);
    let later = survey.referred();
    let mut encoder = Encoder {
        out,
        steps: Vec::new(),
        types: Types::default(),
        next_id: survey.free_id,
        referred: later.keys().copied().collect(),
        later,
        moved: HashSet::new(),
    };
    encoder.value(None, value);
    encoder.run();
}

/// The state of a pass over a tree; the steps are its stack, so depth costs no call stack.
struct Encoder<'o, 'v> {
    out: &'o mut Vec<u8>,
    steps: Vec<Step<'v>>,
    types: Types<'v>,
    next_id: RefId,
    /// The ids of objects that a reference names.
    referred: HashSet<RefId>,
    /// Those of them that are not written yet.
    later: HashMap<RefId, &'v Object>,
    /// Objects that were written in the place of an earlier reference.
    moved: HashSet<*const Object>,
}

/// The lists of type names so far, each with its number.
#[derive(Default)]
struct Types<'v> {
    /// Most values have one or two, and a look at those is quicker than a hash over long names.
    first: Vec<&'v TypeNames>,
    others: HashMap<&'v TypeNames, usize>,
}

impl<'v> Types<'v> {
    const FIRST: usize = 8;

    /// The number of a list, and whether it is a new one.
    fn number(&mut self, names: &'v TypeNames) -> (usize, bool) {
        if let Some(number) = self.first.iter().position(|known| *known == names) {
            return (number, false);
        }
        let next = self.first.len() + self.others.len();
        if self.first.len() < Self::FIRST {
            self.first.push(names);
            return (next, true);
        }
        match self.others.entry(names) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(place) => (*place.insert(next), true),
        }
    }
}

/// What is still to be written, innermost last.
enum Step<'v> {
    Items(Iter<'v, Value>),
    Entries(Iter<'v, (Value, Value)>),
    EntryValue(&'v Value),
    /// Members, and whether `MS` may stand among them.
    Members(Iter<'v, (Arc<str>, Value)>, bool),
    Props(&'v Object),
    Notes(&'v Object),
    Close(&'static str),
}

impl<'v> Encoder<'_, 'v> {
    fn run(&mut self) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Items(mut items) => {
                    if let Some(item) = items.next() {
                        self.steps.push(Step::Items(items));
                        self.value(None, item);
                    }
                }
                Step::Entries(mut entries) => {
                    if let Some((key, value)) = entries.next() {
                        self.steps.extend([Step::Entries(entries), Step::Close("En"), Step::EntryValue(value)]);
                        self.raw("<En>");
                        self.value(Some("Key"), key);
                    }
                }
                Step::EntryValue(value) => self.value(Some("Value"), value),
                Step::Members(mut members, sets) => {
                    if let Some((name, value)) = members.next() {
                        self.steps.push(Step::Members(members, sets));
                        self.member(name, value, sets);
                    }
                }
                Step::Props(object) => self.members("Props", object.props.iter(), false),
                Step::Notes(object) => self.members("MS", object.notes.iter(), true),
                Step::Close(tag) => self.close(tag),
            }
        }
    }

    fn members(&mut self, tag: &'static str, members: Iter<'v, (Arc<str>, Value)>, sets: bool) {
        if members.len() > 0 {
            self.open(tag, None, None);
            self.raw(">");
            self.steps.extend([Step::Close(tag), Step::Members(members, sets)]);
        }
    }

    fn member(&mut self, name: &'v str, value: &'v Value, sets: bool) {
        match value {
            Value::Object(object) if sets && object.is_member_set() => {
                self.open("MS", Some(name), None);
                self.raw(">");
                self.steps.extend([Step::Close("MS"), Step::Members(object.notes.iter(), true)]);
            }
            _ => self.value(Some(name), value),
        }
    }

    fn value(&mut self, name: Option<&str>, value: &'v Value) {
        match value {
            Value::Object(object) if progress::is_progress(object) => self.progress(name, object),
            Value::Object(object) => self.object(name, object),
            // PowerShell writes an object where it first stands, and knows no references to later ones.
            Value::Ref(id) => match self.later.get(id).copied() {
                Some(object) => {
                    self.moved.insert(std::ptr::from_ref(object));
                    self.object_here(name, object);
                }
                None if self.referred.contains(id) => self.reference(name, *id),
                // Its object went when that was read: what it stood in had a second content, and the last one counts.
                None => self.scalar(name, &Value::Null),
            },
            scalar => self.scalar(name, scalar),
        }
    }

    fn object(&mut self, name: Option<&str>, object: &'v Object) {
        match object.id {
            Some(id) if self.moved.contains(&std::ptr::from_ref(object)) => self.reference(name, id),
            _ => self.object_here(name, object),
        }
    }

    fn reference(&mut self, name: Option<&str>, id: RefId) {
        self.open("Ref", name, Some(id as usize));
        self.raw(" />");
    }

    fn object_here(&mut self, name: Option<&str>, object: &'v Object) {
        if let Some(id) = object.id {
            self.later.remove(&id);
        }
        let id = object.id.unwrap_or_else(|| {
            let id = self.next_id;
            self.next_id = id.wrapping_add(1);
            id
        });
        self.open("Obj", name, Some(id as usize));
        self.raw(">");
        self.type_names(&object.type_names);
        if let Some(text) = &object.to_string {
            if text.is_empty() {
                self.raw("<ToString />");
            } else {
                self.raw("<ToString>");
                escape(text, Place::Element, self.out);
                self.raw("</ToString>");
            }
        }
        self.steps.extend([Step::Close("Obj"), Step::Notes(object), Step::Props(object)]);
        match &object.content {
            Content::None => {}
            Content::Value(value) => self.value(None, value),
            Content::List(kind, items) => self.collection(kind.tag(), items.is_empty(), Step::Items(items.iter())),
            Content::Dict(entries) => self.collection("DCT", entries.is_empty(), Step::Entries(entries.iter())),
        }
    }

    fn collection(&mut self, tag: &'static str, empty: bool, step: Step<'v>) {
        self.open(tag, None, None);
        if empty {
            return self.raw(" />");
        }
        self.raw(">");
        self.steps.extend([Step::Close(tag), step]);
    }

    fn type_names(&mut self, names: &'v TypeNames) {
        if names.is_empty() {
            return;
        }
        let (number, is_new) = self.types.number(names);
        if !is_new {
            self.open("TNRef", None, Some(number));
            return self.raw(" />");
        }
        self.open("TN", None, Some(number));
        self.raw(">");
        for name in names.iter() {
            self.raw("<T>");
            escape_str(name, Place::Element, self.out);
            self.raw("</T>");
        }
        self.raw("</TN>");
    }

    fn progress(&mut self, name: Option<&str>, object: &'v Object) {
        self.open("PR", name, None);
        self.raw(">");
        for ((_, value), (_, tag)) in object.notes.iter().zip(progress::PARTS) {
            match value {
                Value::Null => self.raw("<Nil />"),
                value => {
                    self.open(tag, None, None);
                    self.raw(">");
                    text_of(value, self.out);
                    self.close(tag);
                }
            }
        }
        self.close("PR");
    }

    fn scalar(&mut self, name: Option<&str>, value: &Value) {
        let Some(scalar) = Scalar::of_value(value) else {
            self.open("Nil", name, None);
            return self.raw(" />");
        };
        self.open(scalar.tag(), name, None);
        if matches!(value, Value::Bytes(bytes) | Value::SecureString(bytes) if bytes.is_empty()) {
            return self.raw(" />");
        }
        self.raw(">");
        text_of(value, self.out);
        self.close(scalar.tag());
    }

    /// Writes `<tag N="…" RefId="…"`, still open.
    fn open(&mut self, tag: &str, name: Option<&str>, id: Option<usize>) {
        self.raw("<");
        self.raw(tag);
        if let Some(name) = name {
            self.raw(" N=\"");
            escape_str(name, Place::Attribute, self.out);
            self.raw("\"");
        }
        if let Some(id) = id {
            self.raw(" RefId=\"");
            write::integer(id, self.out);
            self.raw("\"");
        }
    }

    fn close(&mut self, tag: &str) {
        self.raw("</");
        self.raw(tag);
        self.raw(">");
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Appends the text of a scalar, escaped as its element has it.
pub(super) fn text_of(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Str(text) | Value::Uri(text) | Value::Xml(text) | Value::Script(text) => {
            escape(text, Place::Element, out);
        }
        Value::Decimal(text) | Value::DateTime(text) | Value::TimeSpan(text) | Value::Version(text) => {
            escape_str(text, Place::Element, out);
        }
        Value::Bytes(bytes) | Value::SecureString(bytes) => {
            out.extend_from_slice(base64_simd::STANDARD.encode_to_string(bytes).as_bytes());
        }
        Value::F32(number) => write_f32(*number, out),
        Value::F64(number) => write_f64(*number, out),
        Value::Bool(yes) => write::boolean(*yes, out),
        Value::Char(unit) => write::integer(*unit, out),
        Value::I8(number) => write::integer(*number, out),
        Value::U8(number) => write::integer(*number, out),
        Value::I16(number) => write::integer(*number, out),
        Value::U16(number) => write::integer(*number, out),
        Value::I32(number) => write::integer(*number, out),
        Value::U32(number) => write::integer(*number, out),
        Value::I64(number) => write::integer(*number, out),
        Value::U64(number) => write::integer(*number, out),
        Value::Guid(id) => write::guid(id, out),
        Value::Null | Value::Object(_) | Value::Ref(_) => {}
    }
}

/// What must be known of a tree before it is written.
struct Survey<'v> {
    root: &'v Value,
    /// The first number above all ids.
    free_id: RefId,
    /// The ids that references name.
    named: HashSet<RefId>,
}

impl<'v> Survey<'v> {
    fn of(root: &'v Value) -> Self {
        let mut survey = Self { root, free_id: 0, named: HashSet::new() };
        let mut open = vec![root];
        while let Some(value) = open.pop() {
            match value {
                Value::Ref(id) => {
                    survey.named.insert(*id);
                }
                Value::Object(object) => {
                    survey.free_id = survey.free_id.max(object.id.map_or(0, |id| id.wrapping_add(1)));
                    open.extend(object.children());
                }
                _ => {}
            }
        }
        survey
    }

    /// The objects that references name.
    fn referred(&self) -> HashMap<RefId, &'v Object> {
        let mut objects = HashMap::new();
        let mut open = if self.named.is_empty() { Vec::new() } else { vec![self.root] };
        while let Some(value) = open.pop() {
            let Value::Object(object) = value else { continue };
            if let Some(id) = object.id.filter(|id| self.named.contains(id)) {
                objects.insert(id, &**object);
            }
            open.extend(object.children());
        }
        objects
    }
}
