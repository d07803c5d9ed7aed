//! What Ansible's variables say of how a host is reached, in our own keys.
//!
//! The names are those of the connection plugins psrp, winrm, ssh and local of ansible-core. A plugin reads its own names
//! before those that all of them share; those of the other plugins say nothing for this host.

use crate::config::{Connection, Node, Problem, Value};

use super::super::context::FileContext;
use super::super::model::Layer;
use super::super::owner::set_key;
use super::model::{Effective, Var};

/// Our keys, each with Ansible's names, the strongest first.
const KEYS: &[(&str, &[&str])] = &[
    ("address", &["ansible_psrp_host", "ansible_winrm_host", "ansible_ssh_host", "ansible_host"]),
    ("port", &["ansible_psrp_port", "ansible_winrm_port", "ansible_ssh_port", "ansible_port"]),
    ("user", &["ansible_psrp_user", "ansible_winrm_user", "ansible_ssh_user", "ansible_user"]),
    (
        "password",
        &[
            "ansible_psrp_password",
            "ansible_winrm_password",
            "ansible_winrm_pass",
            "ansible_ssh_password",
            "ansible_ssh_pass",
            "ansible_password",
        ],
    ),
    ("auth", &["ansible_psrp_auth", "ansible_winrm_transport"]),
    ("certificate", &["ansible_psrp_certificate_pem", "ansible_winrm_cert_pem"]),
    ("certificate_key", &["ansible_psrp_certificate_key_pem", "ansible_winrm_cert_key_pem"]),
    ("tls", &["ansible_psrp_protocol", "ansible_winrm_scheme"]),
    ("insecure", &["ansible_psrp_cert_validation", "ansible_winrm_server_cert_validation"]),
    ("ca", &["ansible_psrp_ca_cert", "ansible_psrp_cert_trust_path", "ansible_winrm_ca_trust_path"]),
    ("url_path", &["ansible_psrp_path", "ansible_winrm_path"]),
    ("configuration_name", &["ansible_psrp_configuration_name"]),
    ("connect_timeout", &["ansible_psrp_connection_timeout", "ansible_winrm_connection_timeout"]),
    ("identity", &["ansible_ssh_private_key_file", "ansible_private_key_file"]),
];

/// How the host is reached.
const CONNECTION: &str = "ansible_connection";

/// What only matters to modules that Ansible runs, or to how it waits: nobody misses it here.
const WITHOUT_MEANING: &[&str] = &[
    "ansible_group_priority",
    "ansible_shell_type",
    "ansible_shell_executable",
    "ansible_psrp_read_timeout",
    "ansible_psrp_operation_timeout",
    "ansible_psrp_reconnection_retries",
    "ansible_psrp_reconnection_backoff",
    "ansible_psrp_max_envelope_size",
    "ansible_winrm_read_timeout_sec",
    "ansible_winrm_operation_timeout_sec",
];

/// Variables of Ansible that say nothing here, with their names.
pub(super) struct Unused<'a>(pub Vec<(&'a str, &'a Var)>);

/// Whether a name is one of Ansible's own, and so no variable of the host.
pub(super) fn is_setting(name: &str) -> bool {
    name.starts_with("ansible_")
}

/// Whether a value holds a template, which would have to be evaluated.
pub(super) fn is_template(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.contains("{{") || text.contains("{%"),
        Value::List(items) => items.iter().any(is_template),
        Value::Table(entries) => entries.iter().any(|entry| is_template(&entry.node)),
        _ => false,
    }
}

/// Whether a value is, or holds, something encrypted.
pub(super) fn is_encrypted(node: &Node) -> bool {
    match &node.value {
        Value::Vault => true,
        Value::List(items) => items.iter().any(is_encrypted),
        Value::Table(entries) => entries.iter().any(|entry| is_encrypted(&entry.node)),
        _ => false,
    }
}

/// A connection plugin of Ansible that we have the like of.
#[derive(Clone, Copy, PartialEq)]
enum Plugin {
    Psrp,
    Winrm,
    Ssh,
    Local,
}

impl Plugin {
    fn of(name: &str) -> Option<Self> {
        Some(match name.rsplit('.').next().unwrap_or_default() {
            "psrp" => Self::Psrp,
            "winrm" => Self::Winrm,
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" | "libssh" => Self::Ssh,
            "local" => Self::Local,
            _ => return None,
        })
    }

    fn transport(self) -> &'static str {
        match self {
            Self::Psrp | Self::Winrm => "winrm",
            Self::Ssh => "ssh",
            Self::Local => "local",
        }
    }

    /// Whether this plugin reads a name; where no plugin is named, all of them are asked.
    fn reads(plugin: Option<Self>, name: &str) -> bool {
        let of = |prefix: &str| name.starts_with(prefix);
        let Some(plugin) = plugin else { return true };
        match name {
            _ if of("ansible_psrp_") => plugin == Self::Psrp,
            _ if of("ansible_winrm_") => plugin == Self::Winrm,
            _ if of("ansible_ssh_") || name == "ansible_private_key_file" => plugin == Self::Ssh,
            _ => true,
        }
    }
}

/// Fills a host's layer with what its variables say of the connection. A value that cannot be used is a problem of the
/// hosts that would use it, unless something stronger says the same.
pub(super) fn connect<'a>(effective: &Effective<'a>, layer: &mut Layer, problems: &mut Vec<Problem>) -> Unused<'a> {
    let named = effective.get(CONNECTION).copied();
    let plugin = named.and_then(|var| var.node.as_text()).and_then(|name| Plugin::of(&name));
    if let Some(var) = named {
        match plugin {
            Some(plugin) => set(layer, "transport", CONNECTION, var, Ok(text(&var.node, plugin.transport())), problems),
            None => set(layer, "transport", CONNECTION, var, Err(no_plugin(&var.node)), problems),
        }
    }
    for (key, names) in KEYS {
        let found = names.iter().find_map(|&name| {
            let var = effective.get(name).copied().filter(|_| Plugin::reads(plugin, name))?;
            Some((name, var))
        });
        if let Some((name, var)) = found {
            set(layer, key, name, var, converted(key, &var.node), problems);
        }
    }
    if let Some(var) = named.filter(|_| matches!(plugin, Some(Plugin::Psrp | Plugin::Winrm))) {
        // Both plugins use HTTPS unless the port is that of HTTP.
        let is_http = layer.connection.port.as_ref().is_some_and(|given| given.value == 5985);
        if layer.connection.tls.is_none() && !layer.refused.contains_key("tls") {
            let tls = Node { at: var.node.at, value: Value::Bool(!is_http), written: None };
            set(layer, "tls", CONNECTION, var, Ok(tls), problems);
        }
    }
    let known = |name: &str| {
        name == CONNECTION
            || WITHOUT_MEANING.contains(&name)
            || name.ends_with("_interpreter")
            || name.starts_with("ansible_become")
            || KEYS.iter().any(|(_, names)| names.contains(&name))
    };
    let unused = effective.iter().filter(|(name, _)| is_setting(name) && !known(name) && Plugin::reads(plugin, name));
    Unused(unused.map(|(name, var)| (*name, *var)).collect())
}

/// Sets one of our keys, or notes why its value is not usable.
fn set(
    layer: &mut Layer,
    key: &'static str,
    name: &str,
    var: &Var,
    node: Result<Node, Refusal>,
    problems: &mut Vec<Problem>,
) {
    let at = |(what, hint): Refusal| {
        let problem = Problem::at(&var.context.file, var.node.at, name, what);
        Problem { hint, ..problem }
    };
    let node = match node {
        Ok(_) if is_encrypted(&var.node) => Err(encrypted(key)),
        Ok(_) if is_template(&var.node) => Err(template(key)),
        Ok(_) if key == "password" && !var.context.private => Err(exposed(&var.context)),
        other => other,
    };
    match node.map(|node| set_key(&mut layer.connection, key, &node, &var.context, &var.source)) {
        Ok(Some(Ok(()))) => {}
        // What this file may not hold, or nobody could understand, is a mistake of the file.
        Ok(Some(Err(refusal))) if key != "auth" && key != "password" => {
            let problem = at(refusal);
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        Ok(Some(Err(refusal))) | Err(refusal) => drop(layer.refused.insert(key, at(refusal))),
        Ok(None) => {}
    }
}

/// What is wrong, and what to do.
type Refusal = (String, Option<String>);

fn no_plugin(node: &Node) -> Refusal {
    let what = match node.as_text() {
        _ if is_encrypted(node) => return encrypted("transport"),
        _ if is_template(node) => return template("transport"),
        Some(name) => format!("hosts are not reached by '{name}' here; psrp, winrm, ssh and local are"),
        None => format!("expected the name of a connection plugin, found {}", node.kind()),
    };
    (what, Some("leave these hosts out (-x), or say how to reach them with --transport".to_owned()))
}

fn template(key: &str) -> Refusal {
    unreadable("a template ({{ }}) is not evaluated here, and this decides how the host is reached", key)
}

fn encrypted(key: &str) -> Refusal {
    unreadable("encrypted by ansible-vault, which is not opened here, and this decides how the host is reached", key)
}

fn unreadable(what: &str, key: &str) -> Refusal {
    let hint = match key {
        "password" => "give the password with --ask-pass, --password-from or PSFLEET_PASSWORD".to_owned(),
        "address" | "url_path" => "write the value itself".to_owned(),
        _ => format!("write the value itself, or give --{}", key.replace('_', "-")),
    };
    (what.to_owned(), Some(hint))
}

fn exposed(context: &FileContext) -> Refusal {
    let hint = format!(
        "chmod 600 {}, or give the password with --ask-pass, --password-from or PSFLEET_PASSWORD",
        context.file.display()
    );
    ("a password is in a file that others can read".to_owned(), Some(hint))
}

fn text(node: &Node, text: &str) -> Node {
    Node { at: node.at, ..Node::text(text) }
}

/// A value of Ansible in the words of our own key.
fn converted(key: &str, node: &Node) -> Result<Node, Refusal> {
    let word = node.as_text().unwrap_or_default().to_ascii_lowercase();
    let is_on = |on: bool| Ok(Node { at: node.at, value: Value::Bool(on), written: None });
    let wrong = |expected: &str| Err((format!("'{word}' is not {expected}"), None));
    match (key, &*word) {
        _ if is_template(node) || is_encrypted(node) => Ok(node.clone()),
        ("tls", "https") => is_on(true),
        ("tls", "http") => is_on(false),
        ("tls", _) => wrong("http or https"),
        ("insecure", "ignore") => is_on(true),
        ("insecure", "validate") => is_on(false),
        ("insecure", _) => wrong("validate or ignore"),
        ("auth", _) => Ok(mechanism(node)),
        ("connect_timeout", seconds) if seconds.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(text(node, &format!("{seconds}s")))
        }
        _ => Ok(node.clone()),
    }
}

/// The first of Ansible's mechanisms that we have; the first of all if there is none.
fn mechanism(node: &Node) -> Node {
    let words: Vec<String> = match &node.value {
        Value::List(items) => items.iter().filter_map(Node::as_text).collect(),
        _ => node.as_text().unwrap_or_default().split(',').map(|word| word.trim().to_owned()).collect(),
    };
    let ours = |word: &String| match &*word.to_ascii_lowercase() {
        "plaintext" | "ssl" => text(node, "basic"),
        word => text(node, word),
    };
    let is_known = |node: &Node| {
        let mut trial = Connection::default();
        matches!(trial.set("auth", node, &crate::config::Source::BuiltIn), Some(Ok(())))
    };
    let mut candidates = words.iter().map(ours);
    let first = candidates.next();
    let known = first.iter().cloned().chain(candidates).find(is_known);
    known.or(first).unwrap_or_else(|| text(node, ""))
}
