//! XML documents as PowerShell shows them: their declaration and the name of their root element.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::clixml::Value;

/// The properties that PowerShell sees; what is not XML has none.
pub(super) fn fields(text: &str) -> Vec<(String, Value)> {
    let mut reader = Reader::from_str(text);
    let mut fields = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Decl(declaration)) => {
                let text = declaration.to_string();
                let attributes = text.strip_prefix("xml").unwrap_or(&text).trim();
                fields.push(("xml".to_owned(), Value::str(attributes)));
            }
            Ok(Event::Empty(root)) => {
                let name = root.name().as_ref().to_owned();
                let shown = if root.attributes().next().is_some() { name.clone() } else { String::new() };
                fields.push((name, Value::str(shown)));
                return fields;
            }
            Ok(Event::Start(root)) => {
                let name = root.name().as_ref().to_owned();
                let plain = root.attributes().next().is_none();
                let shown = plain.then(|| only_text(&mut reader)).flatten().unwrap_or_else(|| name.clone());
                fields.push((name, Value::str(shown)));
                return fields;
            }
            Ok(Event::Eof) | Err(_) => return fields,
            Ok(_) => {}
        }
    }
}

/// The text of an element that holds nothing else.
fn only_text(reader: &mut Reader<&[u8]>) -> Option<String> {
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Text(part) => text.push_str(&part),
            Event::End(_) => return Some(text),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fields;
    use crate::clixml::Value;

    #[test]
    fn the_root_and_the_declaration_are_seen() {
        let field = |name: &str, text: &str| (name.to_owned(), Value::str(text));
        let declared = fields("<?xml version=\"1.0\"?><a x='1'><b/></a>");
        assert_eq!(declared, [field("xml", "version=\"1.0\""), field("a", "a")]);
        assert_eq!(fields("<a>text</a>"), [field("a", "text")]);
        assert_eq!(fields("<a/>"), [field("a", "")]);
        assert_eq!(fields("no XML"), []);
    }
}
