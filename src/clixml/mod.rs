//! CLIXML: PowerShell's serialized objects (MS-PSRP 2.2.5), text in and values out, and back.

mod string;
mod value;

pub use string::PsString;
pub use value::{Content, Document, ListKind, Members, Object, RefId, TypeNames, Value};
