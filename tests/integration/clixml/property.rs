//! Any value survives its encodings.

use std::sync::Arc;

use proptest::prelude::*;
use psfleet::clixml::{
    Content, Decoder, Document, Limits, ListKind, Object, PsString, TypeNames, Value, encode, read_typed, write_plain,
    write_typed,
};
use uuid::Uuid;

/// UTF-16 with a taste for what needs escapes.
fn text() -> impl Strategy<Value = PsString> {
    let unit = prop_oneof![
        5 => any::<char>().prop_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()),
        5 => (0x20_u16..0x7F).prop_map(|unit| vec![unit]),
        2 => any::<u16>().prop_map(|unit| vec![unit]),
        1 => Just("_x0041_".encode_utf16().collect()),
        1 => Just("_X".encode_utf16().collect()),
    ];
    prop::collection::vec(unit, 0..12).prop_map(|units| PsString::from_utf16(&units.concat()))
}

fn name() -> impl Strategy<Value = Arc<str>> + Clone {
    prop_oneof![3 => "[A-Z][a-z]{0,6}", 1 => ".{0,6}"].prop_map(Arc::from)
}

fn scalar() -> impl Strategy<Value = Value> {
    let integers = prop_oneof![
        any::<i8>().prop_map(Value::I8),
        any::<u8>().prop_map(Value::U8),
        any::<i16>().prop_map(Value::I16),
        any::<u16>().prop_map(Value::U16),
        any::<i32>().prop_map(Value::I32),
        any::<u32>().prop_map(Value::U32),
        any::<i64>().prop_map(Value::I64),
        any::<u64>().prop_map(Value::U64),
        any::<u16>().prop_map(Value::Char),
    ];
    let fractions = prop_oneof![
        any::<f32>().prop_map(Value::F32),
        any::<f64>().prop_map(Value::F64),
        prop::num::f64::ANY.prop_map(Value::F64),
        "-?[0-9]{1,20}(\\.[0-9]{1,9})?".prop_map(|digits| Value::Decimal(digits.into())),
    ];
    let texts = prop_oneof![
        text().prop_map(Value::Str),
        text().prop_map(Value::Uri),
        text().prop_map(Value::Xml),
        text().prop_map(Value::Script),
        "[0-9]{1,9}(\\.[0-9]{1,9}){1,3}".prop_map(|version| Value::Version(version.into())),
        "[12][0-9]{3}-(0[1-9]|1[0-2])-[012][1-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?(Z|[+-]0[0-9]:30)?"
            .prop_map(|date| Value::DateTime(date.into())),
        "-?P[0-9]{1,8}DT[0-9]{1,2}H[0-9]{1,2}(\\.[0-9]{1,7})?S".prop_map(|span| Value::TimeSpan(span.into())),
    ];
    let others = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Bytes(bytes.into())),
        any::<u128>().prop_map(|id| Value::Guid(Uuid::from_u128(id))),
        Just(Value::SecureString([].into())),
    ];
    prop_oneof![3 => texts, 1 => integers, 1 => fractions, 1 => others]
}

fn types() -> impl Strategy<Value = TypeNames> {
    prop::collection::vec(prop_oneof!["[A-Z][a-z.]{0,8}(`1)?", ".{0,6}"], 0..4).prop_map(TypeNames::new)
}

fn object(inner: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Object> {
    let kind =
        prop_oneof![Just(ListKind::List), Just(ListKind::Enumerable), Just(ListKind::Stack), Just(ListKind::Queue)];
    let content = prop_oneof![
        2 => Just(Content::None),
        1 => inner.clone().prop_map(Content::Value),
        1 => (kind, prop::collection::vec(inner.clone(), 0..5)).prop_map(|(kind, items)| Content::List(kind, items)),
        1 => prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Content::Dict),
    ];
    let members = prop::collection::vec((name(), inner), 0..4);
    (types(), prop::option::of(text()), content, members.clone(), members).prop_map(
        |(type_names, to_string, content, props, notes)| Object {
            id: None,
            type_names,
            to_string,
            content,
            props,
            notes,
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => scalar(), 1 => any::<u32>().prop_map(Value::Ref)];
    leaf.prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            4 => object(inner.clone()).prop_map(Value::from),
            1 => prop::collection::vec((name(), inner), 0..3)
                .prop_map(|members| Object { notes: vec![("Set".into(), Object::member_set(members).into())], ..Object::default() }.into()),
        ]
    })
}

/// A document whose objects are numbered as PowerShell numbers them, and whose references reach back.
fn document() -> impl Strategy<Value = Document> {
    value().prop_map(|mut root| {
        let mut numbering = Numbering { next: 0, has_refs: false };
        numbering.value(&mut root, false);
        Document::with_refs(root, numbering.has_refs)
    })
}

struct Numbering {
    next: u32,
    has_refs: bool,
}

impl Numbering {
    fn value(&mut self, value: &mut Value, in_notes: bool) {
        match value {
            Value::Ref(_) if self.next == 0 => *value = Value::Null,
            Value::Ref(id) => {
                *id %= self.next;
                self.has_refs = true;
            }
            Value::Object(object) => self.object(object, in_notes),
            _ => {}
        }
    }

    /// In the order of the text, because a reference to a later object is none.
    fn object(&mut self, object: &mut Object, in_notes: bool) {
        if !(in_notes && object.is_member_set()) {
            object.id = Some(self.next);
            self.next += 1;
        }
        match &mut object.content {
            Content::None => {}
            Content::Value(value) => self.value(value, false),
            Content::List(_, items) => items.iter_mut().for_each(|item| self.value(item, false)),
            Content::Dict(entries) => entries.iter_mut().for_each(|(key, value)| {
                self.value(key, false);
                self.value(value, false);
            }),
        }
        object.props.iter_mut().for_each(|(_, value)| self.value(value, false));
        object.notes.iter_mut().for_each(|(_, value)| self.value(value, true));
    }
}

/// Not `==`, to which NaN is no NaN and -0 is 0.
fn same(ours: &Document, theirs: &Document) -> Result<(), TestCaseError> {
    prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clixml_gives_the_same_value(document in document()) {
        let xml = encode(&document);
        let read = Decoder::new(Limits::default()).decode(xml.as_bytes());
        let read = read.map_err(|error| TestCaseError::fail(format!("{error}: {xml}")))?;
        same(&read, &document)?;
        prop_assert_eq!(encode(&read), xml);
    }

    #[test]
    fn typed_json_gives_the_same_value(document in document()) {
        let mut json = Vec::new();
        write_typed(&document, &mut json);
        let read = read_typed(&json).map_err(|error| TestCaseError::fail(error.to_string()))?;
        same(&read, &document)?;
    }

    #[test]
    fn plain_json_is_json(document in document()) {
        let mut json = Vec::new();
        write_plain(&document, &mut json);
        let json = String::from_utf8(json).expect("UTF-8");
        // serde_json takes no lone surrogates; escapes of halves stand only for those.
        if !json.contains("\\uD") {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&json).is_ok(), "{}", json);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Decoder::default().decode(&bytes);
        let _ = read_typed(&bytes);
    }
}
