//! The ways to all targets of a run, and what they share.

use async_trait::async_trait;

use super::http::Http;
use super::wsman::WsmanCarrier;
use super::{Carrier, Connector, Error, local, ssh};
use crate::target::{Endpoint, Target};

/// Connects to targets over any transport. One per process: TLS roots, known hosts and the like are loaded once.
#[derive(Default)]
pub struct Network {
    http: Http,
    ssh: ssh::Client,
}

#[async_trait]
impl Connector for Network {
    async fn connect(&self, target: &Target) -> Result<Box<dyn Carrier>, Error> {
        match &target.endpoint {
            Endpoint::Local(endpoint) => local::start(endpoint),
            Endpoint::Winrm(_) => Ok(Box::new(WsmanCarrier::new(target, &self.http)?)),
            Endpoint::Ssh(endpoint) => {
                ssh::connect(endpoint, target.credential.as_deref(), target.timeouts.connect, &self.ssh).await
            }
        }
    }
}
