//! Literal targets written as URLs: `ssh://user@host:22`, `https://[fe80::1]:5986`.

use std::sync::Arc;

use crate::config::{Connection, Given, Source, Transport, plain_zone, split_port};

/// A target written as a URL.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UrlTarget {
    /// The name of the target: the host, with the port if one was written.
    pub name: String,
    /// The host alone, without brackets.
    pub host: String,
    /// What the scheme says about the transport; `None` for `host://`.
    pub transport: Option<Given<Transport>>,
    /// What the other parts say.
    pub connection: Connection,
}

/// Reads a URL.
///
/// # Errors
/// One line that says what is wrong.
pub(super) fn parse_url(url: &str) -> Result<UrlTarget, String> {
    let (scheme, rest) = url.split_once("://").ok_or("not a URL")?;
    let (transport, tls) = match scheme {
        "host" => (None, None),
        "winrm" => (Some(Transport::Winrm), None),
        "http" => (Some(Transport::Winrm), Some(false)),
        "https" => (Some(Transport::Winrm), Some(true)),
        "ssh" => (Some(Transport::Ssh), None),
        _ => return Err(format!("unknown scheme '{scheme}'; known are host, winrm, http, https and ssh")),
    };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let path = Some(path).filter(|path| !matches!(*path, "" | "/"));
    if path.is_some() && transport != Some(Transport::Winrm) {
        let article = if scheme == "ssh" { "an" } else { "a" };
        return Err(format!("{article} {scheme}:// target has no path"));
    }
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password does not belong in a target; use PSFLEET_PASSWORD or --ask-pass".to_owned());
    }
    let (address, port) =
        split_port(place).ok_or_else(|| format!("'{place}' is not host, host:port or [IPv6]:port"))?;
    let source = Source::Url(Arc::from(url));
    let given = |text: &str| Given::new(text.to_owned(), source.clone());
    Ok(UrlTarget {
        name: place.to_owned(),
        host: plain_zone(address).into_owned(),
        transport: transport.map(|transport| Given::new(transport, source.clone())),
        connection: Connection {
            user: user.filter(|user| !user.is_empty()).map(given),
            port: port.map(|port| Given::new(port, source.clone())),
            tls: tls.map(|tls| Given::new(tls, source.clone())),
            url_path: path.map(given),
            ..Connection::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::parse_url;

    fn check(url: &str, expected: &str) {
        let found = parse_url(url).map(|target| {
            let transport = target.transport.map(|given| format!("{:?}", given.value)).unwrap_or_default();
            let shown: Vec<_> =
                target.connection.shown().into_iter().map(|(key, value, _)| format!("{key}={value}")).collect();
            format!("{} {} {transport} {}", target.name, target.host, shown.join(" "))
        });
        assert_eq!(found.unwrap_or_else(|error| error).trim_end(), expected, "{url}");
    }

    #[test]
    fn parts() {
        check("host://me@h:5986", "h:5986 h  port=5986 user=me");
        check("ssh://u@dom@h", "h h Ssh user=u@dom");
        check("https://[fe80::1]:5986/wsman", "[fe80::1]:5986 fe80::1 Winrm port=5986 url_path=/wsman tls=true");
        check(r"winrm://CORP\svc@h/", r"h h Winrm user=CORP\svc");
        check("http://h", "h h Winrm tls=false");
    }

    #[test]
    fn mistakes() {
        check("ftp://h", "unknown scheme 'ftp'; known are host, winrm, http, https and ssh");
        check("ssh://h/x", "an ssh:// target has no path");
        check("host://h/x", "a host:// target has no path");
        check("ssh://", "'' is not host, host:port or [IPv6]:port");
        check("ssh://h:0", "'h:0' is not host, host:port or [IPv6]:port");
        check("ssh://me:pw@h", "a password does not belong in a target; use PSFLEET_PASSWORD or --ask-pass");
    }
}
