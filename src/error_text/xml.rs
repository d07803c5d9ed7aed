//! What is wrong with an XML text.

use quick_xml::Error;
use quick_xml::errors::{IllFormedError, SyntaxError};

/// The most characters of a name that are shown.
const SHOWN: usize = 64;

/// One sentence for a mistake, without its place.
pub(crate) fn xml(error: &Error) -> String {
    match error {
        Error::Syntax(syntax) => unclosed(*syntax).to_owned(),
        Error::IllFormed(IllFormedError::MissingEndTag(tag)) => format!("it ends with <{}> still open", shown(tag)),
        Error::IllFormed(IllFormedError::UnmatchedEndTag(tag)) => {
            format!("</{}> closes nothing that is open", shown(tag))
        }
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("<{}> is closed by </{}>", shown(expected), shown(found))
        }
        Error::IllFormed(IllFormedError::UnclosedReference) | Error::Escape(_) => {
            "an '&' begins no entity that XML knows".to_owned()
        }
        Error::IllFormed(_) => "its declaration or a comment is malformed".to_owned(),
        Error::InvalidAttr(_) => "an attribute is malformed".to_owned(),
        Error::Encoding(_) => "it is not text in UTF-8".to_owned(),
        Error::Namespace(_) => "a prefix or a namespace is malformed".to_owned(),
        Error::Io(cause) => super::io(cause),
    }
}

fn unclosed(error: SyntaxError) -> &'static str {
    match error {
        SyntaxError::InvalidBangMarkup => "'<!' begins no markup that XML knows",
        SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl => "it ends inside a declaration ('?>' is missing)",
        SyntaxError::UnclosedComment => "it ends inside a comment ('-->' is missing)",
        SyntaxError::UnclosedDoctype => "it ends inside a document type ('>' is missing)",
        SyntaxError::UnclosedCData => "it ends inside a CDATA section (']]>' is missing)",
        SyntaxError::UnclosedTag => "it ends inside a tag ('>' is missing)",
        SyntaxError::UnclosedSingleQuotedAttributeValue | SyntaxError::UnclosedDoubleQuotedAttributeValue => {
            "it ends inside an attribute (its quote is missing)"
        }
    }
}

/// A name of the text, safe for a terminal and short.
fn shown(name: &str) -> String {
    name.chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;
    use quick_xml::reader::NsReader;

    use super::xml;

    fn told(text: &str) -> String {
        let mut reader = NsReader::from_str(text);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => return "nothing".to_owned(),
                Ok(_) => {}
                Err(error) => return xml(&error),
            }
        }
    }

    #[test]
    fn mistakes_have_sentences_of_ours() {
        for (text, words) in [
            ("<a></b>", "<a> is closed by </b>"),
            ("</a>", "</a> closes nothing that is open"),
            ("<a", "it ends inside a tag"),
            ("<a b='", "it ends inside an attribute"),
            ("<!-- a", "it ends inside a comment"),
            ("<![CDATA[ a", "it ends inside a CDATA section"),
            ("<a>&b", "an '&' begins no entity"),
            ("<!x>", "'<!' begins no markup"),
        ] {
            let found = told(text);
            assert!(found.contains(words), "{text}: {found}");
            assert!(!found.contains("error") && !found.contains("ill-formed"), "{text}: {found}");
        }
    }
}
