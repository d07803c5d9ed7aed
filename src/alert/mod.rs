//! Who is told what, when, and once.
//!
//! In go [`Observation`]s: how a check stands on a host; out come [`Notice`]s to channels, grouped over hosts and checks
//! by the [`Rules`] of a file ([`read_rules`]), and what each channel is sent for one ([`message`]). A core: no clock, no
//! file, no network, no chance; instants and random numbers are arguments.
//!
//! What was told to whom, and what is on its way, is a [`Ledger`] of plain data. As long as it is kept before something
//! is sent, each notice arrives at least once, always under one identity, by which its receiver drops what it has had:
//!
//! ```text
//! alerts.observe(...) --> alerts.advance(now) --> keep alerts.ledger()
//! alerts.take(now) --> keep --> send --> alerts.delivered(...) or alerts.failed(...) --> keep
//! ```
//!
//! - A **group** is what one route tells together. Its first notice waits for `group_wait`, the next ones for
//!   `group_interval`, and what is not resolved is told again after `repeat_interval`.
//! - A group tells what differs from what it has told: new, worse, better, resolved. What has come and gone before the
//!   notice is never told, what was told is resolved exactly once, whatever becomes of process, clock and rules.
//! - Of what is silenced nothing is told. If it is resolved meanwhile, that is told when the silence is over.
//! - What comes and goes counts as the worst of its states until it is calm.
//! - If the clock is put back, all that waits goes back with it.

mod alerts;
mod channel;
mod group;
mod ledger;
mod matcher;
pub mod message;
mod notice;
mod observation;
mod outbox;
mod pairs;
mod reader;
mod rules;
mod silence;
#[cfg(test)]
mod tests;
mod thing;

pub use alerts::Alerts;
pub use channel::{Channel, ChannelKind, MailSettings, MailTls, Shape, WebhookUrl};
pub use ledger::Ledger;
pub use matcher::Matcher;
pub use notice::{Change, Item, Notice};
pub use observation::{Observation, Subject};
pub use outbox::{DeadLetter, Delivery, Failure, Outbox};
pub use reader::read_rules;
pub use rules::{Flapping, GroupBy, Retry, Route, Rules, Timing};
pub use silence::{Maintenance, Silence};
