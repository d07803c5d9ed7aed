//! Mail: a subject, a text and a page.

use url::Url;

use super::super::channel::MailSettings;
use super::super::notice::{Change, Notice};
use super::super::observation::{clean_line, cut};
use super::digest::{Digest, Line};
use crate::check::State;

/// The most characters of a subject: many programs show no more.
const LONGEST_SUBJECT: usize = 150;
/// The most lines of a mail.
const MOST_LINES: usize = 200;

/// A mail, ready to be put into an envelope. All of it is text without control characters but line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The sender's address.
    pub from: String,
    /// The receivers' addresses.
    pub to: Vec<String>,
    /// The subject: check and host by name, never a text that a host has sent.
    pub subject: String,
    /// The identity of the mail, without angle brackets: the same with each repetition.
    pub message_id: String,
    /// The identity that all mails of a group refer to, so that they stand together.
    pub thread_id: String,
    /// The plain text.
    pub text: String,
    /// The same as a page, without anything that is loaded from elsewhere.
    pub html: String,
}

/// A notice as a mail.
pub fn mail(notice: &Notice, settings: &MailSettings) -> Mail {
    let digest = Digest::of(notice);
    let domain = settings.from.rsplit('@').next().unwrap_or("localhost");
    Mail {
        from: settings.from.clone(),
        to: settings.to.clone(),
        subject: cut(&clean_line(&digest.headline), LONGEST_SUBJECT),
        message_id: format!("{}@{domain}", notice.id),
        thread_id: format!("{}@{domain}", thread(notice)),
        text: text(notice, &digest),
        html: html(notice, &digest),
    }
}

/// A name of the group that may stand in a message's identity.
fn thread(notice: &Notice) -> String {
    let group = std::iter::once(&notice.route).chain(notice.group.iter().flat_map(|(key, value)| [key, value]));
    let bytes = group.flat_map(|part| part.bytes().chain([0]));
    // FNV-1a: the same after a restart and in another version.
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let origin = notice.id.rsplit_once('-').map_or(notice.id.as_str(), |(origin, _)| origin);
    format!("{origin}.group.{hash:016x}")
}

fn left_out(digest: &Digest) -> Option<String> {
    let count = digest.lines.len().checked_sub(MOST_LINES).filter(|count| *count > 0)?;
    Some(format!("{count} more lines are left out."))
}

fn text(notice: &Notice, digest: &Digest) -> String {
    let mut text = format!("{}\n\n", digest.headline);
    for line in digest.lines.iter().take(MOST_LINES) {
        text += &line.title();
        text.push('\n');
        line.text.lines().for_each(|part| text += &format!("    {part}\n"));
        details(line).iter().for_each(|(name, value)| text += &format!("    {name}: {value}\n"));
        text.push('\n');
    }
    left_out(digest).iter().for_each(|sentence| text += &format!("{sentence}\n"));
    text + &format!("{}\nNotice {} of {}\n", digest.footer, notice.id, notice.at)
}

fn details(line: &Line) -> Vec<(&'static str, String)> {
    let since = ("Since", line.since.strftime("%F %H:%M:%S UTC").to_string());
    let owner = line.owner.clone().map(|owner| ("Owner", owner));
    let runbook = line.runbook.clone().map(|runbook| ("Runbook", runbook));
    [Some(since), owner, runbook].into_iter().flatten().collect()
}

fn html(notice: &Notice, digest: &Digest) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title></head>\n\
         <body style=\"font-family: sans-serif\">\n<h2 style=\"font-size: 1.2em\">{0}</h2>\n",
        escaped(&digest.headline)
    );
    for line in digest.lines.iter().take(MOST_LINES) {
        let color = color(line);
        page += &format!(
            "<div style=\"margin: 0 0 1em 0; padding-left: 0.7em; border-left: 4px solid {color}\">\n<b>{}</b><br>\n",
            escaped(&line.title())
        );
        line.text.lines().for_each(|part| page += &format!("{}<br>\n", escaped(part)));
        for (name, value) in details(line) {
            let value = if name == "Runbook" { link(&value) } else { escaped(&value) };
            page += &format!("<small>{name}: {value}</small><br>\n");
        }
        page += "</div>\n";
    }
    left_out(digest).iter().for_each(|sentence| page += &format!("<p>{sentence}</p>\n"));
    let (id, at) = (escaped(&notice.id), notice.at);
    page + &format!("<p>{}<br><small>Notice {id} of {at}</small></p>\n</body></html>\n", escaped(&digest.footer))
}

fn color(line: &Line) -> &'static str {
    match (line.change, line.state) {
        (Change::Resolved, _) | (_, State::Ok) => "#2e7d32",
        (_, State::Warning) => "#b26a00",
        (_, State::Unknown) => "#6a1b9a",
        (_, State::Critical) => "#c62828",
    }
}

/// A link if it is an address of the web, else the text.
fn link(runbook: &str) -> String {
    match Url::parse(runbook) {
        Ok(url) if matches!(url.scheme(), "https" | "http") => {
            let url = escaped(url.as_str());
            format!("<a href=\"{url}\">{url}</a>")
        }
        _ => escaped(runbook),
    }
}

fn escaped(text: &str) -> String {
    let escape = |character| match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}
