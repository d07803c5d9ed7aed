//! Where notices go, as the configuration says it. How they are carried there is not said here.

use std::time::Duration;

use crate::config::SecretSource;
use crate::secret::Secret;

/// A place that notices go to.
#[derive(Debug, Clone)]
pub struct Channel {
    /// What is done there.
    pub kind: ChannelKind,
    /// How long one delivery may take.
    pub timeout: Duration,
}

/// The kinds of channels.
#[derive(Debug, Clone)]
pub enum ChannelKind {
    /// A POST of JSON.
    Webhook {
        /// The address; it may hold a token.
        url: WebhookUrl,
        /// The form of the JSON.
        shape: Shape,
    },
    /// A mail.
    Mail(MailSettings),
    /// A program of this machine: no shell reads its arguments.
    Command(Vec<String>),
}

/// A webhook's address.
#[derive(Debug, Clone)]
pub enum WebhookUrl {
    /// As it stands in the file.
    Plain(Secret<String>),
    /// It is kept somewhere else.
    From(SecretSource),
}

/// The form of a webhook's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Our own, documented and versioned.
    Json,
    /// Slack's blocks.
    Slack,
    /// A message with an Adaptive Card, as workflows of Teams take it.
    Teams,
}

/// How mail is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// The server's name.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// The sender's address.
    pub from: String,
    /// The receivers' addresses.
    pub to: Vec<String>,
    /// Who logs on there, and where the password is.
    pub logon: Option<(String, SecretSource)>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// TLS after STARTTLS; without it nothing is sent.
    StartTls,
    /// TLS from the start.
    Tls,
    /// Not at all.
    Off,
}
