//! CLIXML text to values: the way in.

use super::intern::{Names, Tags, Types};
use super::parse::Parser;
use super::{DecodeError, Document, Value};

/// What a text may cost at most. Remote text is hostile: nothing is allocated because the text asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nested values; default 100. PowerShell itself stops at 50.
    pub depth: usize,
    /// Bytes of one text; default 64 MiB.
    pub bytes: usize,
    /// Bytes of memory that one text and what is built from it take together; default 80 MiB. So a string of 38 MiB
    /// fits, and so does a tree of 75 MiB if its text is small; an object takes some 200 bytes even where its element
    /// takes six.
    pub memory: usize,
}

impl Limits {
    /// What was taken off the wire is taken from where it was kept, though our encoding of it may be larger.
    pub const OF_KEPT: Self = Self { depth: 1000, bytes: 96 << 20, memory: 512 << 20 };
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 100, bytes: 64 << 20, memory: 80 << 20 }
    }
}

/// Decodes CLIXML; keep one per pipeline, because it shares names between the objects that it has decoded.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    pub(super) names: Names,
    pub(super) tags: Tags,
    pub(super) types: Types,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, names: Names::new(), tags: Tags::new(), types: Types::new() }
    }

    /// Decodes the data of one PSRP message: exactly one element, with or without a byte order mark before it.
    ///
    /// An element of an unknown name becomes a string of its text, a reference to an unknown object null.
    ///
    /// # Errors
    /// Whatever is no CLIXML, or passes the limits. The decoder stays usable.
    ///
    /// # Source
    /// MS-PSRP 2.2.5.
    pub fn decode(&mut self, xml: &[u8]) -> Result<Document, DecodeError> {
        let limits = self.limits;
        let mut parser = Parser::new(self, limits, xml)?;
        let root = parser.next_value()?.ok_or(DecodeError::Empty)?;
        parser.expect_end()?;
        Ok(parser.document(root))
    }

    /// Decodes the children of an `Objs` element one by one: a file of `Export-Clixml`, or what `pwsh -OutputFormat
    /// XML` prints (a first line `#< CLIXML` is skipped).
    ///
    /// Type names are shared by the whole text; references reach only within a child, others become null.
    pub fn elements<'a>(&'a mut self, xml: &'a [u8]) -> Elements<'a> {
        let limits = self.limits;
        Elements(match Parser::new(self, limits, xml) {
            Ok(parser) => State::Reading(Box::new(parser.within_objs())),
            Err(error) => State::Failed(error),
        })
    }
}

/// One child of an `Objs` element.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// The attribute `S`: the stream as PowerShell names it, such as `Error`.
    pub stream: Option<Box<str>>,
    /// The object.
    pub document: Document,
}

/// The children of an `Objs` element; ends after the first error.
#[derive(Debug)]
pub struct Elements<'a>(State<'a>);

#[derive(Debug)]
enum State<'a> {
    Reading(Box<Parser<'a>>),
    Failed(DecodeError),
    Ended,
}

impl Iterator for Elements<'_> {
    type Item = Result<Element, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        match std::mem::replace(&mut self.0, State::Ended) {
            State::Reading(mut parser) => {
                let result = parser.next_value().transpose()?.map(|root| element(&mut parser, root));
                if result.is_ok() {
                    self.0 = State::Reading(parser);
                }
                Some(result)
            }
            State::Failed(error) => Some(Err(error)),
            State::Ended => None,
        }
    }
}

fn element(parser: &mut Parser<'_>, root: Value) -> Element {
    Element { stream: parser.take_stream(), document: parser.document(root) }
}
