//! `[System.Text.Encoding]`

use std::sync::Arc;

use super::super::convert::{text, truth};
use super::super::text_file::Encoding;
use super::super::value::{Obj, Schema, Val};
use super::numbers::{byte_array, bytes};
use super::{Outcome, arg_int, arg_text, thrown};

/// Name of the property, class, name on the web, what it is called, code page.
type Known = (&'static str, &'static str, &'static str, &'static str, i32);

const ALL: [Known; 6] = [
    ("utf8", "UTF8Encoding", "utf-8", "Unicode (UTF-8)", 65_001),
    ("unicode", "UnicodeEncoding", "utf-16", "Unicode", 1200),
    ("bigendianunicode", "UnicodeEncoding", "utf-16BE", "Unicode (Big-Endian)", 1201),
    ("utf32", "UTF32Encoding", "utf-32", "Unicode (UTF-32)", 12_000),
    ("ascii", "ASCIIEncoding", "us-ascii", "US-ASCII", 20_127),
    ("latin1", "Latin1Encoding", "iso-8859-1", "Western European (ISO)", 28_591),
];

fn object(known: &Known) -> Val {
    let (_, class, web, shown, page) = *known;
    let full = format!("System.Text.{class}");
    let schema = Schema::new(
        &[&full, "System.Text.Encoding", "System.Object"],
        &["BodyName", "EncodingName", "HeaderName", "WebName", "CodePage", "IsSingleByte"],
    );
    let values = vec![
        Val::str(web),
        Val::str(shown),
        Val::str(web),
        Val::str(web),
        Val::I32(page),
        Val::Bool(matches!(page, 20_127 | 28_591)),
    ];
    Obj::typed(&schema, full.as_str(), values)
}

/// The encodings that `[Text.Encoding]` names.
pub(in super::super) fn property(name: &str) -> Option<Val> {
    if name == "default" {
        return utf8(&[]);
    }
    ALL.iter().find(|known| known.0 == name).map(object)
}

pub(super) fn statics(name: &str, args: &[Val]) -> Outcome {
    let Some(wanted) = args.first() else { return Ok(None) };
    match name {
        "getencoding" => {
            let wanted = text(wanted);
            let page = wanted.parse::<i32>().ok();
            let is_it = |known: &&Known| {
                known.2.eq_ignore_ascii_case(&wanted)
                    || Some(known.4) == page
                    || known.0 == wanted.to_lowercase()
                    // The letters of Windows' page 1252 that scripts use are those of Latin-1.
                    || (known.0 == "latin1" && matches!(wanted.to_lowercase().as_str(), "1252" | "windows-1252"))
            };
            match ALL.iter().find(is_it) {
                Some(known) => Ok(Some(object(known))),
                None => thrown(
                    "ArgumentException",
                    format!(
                        "'{wanted}' is not a supported encoding name. For information on defining a custom encoding, see the documentation for the Encoding.RegisterProvider method. (Parameter 'name')"
                    ),
                ),
            }
        }
        "convert" => match args {
            [Val::Object(from), Val::Object(to), data] => {
                let plain = decode(&web(from), &bytes(data));
                Ok(Some(byte_array(&encode(&web(to), &plain))))
            }
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

fn web(object: &Arc<Obj>) -> String {
    object.get("WebName").map_or_else(String::new, |web| text(&web))
}

/// The bytes that a file in this encoding begins with.
fn mark(object: &Arc<Obj>) -> &'static [u8] {
    match web(object).as_str() {
        _ if object.get(BARE).is_some() => &[],
        "utf-8" => &[0xEF, 0xBB, 0xBF],
        "utf-16" => &[0xFF, 0xFE],
        "utf-16BE" => &[0xFE, 0xFF],
        "utf-32" => &[0xFF, 0xFE, 0, 0],
        _ => &[],
    }
}

/// The property, which nobody sees, of an encoding whose files begin without a mark.
const BARE: &str = "IsBare";

/// `[Text.UTF8Encoding]::new(...)`: without a mark unless one is asked for.
pub(super) fn utf8(args: &[Val]) -> Option<Val> {
    if args.first().is_some_and(truth) {
        return property("utf8");
    }
    let Val::Object(marked) = property("utf8")? else { return None };
    let names = marked.schema.names.iter().cloned().chain([BARE.into()]).collect();
    let types = marked.schema.type_names.clone();
    let schema = Arc::new(Schema { type_names: types, names, hidden: vec![BARE.into()] });
    let values = marked.schema.names.iter().map(|name| marked.get(name).unwrap_or(Val::Null));
    Some(Obj::typed(&schema, "System.Text.UTF8Encoding", values.chain([Val::Bool(true)]).collect()))
}

/// What .NET's methods write of a text into a file, with the mark if it begins here.
pub(in super::super) fn file_bytes(encoding: Option<&Val>, plain: &str, is_start: bool) -> Vec<u8> {
    match encoding {
        Some(Val::Object(encoding)) if encoding.get("WebName").is_some() => {
            let mark = if is_start { mark(encoding) } else { &[] };
            [mark, &encode(&web(encoding), plain)].concat()
        }
        _ => plain.as_bytes().to_vec(),
    }
}

/// The text of a file, by its mark, else in the encoding that was given.
pub(in super::super) fn file_text(encoding: Option<&Val>, data: &[u8]) -> String {
    let is_marked = matches!(data, [0xEF, 0xBB, 0xBF, ..] | [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
    match encoding {
        Some(Val::Object(encoding)) if encoding.get("WebName").is_some() && !is_marked => decode(&web(encoding), data),
        _ => Encoding::default().decode(data),
    }
}

fn encode(web: &str, plain: &str) -> Vec<u8> {
    match web {
        "utf-16" => plain.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16BE" => plain.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "utf-32" => plain.chars().flat_map(|next| u32::from(next).to_le_bytes()).collect(),
        "us-ascii" => plain.chars().map(|next| if next.is_ascii() { next as u8 } else { b'?' }).collect(),
        "iso-8859-1" => plain.chars().map(|next| u8::try_from(u32::from(next)).unwrap_or(b'?')).collect(),
        _ => plain.as_bytes().to_vec(),
    }
}

fn decode(web: &str, data: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = data.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match web {
        "utf-16" => units(u16::from_le_bytes),
        "utf-16BE" => units(u16::from_be_bytes),
        "utf-32" => {
            let of = |part: &[u8]| char::from_u32(u32::from_le_bytes([part[0], part[1], part[2], part[3]]));
            data.chunks_exact(4).map(|part| of(part).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        "us-ascii" => data.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect(),
        "iso-8859-1" => data.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(data).into_owned(),
    }
}

/// A method of an encoding.
pub(super) fn method(object: &Arc<Obj>, name: &str, args: &[Val]) -> Outcome {
    let web = web(object);
    let given = args.first().cloned().unwrap_or(Val::Null);
    let plain = || match &given {
        Val::List(units) => units.items().iter().map(text).collect::<String>(),
        other => text(other),
    };
    Ok(Some(match name {
        "getbytes" => byte_array(&encode(&web, &plain())),
        "getbytecount" => Val::I32(encode(&web, &plain()).len() as i32),
        "getstring" => {
            let data = bytes(&given);
            let part = if args.len() > 2 {
                let (from, count) = (arg_int(args, 1)?.max(0) as usize, arg_int(args, 2)?.max(0) as usize);
                data.get(from..from.saturating_add(count)).unwrap_or(&[])
            } else {
                &data
            };
            Val::str(decode(&web, part))
        }
        "getchars" => {
            let units = decode(&web, &bytes(&given)).encode_utf16().map(Val::Char).collect();
            Val::list("System.Char[]", units)
        }
        "getcharcount" => Val::I32(decode(&web, &bytes(&given)).encode_utf16().count() as i32),
        "getpreamble" => byte_array(mark(object)),
        "equals" => Val::Bool(arg_text(args, 0) == object.text.as_deref().unwrap_or("")),
        _ => return Ok(None),
    }))
}
