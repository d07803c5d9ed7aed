//! A script as it is sent.

use crate::psrp::Argument;

/// A script with the arguments that carry its using values.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The text to run: the script's own, except in the form
    /// [`WireForm::Rewrite`](super::wire_form::WireForm::Rewrite).
    pub script: String,
    /// Arguments to add behind the user's own.
    pub arguments: Vec<Argument>,
}
