//! CLIXML: PowerShell's serialized objects (MS-PSRP 2.2.5), text in and values out, and back.
//!
//! In: the data of one PSRP message, or a file with an `Objs` root. Out: a [`Document`], that is a tree of [`Value`]s
//! as PowerShell sent them, with type names untouched and references unresolved. [`Decoder`] is the way in,
//! [`encode()`] the way back. For readers there is the plain JSON of a value ([`write_plain`]), its properties
//! ([`properties`]) and its text ([`text`]), and the one value that some objects are ([`single()`]); [`CutFinder`]
//! finds what the other side left out. Nothing here knows streams or sessions.
//!
//! ```
//! use psfleet::clixml::{Decoder, encode, write_plain};
//!
//! let xml = br#"<Obj RefId="0"><MS><S N="Name">spooler</S><I32 N="Id">42</I32></MS></Obj>"#;
//! let document = Decoder::default().decode(xml).unwrap();
//! let mut json = Vec::new();
//! write_plain(&document, &mut json);
//! assert_eq!(json, br#"{"Name":"spooler","Id":42}"#);
//! assert_eq!(encode(&document).as_bytes(), xml);
//! ```

mod account;
mod attributes;
mod by_id;
mod cell;
mod cut;
mod date_time;
mod decode;
mod encode;
mod error;
mod escape;
mod float;
mod intern;
mod json;
mod parse;
mod places;
mod progress;
mod reader;
mod reference;
mod scalar;
mod scalar_text;
mod scan;
mod single;
mod string;
mod type_name;
mod value;
mod view;
mod write;

pub use cell::text;
pub use cut::CutFinder;
pub use decode::{Decoder, Element, Elements, Limits};
pub use encode::{encode, encode_into};
pub use error::DecodeError;
pub use json::{
    Diagnostic, DiagnosticKind, Diagnostics, Json, JsonError, PlainJson, TypedError, read_typed, value_from_json,
    write_plain, write_typed,
};
pub use scalar_text::{general, survives};
pub use single::{Single, own_text, single};
pub use string::PsString;
pub use type_name::{first_name, is_selected, live_name};
pub use value::{Content, Document, ListKind, Members, Object, RefId, TypeNames, Value};
pub use view::{members_as_formatted, members_of, properties, telling_text};

#[cfg(test)]
mod tests;
