//! The run side's own way to SSH, with another home than that of whoever runs the tests.

use async_trait::async_trait;
use psfleet::target::{Endpoint, Target};
use psfleet::transport::ssh::Client;
use psfleet::transport::{Admission, Carrier, Connector, Error, ssh};

/// Connects to SSH endpoints by this client.
pub(crate) struct SshOnly(pub Client);

#[async_trait]
impl Connector for SshOnly {
    async fn connect(&self, target: &Target, admission: &Admission) -> Result<Box<dyn Carrier>, Error> {
        let Endpoint::Ssh(endpoint) = &target.endpoint else { panic!("no SSH endpoint: {}", target.endpoint) };
        ssh::connect(endpoint, target.credential.as_deref(), target.timeouts.connect, &self.0, admission).await
    }
}
