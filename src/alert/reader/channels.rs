//! `[channels.NAME]`.

use std::collections::BTreeSet;
use std::time::Duration;

use url::Url;

use super::super::channel::{Channel, ChannelKind, MailSettings, MailTls, Shape, WebhookUrl};
use super::super::rules::Rules;
use super::table::{Reader, Table};
use crate::config::SecretSource;
use crate::secret::Secret;

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
enum Kind {
    Webhook,
    Mail,
    Command,
}

/// Reads the channels. The names of all of them, those with mistakes too.
pub(super) fn read(reader: &mut Reader<'_>, table: &mut Table, rules: &mut Rules) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(mut channels) = reader.inner(table, "channels") else { return names };
    let path = channels.path.clone();
    for entry in channels.take_all() {
        names.insert(entry.key.clone());
        let Some(mut table) = reader.table(&entry.node, &format!("{path} > {}", entry.key)) else { continue };
        let timeout = reader.duration(&mut table, "timeout").unwrap_or(TIMEOUT);
        if let Some(kind) = kind(reader, table) {
            rules.channels.insert(entry.key, Channel { kind, timeout });
        }
    }
    names
}

fn kind(reader: &mut Reader<'_>, mut table: Table) -> Option<ChannelKind> {
    let is_there = table.has("kind");
    let words = [("webhook", Kind::Webhook), ("mail", Kind::Mail), ("command", Kind::Command)];
    let kind = reader.word(&mut table, "kind", &words);
    match reader.needed(&table, "kind", kind, is_there)? {
        Kind::Webhook => webhook(reader, table),
        Kind::Mail => mail(reader, table),
        Kind::Command => command(reader, table),
    }
}

fn webhook(reader: &mut Reader<'_>, mut table: Table) -> Option<ChannelKind> {
    let shapes = [("json", Shape::Json), ("slack", Shape::Slack), ("teams", Shape::Teams)];
    let shape = reader.word(&mut table, "shape", &shapes).unwrap_or(Shape::Json);
    let has_both = table.has("url") && table.has("url_from");
    let has_one = table.has("url") || table.has("url_from");
    let plain = reader.read(&mut table, "url", web_address).map(WebhookUrl::Plain);
    let from = reader.read(&mut table, "url_from", SecretSource::parse).map(WebhookUrl::From);
    if has_both {
        reader.problem(table.at, &table.path, "'url' and 'url_from' exclude each other", None);
    }
    let hint = "url_from = \"env:NAME\" keeps an address that holds a token out of the file";
    if !has_one {
        reader.problem(table.at, &table.path, "'url' is missing", Some(hint.to_owned()));
    }
    reader.finish(table, &["kind", "shape", "url", "url_from", "timeout"]);
    Some(ChannelKind::Webhook { url: plain.or(from)?, shape })
}

/// An address that may be posted to. It is not repeated: it may hold a token.
fn web_address(text: &str) -> Result<Secret<String>, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(Secret::new(text.to_owned())),
        _ => Err("this is not an address of the web; it begins with https:// or http://".to_owned()),
    }
}

fn mail(reader: &mut Reader<'_>, mut table: Table) -> Option<ChannelKind> {
    let server = reader.needed_text(&mut table, "server");
    let words = [("starttls", MailTls::StartTls), ("tls", MailTls::Tls), ("none", MailTls::Off)];
    let tls = reader.word(&mut table, "tls", &words).unwrap_or(MailTls::StartTls);
    let usual = match tls {
        MailTls::StartTls => 587,
        MailTls::Tls => 465,
        MailTls::Off => 25,
    };
    let port = reader.count(&mut table, "port").unwrap_or(usual);
    let (from_at, to_is_there) = (table.place("from"), table.has("to"));
    let from = reader.needed_text(&mut table, "from");
    let to = reader.texts(&mut table, "to");
    let path = table.path.clone();
    for (at, address) in from.iter().map(|from| (from_at, from.clone())).chain(to.iter().cloned()) {
        if !is_address(&address) {
            let hint = Some("write a plain address such as ops@contoso.com".to_owned());
            reader.problem(at, &path, format!("'{}' is not a mail address", address.escape_debug()), hint);
        }
    }
    let to = Some(to).filter(|to| !to.is_empty());
    let to = reader.needed(&table, "to", to, to_is_there);
    let user = reader.text(&mut table, "user");
    let password = reader.read(&mut table, "password_from", SecretSource::parse);
    if user.is_some() && password.is_none() {
        let hint = Some("where the password is: env:NAME, file:NAME, command:PROGRAM, ...".to_owned());
        reader.problem(table.at, &table.path, "'user' needs 'password_from'", hint);
    }
    reader.finish(table, &["kind", "server", "port", "tls", "from", "to", "user", "password_from", "timeout"]);
    let to = to?.into_iter().map(|(_, address)| address).collect();
    let logon = user.zip(password);
    Some(ChannelKind::Mail(MailSettings { server: server?, port, tls, from: from?, to, logon }))
}

/// A plain address: nothing in it can be more than an address.
fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let is_name = |character: char| character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(character);
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    let is_dotted = !name.starts_with('.') && !name.ends_with('.') && !name.contains("..");
    !name.is_empty() && name.len() <= 64 && is_dotted && name.chars().all(is_name) && domain.split('.').all(is_label)
}

fn command(reader: &mut Reader<'_>, mut table: Table) -> Option<ChannelKind> {
    let is_there = table.has("command");
    let words: Vec<String> = reader.texts(&mut table, "command").into_iter().map(|(_, word)| word).collect();
    let words = reader.needed(&table, "command", Some(words).filter(|words| !words.is_empty()), is_there);
    reader.finish(table, &["kind", "command", "timeout"]);
    words.map(ChannelKind::Command)
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_are_plain() {
        for text in ["ops@contoso.com", "a.b+c@x", "o'neil@sub.contoso.com", "ops@bücher.example"] {
            assert!(is_address(text), "{text}");
        }
        for text in
            ["ops", "@x", "ops@", "a@b@c", "a b@c", "a@b..c", "Ops <ops@x>", "a@x\nBcc: b@y", ".a@x", "a,b@x", "a@x y"]
        {
            assert!(!is_address(text), "{text}");
        }
    }
}
