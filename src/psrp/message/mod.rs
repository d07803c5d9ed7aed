//! The messages: a header and one CLIXML element each, a file per family.

pub mod build;
pub mod capability;
pub mod create_pipeline;
mod header;
pub mod host_answer;
pub mod host_call;
pub mod host_info;
pub mod host_method;
pub mod init_pool;
pub mod state;

pub use header::{Destination, HEADER_LEN, Header, MessageType};

use crate::clixml::{Decoder, Document};

use super::ProtocolError;

/// Splits a message into its header and its object; `None` for a message without data.
///
/// # Errors
/// A short header, or data that is not CLIXML.
pub fn read(message: &[u8], decoder: &mut Decoder) -> Result<(Header, Option<Document>), ProtocolError> {
    let (header, data) = Header::read(message)?;
    // Windows begins the data with a byte order mark.
    let data = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data);
    if data.is_empty() {
        return Ok((header, None));
    }
    let name = header.message_type.map_or("of an unknown type", MessageType::name);
    let document = decoder.decode(data).map_err(|why| ProtocolError::Content { message: name, why })?;
    Ok((header, Some(document)))
}
