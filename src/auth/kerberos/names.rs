//! Principals: from the names that people give to those that a KDC knows.

use std::net::IpAddr;

use crate::auth::error::Error;

/// The classes of names that WinRM answers to; Windows' client takes the first. The second helps where a web server on
/// the host has the first under an account of its own.
const CLASSES: [&str; 2] = ["HTTP", "WSMAN"];

/// The principal of `user@domain`, `dns.domain\user`, or of a user of the default realm. Realms of Windows are domains
/// in capital letters.
///
/// # Errors
/// [`Error::UserName`] for names that belong to no realm: local accounts, and domains by their short names.
pub(in crate::auth) fn principal(user: &str) -> Result<String, Error> {
    if let Some((domain, name)) = user.split_once('\\') {
        return match domain.contains('.') && domain != "." {
            true => Ok(format!("{name}@{}", domain.to_uppercase())),
            false => Err(Error::UserName(format!("Kerberos takes user@REALM, and '{domain}' is not a realm"))),
        };
    }
    Ok(match user.rsplit_once('@') {
        Some((name, realm)) => format!("{name}@{}", realm.to_uppercase()),
        None => user.to_owned(),
    })
}

/// The principals that a server may have, the likeliest first: those of `spn` (a class, or all of it), else of the
/// usual classes. Without a realm, the user's KDC says where the server belongs.
///
/// # Errors
/// [`Error::NoName`] for an address: no KDC knows it.
pub(in crate::auth) fn servers(host: &str, spn: Option<&str>) -> Result<Vec<String>, Error> {
    if let Some(spn) = spn.filter(|spn| spn.contains('/')) {
        return Ok(vec![if spn.contains('@') { spn.to_owned() } else { format!("{spn}@") }]);
    }
    if !is_name(host) {
        return Err(Error::NoName(host.to_owned()));
    }
    let host = host.trim_end_matches('.').to_lowercase();
    let of_class = |class: &str| format!("{class}/{host}@");
    Ok(spn.map_or_else(|| CLASSES.map(of_class).to_vec(), |class| vec![of_class(class)]))
}

/// Whether a host is addressed by a name that a KDC may know.
pub(in crate::auth) fn is_name(host: &str) -> bool {
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    !host.is_empty() && address.parse::<IpAddr>().is_err() && !host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::{Error, principal, servers};

    #[test]
    fn users_belong_to_a_realm() {
        for (user, expected) in [
            ("ada@contoso.com", "ada@CONTOSO.COM"),
            ("contoso.com\\ada", "ada@CONTOSO.COM"),
            ("ada@b@contoso.com", "ada@b@CONTOSO.COM"),
            ("ada", "ada"),
        ] {
            assert_eq!(principal(user).as_deref(), Ok(expected), "{user}");
        }
        for user in ["CONTOSO\\ada", ".\\ada"] {
            assert!(matches!(principal(user), Err(Error::UserName(_))), "{user}");
        }
    }

    #[test]
    fn servers_are_named_as_the_user_did() {
        for (host, spn, expected) in [
            ("Web01.contoso.com.", None, &["HTTP/web01.contoso.com@", "WSMAN/web01.contoso.com@"][..]),
            ("web01", Some("HOST"), &["HOST/web01@"]),
            ("10.0.0.1", Some("HTTP/web01:5985"), &["HTTP/web01:5985@"]),
            ("web01", Some("HTTP/alias@OTHER.TEST"), &["HTTP/alias@OTHER.TEST"]),
        ] {
            assert_eq!(servers(host, spn).expect("a name"), expected);
        }
        for host in ["10.0.0.1", "fe80::1%eth0", "localhost", ""] {
            assert_eq!(servers(host, None), Err(Error::NoName(host.to_owned())));
        }
    }
}
