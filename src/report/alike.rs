//! Whether two hosts say the same thing although each names itself: texts without what differs per host.

use std::net::{IpAddr, SocketAddr};

use crate::target::Target;

/// Stands for a target's own name and address.
const HOST: &str = "<host>";
/// Stands for any address, with or without a port.
const ADDRESS: &str = "<address>";
/// Stands for any port.
const PORT: &str = "<port>";

/// Bytes of a host's name that `COMPUTERNAME` of Windows has: NetBIOS takes no more.
const NETBIOS: usize = 15;

/// The text with `<host>` for the target's own name and address. A host may write its name in capitals, without its
/// domain, and as short as NetBIOS has it.
pub(super) fn without_own_names(text: &str, target: &Target) -> String {
    let endpoint = target.endpoint.to_string();
    let authority = endpoint.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let address = authority.rsplit_once(':').map_or(authority, |(address, _)| address);
    let short = [&target.name, address].map(first_label);
    let netbios = short.map(|name| name.get(..NETBIOS).unwrap_or_default());
    [endpoint.as_str(), authority, &target.name, address]
        .into_iter()
        .chain(short)
        .chain(netbios)
        .fold(text.to_owned(), |text, own| replace_word(&text, own))
}

/// A host's name without its domain; an address has none.
fn first_label(name: &str) -> &str {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() { "" } else { name.split('.').next().unwrap_or_default() }
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

/// Replaces a name where it stands alone, in capitals or not: `web1` in `WEB1:` but not in `web10`.
fn replace_word(text: &str, word: &str) -> String {
    // Of the same length as the text, byte for byte.
    let (lower, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    if word.is_empty() || !lower.contains(&word) {
        return text.to_owned();
    }
    let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, _) in lower.match_indices(&word) {
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
    use super::{replace_word, without_addresses, without_own_names};
    use crate::event::RunEventKind;
    use crate::output::testing::Script;
    use crate::target::Target;

    #[test]
    fn names_are_replaced_as_words() {
        assert_eq!(replace_word("web1 web10 (web1)", "web1"), "<host> web10 (<host>)");
        assert_eq!(replace_word("x", ""), "x");
        assert_eq!(replace_word("Ärger: WEB1 Web1.", "web1"), "Ärger: <host> <host>.");
    }

    #[test]
    fn hosts_name_themselves_in_many_ways() {
        for (name, text, expect) in [
            ("web1", "boom on WEB1", "boom on <host>"),
            ("Web1", "boom on web1", "boom on <host>"),
            ("web1.contoso.com", "WEB1.CONTOSO.COM or WEB1: web10", "<host> or <host>: web10"),
            ("accounting-web-01.contoso.com", "boom on ACCOUNTING-WEB-", "boom on <host>"),
            ("accountingserver01", "boom on ACCOUNTINGSERVE.", "boom on <host>."),
            ("10.0.0.1", "version 10 of 10.0.0.1", "version 10 of <host>"),
            ("[fe80::1]:22", "fe80 is no name", "fe80 is no name"),
        ] {
            assert_eq!(without_own_names(text, &target(name)), expect, "{name}");
        }
    }

    fn target(name: &str) -> Target {
        let RunEventKind::RunStarted(header) = Script::new(&[name]).started().kind else { unreachable!() };
        Target::clone(&header.targets[0])
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
