//! What kind of fleet is wanted, from flags or from an inventory's `[sandbox]` table.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::Error;
use super::fault::FaultSpec;

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
    pub auth: Vec<Mechanism>,
    /// Added to every answer.
    pub latency: Duration,
    /// The latency varies by up to this much in both directions.
    pub jitter: Duration,
    /// Misbehaving hosts.
    pub faults: Vec<FaultSpec>,
    /// MaxConcurrentCommandsPerShell.
    pub commands_per_shell: usize,
}

/// What runs the scripts behind a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A real PowerShell process for each shell.
    Pwsh,
}

/// A way to log on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// SPNEGO with NTLM inside.
    Negotiate,
    /// Bare NTLM tokens; on the wire the scheme is Negotiate too.
    Ntlm,
    /// User and password in the clear.
    Basic,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hosts: 20,
            seed: 1,
            engine: Engine::Pwsh,
            pwsh: "pwsh".into(),
            engine_processes: 16,
            tls: false,
            auth: vec![Mechanism::Negotiate, Mechanism::Basic],
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            faults: Vec::new(),
            commands_per_shell: 1000,
        }
    }
}

impl Options {
    /// Reads a `[sandbox]` table; its keys are the long flags of `psfleet sandbox` with `_`.
    ///
    /// # Errors
    /// An unknown key or a wrong value, by name.
    pub fn from_table(table: &toml::Table) -> Result<Self, Error> {
        let table: Table = table
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| Error::Option(format!("[sandbox]: {}", error.message())))?;
        let options = Self::default();
        Ok(Self {
            hosts: table.hosts.unwrap_or(options.hosts),
            seed: table.seed.unwrap_or(options.seed),
            engine: table.engine.as_deref().map_or(Ok(options.engine), str::parse)?,
            pwsh: table.pwsh.unwrap_or(options.pwsh),
            engine_processes: table.engine_processes.unwrap_or(options.engine_processes),
            tls: table.tls.unwrap_or(options.tls),
            auth: match table.auth {
                Some(auth) => auth.into_vec().iter().map(|name| name.parse()).collect::<Result<_, _>>()?,
                None => options.auth,
            },
            latency: table.latency.as_deref().map_or(Ok(options.latency), duration)?,
            jitter: table.jitter.as_deref().map_or(Ok(options.jitter), duration)?,
            faults: match table.fault {
                Some(faults) => faults.into_vec().iter().map(|spec| spec.parse()).collect::<Result<_, _>>()?,
                None => options.faults,
            },
            commands_per_shell: table.commands_per_shell.unwrap_or(options.commands_per_shell),
        })
    }

    /// Checks what the types leave open.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |text: &str| Err(Error::Option(text.to_owned()));
        match self {
            Self { hosts: 0, .. } => wrong("a fleet has at least one host"),
            Self { engine_processes: 0, .. } => wrong("engine_processes must be at least 1"),
            Self { auth, .. } if auth.is_empty() => wrong("at least one mechanism must be accepted"),
            _ => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    hosts: Option<u32>,
    seed: Option<u64>,
    engine: Option<String>,
    pwsh: Option<PathBuf>,
    engine_processes: Option<usize>,
    tls: Option<bool>,
    auth: Option<OneOrMany>,
    latency: Option<String>,
    jitter: Option<String>,
    fault: Option<OneOrMany>,
    commands_per_shell: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "pwsh" => Ok(Self::Pwsh),
            _ => Err(Error::Option(format!("unknown engine {text:?}; known are pwsh"))),
        }
    }
}

impl FromStr for Mechanism {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "negotiate" => Ok(Self::Negotiate),
            "ntlm" => Ok(Self::Ntlm),
            "basic" => Ok(Self::Basic),
            _ => Err(Error::Option(format!("unknown mechanism {text:?}; known are negotiate, ntlm, basic"))),
        }
    }
}

impl Mechanism {
    /// The name, as `--auth` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "negotiate",
            Self::Ntlm => "ntlm",
            Self::Basic => "basic",
        }
    }
}

/// Reads `20ms`, `2s`, `1m`.
///
/// # Errors
/// Anything else.
pub fn duration(text: &str) -> Result<Duration, Error> {
    let wrong = || Error::Option(format!("{text:?} is no duration; write 20ms, 2s or 1m"));
    let span: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(span).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options, Error> {
        Options::from_table(&text.parse().expect("TOML"))
    }

    #[test]
    fn reads_a_table() {
        let options = read(
            "hosts = 200\nseed = 7\ntls = true\nauth = 'basic'\nlatency = '20ms'\nfault = ['reset=3', 'slow=10%']",
        )
        .expect("valid");
        assert_eq!((options.hosts, options.seed, options.tls), (200, 7, true));
        assert_eq!((options.auth, options.latency), (vec![Mechanism::Basic], Duration::from_millis(20)));
        assert_eq!(options.faults.len(), 2);
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, part) in [
            ("host = 2", "host"),
            ("latency = '20'", "20ms"),
            ("engine = 'bash'", "bash"),
            ("auth = ['digest']", "digest"),
            ("fault = 'flood'", "flood"),
            ("hosts = -1", "-1"),
        ] {
            let message = read(text).expect_err(text).to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
