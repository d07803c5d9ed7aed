//! `[uri]`, and texts for the web.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::super::convert::text;
use super::super::eval::Evaluator;
use super::super::value::{Obj, Schema, Val};
use super::numbers::try_parse;
use super::{Fault, Outcome, arg_text, thrown};
use crate::output::URI;

/// What stays as it is in `EscapeDataString` besides letters and digits (RFC 3986).
const DATA: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What stays in `EscapeUriString`.
const WHOLE: &AsciiSet = &DATA
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#')
    .remove(b'[')
    .remove(b']')
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
/// What stays in .NET's `UrlEncode`; blanks become `+`.
const FORM: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'!').remove(b'*').remove(b'(').remove(b')');

/// `Uri` of a text that stands for a whole address.
fn of_url(url: &Url, original: &str) -> Val {
    let host = url.host_str().unwrap_or("").to_owned();
    let port = url.port_or_known_default();
    let path = url.path();
    let query = url.query().filter(|query| !query.is_empty()).map_or_else(String::new, |query| format!("?{query}"));
    let fragment = url.fragment().map_or_else(String::new, |fragment| format!("#{fragment}"));
    let user = match url.password() {
        Some(password) => format!("{}:{password}", url.username()),
        None => url.username().to_owned(),
    };
    let kind = match url.host() {
        Some(url::Host::Ipv4(_)) => ("IPv4", 3),
        Some(url::Host::Ipv6(_)) => ("IPv6", 4),
        Some(url::Host::Domain(name)) if !name.is_empty() => ("Dns", 2),
        _ => ("Basic", 1),
    };
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.clone(),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let is_file = url.scheme() == "file";
    let local = match (is_file, decoded(path)) {
        (true, local) if !host.is_empty() => format!("\\\\{host}{}", local.replace('/', "\\")),
        (true, local) if local.get(2..3) == Some(":") => local[1..].replace('/', "\\"),
        (_, local) => local,
    };
    let mut segments: Vec<Val> = path.split_inclusive('/').map(Val::str).collect();
    if segments.is_empty() {
        segments.push(Val::str(""));
    }
    let values = vec![
        Val::str(path),
        Val::str(url.as_str()),
        Val::str(local),
        Val::str(authority),
        Val::of_enum("System.UriHostNameType", kind.0, kind.1),
        Val::Bool(url.port().is_none()),
        Val::Bool(is_file),
        Val::Bool(matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") || (is_file && host.is_empty())),
        Val::str(format!("{path}{query}")),
        Val::list("System.String[]", segments),
        Val::Bool(is_file && !host.is_empty()),
        Val::str(host.as_str()),
        Val::I32(port.map_or(-1, i32::from)),
        Val::str(query),
        Val::str(fragment),
        Val::str(url.scheme()),
        Val::str(original),
        Val::str(host.trim_matches(['[', ']'])),
        Val::str(host.trim_matches(['[', ']'])),
        Val::Bool(true),
        Val::Bool(false),
        Val::str(user),
    ];
    // Its text has what may be read as it is.
    let shown = url.as_str().replace("%20", " ");
    Obj::typed(&Schema::new(&["System.Uri", "System.Object"], &URI), shown, values)
}

/// A relative address: most properties are refused by .NET.
fn of_relative(given: &str) -> Val {
    let value = |name: &&str| match *name {
        "OriginalString" => Val::str(given),
        "IsAbsoluteUri" | "UserEscaped" => Val::Bool(false),
        _ => Val::Null,
    };
    let values = URI.iter().map(value).collect();
    Obj::typed(&Schema::new(&["System.Uri", "System.Object"], &URI), given, values)
}

fn parse(given: &str) -> Option<Url> {
    let trimmed = given.trim();
    // A path of Windows is a file's address.
    if let Some(share) = trimmed.strip_prefix("\\\\") {
        return Url::parse(&format!("file://{}", share.replace('\\', "/"))).ok();
    }
    let is_drive = trimmed.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && trimmed.get(1..3) == Some(":\\");
    if is_drive {
        return Url::parse(&format!("file:///{}", trimmed.replace('\\', "/"))).ok();
    }
    Url::parse(trimmed).ok()
}

fn wrong<T>() -> Result<T, Fault> {
    thrown("UriFormatException", "Invalid URI: The format of the URI could not be determined.")
}

/// `[uri]::new(...)`: an address alone must be a whole one.
pub(super) fn construct(args: &[Val]) -> Outcome {
    match args {
        [only] if parse(&text(only)).is_none() => wrong(),
        _ => make(args),
    }
}

/// Casts, which take relative ones too.
pub(super) fn make(args: &[Val]) -> Outcome {
    let kind = args.get(1).filter(|arg| matches!(arg, Val::Enum(_))).map_or_else(String::new, text);
    match args {
        [Val::Object(base), relative] if kind.is_empty() && base.type_name() == "System.Uri" => {
            let whole = parse(base.text.as_deref().unwrap_or("")).and_then(|base| base.join(&text(relative)).ok());
            whole.map_or_else(wrong, |url| Ok(Some(of_url(&url, url.as_str()))))
        }
        [first, ..] => {
            let given = text(first);
            match parse(&given) {
                Some(url) if kind != "Relative" => Ok(Some(of_url(&url, &given))),
                _ if kind == "Absolute" => wrong(),
                _ => Ok(Some(of_relative(&given))),
            }
        }
        [] => Ok(None),
    }
}

pub(super) fn statics(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let given = arg_text(args, 0);
    Ok(Some(match name {
        "escapedatastring" => Val::str(utf8_percent_encode(&given, DATA).to_string()),
        "escapeuristring" => Val::str(utf8_percent_encode(&given, WHOLE).to_string()),
        "unescapedatastring" => Val::str(percent_decode_str(&given).decode_utf8_lossy().into_owned()),
        "iswellformeduristring" => {
            let is_plain = !given.chars().any(|next| next.is_whitespace() || next == '\\');
            Val::Bool(is_plain && (parse(&given).is_some() || arg_text(args, 1) != "Absolute"))
        }
        "trycreate" => {
            let is_absolute = arg_text(args, 1) == "Absolute";
            let read = match parse(&given) {
                Some(url) => Ok(of_url(&url, &given)),
                None if is_absolute => wrong(),
                None => Ok(of_relative(&given)),
            };
            try_parse(evaluator, read, args, Val::Null)?
        }
        "checkhostname" => {
            let (name, number) = match given.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(_)) => ("IPv4", 3),
                Ok(std::net::IpAddr::V6(_)) => ("IPv6", 4),
                Err(_) => ("Dns", 2),
            };
            Val::of_enum("System.UriHostNameType", name, number)
        }
        _ => return Ok(None),
    }))
}

pub(super) fn method(object: &Arc<Obj>, name: &str, args: &[Val]) -> Outcome {
    let own = parse(object.text.as_deref().unwrap_or(""));
    Ok(match (name, own) {
        ("getleftpart", Some(url)) => {
            let whole = url.as_str();
            let start = format!("{}://", url.scheme());
            let authority = format!("{start}{}", whole[start.len().min(whole.len())..].split('/').next().unwrap_or(""));
            Some(Val::str(match arg_text(args, 0).to_lowercase().as_str() {
                "scheme" => start,
                "authority" => authority,
                "path" => whole.split(['?', '#']).next().unwrap_or(whole).to_owned(),
                _ => whole.split('#').next().unwrap_or(whole).to_owned(),
            }))
        }
        ("isbaseof", Some(url)) => {
            let other = arg_text(args, 0);
            Some(Val::Bool(other.starts_with(url.as_str().rsplit_once('/').map_or("", |(folder, _)| folder))))
        }
        _ => None,
    })
}

/// `[System.Net.WebUtility]` and `[System.Web.HttpUtility]`, whose escapes have small letters.
pub(super) fn web(has_small_letters: bool, name: &str, args: &[Val]) -> Outcome {
    let given = arg_text(args, 0);
    Ok(Some(match name {
        "htmlencode" => Val::str(html_encode(&given)),
        "htmldecode" => Val::str(html_decode(&given)),
        "urlencode" => {
            let escaped = utf8_percent_encode(&given, FORM).to_string();
            let escaped = if has_small_letters { small_escapes(&escaped) } else { escaped };
            Val::str(escaped.replace("%20", "+"))
        }
        "urldecode" => Val::str(percent_decode_str(&given.replace('+', " ")).decode_utf8_lossy().into_owned()),
        _ => return Ok(None),
    }))
}

fn small_escapes(escaped: &str) -> String {
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = rest.find('%') {
        let end = (at + 3).min(rest.len());
        out += &rest[..at];
        out += &rest[at..end].to_lowercase();
        rest = &rest[end..];
    }
    out + rest
}

/// As .NET does it: the five characters of markup, and what Latin-1 has above 159.
pub(in super::super) fn html_encode(given: &str) -> String {
    let mut out = String::with_capacity(given.len());
    for next in given.chars() {
        match next {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\u{A0}'..='\u{FF}' => out += &format!("&#{};", u32::from(next)),
            other => out.push(other),
        }
    }
    out
}

fn html_decode(given: &str) -> String {
    let mut out = String::with_capacity(given.len());
    let mut rest = given;
    while let Some(at) = rest.find('&') {
        out += &rest[..at];
        rest = &rest[at..];
        let entity = rest.find(';').filter(|end| *end < 12).map(|end| &rest[1..end]);
        let found = entity.and_then(|entity| match entity {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some('\u{A0}'),
            _ => {
                let number = entity.strip_prefix('#')?;
                let number = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(number)
            }
        });
        match (found, entity) {
            (Some(found), Some(entity)) => {
                out.push(found);
                rest = &rest[entity.len() + 2..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}
