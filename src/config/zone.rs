//! The zones of IPv6 addresses.

use std::borrow::Cow;
use std::net::Ipv6Addr;

/// An address as sockets take it: a zone that is written as in a URL (`%25eth0`, RFC 6874) is `%eth0`. A zone of digits
/// alone may be the number of an interface, and stays.
pub fn plain_zone(address: &str) -> Cow<'_, str> {
    match address.split_once("%25") {
        Some((ip, zone)) if ip.parse::<Ipv6Addr>().is_ok() && zone.contains(|c: char| !c.is_ascii_digit()) => {
            format!("{ip}%{zone}").into()
        }
        _ => address.into(),
    }
}

/// Whether a text is an IPv6 address, perhaps with a zone.
pub fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let may_be_zone =
        |zone: &str| !zone.is_empty() && zone.chars().all(|c| c.is_ascii_graphic() && !"/[]@".contains(c));
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(may_be_zone)
}

#[cfg(test)]
mod tests {
    use super::{is_ipv6, plain_zone};

    #[test]
    fn zones_of_urls_are_those_of_sockets() {
        for (text, plain) in [
            ("fe80::1%25eth0", "fe80::1%eth0"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("fe80::1%2", "fe80::1%2"),
            ("fe80::1%251", "fe80::1%251"),
            ("fe80::1", "fe80::1"),
            ("web%25x", "web%25x"),
        ] {
            assert_eq!(plain_zone(text), plain);
        }
    }

    #[test]
    fn addresses_have_a_whole_zone_or_none() {
        for text in ["::1", "fe80::1%eth0", "fe80::1%25eth0.100", "fe80::1%7"] {
            assert!(is_ipv6(text), "{text}");
        }
        for text in ["", "web", "fe80::1%", "fe80::1%a b", "fe80::1%e]0", "10.0.0.1", "10.0.0.1%eth0", "%eth0"] {
            assert!(!is_ipv6(text), "{text}");
        }
    }
}
