//! What the scripts on the hosts answer. Everything in it is the host's word, to be checked before it is acted on.

use crate::clixml::{Document, Value};

use super::cause::Cause;

/// An answer of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// Push: the file is there already.
    Same { number: usize, path: String },
    /// Push: the file is wanted; so much of it is there under its temporary name, with this hash unless it is known to
    /// fit.
    Want { number: usize, offset: u64, hash: Option<String>, temporary: Option<String> },
    /// Push: the oldest chunk on its way is taken.
    Took,
    /// Push: the file is in its place. Pull: all of it was sent.
    Done { number: usize, path: String, hash: String },
    /// Pull: a folder.
    Folder { parts: Vec<String> },
    /// Pull: a file that can be asked for.
    File(Listed),
    /// Pull: there are no more.
    Complete,
    /// Pull: the file's bytes follow, from this offset on; or they are to be fetched beside, up to this length.
    Begin { number: usize, offset: u64, length: Option<u64> },
    /// Pull: the next bytes.
    Data(Box<[u8]>),
    /// Something failed; without a number it is about no file that was announced.
    Fail { number: Option<usize>, cause: Cause },
}

/// A file on a host.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    pub number: usize,
    pub path: String,
    pub parts: Vec<String>,
    pub size: u64,
    pub modified: i64,
    pub mode: Option<u32>,
}

impl Answer {
    /// Reads an output object; `None` if it is not an answer.
    pub(super) fn read(document: Document) -> Option<Self> {
        let root = document.root;
        if let Value::Bytes(bytes) = root {
            return Some(Self::Data(bytes));
        }
        if let Value::Bytes(bytes) = root.unboxed() {
            return Some(Self::Data(bytes.clone()));
        }
        let text = |name: &str| Some(root.member(name)?.as_text()?.to_string());
        let size = |name: &str| u64::try_from(root.member(name)?.as_i64()?).ok();
        let number = || usize::try_from(root.member("n")?.as_i64()?).ok();
        let parts = || {
            let parts = root.member("p")?.as_list()?;
            parts.iter().map(|part| Some(part.as_text()?.to_string())).collect::<Option<Vec<_>>>()
        };
        Some(match text("k")?.as_str() {
            "same" => Self::Same { number: number()?, path: text("p").unwrap_or_default() },
            "want" => Self::Want { number: number()?, offset: size("o")?, hash: text("h"), temporary: text("x") },
            "took" => Self::Took,
            "done" => Self::Done { number: number()?, path: text("p").unwrap_or_default(), hash: text("h")? },
            "folder" => Self::Folder { parts: parts()? },
            "file" => Self::File(Listed {
                number: number()?,
                path: text("f")?,
                parts: parts()?,
                size: size("s")?,
                modified: root.member("t")?.as_i64()?,
                mode: size("m").and_then(|mode| u32::try_from(mode).ok()),
            }),
            "listed" => Self::Complete,
            "begin" => Self::Begin { number: number()?, offset: size("o")?, length: size("s") },
            "fail" => {
                let code = root.member("c").and_then(Value::as_i64).unwrap_or_default();
                let cause = Cause::new(text("p")?, text("e")?, &text("t").unwrap_or_default(), code);
                Self::Fail { number: number(), cause }
            }
            _ => return None,
        })
    }
}
