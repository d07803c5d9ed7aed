//! The servers on the way to an endpoint, and who logs on to each.

use super::super::Error;
use super::client::Client;
use super::known_hosts::DEFAULT_PORT;
use crate::outcome::Reason;
use crate::secret::Secret;
use crate::target::{Credential, SshEndpoint, SshHop, SshServer};

/// A server on the way: a bastion or the target.
pub(super) struct Stop<'a> {
    pub(super) server: &'a SshServer,
    pub(super) user: String,
    pub(super) password: Option<&'a Secret<String>>,
}

impl Stop<'_> {
    /// The server in messages.
    pub(super) fn place(&self) -> String {
        placed(&self.server.address, self.server.port)
    }

    /// The name and port that known_hosts has it under. An alias stands there without a port, as if it were the usual
    /// one.
    pub(super) fn known_as(&self) -> (String, u16) {
        match &self.server.host_key_alias {
            Some(alias) => (alias.clone(), DEFAULT_PORT),
            None => (self.server.address.clone(), self.server.port),
        }
    }
}

/// The user as an SSH server wants it: PowerShell sends `DOMAIN\user` as `user@DOMAIN`.
fn remote_user(user: &str) -> String {
    match user.split_once('\\') {
        Some((domain, user)) => format!("{user}@{domain}"),
        None => user.to_owned(),
    }
}

/// An address and a port in messages.
pub(super) fn placed(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// The bastions before a target of another transport, with the user of each: the one that is named, else the local one.
/// The target's password is shown to a bastion only where that names the target's user.
///
/// # Errors
/// [`Reason::AuthMethod`] when nobody says who logs on.
pub(super) fn bastions<'a>(
    hops: &'a [SshHop],
    credential: Option<&'a Credential>,
    client: &'a Client,
) -> Result<Vec<Stop<'a>>, Error> {
    let stop = |hop: &'a SshHop| {
        let user = hop.user.as_deref().or(client.user()).ok_or_else(no_user)?;
        let is_same = hop.user.is_some() && credential.and_then(Credential::user) == Some(user);
        let password = credential.filter(|_| is_same).and_then(Credential::password);
        Ok(Stop { server: &hop.server, user: remote_user(user), password })
    };
    hops.iter().map(stop).collect()
}

fn no_user() -> Error {
    Error::new(Reason::AuthMethod, "no user: none is given, and the local user has no name")
        .with_hint("name one with --user, or in --jump ssh://USER@BASTION")
}

/// The bastions and the target, with the user of each. A password belongs to one user name.
///
/// # Errors
/// [`Reason::AuthMethod`] when nobody says who logs on.
pub(super) fn stops<'a>(
    endpoint: &'a SshEndpoint,
    credential: Option<&'a Credential>,
    client: &'a Client,
) -> Result<Vec<Stop<'a>>, Error> {
    let named = credential.and_then(Credential::user).or(client.user());
    let user = named.ok_or_else(no_user)?;
    if let Some(what @ (Credential::Ticket { .. } | Credential::Keytab { .. } | Credential::Certificate(_))) =
        credential
    {
        let message = format!("SSH logs on with a key or a password, and there is only a {}", what.kind());
        return Err(Error::new(Reason::AuthMethod, message));
    }
    let password = credential.and_then(Credential::password);
    let mut stops = Vec::new();
    for hop in &endpoint.jump {
        let same = hop.user.as_ref().is_none_or(|other| other == user);
        let name = hop.user.as_deref().unwrap_or(user);
        let password = password.filter(|_| same);
        stops.push(Stop { server: &hop.server, user: remote_user(name), password });
    }
    stops.push(Stop { server: &endpoint.server, user: remote_user(user), password });
    Ok(stops)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_for_bastions_that_name_its_user() {
        let client = Client::new(None, Some("ada".to_owned()), None);
        let hop = |user: Option<&str>| SshHop { user: user.map(str::to_owned), server: SshServer::new("gate", 22) };
        let hops = [hop(None), hop(Some("ada")), hop(Some("CONTOSO\\ada"))];
        let credential = |user: &str| Credential::of(user, Some(Secret::new("p".to_owned())));
        let shown = |user: &str| {
            let credential = credential(user);
            let stops = bastions(&hops, Some(&credential), &client).expect("users");
            stops.iter().map(|stop| (stop.user.clone(), stop.password.is_some())).collect::<Vec<_>>()
        };
        let users = |shown: [bool; 3]| {
            ["ada", "ada", "ada@CONTOSO"].map(str::to_owned).into_iter().zip(shown).collect::<Vec<_>>()
        };
        // Who runs the program is not the user of a host, though both have one name.
        assert_eq!(shown("ada"), users([false, true, false]));
        assert_eq!(shown("CONTOSO\\ada"), users([false, false, true]));
        assert!(bastions(&hops, None, &Client::new(None, None, None)).is_err());
    }

    #[test]
    fn a_ticket_is_refused_and_not_passed_over_for_a_key() {
        let (subsystem, exec) = ("powershell".to_owned(), "pwsh -sshs".to_owned());
        let endpoint = SshEndpoint { server: SshServer::new("web01", 22), jump: Vec::new(), subsystem, exec };
        let client = Client::new(None, None, None);
        let stops = |credential: &Credential| stops(&endpoint, Some(credential), &client).map(|stops| stops.len());
        assert_eq!(stops(&Credential::of("ada", None)).ok(), Some(1));
        let refused = stops(&Credential::Ticket { user: Some("ada".to_owned()), cache: None }).err();
        assert_eq!(refused.map(|error| error.reason), Some(Reason::AuthMethod));
    }

    #[test]
    fn writes_users_as_powershell_does() {
        assert_eq!(remote_user(r"CONTOSO\svc"), "svc@CONTOSO");
        assert_eq!(remote_user("svc@contoso.com"), "svc@contoso.com");
        assert_eq!(remote_user("root"), "root");
    }
}
