//! A look at an SSH server without a logon: addresses, port, version and key, ways to log on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::client::AuthResult;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::scout::{Halt, Outlook, Sight, Sights};
use super::super::{Admission, Error, tcp};
use super::client::Client;
use super::connect::Travel;
use super::dial::{self, Greeting};
use super::fault;
use super::notes::Notes;
use super::stop::stops;
use crate::outcome::Reason;
use crate::target::{Credential, SshEndpoint};

/// Looks as far as the way goes. Asking for the ways to log on is no try of any: OpenSSH counts it for none.
///
/// # Errors
/// The stage at which it ends.
pub(in crate::transport) async fn look(
    endpoint: &SshEndpoint,
    credential: Option<&Credential>,
    limit: Duration,
    client: &Client,
    sights: &mut Sights,
) -> Result<(), Halt> {
    if !endpoint.jump.is_empty() {
        return Ok(());
    }
    let admission = Admission::free();
    let travel = Travel::new(client, &admission, limit);
    let deadline = Instant::now() + limit;
    let stops = stops(endpoint, credential, client).map_err(|error| sights.halt(Outlook::Methods, error))?;
    let Some(stop) = stops.last() else { return Ok(()) };
    let server = stop.server;
    let found = tcp::resolve(&server.address, server.port, deadline).await.map_err(|fault| match fault {
        tcp::Fault::Name(name, cause) => sights.halt(Outlook::Dns, tcp::no_address(&name, &cause)),
        _ => sights.halt(Outlook::Dns, tcp::not_an_address(&server.address)),
    })?;
    sights.saw(Sight::Addresses(found.iter().map(SocketAddr::ip).collect()));
    let stream = dial::dial(server, deadline).await.map_err(|error| sights.halt(Outlook::Tcp, error))?;
    if let Ok(peer) = stream.peer_addr() {
        sights.saw(Sight::Connected(peer));
    }
    let cut = CancellationToken::new();
    let _guard = cut.clone().drop_guard();
    let (notes, greeting) = (Arc::new(Notes::default()), Arc::new(Greeting::default()));
    let late = || travel.too_late(limit);
    let greeted =
        tokio::time::timeout_at(deadline, travel.greet(Box::new(stream), stop, &cut, &notes, &greeting)).await;
    let mut session = greeted.unwrap_or_else(|_| Err(late())).map_err(|error| sights.halt(Outlook::HostKey, error))?;
    sights.saw(Sight::Server { banner: banner(&greeting.text()), key: notes.key().unwrap_or_default() });
    let asked = tokio::time::timeout_at(deadline, session.authenticate_none(stop.user.clone())).await;
    let place = stop.place();
    let methods = match asked {
        Err(_) => Err(late()),
        Ok(Err(error)) => {
            let text = format!("{place} does not say how one logs on: {}", fault::words_of(&error));
            Err(Error::new(Reason::Network, text).retryable())
        }
        // Some servers ask for nothing.
        Ok(Ok(AuthResult::Success)) => Ok(vec!["none".to_owned()]),
        Ok(Ok(AuthResult::Failure { remaining_methods, .. })) => {
            Ok(remaining_methods.iter().map(|method| <&str>::from(method).to_owned()).collect())
        }
    };
    sights.saw(Sight::Methods(methods.map_err(|error| sights.halt(Outlook::Methods, error))?));
    Ok(())
}

/// The line of a greeting that names the server, safe for a terminal.
fn banner(greeting: &str) -> String {
    let line = greeting.lines().find(|line| line.starts_with("SSH-")).unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).take(100).collect()
}
