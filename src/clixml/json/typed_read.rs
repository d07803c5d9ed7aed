//! The typed profile, in.

use super::array_type::array_type;
use super::read::{Json, read};
use super::typed_error::TypedError;
use crate::clixml::scalar::Scalar;
use crate::clixml::{Content, Document, ListKind, Members, Object, PsString, RefId, TypeNames, Value};

/// Reads what [`write_typed`](super::write_typed) wrote.
///
/// # Errors
/// JSON that is broken or has none of the typed forms. Members of unknown names in an object with `$` are ignored.
pub fn read_typed(json: &[u8]) -> Result<Document, TypedError> {
    let mut has_refs = false;
    let root = value(read(json)?, &mut has_refs)?;
    Ok(Document::with_refs(root, has_refs))
}

/// Recursion is bounded by [`read`]'s limit on depth.
fn value(json: Json, has_refs: &mut bool) -> Result<Value, TypedError> {
    match json {
        Json::Null => Ok(Value::Null),
        Json::Bool(yes) => Ok(Value::Bool(yes)),
        Json::String(text) => Ok(Value::Str(text)),
        Json::Number(text) => {
            let scalar = if text.contains(['.', 'e', 'E']) { Scalar::F64 } else { Scalar::I32 };
            scalar.parse(&text).ok_or(TypedError::Form { what: "a number" })
        }
        Json::Array(items) => {
            let content = Content::List(ListKind::List, values(items, has_refs)?);
            Ok(Object { type_names: array_type(), content, ..Object::default() }.into())
        }
        Json::Object(members) => Fields::of(members)?.value(has_refs),
    }
}

fn values(items: Vec<Json>, has_refs: &mut bool) -> Result<Vec<Value>, TypedError> {
    items.into_iter().map(|item| value(item, has_refs)).collect()
}

/// An object with `$`, taken apart.
#[derive(Default)]
struct Fields {
    kind: Option<PsString>,
    id: Option<RefId>,
    types: TypeNames,
    text: Option<PsString>,
    v: Option<Json>,
    base: Option<Json>,
    items: Option<Json>,
    props: Option<Json>,
    notes: Option<Json>,
}

impl Fields {
    fn of(members: Vec<(PsString, Json)>) -> Result<Self, TypedError> {
        let mut fields = Self::default();
        for (name, json) in members {
            match (name.as_str(), json) {
                (Some("$"), Json::String(kind)) => fields.kind = Some(kind),
                (Some("id"), Json::Number(id)) => {
                    fields.id = Some(id.parse().map_err(|_| TypedError::Form { what: "an id" })?);
                }
                (Some("tn"), Json::Array(names)) => fields.types = type_names(&names)?,
                (Some("s"), Json::String(text)) => fields.text = Some(text),
                (Some("v"), json) => fields.v = Some(json),
                (Some("base"), json) => fields.base = Some(json),
                (Some("items"), json) => fields.items = Some(json),
                (Some("props"), json) => fields.props = Some(json),
                (Some("notes"), json) => fields.notes = Some(json),
                (Some("$" | "id" | "tn" | "s"), _) => return Err(TypedError::Form { what: "`$`, `id`, `tn` or `s`" }),
                _ => {}
            }
        }
        Ok(fields)
    }

    fn value(self, has_refs: &mut bool) -> Result<Value, TypedError> {
        let kind = self.kind.as_ref().and_then(PsString::as_str).unwrap_or_default().to_owned();
        if let Some(scalar) = Scalar::of_tag(&kind) {
            return scalar_value(scalar, self.v);
        }
        if kind == "ref" {
            *has_refs = true;
            return self.id.map(Value::Ref).ok_or(TypedError::Form { what: "a reference" });
        }
        let content = match (kind.as_str(), self.items) {
            ("Obj", _) => match self.base {
                Some(base) => Content::Value(value(base, has_refs)?),
                None => Content::None,
            },
            ("enum", _) => Content::Value(value(self.v.unwrap_or(Json::Null), has_refs)?),
            ("DCT", Some(Json::Array(pairs))) => {
                Content::Dict(pairs.into_iter().map(|pair| entry(pair, has_refs)).collect::<Result<_, _>>()?)
            }
            (kind, Some(Json::Array(items))) => {
                let kind = ListKind::of_tag(kind).ok_or(TypedError::Form { what: "an object" })?;
                Content::List(kind, values(items, has_refs)?)
            }
            _ => return Err(TypedError::Form { what: "an object" }),
        };
        let props = members(self.props, has_refs)?;
        let notes = members(self.notes, has_refs)?;
        Ok(Object { id: self.id, type_names: self.types, to_string: self.text, content, props, notes }.into())
    }
}

fn entry(pair: Json, has_refs: &mut bool) -> Result<(Value, Value), TypedError> {
    let Json::Array(pair) = pair else { return Err(TypedError::Form { what: "a dictionary's entry" }) };
    let Ok([key, item]) = <[Json; 2]>::try_from(pair) else {
        return Err(TypedError::Form { what: "a dictionary's entry" });
    };
    Ok((value(key, has_refs)?, value(item, has_refs)?))
}

fn members(json: Option<Json>, has_refs: &mut bool) -> Result<Members, TypedError> {
    match json {
        None => Ok(Vec::new()),
        Some(Json::Object(members)) => {
            members.into_iter().map(|(name, json)| Ok((name.to_str_lossy().into(), value(json, has_refs)?))).collect()
        }
        Some(_) => Err(TypedError::Form { what: "members" }),
    }
}

fn type_names(names: &[Json]) -> Result<TypeNames, TypedError> {
    let name = |json: &Json| match json {
        Json::String(name) => Ok(name.to_str_lossy().into_owned()),
        _ => Err(TypedError::Form { what: "type names" }),
    };
    Ok(TypeNames::new(names.iter().map(name).collect::<Result<Vec<_>, _>>()?))
}

fn scalar_value(scalar: Scalar, json: Option<Json>) -> Result<Value, TypedError> {
    let found = match (scalar, json) {
        (Scalar::SecureString, _) => Some(Value::SecureString(Box::default())),
        (Scalar::Char, Some(Json::String(text))) => match *text.utf16() {
            [unit] => Some(Value::Char(unit)),
            _ => None,
        },
        (Scalar::Str, Some(Json::String(text))) => Some(Value::Str(text)),
        (Scalar::Uri, Some(Json::String(text))) => Some(Value::Uri(text)),
        (Scalar::Xml, Some(Json::String(text))) => Some(Value::Xml(text)),
        (Scalar::Script, Some(Json::String(text))) => Some(Value::Script(text)),
        (scalar, Some(Json::String(text))) => text.as_str().and_then(|text| scalar.parse(text)),
        (scalar, Some(Json::Number(text))) => scalar.parse(&text),
        (scalar, Some(Json::Bool(yes))) => scalar.parse(if yes { "true" } else { "false" }),
        _ => None,
    };
    found.ok_or(TypedError::Form { what: scalar.tag() })
}

#[cfg(test)]
mod tests {
    use super::{TypedError, read_typed};
    use crate::clixml::json::write_typed;
    use crate::clixml::{Decoder, Value};

    /// CLIXML to typed JSON, and the JSON back to the same tree.
    fn check(xml: &str, json: &str) {
        let document = Decoder::default().decode(xml.as_bytes()).expect(xml);
        let mut out = Vec::new();
        write_typed(&document, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), json);
        let read = read_typed(&out).expect(json);
        // Not by `==`, because NaN differs from itself.
        assert_eq!(format!("{read:?}"), format!("{document:?}"));
    }

    #[test]
    fn scalars_keep_their_types() {
        for (xml, json) in [
            ("<Nil/>", "null"),
            ("<S>_xD83D_</S>", r#""\uD83D""#),
            ("<B>true</B>", "true"),
            ("<I32>-5</I32>", "-5"),
            ("<Db>-0</Db>", "-0.0"),
            ("<Db>100</Db>", "100.0"),
            ("<Db>1E+300</Db>", "1E+300"),
            ("<Db>-INF</Db>", r#"{"$":"Db","v":"-INF"}"#),
            ("<Sg>0.1</Sg>", r#"{"$":"Sg","v":0.1}"#),
            ("<Sg>NaN</Sg>", r#"{"$":"Sg","v":"NaN"}"#),
            ("<By>255</By>", r#"{"$":"By","v":255}"#),
            ("<I64>1</I64>", r#"{"$":"I64","v":"1"}"#),
            ("<U64>18446744073709551615</U64>", r#"{"$":"U64","v":"18446744073709551615"}"#),
            ("<D>1.10</D>", r#"{"$":"D","v":"1.10"}"#),
            ("<C>65</C>", r#"{"$":"C","v":"A"}"#),
            ("<C>55357</C>", r#"{"$":"C","v":"\uD83D"}"#),
            ("<C>0</C>", r#"{"$":"C","v":"\u0000"}"#),
            ("<DT>2024-02-29T23:59:59Z</DT>", r#"{"$":"DT","v":"2024-02-29T23:59:59Z"}"#),
            ("<TS>PT0S</TS>", r#"{"$":"TS","v":"PT0S"}"#),
            ("<BA/>", r#"{"$":"BA","v":""}"#),
            ("<BA>AAH/</BA>", r#"{"$":"BA","v":"AAH/"}"#),
            ("<URI>a&quot;b_x0001_</URI>", r#"{"$":"URI","v":"a\"b\u0001"}"#),
            ("<Version>1.2</Version>", r#"{"$":"Version","v":"1.2"}"#),
            ("<SS/>", r#"{"$":"SS"}"#),
        ] {
            check(xml, json);
        }
    }

    #[test]
    fn objects_keep_everything() {
        for (xml, json) in [
            (
                r#"<Obj RefId="7"><TN RefId="0"><T>A</T><T>B</T></TN><ToString></ToString><Props><I32 N="a">1</I32></Props><MS><S N="$">x</S></MS></Obj>"#,
                r#"{"$":"Obj","id":7,"tn":["A","B"],"s":"","props":{"a":1},"notes":{"$":"x"}}"#,
            ),
            ("<Obj><Nil/></Obj>", r#"{"$":"Obj","base":null}"#),
            ("<Obj><S>hi</S><MS><I32 N='n'>1</I32></MS></Obj>", r#"{"$":"Obj","base":"hi","notes":{"n":1}}"#),
            (
                "<Obj RefId='1'><TN><T>E</T><T>System.Enum</T></TN><ToString>One</ToString><By>1</By></Obj>",
                r#"{"$":"enum","id":1,"tn":["E","System.Enum"],"s":"One","v":{"$":"By","v":1}}"#,
            ),
            ("<LST><I32>1</I32></LST>", r#"{"$":"LST","items":[1]}"#),
            ("<QUE/>", r#"{"$":"QUE","items":[]}"#),
            (
                "<Obj><TN><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST><I32>1</I32><Nil/></LST></Obj>",
                "[1,null]",
            ),
            (
                "<DCT><En><I32 N='Key'>1</I32><DCT N='Value'><En><S N='Key'>a</S><Nil N='Value'/></En></DCT></En><En/></DCT>",
                r#"{"$":"DCT","items":[[1,{"$":"DCT","items":[["a",null]]}],[null,null]]}"#,
            ),
            ("<Obj RefId='1'><LST><Ref RefId='1'/></LST></Obj>", r#"{"$":"LST","id":1,"items":[{"$":"ref","id":1}]}"#),
            (
                "<Obj><MS><MS N='set'><I32 N='a'>1</I32></MS></MS></Obj>",
                r#"{"$":"Obj","notes":{"set":{"$":"Obj","tn":["System.Management.Automation.PSMemberSet"],"notes":{"a":1}}}}"#,
            ),
        ] {
            check(xml, json);
        }
    }

    #[test]
    fn arrays_keep_their_id_where_something_refers_to_it() {
        let xml = "<Obj RefId='1'><TN><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST><Ref RefId='1'/></LST></Obj>";
        check(
            xml,
            r#"{"$":"LST","id":1,"tn":["System.Object[]","System.Array","System.Object"],"items":[{"$":"ref","id":1}]}"#,
        );
        let mut out = Vec::new();
        let alone = Decoder::default().decode(xml.replace("<Ref RefId='1'/>", "").as_bytes()).expect("decodes");
        write_typed(&alone, &mut out);
        assert_eq!(out, b"[]");
    }

    #[test]
    fn secure_strings_lose_their_content() {
        let document = Decoder::default().decode(b"<SS>c2VjcmV0</SS>").expect("decodes");
        let mut out = Vec::new();
        write_typed(&document, &mut out);
        assert_eq!(out, br#"{"$":"SS"}"#);
        assert_eq!(read_typed(&out).map(|document| document.root), Ok(Value::SecureString([].into())));
    }

    #[test]
    fn a_hundred_levels_go_both_ways() {
        let open = "<DCT N='Value'><En><I32 N='Key'>1</I32>".repeat(100);
        let xml = format!("{open}<Nil N='Value'/>{}", "</En></DCT>".repeat(100));
        let document = Decoder::default().decode(xml.as_bytes()).expect("decodes");
        let mut out = Vec::new();
        write_typed(&document, &mut out);
        assert_eq!(read_typed(&out), Ok(document));
    }

    #[test]
    fn other_json_is_refused() {
        for json in [
            "3000000000",
            "{}",
            r#"{"a":1}"#,
            r#"{"$":1}"#,
            r#"{"$":"What"}"#,
            r#"{"$":"I64","v":"x"}"#,
            r#"{"$":"I64"}"#,
            r#"{"$":"C","v":"ab"}"#,
            r#"{"$":"ref"}"#,
            r#"{"$":"LST"}"#,
            r#"{"$":"LST","items":{}}"#,
            r#"{"$":"DCT","items":[1]}"#,
            r#"{"$":"DCT","items":[[1]]}"#,
            r#"{"$":"Obj","id":-1}"#,
            r#"{"$":"Obj","tn":[1]}"#,
            r#"{"$":"Obj","props":[]}"#,
        ] {
            assert!(matches!(read_typed(json.as_bytes()), Err(TypedError::Form { .. })), "{json}");
        }
        assert_eq!(read_typed(b"[1,]"), Err(TypedError::Syntax { offset: 3 }));
        assert_eq!(read_typed("[".repeat(1000).as_bytes()), Err(TypedError::Depth { limit: 400 }));
    }
}
