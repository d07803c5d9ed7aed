//! What kind of fleet is wanted, from flags or from an inventory's `[sandbox]` table.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Error;
use super::fault::FaultSpec;
use crate::config::{Word, parse_duration};
use crate::target::AuthMethod;

/// Everything that a fleet is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many hosts.
    pub hosts: u32,
    /// Draws names, facts and the bearers of faults.
    pub seed: u64,
    /// What runs the scripts.
    pub engine: Engine,
    /// PowerShell for [`Engine::Pwsh`].
    pub pwsh: PathBuf,
    /// How many PowerShell processes may run at once; more Creates wait.
    pub engine_processes: usize,
    /// HTTPS instead of HTTP.
    pub tls: bool,
    /// Accepted mechanisms; the inventory asks for the first.
    pub auth: Vec<AuthMethod>,
    /// The keytab with the hosts' keys (`HTTP/NAME`): tickets of this user are taken, of whatever realm has the keys.
    pub keytab: Option<PathBuf>,
    /// Added to every answer.
    pub latency: Duration,
    /// The latency varies by up to this much in both directions.
    pub jitter: Duration,
    /// Misbehaving hosts.
    pub faults: Vec<FaultSpec>,
    /// MaxConcurrentCommandsPerShell.
    pub commands_per_shell: usize,
    /// MaxShellsPerUser.
    pub shells_per_user: usize,
    /// The version of PowerShell that the hosts report, if not the engine's own.
    pub reported_version: Option<String>,
}

/// What runs the scripts behind a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The built-in subset of PowerShell over drawn facts.
    Builtin,
    /// A real PowerShell process for each shell.
    Pwsh,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hosts: 20,
            seed: 1,
            engine: Engine::Builtin,
            pwsh: "pwsh".into(),
            engine_processes: 16,
            tls: false,
            auth: vec![AuthMethod::Negotiate, AuthMethod::Basic],
            keytab: None,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            faults: Vec::new(),
            commands_per_shell: 1000,
            // As on newer builds of Windows, and as the hosts' own settings say.
            shells_per_user: i32::MAX as usize,
            reported_version: None,
        }
    }
}

impl Options {
    /// Reads the `[sandbox]` table of an inventory; its keys are the long flags of `psfleet sandbox` with `_`.
    ///
    /// # Errors
    /// An unknown key or a wrong value, by name.
    pub fn from_table(table: &Map<String, Value>) -> Result<Self, Error> {
        let mut options = Self::default();
        for (key, value) in table {
            options.set(key, value).map_err(|why| Error::Option(format!("[sandbox] {key}: {why}")))?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "hosts" => self.hosts = number(value)?,
            "seed" => self.seed = number(value)?,
            "engine" => self.engine = text(value)?.parse().map_err(|error: Error| error.to_string())?,
            "pwsh" => self.pwsh = text(value)?.into(),
            "engine_processes" => self.engine_processes = number(value)?,
            "tls" => self.tls = value.as_bool().ok_or_else(|| format!("{value} is not true or false"))?,
            "auth" => self.auth = list(value)?.into_iter().map(AuthMethod::parse).collect::<Result<_, _>>()?,
            "keytab" => self.keytab = Some(text(value)?.into()),
            "latency" => self.latency = delay(text(value)?)?,
            "jitter" => self.jitter = delay(text(value)?)?,
            "fault" => {
                let specs = list(value)?.into_iter().map(FaultSpec::from_str);
                self.faults = specs.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
            }
            "commands_per_shell" => self.commands_per_shell = number(value)?,
            "shells_per_user" => self.shells_per_user = number(value)?,
            "reported_version" => self.reported_version = Some(version(text(value)?)?),
            _ => return Err(format!("unknown key; known are {}", KEYS.join(", "))),
        }
        Ok(())
    }

    /// Whether clients may log on by certificate.
    pub(super) fn asks_for_certificates(&self) -> bool {
        self.auth.contains(&AuthMethod::Certificate)
    }

    /// Checks what the types leave open.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |text: &str| Err(Error::Option(text.to_owned()));
        match self {
            Self { hosts: 0, .. } => wrong("a fleet has at least one host"),
            Self { auth, .. } if auth.contains(&AuthMethod::CredSsp) => wrong("the hosts of a sandbox take no CredSSP"),
            Self { engine_processes: 0, .. } => wrong("engine_processes must be at least 1"),
            Self { auth, keytab: None, .. } if auth.contains(&AuthMethod::Kerberos) => {
                wrong("Kerberos takes a keytab with the hosts' keys")
            }
            Self { tls: false, .. } if self.asks_for_certificates() => wrong("certificates are shown over TLS alone"),
            Self { auth, .. } if auth.is_empty() => wrong("at least one mechanism must be accepted"),
            _ => Ok(()),
        }
    }
}

/// The keys of a `[sandbox]` table.
const KEYS: [&str; 14] = [
    "hosts",
    "seed",
    "engine",
    "pwsh",
    "engine_processes",
    "tls",
    "auth",
    "keytab",
    "latency",
    "jitter",
    "fault",
    "commands_per_shell",
    "shells_per_user",
    "reported_version",
];

/// A version of PowerShell, such as `3.0`.
///
/// # Errors
/// What it should look like.
pub fn version(text: &str) -> Result<String, String> {
    let is_number = |part: &str| !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split('.').count();
    match (2..=4).contains(&parts) && text.split('.').all(is_number) {
        true => Ok(text.to_owned()),
        false => Err(format!("{text} is not a version such as 3.0 or 5.1.14393.0")),
    }
}

fn number<N: TryFrom<u64>>(value: &Value) -> Result<N, String> {
    let number = value.as_u64().and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| format!("{value} is not a number of at least 0"))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is not text"))
}

/// One text or a list of texts.
fn list(value: &Value) -> Result<Vec<&str>, String> {
    match value.as_array() {
        Some(items) => items.iter().map(text).collect(),
        None => text(value).map(|one| vec![one]),
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "builtin" => Ok(Self::Builtin),
            "pwsh" => Ok(Self::Pwsh),
            _ => Err(Error::Option(format!("unknown engine '{text}'; known are builtin, pwsh"))),
        }
    }
}

/// A time to add to answers: a duration as flags take it, or none at all.
///
/// # Errors
/// One line that says what is expected.
pub fn delay(text: &str) -> Result<Duration, String> {
    match text {
        "0" | "0ms" | "0s" => Ok(Duration::ZERO),
        _ => parse_duration(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options, Error> {
        Options::from_table(&toml::from_str(text).expect("TOML"))
    }

    #[test]
    fn reads_a_table() {
        let options = read(
            "hosts = 200\nseed = 7\ntls = true\nauth = 'basic'\nlatency = '20ms'\nfault = ['reset=3', 'slow=10%']",
        )
        .expect("valid");
        assert_eq!((options.hosts, options.seed, options.tls), (200, 7, true));
        assert_eq!((options.auth, options.latency), (vec![AuthMethod::Basic], Duration::from_millis(20)));
        assert_eq!(options.faults.len(), 2);
    }

    #[test]
    fn every_known_key_is_known() {
        for key in KEYS {
            let message = Options::default().set(key, &Value::Null).expect_err("null is nothing");
            assert!(message.contains("null"), "{key}: {message}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, part) in [
            ("host = 2", "host: unknown key; known are hosts"),
            ("latency = '20'", "500ms"),
            ("engine = 'bash'", "bash"),
            ("auth = ['digest']", "digest"),
            ("fault = 'flood'", "flood"),
            ("hosts = -1", "hosts: -1"),
            ("tls = 'yes'", "tls"),
        ] {
            let message = read(text).expect_err(text).to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
