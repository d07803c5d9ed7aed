//! PSRP messages of one channel, put together from SOAP texts.

use psfleet::clixml::{Decoder, Document};
use psfleet::psrp::Defragmenter;
use psfleet::psrp::message::{Header, MessageType};

use crate::support::winrm::between;

/// One PSRP message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub header: Header,
    pub data: Vec<u8>,
}

impl Message {
    /// What it carries; `None` for a message without data.
    pub(super) fn document(&self) -> Option<Document> {
        if self.data.is_empty() {
            return None;
        }
        Some(Decoder::default().decode(&self.data).expect("CLIXML"))
    }
}

/// The types of messages, by name.
pub(super) fn kinds(messages: &[Message]) -> Vec<&'static str> {
    messages.iter().map(|message| message.header.message_type.map_or("?", MessageType::name)).collect()
}

/// Puts messages together from the SOAP texts of one channel and direction.
pub(super) struct Channel {
    fragments: Defragmenter,
    pub messages: Vec<Message>,
}

impl Default for Channel {
    fn default() -> Self {
        Self { fragments: Defragmenter::new(64 << 20), messages: Vec::new() }
    }
}

impl Channel {
    /// Takes all fragments of a SOAP text.
    pub(super) fn push(&mut self, soap: &str) {
        for (_, base64) in payloads(soap) {
            self.fragments.push(&decode(base64));
            while let Some(message) = self.fragments.next_message().expect("fragments in order") {
                let (header, data) = Header::read(&message).expect("a header");
                self.messages.push(Message { header, data: data.to_vec() });
            }
        }
    }
}

/// The base64 texts of a SOAP text with where they begin, in order.
pub(super) fn payloads(soap: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for element in ["creationXml", "connectXml", "connectResponseXml", "Arguments", "Stream"] {
        let close = format!("{element}>");
        let mut rest = soap;
        while let Some(at) = rest.find(element) {
            let after = &rest[at + element.len()..];
            // The start tag itself, not `InputStreams`, nor an end tag, nor an empty element.
            let tag = after.split('>').next().unwrap_or_default();
            let starts = matches!(after.chars().next(), Some(' ' | '>')) && !tag.ends_with('/');
            let closing = rest[..at].rsplit('<').next().is_some_and(|name| name.starts_with('/'));
            rest = after;
            if starts
                && !closing
                && let Some(text) = between(after, ">", "</")
                && after.contains(&close)
            {
                let offset = text.as_ptr() as usize - soap.as_ptr() as usize;
                found.push((offset, text));
            }
        }
    }
    found.sort_unstable();
    found
}

pub(super) fn decode(base64: &str) -> Vec<u8> {
    base64_simd::STANDARD.decode_to_vec(base64).expect("base64")
}
