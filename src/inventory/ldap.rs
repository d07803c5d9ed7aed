//! The `[ldap]` table of an inventory: which directory is asked for which computers, and as whom.

use std::path::Path;
use std::time::Duration;

use url::{Host, Url};

use super::context::FileContext;
use super::expression::is_host_name;
use super::password::{asked, of_variable};
use super::request::PASSWORD_VARIABLE;
use crate::config::{Entry, Node, Place, Problem, System, Value, parse_duration};
use crate::directory::{Computer, Encryption, Found, Query};
use crate::hostlist::fold;
use crate::nearest::did_you_mean;
use crate::secret::Secret;

/// How long a directory may take for an answer, unless the table says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the table can say.
const KEYS: [&str; 14] = [
    "url",
    "start_tls",
    "ca",
    "insecure",
    "base",
    "filter",
    "enabled_only",
    "last_logon",
    "user",
    "password",
    "password_env",
    "anonymous",
    "timeout",
    "cache",
];

/// What is said to who would log on otherwise. The library's own Kerberos is linked when psfleet is built, so that it would
/// not start where no Kerberos is installed.
const BY_PASSWORD: &str = "a directory is asked with user and password, or as nobody (anonymous = true): it takes no Kerberos \
     tickets from psfleet";

/// Reads the table.
pub(super) struct Ldap<'a> {
    pub context: &'a FileContext,
    pub around: &'a mut dyn System,
    /// As whom the run logs on, if that was said for all of it.
    pub user: Option<&'a str>,
}

impl Ldap<'_> {
    /// The question of the table.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(super) fn query(&mut self, table: &Entry) -> Result<Query, Vec<Problem>> {
        let Value::Table(entries) = &table.node.value else {
            let what = format!("expected a table (names with values), found {}", table.node.kind());
            return Err(vec![self.problem(table.at, "", what)]);
        };
        let mut problems = Vec::new();
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let hint = match entry.key.as_str() {
                "auth" | "kerberos" | "ccache" | "keytab" | "spn" => Some(BY_PASSWORD.to_owned()),
                key => did_you_mean(key, KEYS),
            };
            problems.push(Problem { hint, ..self.problem(entry.at, "", format!("unknown key '{}'", entry.key)) });
        }
        let mut read = Read { ldap: self, entries, problems };
        let url = read.text("url");
        let server = match &url {
            Some(url) => read.server(url),
            None => {
                read.fail("url", table.at, "url says which directory: url = \"ldaps://dc1.contoso.com\"".to_owned())
            }
        };
        let start_tls = read.switch("start_tls").unwrap_or(false);
        let ca = read.text("ca");
        let insecure = read.switch("insecure").unwrap_or(false);
        let base = read.text("base");
        let filter = read.text("filter");
        let enabled_only = read.switch("enabled_only").unwrap_or(true);
        let last_logon = read.days("last_logon");
        let timeout = read.days("timeout").unwrap_or(TIMEOUT);
        let cache = read.days("cache");
        let anonymous = read.switch("anonymous").unwrap_or(false);
        let user = read.text("user");
        let inline = read.password();
        let variable = read.text("password_env");
        let mut problems = read.problems;
        let (Some((server, port, tls)), true) = (server, problems.is_empty()) else { return Err(problems) };
        let encryption = match (tls, start_tls) {
            (true, _) => Encryption::Tls,
            (false, true) => Encryption::StartTls,
            (false, false) => Encryption::None,
        };
        let user = user.or_else(|| self.user.map(str::to_owned)).filter(|_| !anonymous);
        let folder = self.context.file.parent().unwrap_or(Path::new(""));
        let query = Query {
            server,
            port,
            encryption,
            ca: ca.map(|ca| folder.join(ca)),
            insecure,
            base,
            filter,
            enabled_only,
            last_logon,
            user,
            password: None,
            timeout,
            cache,
        };
        if anonymous {
            return Ok(query);
        }
        match self.secret(&query, inline, variable.as_deref()) {
            Ok(password) => Ok(Query { password: Some(password), ..query }),
            Err((what, hint)) => {
                problems.push(self.problem(table.at, "", what).with_hint(hint));
                Err(problems)
            }
        }
    }

    /// The password of whom the directory is asked as.
    fn secret(
        &mut self,
        query: &Query,
        inline: Option<Secret<String>>,
        variable: Option<&str>,
    ) -> Result<Secret<String>, (String, &'static str)> {
        let Some(user) = &query.user else {
            let hint = "name one with user here or --user, or say anonymous = true";
            return Err(("a directory is asked as a user, and none is named".to_owned(), hint));
        };
        if let Some(secret) = inline {
            return Ok(secret);
        }
        if let Some(name) = variable {
            let hint = "it holds the password of the directory's user";
            return of_variable(name, self.around).map_err(|what| (what, hint));
        }
        // The password of the run is that of its user, and of nobody else.
        let hint = "name the variable that holds it with password_env";
        if self.user == Some(user.as_str()) && self.around.env(PASSWORD_VARIABLE).is_some() {
            return of_variable(PASSWORD_VARIABLE, self.around).map_err(|what| (what, hint));
        }
        if !self.around.can_ask() {
            return Err((format!("no password for '{user}', and there is nobody to ask"), hint));
        }
        let asked = asked(&format!("Password for {user} ({}): ", query.url()), self.around);
        asked.map_err(|what| (format!("no password for '{user}': {what}"), hint))
    }

    fn problem(&self, at: Place, key: &str, what: String) -> Problem {
        let path = if key.is_empty() { "ldap".to_owned() } else { format!("ldap > {key}") };
        Problem::at(&self.context.file, at, path, what)
    }
}

/// The values of the table, each with its mistakes.
struct Read<'r, 'a> {
    ldap: &'r Ldap<'a>,
    entries: &'r [Entry],
    problems: Vec<Problem>,
}

impl<'r> Read<'r, '_> {
    fn node(&self, key: &str) -> Option<&'r Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    fn fail<T>(&mut self, key: &str, at: Place, what: String) -> Option<T> {
        self.problems.push(self.ldap.problem(at, key, what));
        None
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let node = self.node(key)?;
        match node.as_text().filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(text),
            None => self.fail(key, node.at, format!("expected text, found {}", node.kind())),
        }
    }

    fn switch(&mut self, key: &str) -> Option<bool> {
        let node = self.node(key)?;
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.fail(key, node.at, format!("expected true or false, found {}", node.kind())),
        }
    }

    /// A duration, which may be one of days.
    fn days(&mut self, key: &str) -> Option<Duration> {
        const DAY: u64 = 24 * 60 * 60;
        let text = self.text(key)?;
        let at = self.node(key).map_or(Place::NONE, |node| node.at);
        if let Some(days) = text.strip_suffix('d').and_then(|days| days.trim().parse::<u32>().ok()) {
            return Some(Duration::from_secs(u64::from(days) * DAY));
        }
        match parse_duration(&text) {
            Ok(duration) => Some(duration),
            Err(_) => self.fail(key, at, format!("'{text}' is not a duration; write 90d, 12h, 10m or 30s")),
        }
    }

    fn password(&mut self) -> Option<Secret<String>> {
        let node = self.node("password")?;
        if !self.ldap.context.private {
            let what = "a password stands in a file that others can read".to_owned();
            return self.fail("password", node.at, what);
        }
        self.text("password").map(Secret::new)
    }

    /// Server, port, and whether TLS is spoken from the first byte.
    fn server(&mut self, url: &str) -> Option<(String, u16, bool)> {
        let at = self.node("url").map_or(Place::NONE, |node| node.at);
        let parsed = Url::parse(url).ok();
        let tls = match parsed.as_ref().map(Url::scheme) {
            Some("ldaps") => true,
            Some("ldap") => false,
            _ => {
                return self.fail(
                    "url",
                    at,
                    format!("'{url}' is not a URL of a directory, such as ldaps://dc1.contoso.com"),
                );
            }
        };
        let (host, port) = parsed.as_ref().map(|url| (url.host(), url.port())).unwrap_or_default();
        let server = match host {
            Some(Host::Domain(name)) if is_host_name(name) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return self.fail("url", at, format!("'{url}' names no server")),
        };
        let rest = parsed.is_some_and(|url| !url.path().trim_matches('/').is_empty() || url.query().is_some());
        if rest {
            let what = "the URL names the server alone; what is searched stands in base and filter".to_owned();
            return self.fail("url", at, what);
        }
        Some((server, port.unwrap_or(if tls { 636 } else { 389 }), tls))
    }
}

/// The hosts of an answer as a tree of ours, and a warning of entries that cannot be hosts.
pub(super) fn hosts_of(found: &Found, at: Place) -> (Node, Option<String>) {
    let (hosts, others): (Vec<&Computer>, Vec<&Computer>) = found.computers.iter().partition(|computer| {
        let address = computer.dns_name.as_deref();
        is_host_name(&computer.name) && address.is_none_or(is_host_name)
    });
    let node = |value: Value| Node { at, value, written: None };
    let text = |text: &str| node(Value::Text(text.to_owned()));
    let entry = |key: &str, node: Node| Entry { at, key: key.to_owned(), node };
    let mut entries: Vec<Entry> = Vec::with_capacity(hosts.len());
    let mut names = std::collections::HashSet::new();
    for computer in hosts {
        // Two domains may have a computer of one name each.
        let is_first = names.insert(computer.name.to_lowercase());
        let name = match &computer.dns_name {
            Some(dns_name) if !is_first => dns_name,
            _ => &computer.name,
        };
        let mut settings = Vec::new();
        if let Some(dns_name) = &computer.dns_name {
            settings.push(entry("address", text(dns_name)));
        }
        let labels = computer.labels.iter().map(|(key, value)| entry(key, text(value)));
        settings.push(entry("labels", node(Value::Table(labels.collect()))));
        settings.push(entry("vars", node(Value::Table(vec![entry("dn", text(&computer.dn))]))));
        entries.push(entry(name, node(Value::Table(settings))));
    }
    let left_out = (!others.is_empty()).then(|| {
        let names: Vec<String> =
            others.iter().take(5).map(|computer| computer.name.escape_debug().take(64).collect()).collect();
        let rest = if others.len() > names.len() { ", …" } else { "" };
        let names = fold(names.iter().map(String::as_str));
        format!("{} entries are left out, whose names no host can have: {names}{rest}", others.len())
    });
    (node(Value::Table(vec![entry("hosts", node(Value::Table(entries)))])), left_out)
}
