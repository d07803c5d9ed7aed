//! The agent that holds a user's keys.

use std::path::Path;
use std::sync::Arc;

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Certificate, PublicKey};

/// An agent with its keys and certificates and their comments, or nothing.
#[derive(Default)]
pub(super) struct Agent {
    pub(super) client: Option<AgentConnection>,
    pub(super) keys: Vec<(PublicKey, String)>,
    pub(super) certificates: Vec<(Arc<Certificate>, String)>,
}

impl Agent {
    /// Asks an agent for all that it has.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) async fn ask(socket: &Path) -> Result<Self, russh::keys::Error> {
        let mut client = connect_agent(socket).await?;
        let identities = client.request_identities().await?;
        Ok(Self::new(client, identities))
    }

    fn new(client: AgentConnection, identities: Vec<AgentIdentity>) -> Self {
        let mut agent = Self { client: Some(client), ..Self::default() };
        for identity in identities {
            match identity {
                AgentIdentity::PublicKey { key, comment } => agent.keys.push((key, comment)),
                AgentIdentity::Certificate { certificate, comment } => {
                    agent.certificates.push((Arc::new(certificate), comment));
                }
            }
        }
        agent
    }
}

#[cfg(unix)]
type AgentConnection = AgentClient<tokio::net::UnixStream>;

#[cfg(windows)]
type AgentConnection = AgentClient<tokio::net::windows::named_pipe::NamedPipeClient>;

#[cfg(unix)]
async fn connect_agent(socket: &Path) -> Result<AgentConnection, russh::keys::Error> {
    AgentClient::connect_uds(socket).await
}

#[cfg(windows)]
async fn connect_agent(socket: &Path) -> Result<AgentConnection, russh::keys::Error> {
    AgentClient::connect_named_pipe(socket).await
}
