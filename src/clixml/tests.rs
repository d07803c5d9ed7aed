//! Decoder and encoder against the vectors of PowerShell's own form.

use std::sync::Arc;

use super::{Content, DecodeError, Decoder, Document, Limits, ListKind, Object, TypeNames, Value, encode};

fn decode(xml: &str) -> Document {
    Decoder::default().decode(xml.as_bytes()).unwrap_or_else(|error| panic!("{error}: {xml}"))
}

fn fails(xml: &str) -> DecodeError {
    Decoder::default().decode(xml.as_bytes()).expect_err(xml)
}

/// Decodes, and expects exactly the same text back.
fn round(xml: &str) -> Value {
    let document = decode(xml);
    assert_eq!(encode(&document), xml);
    document.root
}

fn named(name: &str, value: Value) -> (Arc<str>, Value) {
    (name.into(), value)
}

/// What `[string]$number` gives was found out with PowerShell 7 and Windows PowerShell 5.1's rule of 15 digits.
#[test]
fn numbers_that_powershell_writes_back_as_they_are() {
    let double = |text: &str| Value::F64(text.parse().expect("a number"));
    for text in ["1.5", "-0.25", "0.0001", "100000000000000", "12345", "0.1", "0.123456789012345"] {
        assert!(super::survives(&double(text), text), "{text}");
    }
    for text in [
        "1.10",
        "12345.0",
        "1e3",
        "0.00001",
        "0.000012",
        "1000000000000000",
        "123456789012345.6",
        "999999999999999.9",
        "-0",
        "0",
    ] {
        assert!(!super::survives(&double(text), text), "{text}");
    }
    assert!(super::survives(&Value::I32(-7), "-7") && super::survives(&Value::I64(1 << 53), "9007199254740992"));
    assert!(!super::survives(&Value::I32(7), "007") && !super::survives(&Value::I64(5), "+5"));
    assert!(!super::survives(&Value::str("7"), "7"));
}

#[test]
fn primitives_read_and_write() {
    for (xml, value) in [
        ("<Nil />", Value::Null),
        ("<S>plain</S>", Value::str("plain")),
        ("<S></S>", Value::str("")),
        ("<S>   </S>", Value::str("   ")),
        ("<C>65</C>", Value::Char(65)),
        ("<C>55357</C>", Value::Char(55357)),
        ("<B>true</B>", Value::Bool(true)),
        ("<By>255</By>", Value::U8(255)),
        ("<SB>-1</SB>", Value::I8(-1)),
        ("<I16>-32768</I16>", Value::I16(-32768)),
        ("<U16>65535</U16>", Value::U16(65535)),
        ("<I32>-2147483648</I32>", Value::I32(i32::MIN)),
        ("<U32>4294967295</U32>", Value::U32(u32::MAX)),
        ("<I64>-9223372036854775808</I64>", Value::I64(i64::MIN)),
        ("<U64>18446744073709551615</U64>", Value::U64(u64::MAX)),
        ("<Db>1.5</Db>", Value::F64(1.5)),
        ("<Db>-INF</Db>", Value::F64(f64::NEG_INFINITY)),
        ("<Sg>0.1</Sg>", Value::F32(0.1)),
        ("<D>79228162514264337593543950335</D>", Value::Decimal("79228162514264337593543950335".into())),
        ("<D>1.10</D>", Value::Decimal("1.10".into())),
        ("<DT>2024-02-29T23:59:59.1234567Z</DT>", Value::DateTime("2024-02-29T23:59:59.1234567Z".into())),
        ("<DT>2024-02-29T23:59:59</DT>", Value::DateTime("2024-02-29T23:59:59".into())),
        ("<TS>-PT1S</TS>", Value::TimeSpan("-PT1S".into())),
        (
            "<G>11223344-5566-7788-99aa-bbccddeeff00</G>",
            Value::Guid(uuid::uuid!("11223344-5566-7788-99aa-bbccddeeff00")),
        ),
        ("<BA>AAH/</BA>", Value::Bytes([0, 1, 255].into())),
        ("<BA />", Value::Bytes([].into())),
        ("<SS>AQ==</SS>", Value::SecureString([1].into())),
        ("<Version>1.2.3.4</Version>", Value::Version("1.2.3.4".into())),
        ("<URI>http://h/a_x005F_x0020_b?q=1</URI>", Value::Uri("http://h/a_x0020_b?q=1".into())),
        ("<XD>&lt;a b=\"c\"&gt;d&lt;/a&gt;</XD>", Value::Xml("<a b=\"c\">d</a>".into())),
        ("<SBK>$a = 1_x000A_</SBK>", Value::Script("$a = 1\n".into())),
    ] {
        assert_eq!(round(xml), value);
    }
}

#[test]
fn xml_is_read_as_written() {
    for (xml, text) in [
        ("\u{FEFF}<S>a</S>", "a"),
        ("<S>a\r\nb</S>", "a\r\nb"),
        ("<S>&lt;&amp;&gt;&quot;&apos;&#65;&#x1;</S>", "<&>\"'A\u{1}"),
        ("<S>a<![CDATA[<b>&amp;]]>c</S>", "a<b>&amp;c"),
        ("<S>a<!-- no -->b</S>", "ab"),
        ("<S/>", ""),
        (" <S>a</S>\n", "a"),
        ("<ps:S xmlns:ps='x'>a</ps:S>", "a"),
        ("<What>raw _x0041_ &amp; text</What>", "raw A & text"),
        ("<What><a>1</a><What>2</What></What>", "<a>1</a><What>2</What>"),
        ("<What/>", ""),
    ] {
        assert_eq!(decode(xml).root, Value::str(text), "{xml}");
    }
}

#[test]
fn each_list_of_type_names_is_written_once() {
    let item = |id: usize, kind: usize, is_new: bool| match is_new {
        true => format!(r#"<Obj RefId="{id}"><TN RefId="{kind}"><T>T{kind}</T><T>System.Object</T></TN></Obj>"#),
        false => format!(r#"<Obj RefId="{id}"><TNRef RefId="{kind}" /></Obj>"#),
    };
    // More lists than are compared one by one.
    let first: String = (0..20).map(|kind| item(kind + 1, kind, true)).collect();
    let again: String = (0..20).map(|kind| item(kind + 21, kind, false)).collect();
    round(&format!(r#"<Obj RefId="0"><LST>{first}{again}</LST></Obj>"#));
}

#[test]
fn objects_read_and_write() {
    let xml = concat!(
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS>"#,
        r#"<S N="Name">n</S><Obj N="Child" RefId="1"><TNRef RefId="0" /><MS><I32 N="X">1</I32></MS></Obj><Nil N="Self" />"#,
        "</MS></Obj>"
    );
    let types = TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]);
    let child =
        Object { id: Some(1), type_names: types.clone(), notes: vec![named("X", Value::I32(1))], ..Object::default() };
    let notes = vec![named("Name", Value::str("n")), named("Child", child.into()), named("Self", Value::Null)];
    assert_eq!(round(xml), Object { id: Some(0), type_names: types, notes, ..Object::default() }.into());
}

#[test]
fn collections_read_and_write() {
    let xml = concat!(
        r#"<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">a</S>"#,
        r#"<I32 N="Value">1</I32></En><En><S N="Key">b</S><Obj N="Value" RefId="1"><TN RefId="1"><T>System.Collections.ArrayList"#,
        "</T><T>System.Object</T></TN><LST><B>true</B></LST></Obj></En></DCT></Obj>"
    );
    let root = round(xml);
    let entries = root.as_dict().expect("dictionary");
    assert_eq!(entries[0], (Value::str("a"), Value::I32(1)));
    assert_eq!(entries[1].1.as_list(), Some(&[Value::Bool(true)][..]));
    for (tag, kind) in
        [("LST", ListKind::List), ("IE", ListKind::Enumerable), ("STK", ListKind::Stack), ("QUE", ListKind::Queue)]
    {
        let root = round(&format!(r#"<Obj RefId="0"><{tag}><I32>2</I32><Nil /></{tag}></Obj>"#));
        let content = Content::List(kind, vec![Value::I32(2), Value::Null]);
        assert_eq!(root, Object { id: Some(0), content, ..Object::default() }.into());
        round(&format!(r#"<Obj RefId="0"><{tag} /></Obj>"#));
    }
    round(r#"<Obj RefId="0"><DCT /><Props><I32 N="p">1</I32></Props><MS><I32 N="n">1</I32></MS></Obj>"#);
}

#[test]
fn a_reference_to_what_was_replaced_is_written_as_nothing() {
    // The list is the object's second content, and with the first one goes what the reference names.
    let document = decode(r#"<Obj RefId="0"><Obj RefId="1" /><LST><Ref RefId="1" /><Ref RefId="0" /></LST></Obj>"#);
    assert_eq!(encode(&document), r#"<Obj RefId="0"><LST><Nil /><Ref RefId="0" /></LST></Obj>"#);
}

#[test]
fn children_and_attributes_come_in_any_order() {
    let windows = decode(concat!(
        r#"<Obj N="x" RefId="0"><TN RefId="0"><T>E</T><T>System.Enum</T></TN><ToString>One</ToString><I32>1</I32>"#,
        r#"<Props><S N="p">a</S></Props><MS><S N="n">b</S></MS></Obj>"#
    ));
    let other = decode(concat!(
        r#"<Obj RefId='0' N='x'><MS><S N="n">b</S></MS><I32>1</I32><Props><S N="p">a</S></Props><ToString>One</ToString>"#,
        r#"<TN RefId="7"><T>E</T><T>System.Enum</T></TN></Obj>"#
    ));
    assert_eq!(windows, other);
    assert!(windows.root.as_object().expect("object").is_enum());
    assert_eq!(windows.root.as_i64(), Some(1));
}

#[test]
fn layout_between_elements_is_no_content() {
    let flat = decode(
        r#"<Obj RefId="0"><TN RefId="0"><T>A</T></TN><DCT><En><S N="Key">a</S><I32 N="Value">1</I32></En></DCT></Obj>"#,
    );
    let laid_out = "<Obj RefId=\"0\">\r\n <TN RefId=\"0\">\n <T>A</T>\n </TN>\n <DCT>\n <En>\n <I32 N=\"Value\">1</I32>\n <S N=\"Key\">a</S>\n </En>\n </DCT>\n</Obj>\n";
    assert_eq!(flat, decode(laid_out));
}

#[test]
fn primitives_have_members_too() {
    let root = round(r#"<Obj RefId="0"><S>hi</S><MS><I32 N="n">1</I32></MS></Obj>"#);
    assert_eq!(root.as_text().and_then(|text| text.as_str()), Some("hi"));
    assert_eq!(root.member("N"), Some(&Value::I32(1)));
    round(r#"<Obj RefId="0"><Obj RefId="1"><ToString /><I32>1</I32></Obj></Obj>"#);
}

#[test]
fn references_reach_back_and_up() {
    let cycle = decode(r#"<Obj RefId="0"><MS><Ref N="me" RefId="0" /></MS></Obj>"#);
    assert!(cycle.has_refs);
    assert_eq!(cycle.root.member("me"), Some(&Value::Ref(0)));
    assert_eq!(encode(&cycle), r#"<Obj RefId="0"><MS><Ref N="me" RefId="0" /></MS></Obj>"#);
    let unknown = decode(r#"<Obj RefId="0"><TNRef RefId="9" /><LST><Ref RefId="5" /><Ref/></LST></Obj>"#);
    assert!(!unknown.has_refs);
    assert_eq!(unknown.root.as_list(), Some(&[Value::Null, Value::Null][..]));
    assert!(unknown.root.as_object().expect("object").type_names.is_empty());
}

#[test]
fn an_object_is_written_before_its_references() {
    let other = decode(
        r#"<Obj RefId="0"><MS><Obj N="a" RefId="1"><LST><Ref RefId="0" /></LST></Obj></MS><LST><Ref RefId="1" /></LST></Obj>"#,
    );
    let windows = r#"<Obj RefId="0"><LST><Obj RefId="1"><LST><Ref RefId="0" /></LST></Obj></LST><MS><Ref N="a" RefId="1" /></MS></Obj>"#;
    assert_eq!(encode(&other), windows);
    assert_eq!(round(windows).as_list().map(<[Value]>::len), Some(1));
}

#[test]
fn ids_do_not_outlive_their_message() {
    let mut decoder = Decoder::default();
    decoder.decode(br#"<Obj RefId="0"><TN RefId="0"><T>A</T></TN></Obj>"#).expect("decodes");
    let next =
        decoder.decode(br#"<Obj RefId="1"><TNRef RefId="0" /><LST><Ref RefId="0" /></LST></Obj>"#).expect("decodes");
    assert!(next.root.as_object().expect("object").type_names.is_empty());
    assert_eq!(next.root.as_list(), Some(&[Value::Null][..]));
}

#[test]
fn names_are_escaped_and_shared() {
    let xml = r#"<Obj RefId="0"><MS><I32 N="a_x000A_b">1</I32><I32 N="&lt;&amp;&quot;_x005F_x0041_">2</I32><I32 N="">3</I32></MS></Obj>"#;
    let root = round(xml);
    let names: Vec<_> = root.as_object().expect("object").notes.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["a\nb", "<&\"_x0041_", ""]);
    let mut decoder = Decoder::default();
    let name = |document: &Document| document.root.as_object().expect("object").notes[0].0.clone();
    let (first, second) =
        (decoder.decode(xml.as_bytes()).expect("decodes"), decoder.decode(xml.as_bytes()).expect("decodes"));
    assert!(Arc::ptr_eq(&name(&first), &name(&second)));
}

#[test]
fn objects_without_ids_get_free_ones() {
    let child = Object { id: Some(4), ..Object::default() };
    let root =
        Object { notes: vec![named("a", child.into()), named("b", Object::default().into())], ..Object::default() };
    let xml = encode(&Document::new(root.into()));
    assert_eq!(xml, r#"<Obj RefId="5"><MS><Obj N="a" RefId="4"></Obj><Obj N="b" RefId="6"></Obj></MS></Obj>"#);
}

#[test]
fn member_sets_and_progress_keep_their_elements() {
    let xml = concat!(
        r#"<Obj RefId="0"><MS><I32 N="a">1</I32><MS N="PSStandardMembers"><Obj N="DefaultDisplayPropertySet" RefId="1"></Obj>"#,
        r#"<MS N="inner"><S N="x">y</S></MS></MS></MS></Obj>"#
    );
    let root = round(xml);
    assert!(root.member("PSStandardMembers").and_then(Value::as_object).expect("object").is_member_set());
    let root =
        round("<PR><AV>Doing</AV><AI>1</AI><Nil /><PI>0</PI><PC>50</PC><T>Processing</T><SR>9</SR><SD>half</SD></PR>");
    assert_eq!(root.member("StatusDescription"), Some(&Value::str("half")));
    assert_eq!(root.member("CurrentOperation"), Some(&Value::Null));
}

#[test]
fn collections_stand_alone_too() {
    let root = decode("<LST><I32>1</I32><DCT><En><I32>1</I32><I32>2</I32></En></DCT></LST>").root;
    let items = root.as_list().expect("list");
    assert_eq!(items[1].as_dict(), Some(&[(Value::I32(1), Value::I32(2))][..]));
}

#[test]
fn bad_text_is_an_error_that_says_where() {
    assert_eq!(
        fails("<Obj RefId=\"0\"><MS><I32 N=\"a\">x</I32></MS></Obj>").to_string(),
        "CLIXML has a <I32> at byte 19 whose content is not valid: x"
    );
    assert_eq!(fails("\u{FEFF}<I32>x</I32>").to_string(), "CLIXML has a <I32> at byte 3 whose content is not valid: x");
    for (xml, told) in [
        ("<I32>99999999999</I32>", "CLIXML has a <I32> at byte 0 whose content is not valid: 99999999999"),
        ("<DT>to\u{1b}day</DT>", r"CLIXML has a <DT> at byte 0 whose content is not valid: to\u{1b}day"),
        ("<G> no id </G>", "CLIXML has a <G> at byte 0 whose content is not valid: no id"),
        ("<SS>a secret?</SS>", "CLIXML has a <SS> at byte 0 whose content is not valid"),
        ("<B />", "CLIXML has a <B> at byte 0 whose content is not valid"),
    ] {
        assert_eq!(fails(xml).to_string(), told);
    }
    assert!(fails(&format!("<By>{}</By>", "9".repeat(1000))).to_string().len() < 130);
    assert_eq!(fails("<Obj><MS><S>a").to_string(), "CLIXML ends at byte 13 with <S> still open");
    assert_eq!(fails("<Obj><MS>").to_string(), "CLIXML ends at byte 9 with <MS> still open");
    assert!(matches!(fails(""), DecodeError::Empty));
    assert!(matches!(fails("<S>a</S><S>b</S>"), DecodeError::Trailing { offset: 8 }));
    assert!(matches!(fails("<!DOCTYPE x [<!ENTITY a 'b'>]><S>&a;</S>"), DecodeError::Doctype { offset: 0 }));
    assert!(matches!(fails("<S>&a;</S>"), DecodeError::Entity { offset: 3, .. }));
    assert!(matches!(fails("<S>&#x110000;</S>"), DecodeError::Entity { .. }));
    assert!(matches!(fails("<S N='&a;'/>"), DecodeError::Invalid { part: "attribute", .. }));
    assert!(matches!(fails("<Obj RefId='x'/>"), DecodeError::Invalid { part: "RefId", .. }));
    assert!(matches!(fails("<Obj>text</Obj>"), DecodeError::StrayText { offset: 5, .. }));
    assert!(matches!(fails("text<S/>"), DecodeError::StrayText { offset: 0, .. }));
    assert!(matches!(fails("<S/>text"), DecodeError::StrayText { offset: 4, .. }));
    assert!(matches!(fails("<S><I32/></S>"), DecodeError::Misplaced { offset: 3, .. }));
    assert!(matches!(fails("<Obj><DCT><S/></DCT></Obj>"), DecodeError::Misplaced { .. }));
    assert!(matches!(fails("<S></I32>"), DecodeError::Xml { .. }));
    assert!(matches!(fails("</S>"), DecodeError::Xml { .. }));
    assert!(matches!(fails("<S>a & b</S>"), DecodeError::Xml { .. }));
    assert!(Decoder::default().decode(b"<S>\xFF</S>").is_err());
}

fn nested(levels: usize) -> String {
    let open = r#"<Obj N="Value"><DCT><En><I32 N="Key">0</I32>"#.repeat(levels);
    format!("{open}<Nil N=\"Value\" />{}", "</En></DCT></Obj>".repeat(levels))
}

#[test]
fn limits_hold() {
    let decode = |limits: Limits, xml: &str| Decoder::new(limits).decode(xml.as_bytes());
    assert!(decode(Limits::default(), &nested(100)).is_ok());
    assert!(matches!(
        decode(Limits::default(), &nested(101)),
        Err(DecodeError::Limit { what: "levels", limit: 100, .. })
    ));
    let small = Limits { bytes: 10, ..Limits::default() };
    assert!(matches!(decode(small, "<S>1234</S>"), Err(DecodeError::Limit { what: "bytes", .. })));
    let deep = Limits { depth: usize::MAX, ..Limits::default() };
    let xml = "<What>".repeat(100_000) + &"</What>".repeat(100_000);
    assert!(decode(deep, &xml).is_ok());
    // The XML reader remembers every open element, also of those that are only skipped.
    assert!(matches!(decode(Limits::default(), &xml), Err(DecodeError::Limit { what: "levels", .. })));
}

#[test]
fn what_is_built_counts_not_what_is_read() {
    const MOST: usize = 1 << 20;
    let limits = Limits { memory: MOST, ..Limits::default() };
    let decode = |xml: &str| Decoder::new(limits).decode(xml.as_bytes());
    let list = |item: &dyn Fn(usize) -> String, count: usize| {
        format!("<LST>{}</LST>", (0..count).map(item).collect::<String>())
    };
    let fixed = |text: &'static str| move |_: usize| text.to_owned();
    let members = |at: usize| format!(r#"<Obj><MS><I32 N="n{at}">1</I32></MS></Obj>"#);
    let ids = |at: usize| format!(r#"<Obj RefId="{at}"/>"#);
    let types = |at: usize| format!("<Obj><TN><T>t{at}</T></TN></Obj>");
    let cases: [(&str, &dyn Fn(usize) -> String); 9] = [
        ("empty objects", &fixed("<Obj/>")),
        ("lists in objects", &fixed("<Obj><LST/></Obj>")),
        ("dictionaries", &fixed("<DCT><En/></DCT>")),
        ("empty strings", &fixed("<S/>")),
        ("nulls", &fixed("<Nil/>")),
        ("progress", &fixed("<PR/>")),
        ("members", &members),
        ("ids", &ids),
        ("type names", &types),
    ];
    for (name, item) in cases {
        let few = list(item, 1000);
        assert!(decode(&few).is_ok(), "{name}");
        let many = list(item, MOST * 9 / 10 / item(10_000).len());
        assert!(many.len() < MOST, "{name}: the text alone is too much");
        let refused = decode(&many);
        assert!(matches!(refused, Err(DecodeError::Limit { what: "bytes of memory", .. })), "{name}");
    }
}

#[test]
fn large_values_cost_no_more_than_themselves() {
    const SIZE: usize = 300_000;
    // The text, and what is built of it once.
    let limits = Limits { memory: SIZE * 7 / 2, ..Limits::default() };
    let decode = |xml: String| Decoder::new(limits).decode(xml.as_bytes());
    let bytes = base64_simd::STANDARD.encode_to_string(vec![7; SIZE]);
    let lines = "sixteen letters_x000A_".repeat(SIZE / 16);
    for xml in [
        format!("<S>{}</S>", "x".repeat(SIZE)),
        format!("<S>{}</S>", "&lt;x>".repeat(SIZE / 6)),
        format!("<S>{lines}</S>"),
        format!("<BA>{bytes}</BA>"),
        format!("<XD>{}</XD>", "<![CDATA[xxxxxxxx]]>".repeat(SIZE / 20)),
        format!("<S>_xD800_{}</S>", "x".repeat(SIZE)),
    ] {
        assert!(decode(xml.clone()).is_ok(), "{} bytes of {}", xml.len(), &xml[..40]);
    }
    let wide = Limits { memory: SIZE * 5 / 2, ..Limits::default() };
    let xml = format!("<S>_xD800_{}</S>", "x".repeat(SIZE));
    assert!(matches!(Decoder::new(wide).decode(xml.as_bytes()), Err(DecodeError::Limit { .. })));
}

#[test]
fn levels_are_given_back() {
    let limits = Limits { depth: 2, ..Limits::default() };
    let inner = "<Obj><LST><I32>1</I32></LST></Obj><LST/><DCT/><PR/>".repeat(3);
    assert!(Decoder::new(limits).decode(format!("<Obj><LST>{inner}</LST></Obj>").as_bytes()).is_ok());
}

#[test]
fn reads_files_with_streams() {
    let xml = concat!(
        "#< CLIXML\r\n<?xml version=\"1.0\"?><Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">",
        "\n <Obj S=\"progress\" RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN></Obj>\n <S S=\"Error\">no</S><Obj><TNRef RefId=\"0\"/></Obj></Objs>"
    );
    let elements: Vec<_> = Decoder::default().elements(xml.as_bytes()).collect::<Result<_, _>>().expect("decodes");
    let streams: Vec<_> = elements.iter().map(|element| element.stream.as_deref()).collect();
    assert_eq!(streams, [Some("progress"), Some("Error"), None]);
    assert_eq!(elements[1].document.root, Value::str("no"));
    assert_eq!(elements[2].document.root.as_object().and_then(|object| object.type_names.first()), Some("A"));
    let mut decoder = Decoder::default();
    let mut broken = decoder.elements(b"<Objs><S>a</S>");
    assert!(broken.next().is_some_and(|element| element.is_ok()));
    assert!(matches!(broken.next(), Some(Err(DecodeError::Unclosed { .. }))));
    assert!(broken.next().is_none());
}
