//! Hosts as Ansible's inventories name them: `web[01:50:2].corp`, `db[a:f]`, `10.0.0.5:5986`, IPv6.

use crate::config::{is_ipv6, split_port};
use crate::hostlist::MAX_NAMES;

use super::super::expression::is_host_name;
use super::super::row::bracketed;

/// The hosts of a pattern, and the port that stands behind it.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn hosts(pattern: &str) -> Result<(Vec<String>, Option<u16>), String> {
    let (pattern, port) = port_of(pattern);
    let names = expand(pattern).map_err(|what| format!("'{pattern}': {what}"))?;
    let names: Vec<String> = names.iter().map(|name| bracketed(name)).collect();
    match names.iter().find(|name| !is_host_name(name)) {
        Some(bad) => Err(format!("'{bad}' is not a host name")),
        None => Ok((names, port)),
    }
}

/// Parts a port from the end of a pattern. The colons of a range are inside brackets.
fn port_of(pattern: &str) -> (&str, Option<u16>) {
    if is_ipv6(pattern) {
        return (pattern, None);
    }
    if pattern.starts_with('[')
        && let Some((address, port @ Some(_))) = split_port(pattern)
        && is_ipv6(address)
    {
        return (address, port);
    }
    match pattern.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && !port.contains(']') => match port.parse() {
            Ok(port) if port > 0 => (name, Some(port)),
            _ => (pattern, None),
        },
        _ => (pattern, None),
    }
}

/// Every name of a pattern, the ranges in it one after the other.
fn expand(pattern: &str) -> Result<Vec<String>, String> {
    if pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(is_ipv6) {
        return Ok(vec![pattern.to_owned()]);
    }
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        let (inside, tail) = after.split_once(']').ok_or("'[' without ']'")?;
        let texts = range(inside)?;
        if (names.len() as u64).saturating_mul(texts.len() as u64) > MAX_NAMES {
            return Err(format!("stands for more than {MAX_NAMES} names"));
        }
        let with = |name: &String| texts.iter().map(move |text| format!("{name}{before}{text}")).collect::<Vec<_>>();
        names = names.iter().flat_map(with).collect();
        rest = tail;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Ok(names)
}

/// What stands for a range's `first:last:step`; both ends belong to it.
fn range(inside: &str) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = inside.split(':').map(str::trim).collect();
    let (first, last, step) = match parts.as_slice() {
        [first, last] => (*first, *last, "1"),
        [first, last, step] => (*first, *last, *step),
        _ => return Err(format!("'[{inside}]' is not a range; Ansible writes [01:50], [a:f] or [01:50:2]")),
    };
    let first = if first.is_empty() { "0" } else { first };
    let step: usize = step
        .parse()
        .ok()
        .filter(|&step| step > 0)
        .ok_or_else(|| format!("the step of '[{inside}]' is not a number from 1"))?;
    let backwards = || format!("'[{inside}]' runs backwards");
    match (letter(first), letter(last)) {
        (Some(first), Some(last)) if first <= last => {
            Ok((first..=last).step_by(step).filter_map(letter_at).map(String::from).collect())
        }
        (Some(_), Some(_)) => Err(backwards()),
        _ => {
            let (low, high) = (number(first, inside)?, number(last, inside)?);
            if low > high {
                return Err(backwards());
            }
            if (high - low) / step as u64 >= MAX_NAMES {
                return Err(format!("stands for more than {MAX_NAMES} names"));
            }
            let padded = first.len() > 1 && first.starts_with('0');
            if padded && first.len() != last.len() {
                return Err(format!("the ends of '[{inside}]' are padded to different widths"));
            }
            let width = if padded { first.len() } else { 0 };
            Ok((low..=high).step_by(step).map(|number| format!("{number:0width$}")).collect())
        }
    }
}

/// Where a letter stands in Ansible's order: all small ones, then all capitals.
fn letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [small @ b'a'..=b'z'] => Some(small - b'a'),
        [capital @ b'A'..=b'Z'] => Some(capital - b'A' + 26),
        _ => None,
    }
}

fn letter_at(place: u8) -> Option<char> {
    match place {
        0..26 => Some(char::from(b'a' + place)),
        26..52 => Some(char::from(b'A' + place - 26)),
        _ => None,
    }
}

fn number(text: &str, inside: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| format!("'[{inside}]' has ends that are neither numbers nor single letters"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::hosts;

    fn check(pattern: &str, expected: &str) {
        let found = hosts(pattern).map(|(names, port)| match port {
            Some(port) => format!("{} :{port}", names.join(" ")),
            None => names.join(" "),
        });
        assert_eq!(found.unwrap_or_else(|what| what), expected, "{pattern}");
    }

    #[test]
    fn ranges_and_ports() {
        check("web[01:03].corp", "web01.corp web02.corp web03.corp");
        check("web[08:10]", "web08 web09 web10");
        check("n[9:11]", "n9 n10 n11");
        check("n[01:05:2]", "n01 n03 n05");
        check("db-[a:c]", "db-a db-b db-c");
        check("db-[y:B]", "db-y db-z db-A db-B");
        check("r[1:2]h[a:b]:5986", "r1ha r1hb r2ha r2hb :5986");
        check("10.0.0.[1:2]:22", "10.0.0.1 10.0.0.2 :22");
        check("fe80::1", "[fe80::1]");
        check("[fe80::1]:5986", "[fe80::1] :5986");
        check("[fe80::1]", "[fe80::1]");
    }

    #[test]
    fn mistakes() {
        check("web[1-3]", "'web[1-3]': '[1-3]' is not a range; Ansible writes [01:50], [a:f] or [01:50:2]");
        check("web[3:1]", "'web[3:1]': '[3:1]' runs backwards");
        check("web[1:", "'web[1:': '[' without ']'");
        check("web[1:9:0]", "'web[1:9:0]': the step of '[1:9:0]' is not a number from 1");
        check("web[a:9]", "'web[a:9]': '[a:9]' has ends that are neither numbers nor single letters");
        check("web[01:100]", "'web[01:100]': the ends of '[01:100]' are padded to different widths");
        check("a b", "'a b' is not a host name");
        assert!(hosts("w[0:999999999999]").is_err());
        assert!(hosts("w[0:999][0:999]").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(pattern in r"[a-c0-9\[\]:.é-]{0,30}") {
            let _ = hosts(&pattern);
        }
    }
}
