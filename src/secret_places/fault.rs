//! Why a place has no secret for us.

/// What is wrong, in one line, and perhaps what to do about it.
pub type Fault = (String, Option<String>);
