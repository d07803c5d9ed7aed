//! RUNSPACEPOOL_STATE and PIPELINE_STATE (MS-PSRP 2.2.2.9, 2.2.2.21).

use crate::clixml::{Document, Value};
use crate::psrp::ProtocolError;

/// The number of a state message, and the error record that came with it.
///
/// # Errors
/// No number under `property`.
pub fn read_state(
    mut document: Document,
    message: &'static str,
    property: &'static str,
) -> Result<(i64, Option<Document>), ProtocolError> {
    let state = document.root.member(property).and_then(Value::as_i64);
    let state = state.ok_or(ProtocolError::Property { message, property })?;
    let has_refs = document.has_refs;
    let error = match document.root.take_member("ExceptionAsErrorRecord") {
        None | Some(Value::Null) => None,
        Some(root) => Some(Document::with_refs(root, has_refs)),
    };
    Ok((state, error))
}
