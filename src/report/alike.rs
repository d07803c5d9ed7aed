//! When two hosts say the same, although each names itself: texts without what differs per host.

use std::net::{IpAddr, SocketAddr};

use crate::target::Target;

/// Stands for a target's own name and address.
const HOST: &str = "<host>";
/// Stands for any address, with or without a port.
const ADDRESS: &str = "<address>";
/// Stands for any port.
const PORT: &str = "<port>";

/// The text with `<host>` for the target's own name and address.
pub(super) fn without_own_names(text: &str, target: &Target) -> String {
    let endpoint = target.endpoint.to_string();
    let authority = endpoint.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let address = authority.rsplit_once(':').map_or(authority, |(address, _)| address);
    [endpoint.as_str(), authority, &target.name, address]
        .into_iter()
        .fold(text.to_owned(), |text, own| replace_word(&text, own))
}

/// The text with `<address>` for IP addresses and `<port>` for ports.
pub(super) fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_port = false;
    for piece in text.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        let core = word.trim_start_matches(['(', '\'', '"']).trim_end_matches(['.', ',', ';', ':', ')', '\'', '"']);
        match general(core, after_port) {
            Some(general) => out.push_str(&piece.replacen(core, &general, 1)),
            None => out.push_str(piece),
        }
        after_port = core == "port";
    }
    out
}

/// What stands for this word, if it is an address or a port.
fn general(word: &str, after_port: bool) -> Option<String> {
    let is_port = |text: &str| text.parse::<u16>().is_ok();
    if after_port && is_port(word) {
        return Some(PORT.to_owned());
    }
    if let Some((name, port)) = word.rsplit_once(':')
        && name == HOST
        && is_port(port)
    {
        return Some(format!("{HOST}:{PORT}"));
    }
    // Rust's parser takes a zone only as a number.
    let unzoned = match (word.find('%'), word.find(']')) {
        (Some(zone), Some(end)) if zone < end => format!("{}{}", &word[..zone], &word[end..]),
        (Some(zone), None) => word[..zone].to_owned(),
        _ => word.to_owned(),
    };
    let bare = unzoned.trim_start_matches('[').trim_end_matches(']');
    let is_address = unzoned.parse::<SocketAddr>().is_ok() || bare.parse::<IpAddr>().is_ok();
    is_address.then(|| ADDRESS.to_owned())
}

/// Replaces a name where it stands alone: `web1` in `web1:` but not in `web10`.
fn replace_word(text: &str, word: &str) -> String {
    if word.is_empty() || !text.contains(word) {
        return text.to_owned();
    }
    let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, _) in text.match_indices(word) {
        let end = start + word.len();
        let alone = !text[..start].ends_with(inside) && !text[end..].starts_with(inside);
        if alone {
            out.push_str(&text[done..start]);
            out.push_str(HOST);
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::{replace_word, without_addresses};

    #[test]
    fn names_are_replaced_as_words() {
        assert_eq!(replace_word("web1 web10 (web1)", "web1"), "<host> web10 (<host>)");
        assert_eq!(replace_word("x", ""), "x");
    }

    #[test]
    fn addresses_and_ports_are_replaced_and_other_numbers_stay() {
        for (text, expect) in [
            ("nobody listens on 10.0.0.1:5985", "nobody listens on <address>"),
            ("(10.0.0.1), fe80::1, [::1]:22: refused", "(<address>), <address>, <address>: refused"),
            ("[fe80::1%eth0]:5985 and fe80::2%3", "<address> and <address>"),
            ("<host>:5985 on port 5985.", "<host>:<port> on port <port>."),
            ("exit code 5985, version 1.2.3, at 12:30", "exit code 5985, version 1.2.3, at 12:30"),
            ("port, of  call", "port, of  call"),
            ("", ""),
        ] {
            assert_eq!(without_addresses(text), expect);
        }
    }
}
