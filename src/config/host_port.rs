//! A host with a port, as people write them together.

use std::str::FromStr;

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; `None` if it is none of them.
pub fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (address, port) = match text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, rest)) => (address, Some(rest.strip_prefix(':')?)),
        None => match text.split_once(':') {
            Some((address, port)) => (address, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map(u16::from_str).transpose().ok()?;
    let clean = !address.is_empty() && !address.contains(|c: char| c.is_whitespace() || "/@[]".contains(c));
    (clean && port != Some(0)).then_some((address, port))
}

#[cfg(test)]
mod tests {
    use super::split_port;

    #[test]
    fn ports_stand_behind_brackets_too() {
        assert_eq!(split_port("[::1]:5986"), Some(("::1", Some(5986))));
        assert_eq!(split_port("[::1]"), Some(("::1", None)));
        assert_eq!(split_port("::1"), None);
    }
}
