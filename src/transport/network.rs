//! The ways to all targets of a run, and what they share.

use async_trait::async_trait;

use super::{Carrier, Connector, Error, local, ssh};
use crate::target::{Endpoint, Target};

/// Connects to targets over any transport. One per process: TLS roots, known hosts and the like are loaded once.
#[derive(Debug, Default)]
pub struct Network {
    ssh: ssh::Client,
}

#[async_trait]
impl Connector for Network {
    async fn connect(&self, target: &Target) -> Result<Box<dyn Carrier>, Error> {
        match &target.endpoint {
            Endpoint::Local(endpoint) => local::start(endpoint),
            Endpoint::Ssh(endpoint) => {
                ssh::connect(endpoint, target.credential.as_deref(), target.timeouts.connect, &self.ssh).await
            }
            Endpoint::Winrm(_) => {
                let message = format!("the {} transport is not in this build", target.endpoint.transport());
                Err(Error::new(crate::event::Reason::Internal, message))
            }
        }
    }
}
