//! A shell that reports another version of PowerShell than the one behind it.

use crate::clixml::{Content, Decoder, Document, Value, encode};
use crate::psrp::message::{HEADER_LEN, Header, MessageType};
use crate::psrp::{Defragmenter, SERVER_MAX_FRAGMENT, cut};

/// Rewrites the messages of a pool so that they report another version of PowerShell.
pub(super) struct ReportedVersion {
    version: String,
    defragmenter: Defragmenter,
    object_id: u64,
}

impl ReportedVersion {
    /// Reports this version, such as `3.0`; `max_message` is the longest message in bytes.
    pub(super) fn new(version: String, max_message: usize) -> Self {
        Self { version, defragmenter: Defragmenter::new(max_message), object_id: 0 }
    }

    /// The whole messages that bytes from the server complete, as fragments again.
    pub(super) fn apply(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.defragmenter.push(payload);
        // What the server breaks, the client will miss.
        while let Ok(Some(message)) = self.defragmenter.next_message() {
            let message = self.with_version(&message).unwrap_or(message);
            self.object_id += 1;
            cut(self.object_id, &[&message], SERVER_MAX_FRAGMENT)
                .iter()
                .for_each(|fragment| out.extend_from_slice(fragment));
        }
        out
    }

    /// The private data with our version; `None` for any other message.
    fn with_version(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (header, data) = Header::read(message).ok()?;
        if header.message_type != Some(MessageType::ApplicationPrivateData) {
            return None;
        }
        let mut root = Decoder::default().decode(data).ok()?.root;
        put(&mut root, &self.version);
        let mut changed = message.get(..HEADER_LEN)?.to_vec();
        changed.extend_from_slice(encode(&Document::new(root)).as_bytes());
        Some(changed)
    }
}

/// Replaces every `PSVersion` of a dictionary below a value.
fn put(value: &mut Value, version: &str) {
    let Value::Object(object) = value else { return };
    object.notes.iter_mut().for_each(|(_, note)| put(note, version));
    if let Content::Dict(entries) = &mut object.content {
        for (key, entry) in entries {
            match key.as_text().is_some_and(|key| *key == "PSVersion") {
                true => *entry = Value::Version(version.into()),
                false => put(entry, version),
            }
        }
    }
}
