//! The plain profile: what people and `jq` expect.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::text::{write_decimal, write_str, write_string};
use crate::clixml::float::{write_f32, write_f64};
use crate::clixml::scalar_text::scalar_text;
use crate::clixml::view::{Shape, key_text, shape, telling_text_beside};
use crate::clixml::{Document, Object, PsString, RefId, Value, write};

/// Integers beyond this are strings, because most JSON readers take numbers for doubles: 2^53 - 1.
const LARGEST_EXACT: u64 = (1 << 53) - 1;
/// Levels of nesting that are written; what is deeper becomes null.
const DEEPEST: usize = 128;
/// Values that repeated references may add to one text, so that a small message cannot become a huge one.
const MOST_REPEATED: usize = 1_000_000;
/// The text of an object that says more than its members, beside them.
const TEXT_MEMBER: &str = "$string";
/// Diagnostics with a path; more are only counted.
const MOST_DIAGNOSTICS: usize = 16;

/// Appends a document as plain JSON, without white space.
pub fn write_plain(document: &Document, out: &mut Vec<u8>) -> Diagnostics {
    let mut json = PlainJson::new(document);
    json.write(&document.root, out);
    json.finish()
}

/// Writes the values of one document as plain JSON.
///
/// | value | JSON |
/// |---|---|
/// | null, bool, string, char | as they are; lone surrogates as `\uD83D` |
/// | integers | number, beyond ±(2^53-1) a string |
/// | float, decimal | number with its digits; `"NaN"`, `"Infinity"`, `"-Infinity"` |
/// | date, duration | ISO 8601 as sent |
/// | bytes | base64 |
/// | GUID, URI, version, script, XML | string |
/// | secure string | null, with a diagnostic |
/// | enum | its names |
/// | list of any kind | array |
/// | dictionary | object if all keys are distinct strings, else an array of `{"Key":…,"Value":…}` |
/// | object that is one value, as a regex or an address is | that value: see [`single()`](crate::clixml::single()) |
/// | other object | its members: adapted ones, then extended ones; before them `"$string"`, its text, if that says more; its text alone if it has no members |
/// | primitive with notes | the primitive |
/// | reference | the object again; in a cycle null, with a diagnostic |
#[derive(Debug, Default)]
pub struct PlainJson<'d> {
    objects: HashMap<RefId, &'d Value>,
    /// Ids of the objects that are being written, outermost first.
    open: Vec<RefId>,
    path: Vec<Step<'d>>,
    /// How many references are being followed.
    following: usize,
    repeated: usize,
    diagnostics: Diagnostics,
}

#[derive(Debug, Clone, Copy)]
enum Step<'d> {
    Member(&'d str),
    Key(&'d PsString),
    Item(usize),
}

/// What the plain form of a document does not show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics {
    /// The first 16.
    pub items: Vec<Diagnostic>,
    /// How many more there were.
    pub more: usize,
}

/// A place where the plain form shows null for something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Member names and indexes from the root, such as `Parent.Children[0]`; empty for the root itself.
    pub path: String,
    /// What there is.
    pub kind: DiagnosticKind,
}

/// Why null is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiagnosticKind {
    /// The object contains itself here.
    Cycle,
    /// A SecureString, which is never shown.
    SecureString,
    /// Nested too deep.
    Depth,
    /// Shared objects repeat too often.
    Repeats,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the object" } else { &self.path };
        match self.kind {
            DiagnosticKind::Cycle => write!(f, "{path} refers to an object around it and is shown as null"),
            DiagnosticKind::SecureString => write!(f, "{path} is a SecureString and is shown as null"),
            DiagnosticKind::Depth => write!(f, "{path} is nested more than {DEEPEST} deep and is shown as null"),
            DiagnosticKind::Repeats => write!(f, "{path} repeats a shared object too often and is shown as null"),
        }
    }
}

impl<'d> PlainJson<'d> {
    /// A writer for the values of a document.
    pub fn new(document: &'d Document) -> Self {
        let objects = if document.has_refs { index(&document.root) } else { HashMap::new() };
        Self { objects, ..Self::default() }
    }

    /// Appends a value of the document.
    pub fn write(&mut self, value: &'d Value, out: &mut Vec<u8>) {
        if self.following > 0 {
            self.repeated += 1;
            if self.repeated > MOST_REPEATED {
                return self.null(DiagnosticKind::Repeats, out);
            }
        }
        if self.path.len() + self.following > DEEPEST {
            return self.null(DiagnosticKind::Depth, out);
        }
        if !matches!(value, Value::Object(_) | Value::Ref(_)) {
            return self.scalar(value, out);
        }
        let opened = self.enter(value);
        match shape(value) {
            Shape::Scalar(scalar) => self.scalar(scalar, out),
            Shape::Text(text) => write_string(text, out),
            Shape::Integer(digits) => big_integer(digits, out),
            Shape::Same(scalar) => self.scalar(&scalar, out),
            Shape::List(items) => self.list(items, out),
            Shape::Map(entries) => self.map(entries, out),
            Shape::Pairs(entries) => self.pairs(entries, out),
            Shape::Bag(object, members) => self.bag(object, &members, out),
            Shape::Ref(id) => self.follow(id, out),
        }
        if opened {
            self.open.pop();
        }
    }

    /// A value of the document as one cell of a table: like [`text`](crate::clixml::text), with references resolved.
    pub fn cell(&mut self, value: &'d Value) -> Cow<'d, str> {
        let mut value = value;
        // Each step follows one reference; only a cycle of bare references needs more steps than there are objects.
        for _ in 0..=self.objects.len() {
            match shape(value) {
                Shape::Scalar(Value::SecureString(_)) => {
                    self.null(DiagnosticKind::SecureString, &mut Vec::new());
                    return Cow::Borrowed("");
                }
                Shape::Scalar(scalar) => return scalar_text(scalar),
                Shape::Same(scalar) => return Cow::Owned(scalar_text(&scalar).into_owned()),
                Shape::Ref(id) => match self.objects.get(&id) {
                    Some(target) => value = target,
                    None => break,
                },
                other => match other.own_text() {
                    Some(text) => return text,
                    None => break,
                },
            }
        }
        let mut out = Vec::new();
        self.write(value, &mut out);
        Cow::Owned(String::from_utf8(out).unwrap_or_default())
    }

    /// Writes something of a member of the root, so that what is not shown of it is told under its name.
    pub fn under<T>(&mut self, name: &'d str, write: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(Step::Member(name));
        let written = write(self);
        self.path.pop();
        written
    }

    /// What was not shown.
    pub fn finish(self) -> Diagnostics {
        self.diagnostics
    }

    /// Notes that an object is being written, if anything could refer to it.
    fn enter(&mut self, value: &Value) -> bool {
        match value {
            Value::Object(object) if !self.objects.is_empty() => match object.id {
                Some(id) => {
                    self.open.push(id);
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    fn follow(&mut self, id: RefId, out: &mut Vec<u8>) {
        if self.open.contains(&id) {
            return self.null(DiagnosticKind::Cycle, out);
        }
        let Some(&target) = self.objects.get(&id) else { return out.extend_from_slice(b"null") };
        self.following += 1;
        self.write(target, out);
        self.following -= 1;
    }

    fn list(&mut self, items: &'d [Value], out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.within(Step::Item(at), item, out);
        }
        out.push(b']');
    }

    fn map(&mut self, entries: &'d [(Value, Value)], out: &mut Vec<u8>) {
        out.push(b'{');
        let named = entries.iter().filter_map(|(key, value)| Some((key_text(key)?, value)));
        for (at, (key, value)) in named.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_string(key, out);
            out.push(b':');
            self.within(Step::Key(key), value, out);
        }
        out.push(b'}');
    }

    fn pairs(&mut self, entries: &'d [(Value, Value)], out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, (key, value)) in entries.iter().enumerate() {
            out.extend_from_slice(if at > 0 { b",{\"Key\":" } else { b"{\"Key\":" });
            self.within(Step::Item(at), key, out);
            out.extend_from_slice(b",\"Value\":");
            self.within(Step::Item(at), value, out);
            out.push(b'}');
        }
        out.push(b']');
    }

    fn bag(&mut self, object: &Object, members: &[(&'d str, &'d Value)], out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(text) = telling_text_beside(object, members)
            && members.iter().all(|(name, _)| *name != TEXT_MEMBER)
        {
            write_str(TEXT_MEMBER, out);
            out.push(b':');
            write_string(text, out);
            out.extend_from_slice(if members.is_empty() { b"" } else { b"," });
        }
        for (at, (name, value)) in members.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_str(name, out);
            out.push(b':');
            self.within(Step::Member(name), value, out);
        }
        out.push(b'}');
    }

    fn within(&mut self, step: Step<'d>, value: &'d Value, out: &mut Vec<u8>) {
        self.path.push(step);
        self.write(value, out);
        self.path.pop();
    }

    fn scalar(&mut self, value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Null | Value::Object(_) | Value::Ref(_) => out.extend_from_slice(b"null"),
            Value::SecureString(_) => self.null(DiagnosticKind::SecureString, out),
            Value::Bool(yes) => write::boolean(*yes, out),
            Value::Char(unit) => write_string(&PsString::from_utf16(&[*unit]), out),
            Value::I8(number) => write::integer(*number, out),
            Value::U8(number) => write::integer(*number, out),
            Value::I16(number) => write::integer(*number, out),
            Value::U16(number) => write::integer(*number, out),
            Value::I32(number) => write::integer(*number, out),
            Value::U32(number) => write::integer(*number, out),
            Value::I64(number) => integer(*number, number.unsigned_abs(), out),
            Value::U64(number) => integer(*number, *number, out),
            Value::F32(number) if number.is_finite() => write_f32(*number, out),
            Value::F64(number) if number.is_finite() => write_f64(*number, out),
            Value::Decimal(digits) => write_decimal(digits, out),
            Value::Str(text) | Value::Uri(text) | Value::Xml(text) | Value::Script(text) => write_string(text, out),
            Value::DateTime(text) | Value::TimeSpan(text) | Value::Version(text) => write_str(text, out),
            Value::Guid(id) => {
                out.push(b'"');
                write::guid(id, out);
                out.push(b'"');
            }
            Value::F32(_) | Value::F64(_) | Value::Bytes(_) => write_str(&scalar_text(value), out),
        }
    }

    fn null(&mut self, kind: DiagnosticKind, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
        if self.diagnostics.items.len() < MOST_DIAGNOSTICS {
            let path = path_text(&self.path);
            self.diagnostics.items.push(Diagnostic { path, kind });
        } else {
            self.diagnostics.more += 1;
        }
    }
}

/// An integer of any size, as [`integer`] writes smaller ones.
fn big_integer(digits: &str, out: &mut Vec<u8>) {
    match digits.parse::<i64>() {
        Ok(number) => integer(number, number.unsigned_abs(), out),
        Err(_) => write_str(digits, out),
    }
}

fn integer(number: impl itoa::Integer, magnitude: u64, out: &mut Vec<u8>) {
    if magnitude <= LARGEST_EXACT {
        return write::integer(number, out);
    }
    out.push(b'"');
    write::integer(number, out);
    out.push(b'"');
}

fn path_text(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        let name = match step {
            Step::Item(at) => {
                text.push_str(&format!("[{at}]"));
                continue;
            }
            Step::Member(name) => Cow::Borrowed(*name),
            Step::Key(key) => key.to_str_lossy(),
        };
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&name);
    }
    text
}

/// The objects of a tree by id; of two with one id the later counts.
fn index(root: &Value) -> HashMap<RefId, &Value> {
    let mut objects = HashMap::new();
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        let Value::Object(object) = value else { continue };
        if let Some(id) = object.id {
            objects.insert(id, value);
        }
        // Last first, so that they come off the stack in the order of the text.
        let at = open.len();
        open.extend(object.children());
        open[at..].reverse();
    }
    objects
}

#[cfg(test)]
mod tests {
    use super::{DiagnosticKind, Diagnostics, PlainJson, write_plain};
    use crate::clixml::{Content, Decoder, ListKind, Object, Value, properties};

    fn plain(xml: &str) -> (String, Diagnostics) {
        let document = Decoder::default().decode(xml.as_bytes()).expect("decodes");
        let mut out = Vec::new();
        let diagnostics = write_plain(&document, &mut out);
        (String::from_utf8(out).expect("UTF-8"), diagnostics)
    }

    fn check(xml: &str, json: &str) {
        let (written, diagnostics) = plain(xml);
        assert_eq!(written, json, "{xml}");
        assert_eq!(diagnostics, Diagnostics::default());
        // serde_json takes no lone surrogates.
        let read: Result<serde_json::Value, _> = serde_json::from_str(json);
        assert!(json.contains("uD83D") || read.is_ok(), "{json} is no JSON");
    }

    #[test]
    fn scalars() {
        for (xml, json) in [
            ("<Nil/>", "null"),
            ("<S>a&quot;b</S>", r#""a\"b""#),
            ("<S>_xD83D_</S>", r#""\uD83D""#),
            ("<C>65</C>", r#""A""#),
            ("<C>55357</C>", r#""\uD83D""#),
            ("<B>false</B>", "false"),
            ("<By>255</By>", "255"),
            ("<I64>9007199254740991</I64>", "9007199254740991"),
            ("<I64>-9007199254740992</I64>", r#""-9007199254740992""#),
            ("<U64>18446744073709551615</U64>", r#""18446744073709551615""#),
            ("<Db>100</Db>", "100"),
            ("<Db>1E+20</Db>", "1E+20"),
            ("<Db>-0</Db>", "-0"),
            ("<Sg>0.1</Sg>", "0.1"),
            ("<Sg>NaN</Sg>", r#""NaN""#),
            ("<Db>-INF</Db>", r#""-Infinity""#),
            ("<D>1.10</D>", "1.10"),
            ("<D>79228162514264337593543950335</D>", "79228162514264337593543950335"),
            ("<DT>2024-02-29T23:59:59.5+01:00</DT>", r#""2024-02-29T23:59:59.5+01:00""#),
            ("<TS>PT1S</TS>", r#""PT1S""#),
            ("<BA>AAH/</BA>", r#""AAH/""#),
            ("<G>11223344-5566-7788-99aa-bbccddeeff00</G>", r#""11223344-5566-7788-99aa-bbccddeeff00""#),
            ("<URI>http://x/</URI>", r#""http://x/""#),
            ("<Version>1.2</Version>", r#""1.2""#),
        ] {
            check(xml, json);
        }
    }

    #[test]
    fn objects() {
        for (xml, json) in [
            ("<Obj><TN><T>E</T><T>System.Enum</T></TN><ToString>A, B</ToString><I32>3</I32></Obj>", r#""A, B""#),
            ("<Obj><TN><T>E</T><T>System.Enum</T></TN><I32>3</I32></Obj>", "3"),
            ("<Obj><S>hi</S><MS><I32 N='n'>1</I32></MS></Obj>", r#""hi""#),
            ("<Obj><LST><I32>1</I32><Nil/><LST/></LST></Obj>", "[1,null,[]]"),
            ("<STK><I32>2</I32><I32>1</I32></STK>", "[2,1]"),
            (
                "<DCT><En><S N='Key'>b</S><I32 N='Value'>1</I32></En><En><S N='Key'>a</S><Nil N='Value'/></En></DCT>",
                r#"{"b":1,"a":null}"#,
            ),
            (
                "<DCT><En><S N='Key'>a</S><I32 N='Value'>1</I32></En><En><S N='Key'>a</S><I32 N='Value'>2</I32></En></DCT>",
                r#"[{"Key":"a","Value":1},{"Key":"a","Value":2}]"#,
            ),
            ("<DCT><En><I32 N='Key'>1</I32><I32 N='Value'>1</I32></En></DCT>", r#"[{"Key":1,"Value":1}]"#),
            ("<DCT/>", "{}"),
            (
                "<Obj><Props><I32 N='a'>1</I32></Props><MS><I32 N='b'>2</I32><I32 N='A'>3</I32></MS></Obj>",
                r#"{"A":3,"b":2}"#,
            ),
            ("<Obj><ToString>only text</ToString></Obj>", r#""only text""#),
            ("<Obj/>", "{}"),
        ] {
            check(xml, json);
        }
    }

    #[test]
    fn references_and_short_dates_are_what_powershell_reads() {
        for (xml, json) in [
            ("<S>a&#0;b</S>", r#""a\u0000b""#),
            ("<S>a&#xD83D;&#xDE00;b</S>", "\"a😀b\""),
            ("<S>a&#xD800;b</S>", r#""a\uD800b""#),
            ("<S>&#55357;</S>", r#""\uD83D""#),
            ("<C>5&#53;357</C>", r#""\uD83D""#),
            ("<D>1&#x2E;5</D>", "1.5"),
            ("<Obj><MS><S N='&#x61;&#0;'>x</S></MS></Obj>", r#"{"a\u0000":"x"}"#),
            ("<Obj><ToString>&#xD800;</ToString></Obj>", r#""\uD800""#),
            ("<DT>2024-01-01</DT>", r#""2024-01-01T00:00:00""#),
            ("<DT>2024-02Z</DT>", r#""2024-02-01T00:00:00Z""#),
            ("<DT>10:11:12</DT>", r#""10:11:12""#),
        ] {
            assert_eq!(plain(xml), (json.to_owned(), Diagnostics::default()), "{xml}");
        }
    }

    #[test]
    fn objects_that_are_one_value_are_it() {
        let object = |kind: &str, text: &str| {
            format!("<Obj><TN><T>{kind}</T></TN><ToString>{text}</ToString><Props><B N='Even'>true</B></Props></Obj>")
        };
        for (kind, text, json) in [
            ("System.Text.RegularExpressions.Regex", "^web\\d+$", r#""^web\\d+$""#),
            ("System.Numerics.BigInteger", "-9007199254740991", "-9007199254740991"),
            ("System.Numerics.BigInteger", "9007199254740992", r#""9007199254740992""#),
            ("System.Numerics.BigInteger", "1180591620717411303424", r#""1180591620717411303424""#),
            ("System.DateOnly", "01/02/2024", r#""2024-01-02""#),
            ("System.Management.Automation.SwitchParameter", "True", "true"),
            ("System.DBNull", "", "null"),
            ("System.Half", "0.5", "0.5"),
            ("My.Type", "My.Type", r#"{"Even":true}"#),
            ("My.Type", "Even: true", r#"{"Even":true}"#),
            ("My.Type", "odd", r#"{"$string":"odd","Even":true}"#),
            ("System.Xml.XmlNode", "odd", r#"{"$string":"odd","Even":true}"#),
        ] {
            check(&object(kind, text), json);
        }
        let element = "<Obj><TN><T>System.Xml.XmlElement</T><T>System.Xml.XmlNode</T></TN><IE><S>#text</S></IE><Props><S N='k'>1</S></Props></Obj>";
        check(element, r#"{"k":"1"}"#);
        let letters = "<Obj><TN><T>System.Char[]</T></TN><LST><C>97</C><C>98</C></LST></Obj>";
        check(letters, r#""ab""#);
    }

    #[test]
    fn shared_objects_are_written_again() {
        check(
            "<LST><Obj RefId='1'><MS><I32 N='v'>1</I32></MS></Obj><Ref RefId='1'/><Obj RefId='2'><Ref RefId='1'/></Obj></LST>",
            r#"[{"v":1},{"v":1},{"v":1}]"#,
        );
    }

    #[test]
    fn cycles_are_null_and_told() {
        let xml = "<Obj RefId='0'><MS><S N='n'>a</S><LST N='o'><Obj RefId='1'><MS><Ref N='up' RefId='0'/></MS></Obj><Ref RefId='1'/></LST></MS></Obj>";
        let (json, diagnostics) = plain(xml);
        assert_eq!(json, r#"{"n":"a","o":[{"up":null},{"up":null}]}"#);
        let told: Vec<_> = diagnostics.items.iter().map(ToString::to_string).collect();
        assert_eq!(told[0], "o[0].up refers to an object around it and is shown as null");
        assert_eq!((told.len(), diagnostics.more), (2, 0));
        assert_eq!(plain("<Obj RefId='0'><Ref RefId='0'/></Obj>").0, "null");
        assert_eq!(plain("<Obj RefId='0'><Obj RefId='1'><LST><Ref RefId='1'/></LST></Obj></Obj>").0, "[[null]]");
    }

    #[test]
    fn secure_strings_are_never_shown() {
        let (json, diagnostics) = plain("<DCT><En><S N='Key'>p</S><SS N='Value'>c2VjcmV0</SS></En></DCT>");
        assert_eq!(json, r#"{"p":null}"#);
        assert_eq!(diagnostics.items[0].kind, DiagnosticKind::SecureString);
        assert_eq!(diagnostics.items[0].path, "p");
    }

    #[test]
    fn repeated_references_cannot_explode() {
        let mut xml = String::from("<LST><Obj RefId='0'><LST><I32>1</I32></LST></Obj>");
        for id in 1..60 {
            let before = id - 1;
            xml += &format!("<Obj RefId='{id}'><LST><Ref RefId='{before}'/><Ref RefId='{before}'/></LST></Obj>");
        }
        let (json, diagnostics) = plain(&(xml + "</LST>"));
        assert!(json.len() < 20_000_000);
        assert!(diagnostics.items.iter().all(|item| item.kind == DiagnosticKind::Repeats));
        assert!(diagnostics.more > 0);
    }

    #[test]
    fn too_deep_is_null() {
        let nested = (0..200).fold(Value::I32(1), |inner, _| {
            Object { content: Content::List(ListKind::List, vec![inner]), ..Object::default() }.into()
        });
        let mut out = Vec::new();
        let diagnostics = write_plain(&crate::clixml::Document::new(nested), &mut out);
        assert_eq!(diagnostics.items[0].kind, DiagnosticKind::Depth);
        assert_eq!(String::from_utf8_lossy(&out).matches('[').count(), 129);
    }

    #[test]
    fn cells_follow_references() {
        let xml = concat!(
            "<Obj RefId='0'><MS><Obj N='a' RefId='1'><TN><T>E</T><T>System.Enum</T></TN><ToString>One</ToString><I32>1</I32></Obj>",
            "<Ref N='b' RefId='1'/><Ref N='c' RefId='0'/><LST N='d'><I32>1</I32></LST><Obj N='e' RefId='2'><Ref RefId='2'/></Obj></MS></Obj>"
        );
        let document = Decoder::default().decode(xml.as_bytes()).expect("decodes");
        let mut json = PlainJson::new(&document);
        let row = properties(&document).expect("row");
        let cells: Vec<_> = row.iter().map(|(_, value)| json.cell(value)).collect();
        assert_eq!(&cells[..2], ["One", "One"]);
        assert!(cells[2].starts_with(r#"{"a":"One""#), "{}", cells[2]);
        assert_eq!(&cells[3..], ["[1]", "null"]);
    }
}
