//! Why a text is not CLIXML that we read.

use thiserror::Error;

/// A text that cannot be decoded. Offsets count bytes from its start; tags are cut to 64 characters.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is no element.
    #[error("CLIXML expected, got no element at all")]
    Empty,
    /// The text breaks the rules of XML.
    #[error("CLIXML is not well-formed XML at byte {offset}, in <{tag}>")]
    Xml {
        /// Where.
        offset: u64,
        /// The innermost open element, empty outside.
        tag: String,
        /// Which rule.
        #[source]
        source: quick_xml::Error,
    },
    /// The text ends inside an element.
    #[error("CLIXML ends at byte {offset} with <{tag}> still open")]
    Unclosed {
        /// Where.
        offset: u64,
        /// The innermost open element.
        tag: String,
    },
    /// A document type declaration; no PowerShell writes one, and it could define entities.
    #[error("CLIXML has a DOCTYPE at byte {offset}, which is refused")]
    Doctype {
        /// Where.
        offset: u64,
    },
    /// A reference to an entity that XML does not predefine, or to no character.
    #[error("CLIXML refers to an unknown entity at byte {offset}, in <{tag}>")]
    Entity {
        /// Where.
        offset: u64,
        /// The element.
        tag: String,
    },
    /// An element that cannot stand where it stands.
    #[error("CLIXML has <{tag}> at byte {offset}, inside <{parent}>, where it cannot stand")]
    Misplaced {
        /// Where.
        offset: u64,
        /// The element.
        tag: String,
        /// The element around it, empty outside.
        parent: String,
    },
    /// Text between elements.
    #[error("CLIXML has text at byte {offset}, inside <{tag}>, where only elements can stand")]
    StrayText {
        /// Where.
        offset: u64,
        /// The element around it, empty outside.
        tag: String,
    },
    /// Content or an attribute that its element does not allow, such as letters in an `I32`.
    #[error("CLIXML has a <{tag}> at byte {offset} whose {part} is not valid{}", shown(text))]
    Invalid {
        /// Where the element begins.
        offset: u64,
        /// The element.
        tag: String,
        /// `content` or the name of an attribute.
        part: &'static str,
        /// The content, cut to 64 characters; empty if it is not told.
        text: String,
    },
    /// More than one element where a message holds one.
    #[error("CLIXML has a second element at byte {offset}; a message holds one")]
    Trailing {
        /// Where.
        offset: u64,
    },
    /// More than the limits allow.
    #[error("CLIXML passes the limit of {limit} {what} at byte {offset}")]
    Limit {
        /// Where.
        offset: u64,
        /// `bytes`, `bytes of memory` or `levels`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// A text behind the words that complain of it, safe for a terminal and a log.
fn shown(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {}", text.escape_debug()) }
}
