//! Targets by how they are reached and logged on to, as plans show them.

use std::fmt::Write;

use serde::Serialize;

use crate::config::SecretSource;
use crate::hostlist::fold;
use crate::inventory::{HostSettings, Logon, LogonUser, PasswordOrigin};
use crate::output::sanitize_line;

/// Targets that are reached in the same way.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct ConnectionGroup {
    hosts: String,
    transport: String,
    auth: Option<String>,
    /// The bastions on the way, first hop first.
    jump: Option<String>,
    /// Null for whoever runs the command, and where it is asked for.
    user: Option<String>,
    /// Where its password comes from; null where there is no logon.
    password: Option<Password>,
    /// The user, and where the password comes from, in words.
    #[serde(skip)]
    logon: String,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
enum Password {
    Inventory,
    Variable { name: String },
    Prompt,
    Keyring { name: String },
    File { name: String },
    Command { line: String },
    Vault { path: String },
    Laps,
    Keys,
    Ticket { cache: Option<String> },
    Keytab { file: String },
    Certificate { file: String },
}

/// The targets by what matters of their connection, each kind once; `logons` has one for each of the `settings`.
pub(super) fn connections(settings: &[HostSettings], logons: &[Logon]) -> Vec<ConnectionGroup> {
    let mut groups: Vec<(ConnectionGroup, Vec<&str>)> = Vec::new();
    for (host, logon) in settings.iter().zip(logons) {
        let group = ConnectionGroup::of(host, logon);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, hosts)) => hosts.push(&host.name),
            None => groups.push((group, vec![&host.name])),
        }
    }
    groups.into_iter().map(|(group, hosts)| ConnectionGroup { hosts: fold(hosts), ..group }).collect()
}

/// Who logs on to a host by Kerberos, and by what, in words; `None` where a password or a key of SSH proves the user.
pub(in crate::cli) fn identity(host: &HostSettings, logon: &Logon) -> Option<String> {
    let is_kerberos = matches!(logon.password, Some(PasswordOrigin::Ticket(_) | PasswordOrigin::Keytab(_)));
    is_kerberos.then(|| ConnectionGroup::of(host, logon).logon.trim_start_matches(", ").to_owned())
}

impl Password {
    fn of(from: &SecretSource) -> Self {
        let after_kind = |text: String| text.split_once(':').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        match from {
            SecretSource::Prompt => Self::Prompt,
            SecretSource::Variable(name) => Self::Variable { name: name.clone() },
            SecretSource::Keyring(name) => Self::Keyring { name: name.clone() },
            SecretSource::File(name) => Self::File { name: name.clone() },
            SecretSource::Command(_) => Self::Command { line: after_kind(from.to_string()) },
            SecretSource::Laps => Self::Laps,
            SecretSource::Vault(_) => Self::Vault { path: after_kind(from.to_string()) },
        }
    }
}

impl ConnectionGroup {
    fn of(host: &HostSettings, logon: &Logon) -> Self {
        let shown = host.effective.connection.shown();
        let setting = |wanted: &str| shown.iter().find(|(key, ..)| *key == wanted).map(|(_, value, _)| value.clone());
        let (user, whom) = match &logon.user {
            LogonUser::Named(user) => (Some(user.clone()), format!(", user {}", sanitize_line(user))),
            LogonUser::Own if logon.password.is_none() => (None, String::new()),
            LogonUser::Own => (None, ", your own user".to_owned()),
            LogonUser::OfTicket => (None, ", the user of the ticket".to_owned()),
            LogonUser::OfCertificate => (None, ", the user of the certificate".to_owned()),
            LogonUser::OfLaps => (None, ", the local administrator".to_owned()),
            LogonUser::Asked => (None, ", user asked for".to_owned()),
        };
        let (password, by) = match &logon.password {
            None => (None, String::new()),
            Some(PasswordOrigin::Inventory) => (Some(Password::Inventory), ", password in the inventory".to_owned()),
            Some(PasswordOrigin::From(source)) => {
                let words = match source {
                    SecretSource::Variable(name) => format!(", password from {}", sanitize_line(name)),
                    SecretSource::Prompt => ", password asked for".to_owned(),
                    SecretSource::Laps => ", password from the directory (LAPS)".to_owned(),
                    other => format!(", password from {}", sanitize_line(&other.to_string())),
                };
                (Some(Password::of(source)), words)
            }
            Some(PasswordOrigin::Ticket(cache)) => {
                let words =
                    cache.as_ref().map_or("the usual cache".to_owned(), |cache| sanitize_line(cache).into_owned());
                (Some(Password::Ticket { cache: cache.clone() }), format!(", by ticket of {words}"))
            }
            Some(PasswordOrigin::Keytab(file)) => {
                let file = file.display().to_string();
                let words = format!(", by key of {}", sanitize_line(&file));
                (Some(Password::Keytab { file }), words)
            }
            Some(PasswordOrigin::Certificate(file)) => {
                let file = file.display().to_string();
                let words = format!(", by certificate {}", sanitize_line(&file));
                (Some(Password::Certificate { file }), words)
            }
            Some(PasswordOrigin::Keys) => (Some(Password::Keys), ", by key or agent".to_owned()),
        };
        Self {
            hosts: String::new(),
            transport: setting("transport").unwrap_or_else(|| "winrm".to_owned()),
            auth: setting("auth"),
            jump: setting("jump").filter(|jump| jump != "none"),
            user,
            password,
            logon: whom + &by,
        }
    }
}

/// So many targets, for people.
pub(super) fn text(count: usize, groups: &[ConnectionGroup]) -> String {
    let mut text = format!("Targets: {count}\n");
    for group in groups {
        let auth = group.auth.as_ref().map(|auth| format!(", auth {auth}")).unwrap_or_default();
        let through = |jump: &String| format!(", through {}", sanitize_line(jump));
        let through = group.jump.as_ref().map(through).unwrap_or_default();
        let _ = writeln!(text, "  {}: {}{auth}{through}{}", group.hosts, group.transport, group.logon);
    }
    text
}
