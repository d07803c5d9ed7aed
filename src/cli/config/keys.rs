//! The keys of configuration files as people are told of them: meaning, default, an example.

use clap::{Arg, Command};

use crate::cli::defaults::RUN_KEYS;
use crate::cli::typed::takes_value;
use crate::config::Connection;

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it says, in a sentence without its default.
    pub meaning: String,
    /// What holds where nobody sets it, in words.
    pub default: Option<String>,
    /// A file may set it though others could have written it.
    pub is_harmless: bool,
    /// A value as a file writes it: the default where that is one.
    pub example: String,
}

/// Values for keys whose default is none that a file could hold.
const EXAMPLES: [(&str, &str); 36] = [
    ("inventory", r#"["fleet.toml"]"#),
    ("address", r#""10.0.0.7""#),
    ("transport", r#""winrm""#),
    ("auth", r#""negotiate""#),
    ("port", "5986"),
    ("user", r"'CONTOSO\svc'"),
    ("password_env", r#""CONTOSO_PASSWORD""#),
    ("password_from", r#""file:svc""#),
    ("certificate", r#""svc.pfx""#),
    ("certificate_key", r#""svc.key""#),
    ("ccache", r#""FILE:/run/user/1000/krb5cc""#),
    ("keytab", r#""svc.keytab""#),
    ("spn", r#""WSMAN""#),
    ("ntlm", r#""refuse""#),
    ("identity", r#"["~/.ssh/id_ed25519"]"#),
    ("identities_only", "true"),
    ("identity_agent", r#""SSH_AUTH_SOCK""#),
    ("jump", r#"["ssh://bastion.contoso.com"]"#),
    ("known_hosts", r#"["~/.ssh/known_hosts"]"#),
    ("host_key_alias", r#""web01""#),
    ("subsystem", r#""powershell""#),
    ("exec", r#""pwsh -sshs -NoLogo""#),
    ("url_path", r#""/wsman""#),
    ("pwsh", r#""/usr/bin/pwsh""#),
    ("tls", "true"),
    ("ca", r#""ca.pem""#),
    (
        "tls_pin",
        r#"["5E:88:48:98:DA:28:04:71:51:D0:E5:6F:8D:C6:29:27:73:60:3D:0D:6A:AB:BD:D6:2A:11:EF:72:1D:15:42:D8"]"#,
    ),
    ("trusted_hosts", r#"["*.contoso.com"]"#),
    ("untrusted", r#""refuse""#),
    ("connect_throttle", "128"),
    ("max_sessions", "200"),
    ("deadline", r#""2h""#),
    ("ramp", r#""1,5,20%""#),
    ("max_fail", r#""5%""#),
    ("max_unreachable", r#""10%""#),
    ("log_file", r#""psfleet.log""#),
];

/// All keys, in the order in which files best have them.
pub(super) fn keys(cli: &Command) -> Vec<Key> {
    let run = cli.find_subcommand("run");
    let flag = |name: &str| {
        let long = name.replace('_', "-");
        run.and_then(|run| run.get_arguments().find(|arg| arg.get_long() == Some(&long)))
    };
    let connection = Connection::KEYS.iter().zip(Connection::MEANINGS).filter(|(name, _)| **name != "password");
    let connection = connection.map(|(name, meaning)| (*name, *meaning, Connection::HARMLESS.contains(name)));
    let others = RUN_KEYS.iter().map(|key| (key.name, "", key.is_harmless));
    let all = std::iter::once(("inventory", "", false)).chain(connection).chain(others);
    all.map(|(name, meaning, is_harmless)| key(name, meaning, is_harmless, flag(name))).collect()
}

/// A key with what is known of its flag, if it has one.
fn key(name: &'static str, meaning: &str, is_harmless: bool, flag: Option<&Arg>) -> Key {
    let help = flag.and_then(|flag| flag.get_help()).map(|help| help.to_string().replace('\n', " "));
    let help = help.unwrap_or_else(|| meaning.trim().trim_end_matches('.').to_owned());
    let (meaning, in_words) = match help.split_once(" [default: ") {
        Some((meaning, default)) => (meaning.to_owned(), Some(default.trim_end_matches(']').to_owned())),
        None => (help, None),
    };
    let values = flag.map(|flag| flag.get_default_values()).unwrap_or_default();
    let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
    let default = match (in_words, values.is_empty()) {
        (Some(default), _) => Some(default),
        (None, false) => Some(values.join(",")),
        // A switch that nobody gives.
        (None, true) => flag.filter(|flag| !takes_value(flag)).map(|_| "false".to_owned()),
    };
    let example = EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let example = example.or_else(|| default.as_deref().map(written)).unwrap_or_default();
    Key { name, meaning, default, is_harmless, example }
}

/// A value as TOML.
fn written(value: &str) -> String {
    if value.parse::<u64>().is_ok() || matches!(value, "true" | "false") {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}
