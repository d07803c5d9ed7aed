//! The servers on the way to an endpoint, and who logs on to each.

use super::super::Error;
use super::auth;
use super::client::Client;
use super::known_hosts::DEFAULT_PORT;
use crate::outcome::Reason;
use crate::secret::Secret;
use crate::target::{Credential, SshEndpoint, SshServer};

/// A server on the way: a bastion or the target.
pub(super) struct Stop<'a> {
    pub(super) server: &'a SshServer,
    pub(super) user: String,
    pub(super) password: Option<&'a Secret<String>>,
}

impl Stop<'_> {
    /// The server in messages.
    pub(super) fn place(&self) -> String {
        let SshServer { address, port, .. } = self.server;
        if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
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
    let user = named.ok_or_else(|| {
        Error::new(Reason::AuthMethod, "no user: none is given, and the local user has no name")
            .with_hint("name one with --user")
    })?;
    if let Some(what @ (Credential::Ticket { .. } | Credential::Keytab { .. })) = credential {
        let message = format!("SSH logs on with a key or a password, and there is only a {}", what.kind());
        return Err(Error::new(Reason::AuthMethod, message));
    }
    let password = credential.and_then(Credential::password);
    let mut stops = Vec::new();
    for hop in &endpoint.jump {
        let same = hop.user.as_ref().is_none_or(|other| other == user);
        let name = hop.user.as_deref().unwrap_or(user);
        let password = password.filter(|_| same);
        stops.push(Stop { server: &hop.server, user: auth::remote_user(name), password });
    }
    stops.push(Stop { server: &endpoint.server, user: auth::remote_user(user), password });
    Ok(stops)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
