//! What PowerShell's client put on the wire, kept by a `tee` in front of the server.

use std::collections::HashMap;

use psfleet::clixml::{Decoder, Document, Limits};
use psfleet::outofproc::{Packet, read_line};
use psfleet::psrp::Defragmenter;
use psfleet::psrp::message::{self, MessageType};

/// The client's CREATE_PIPELINE messages, in order. Those that it sends for its debugger are nested and left out.
pub(super) fn pipelines(wire: &[u8]) -> Vec<Document> {
    let mut channels = HashMap::new();
    let mut decoder = Decoder::new(Limits::default());
    let mut found = Vec::new();
    for line in wire.split(|&byte| byte == b'\n') {
        let Some(Packet::Data { id, payload, .. }) = read_line(line).expect("a packet") else { continue };
        let channel = channels.entry(id).or_insert_with(|| Defragmenter::new(1 << 26));
        channel.push(&payload);
        while let Some(message) = channel.next_message().expect("fragments") {
            let (header, document) = message::read(&message, &mut decoder).expect("a message");
            if header.message_type == Some(MessageType::CreatePipeline) {
                found.extend(document.filter(|document| !is_nested(document)));
            }
        }
    }
    found
}

fn is_nested(document: &Document) -> bool {
    let powershell = document.root.member("PowerShell").expect("a PowerShell");
    powershell.member("IsNested").and_then(psfleet::clixml::Value::as_bool) == Some(true)
}
