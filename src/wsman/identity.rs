//! Identify: what a server says that it is, to whoever asks (DSP0226 section 11, with Windows' own leave to ask without
//! a logon).

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::response::Response;

/// Characters of a word that are kept.
const MAX_WORD: usize = 120;

/// The header by which Windows answers an Identify without a logon, and its value.
pub const IDENTIFY_HEADER: (&str, &str) = ("wsmanidentify", "unauthenticated");

/// The request.
pub const IDENTIFY: &str = concat!(
    r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" "#,
    r#"xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">"#,
    "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
);

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `Microsoft Corporation`.
    pub vendor: String,
    /// `OS: 0.0.0 SP: 0.0 Stack: 3.0` to those who have not logged on.
    pub version: String,
}

impl Identity {
    /// Reads the answer; `None` if it is not one.
    pub fn parse(body: &str) -> Option<Self> {
        // This says whether it has the form and the depth of a response.
        if !matches!(Response::parse(body, None), Ok(Response::Done)) {
            return None;
        }
        let mut reader = Reader::from_str(body.trim_start_matches('\u{feff}'));
        let (mut text, mut found, mut is_answer) = (String::new(), Self::default(), false);
        loop {
            match reader.read_event().ok()? {
                Event::Start(_) => text.clear(),
                Event::Text(piece) => text.push_str(&piece.xml10_content()),
                Event::End(end) => {
                    let word = || text.trim().chars().take(MAX_WORD).collect();
                    match end.local_name().as_ref() {
                        "ProductVendor" => found.vendor = word(),
                        "ProductVersion" => found.version = word(),
                        "IdentifyResponse" => is_answer = true,
                        _ => {}
                    }
                    text.clear();
                }
                Event::Eof => return is_answer.then_some(found),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;

    fn envelope(body: &str) -> String {
        let soap = "http://www.w3.org/2003/05/soap-envelope";
        format!(
            r#"<s:Envelope xmlns:s="{soap}" xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Body>{body}</s:Body></s:Envelope>"#
        )
    }

    #[test]
    fn reads_who_answers() {
        let body = envelope(concat!(
            "<wsmid:IdentifyResponse><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>",
            "<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse>"
        ));
        let found = Identity::parse(&body).expect("an identity");
        assert_eq!((&*found.vendor, &*found.version), ("Microsoft Corporation", "OS: 0.0.0 SP: 0.0 Stack: 3.0"));
        let long = body.replace("Microsoft Corporation", &"x".repeat(5000));
        assert_eq!(Identity::parse(&long).expect("an identity").vendor.len(), 120);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let fault = envelope("<s:Fault><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>");
        for text in [&*fault, "", "<html/>", &envelope("<x/>"), &envelope(&"<a>".repeat(1000))] {
            assert_eq!(Identity::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text: String, patch in "[<>&;/:a-zA-Z\"=]{0,6}", at in 0..300_usize) {
            let mut body = envelope("<wsmid:IdentifyResponse><wsmid:ProductVendor>x</wsmid:ProductVendor></wsmid:IdentifyResponse>");
            body.insert_str(at.min(body.len()), &patch);
            let _ = Identity::parse(&body);
            let _ = Identity::parse(&text);
        }
    }
}
