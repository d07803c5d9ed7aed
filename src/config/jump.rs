//! SSH bastions as they are written: an address or an alias, perhaps with a user and a port.

use std::fmt;

use super::host_port::split_port;
use super::zone::plain_zone;

/// A bastion on the way, as typed. What its name means is for the SSH configuration to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    /// The user there; unless one is given, what the SSH configuration says, else the target's.
    pub user: Option<String>,
    /// An address or an alias, without brackets.
    pub host: String,
    /// The port; unless one is given, what the SSH configuration says, else 22.
    pub port: Option<u16>,
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Reads a bastion: `ssh://user@host:port`, with everything but the host optional.
///
/// # Errors
/// One line that says what was expected.
pub fn parse_jump(hop: &str) -> Result<Jump, String> {
    let expected = || format!("'{hop}' is not a bastion; write ssh://user@host:port (user and port are optional)");
    let rest = hop.trim().strip_prefix("ssh://").unwrap_or(hop.trim());
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) if !user.is_empty() => (Some(user.to_owned()), rest),
        Some(_) => return Err(expected()),
        None => (None, rest),
    };
    let (host, port) = split_port(rest).ok_or_else(expected)?;
    Ok(Jump { user, host: plain_zone(host).into_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::{Jump, parse_jump};
    use crate::config::Node;
    use crate::config::setting::Setting;

    #[test]
    fn bastions() {
        let hop =
            |user: Option<&str>, host: &str, port| Jump { user: user.map(str::to_owned), host: host.to_owned(), port };
        assert_eq!(parse_jump("ssh://ops@b:2222"), Ok(hop(Some("ops"), "b", Some(2222))));
        assert_eq!(parse_jump("b"), Ok(hop(None, "b", None)));
        assert_eq!(parse_jump("[fe80::1]:22"), Ok(hop(None, "fe80::1", Some(22))));
        assert_eq!(parse_jump("ssh://u@[fe80::1%25eth0]:22"), Ok(hop(Some("u"), "fe80::1%eth0", Some(22))));
        assert_eq!(parse_jump("[fe80::1%eth0]"), Ok(hop(None, "fe80::1%eth0", None)));
        for bad in ["", "@b", "ssh://", "b:0", "b:x", "a/b", "b:70000"] {
            assert!(parse_jump(bad).is_err(), "{bad}");
        }
        let shown = |text: &str| Vec::<Jump>::read(&Node::text(text)).expect("a chain").show();
        assert_eq!(shown("a,ssh://u@[::1]:22"), "ssh://a,ssh://u@[::1]:22");
        assert_eq!(shown("none"), "none");
    }
}
