//! What each kind of channel is sent, as plain data: nothing is sent here.
//!
//! Texts, names and labels come from hosts and inventories. They reach a notice without control characters; here each
//! form keeps them from being read as markup, and keeps to the lengths that its service takes. What had to be left out
//! is said.

mod command;
mod digest;
mod json;
mod mail;
mod slack;
mod teams;
#[cfg(test)]
mod tests;

pub use command::{Call, command};
pub use digest::{Digest, Line};
pub use json::{VERSION, json};
pub use mail::{Mail, mail};
pub use slack::slack;
pub use teams::teams;

use super::channel::Shape;
use super::notice::Notice;

/// The JSON of a webhook, in one of its forms.
pub fn webhook(notice: &Notice, shape: Shape) -> serde_json::Value {
    match shape {
        Shape::Json => json(notice),
        Shape::Slack => slack(notice),
        Shape::Teams => teams(notice),
    }
}
