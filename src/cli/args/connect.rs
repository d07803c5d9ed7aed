//! How to reach the hosts: the flags that every command with targets shares.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::config::{Connection, Given, Jump, SecretSource, Source, Transport, Word, parse_duration, parse_jump};
use crate::target::{AuthMethod, Fingerprint, HostKeyPolicy, TlsMin, Workstation};

/// The connection flags as typed, and which of them the environment gave.
///
/// Precedence is settled by `inventory`, which needs to know what was a flag and what a variable: clap merges them, so
/// this type looks before it does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectArgs {
    /// The settings, each with its flag or variable as source.
    pub settings: Connection,
    /// Ask for the password even if there is another source.
    pub ask_pass: bool,
    /// Never ask anything.
    pub no_input: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Connect")]
struct Flags {
    /// How to reach the hosts; auto is what the host or its group says, else the URL's scheme, else the defaults of the
    /// inventory and psfleet.toml, else ssh for names that an ssh_config given with -i mentions, else winrm
    #[arg(long, value_name = "auto|winrm|ssh|local", env = "PSFLEET_TRANSPORT", value_parser = Transport::parse)]
    transport: Option<Transport>,

    /// How to authenticate over HTTP: negotiate (Kerberos where a ticket can be had, else NTLM), kerberos, ntlm, basic,
    /// certificate, or credssp, which hands the password itself to the host, so that scripts there can log on elsewhere
    #[arg(long, value_name = "METHOD", env = "PSFLEET_AUTH", value_parser = AuthMethod::parse)]
    auth: Option<AuthMethod>,

    /// TCP port [default: 5985, with --tls 5986, with ssh 22]
    #[arg(long, value_name = "PORT", env = "PSFLEET_PORT", value_parser = super::number::port)]
    port: Option<u16>,

    /// Whom to log on as: user, DOMAIN\user or user@domain; the password comes from PSFLEET_PASSWORD, else the
    /// inventory, else a prompt
    #[arg(short, long, value_name = "USER", env = "PSFLEET_USER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    user: Option<String>,

    /// Ask for the password, whatever the inventory says
    #[arg(long, env = "PSFLEET_ASK_PASS", value_parser = BoolishValueParser::new())]
    ask_pass: bool,

    /// Where the password comes from: prompt, env:NAME, keyring:NAME, file:NAME (psfleet secret), command:PROGRAM
    /// ARGUMENTS, vault:MOUNT/PATH#FIELD (vault:TEAM/MOUNT//PATH#FIELD), laps (each host's own, of the inventory's
    /// directory)
    #[arg(long, value_name = "SOURCE", env = "PSFLEET_PASSWORD_FROM", value_parser = SecretSource::parse)]
    password_from: Option<SecretSource>,

    /// Certificate logon: the client's certificate, PEM or PKCS#12; --password-from unlocks its key
    #[arg(long, value_name = "FILE", env = "PSFLEET_CERTIFICATE")]
    certificate: Option<PathBuf>,

    /// Certificate logon: the key in PEM, if it is in a file of its own
    #[arg(long, value_name = "FILE", env = "PSFLEET_CERTIFICATE_KEY")]
    certificate_key: Option<PathBuf>,

    /// Kerberos: cache of tickets (FILE:/path, KCM:) [default: with --auth kerberos the one that klist shows]
    #[arg(long, value_name = "NAME", env = "PSFLEET_CCACHE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    ccache: Option<String>,

    /// Kerberos: keytab with the user's key
    #[arg(long, value_name = "FILE", env = "PSFLEET_KEYTAB")]
    keytab: Option<PathBuf>,

    /// Kerberos: the host's principal (HTTP/web01.contoso.com), or its class alone [default: HTTP, then WSMAN]
    #[arg(long, value_name = "SPN", env = "PSFLEET_SPN", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    spn: Option<String>,

    /// Kerberos: let the host act as the user elsewhere (second hop)
    #[arg(long, env = "PSFLEET_DELEGATE", value_parser = BoolishValueParser::new())]
    delegate: bool,

    /// Private key file for SSH (repeatable)
    #[arg(long, value_name = "KEYFILE", env = "PSFLEET_IDENTITY", value_delimiter = '\n')]
    identity: Vec<PathBuf>,

    /// SSH bastion before SSH or WinRM hosts: ssh://user@host:port, or an alias of the SSH configuration (repeatable, first hop first)
    #[arg(long, value_name = "URL", env = "PSFLEET_JUMP", value_delimiter = '\n', value_parser = parse_jump)]
    jump: Vec<Jump>,

    /// SSH: refuse unknown host keys, or accept and remember them [default: strict]
    #[arg(long, value_name = "strict|accept-new", env = "PSFLEET_HOST_KEYS", value_parser = HostKeyPolicy::parse)]
    host_keys: Option<HostKeyPolicy>,

    /// SSH: known_hosts file instead of the usual ones (repeatable)
    #[arg(long, value_name = "FILE", env = "PSFLEET_KNOWN_HOSTS", value_delimiter = '\n')]
    known_hosts: Vec<PathBuf>,

    /// Session configuration [default: Microsoft.PowerShell]
    #[arg(long, value_name = "NAME", env = "PSFLEET_CONFIGURATION_NAME")]
    configuration_name: Option<String>,

    /// The name that servers see for us in NTLM logons, as in an account's "Log On To" [default: psfleet]
    #[arg(long, value_name = "NAME", env = "PSFLEET_WORKSTATION", value_parser = Workstation::parse)]
    workstation: Option<Workstation>,

    /// PowerShell to start for --transport local [default: pwsh on PATH]
    #[arg(long, value_name = "PATH", env = "PSFLEET_PWSH")]
    pwsh: Option<PathBuf>,

    /// Limit for DNS, TCP, TLS and authentication; a logon that is accepted together with the opened shell falls under
    /// --open-timeout [default: 15s]
    #[arg(long, value_name = "DURATION", env = "PSFLEET_CONNECT_TIMEOUT", value_parser = parse_duration)]
    connect_timeout: Option<Duration>,

    /// Limit until the session is open [default: 60s]
    #[arg(long, value_name = "DURATION", env = "PSFLEET_OPEN_TIMEOUT", value_parser = parse_duration)]
    open_timeout: Option<Duration>,

    /// Limit for the script on each host, which is then stopped and has 10 s to confirm that [default: 10m]
    #[arg(long, value_name = "DURATION", env = "PSFLEET_TIMEOUT", value_parser = parse_duration)]
    timeout: Option<Duration>,

    /// WinRM over HTTPS
    #[arg(long, env = "PSFLEET_TLS", value_parser = BoolishValueParser::new(), overrides_with = "no_tls")]
    tls: bool,

    /// WinRM over HTTP with sealed messages
    #[arg(long, env = "PSFLEET_NO_TLS", value_parser = BoolishValueParser::new(), overrides_with = "tls")]
    no_tls: bool,

    /// PEM file with roots to trust besides the system's
    #[arg(long, value_name = "FILE", env = "PSFLEET_CA")]
    ca: Option<PathBuf>,

    /// Accept any TLS certificate: anyone in between can read and change everything
    #[arg(long)]
    insecure: bool,

    /// Accept only certificates with this SHA-256 fingerprint, whoever signed them and for whatever name (repeatable)
    #[arg(long, value_name = "SHA256", env = "PSFLEET_TLS_PIN", value_delimiter = ',', value_parser = Fingerprint::parse)]
    tls_pin: Vec<Fingerprint>,

    /// The oldest version of TLS to speak [default: 1.2]
    #[arg(long, value_name = "1.2|1.3", env = "PSFLEET_TLS_MIN", value_parser = TlsMin::parse)]
    tls_min: Option<TlsMin>,

    /// Names trusted without proof, as in WSMan's TrustedHosts: 192.168.1.1,*.contoso.com
    #[arg(long, value_name = "PATTERNS", env = "PSFLEET_TRUSTED_HOSTS", value_delimiter = ',')]
    trusted_hosts: Vec<String>,

    /// Allow Basic over plain HTTP to trusted hosts: the password is sent in the clear
    #[arg(long, env = "PSFLEET_ALLOW_UNENCRYPTED", value_parser = BoolishValueParser::new())]
    allow_unencrypted: bool,

    /// Never ask anything
    #[arg(long, env = "PSFLEET_NO_INPUT", value_parser = BoolishValueParser::new())]
    no_input: bool,
}

impl Args for ConnectArgs {
    fn augment_args(command: Command) -> Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args_for_update(command)
    }
}

impl FromArgMatches for ConnectArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let sources = Sources(matches);
        Ok(Self::new(Flags::from_arg_matches(matches)?, &sources))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ConnectArgs {
    fn new(flags: Flags, from: &Sources<'_>) -> Self {
        let settings = Connection {
            transport: from.given("transport", "--transport", flags.transport),
            auth: from.given("auth", "--auth", flags.auth),
            port: from.given("port", "--port", flags.port),
            user: from.given("user", "--user", flags.user),
            password_from: from.given("password_from", "--password-from", flags.password_from),
            certificate: from.given("certificate", "--certificate", flags.certificate),
            certificate_key: from.given("certificate_key", "--certificate-key", flags.certificate_key),
            ccache: from.given("ccache", "--ccache", flags.ccache),
            keytab: from.given("keytab", "--keytab", flags.keytab),
            spn: from.given("spn", "--spn", flags.spn),
            delegate: from.switch("delegate", "--delegate", flags.delegate),
            identity: from.given("identity", "--identity", some(flags.identity)),
            jump: from.given("jump", "--jump", some(flags.jump)),
            host_keys: from.given("host_keys", "--host-keys", flags.host_keys),
            known_hosts: from.given("known_hosts", "--known-hosts", some(flags.known_hosts)),
            configuration_name: from.given("configuration_name", "--configuration-name", flags.configuration_name),
            workstation: from.given("workstation", "--workstation", flags.workstation),
            pwsh: from.given("pwsh", "--pwsh", flags.pwsh),
            connect_timeout: from.given("connect_timeout", "--connect-timeout", flags.connect_timeout),
            open_timeout: from.given("open_timeout", "--open-timeout", flags.open_timeout),
            timeout: from.given("timeout", "--timeout", flags.timeout),
            tls: from.tls(flags.tls, flags.no_tls),
            ca: from.given("ca", "--ca", flags.ca),
            insecure: from.given("insecure", "--insecure", flags.insecure.then_some(true)),
            tls_pin: from.given("tls_pin", "--tls-pin", some(flags.tls_pin)),
            tls_min: from.given("tls_min", "--tls-min", flags.tls_min),
            trusted_hosts: from.given("trusted_hosts", "--trusted-hosts", some(flags.trusted_hosts)),
            allow_unencrypted: from.switch("allow_unencrypted", "--allow-unencrypted", flags.allow_unencrypted),
            ..Connection::default()
        };
        Self { settings, ask_pass: flags.ask_pass, no_input: flags.no_input }
    }
}

impl ConnectArgs {
    /// The keys that the command line sets. What the environment says is there for every command.
    pub(in crate::cli) fn typed(&self) -> impl Iterator<Item = &'static str> {
        let is_typed = |(key, _, source): (_, _, &Source)| matches!(source, Source::Flag(_)).then_some(key);
        self.settings.shown().into_iter().filter_map(is_typed)
    }
}

fn some<T>(values: Vec<T>) -> Option<Vec<T>> {
    (!values.is_empty()).then_some(values)
}

/// Tells what was typed from what the environment said.
struct Sources<'a>(&'a ArgMatches);

impl Sources<'_> {
    fn of(&self, id: &str, flag: &'static str) -> Option<Source> {
        match self.0.value_source(id)? {
            ValueSource::CommandLine => Some(Source::Flag(flag)),
            ValueSource::EnvVariable => Some(Source::Env(format!("PSFLEET_{}", id.to_ascii_uppercase()))),
            _ => None,
        }
    }

    fn given<T>(&self, id: &str, flag: &'static str, value: Option<T>) -> Option<Given<T>> {
        Some(Given::new(value?, self.of(id, flag)?))
    }

    /// A switch that was not typed but set to 0 in the environment says no; one that nobody mentioned says nothing.
    fn switch(&self, id: &str, flag: &'static str, value: bool) -> Option<Given<bool>> {
        self.given(id, flag, Some(value))
    }

    /// `--tls` and `--no-tls` are one setting: the typed one wins over the environment, no over yes.
    fn tls(&self, tls: bool, no_tls: bool) -> Option<Given<bool>> {
        let typed = |given: &Given<bool>| matches!(given.source, Source::Flag(_));
        let on = self.switch("tls", "--tls", tls);
        let off = self.switch("no_tls", "--no-tls", no_tls).filter(|given| given.value);
        let off = off.map(|given| Given::new(false, given.source));
        match (on, off) {
            (Some(on), Some(off)) if typed(&on) && !typed(&off) => Some(on),
            (on, off) => off.or(on),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::ConnectArgs;

    fn shown(line: &[&str]) -> Result<Vec<String>, clap::Error> {
        let matches = ConnectArgs::augment_args(Command::new("t").no_binary_name(true)).try_get_matches_from(line)?;
        let args = ConnectArgs::from_arg_matches(&matches)?;
        Ok(args.settings.shown().into_iter().map(|(key, value, source)| format!("{key}={value} {source}")).collect())
    }

    #[test]
    fn every_flag_is_a_setting_with_its_source() {
        let line = "--transport ssh --auth basic --port 22 -u me --identity a --identity b --jump ssh://j --tls \
                    --insecure \
                    --trusted-hosts a,*.b --allow-unencrypted --connect-timeout 500ms --timeout 2h --host-keys \
                    accept-new";
        let line: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            shown(&line).unwrap(),
            [
                "transport=ssh --transport",
                "auth=basic --auth",
                "port=22 --port",
                "user=me --user",
                "identity=a, b --identity",
                "jump=ssh://j --jump",
                "host_keys=accept-new --host-keys",
                "connect_timeout=500ms --connect-timeout",
                "timeout=2h --timeout",
                "tls=true --tls",
                "insecure=true --insecure",
                "trusted_hosts=a,*.b --trusted-hosts",
                "allow_unencrypted=true --allow-unencrypted",
            ]
        );
    }

    #[test]
    fn what_nobody_typed_is_absent() {
        assert_eq!(shown(&[]).unwrap(), [""; 0]);
        assert_eq!(shown(&["--no-tls"]).unwrap(), ["tls=false --no-tls"]);
        assert_eq!(shown(&["--tls", "--no-tls"]).unwrap(), ["tls=false --no-tls"]);
        assert_eq!(shown(&["--no-tls", "--tls"]).unwrap(), ["tls=true --tls"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [["--port", "0"], ["--auth", "digest"], ["--timeout", "10"], ["--jump", "@"], ["--user", ""]] {
            assert!(shown(&line).is_err(), "{line:?}");
        }
    }
}
