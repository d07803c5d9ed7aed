//! Connects to all targets of a run, whatever their transport, with what the connections share.

use async_trait::async_trait;

use super::http::TlsCache;
#[cfg(feature = "ssh")]
use super::ssh;
use super::wsman::WsmanCarrier;
use super::{Admission, Carrier, Connector, Error, Step, local};
use crate::target::{Endpoint, Target};

/// Connects to targets over any transport. One per process: TLS roots, known hosts and the like are loaded once.
#[derive(Default)]
pub struct Network {
    tls_cache: TlsCache,
}

#[async_trait]
impl Connector for Network {
    async fn connect(&self, target: &Target, admission: &Admission) -> Result<Box<dyn Carrier>, Error> {
        match &target.endpoint {
            Endpoint::Local(endpoint) => {
                admission.ask(Step::Begin).await?;
                local::start(endpoint)
            }
            Endpoint::Winrm(_) => Ok(Box::new(WsmanCarrier::connect(target, &self.tls_cache, admission).await?)),
            #[cfg(feature = "ssh")]
            Endpoint::Ssh(endpoint) => {
                let credential = target.credential.as_deref();
                ssh::connect(
                    endpoint,
                    credential,
                    target.timeouts.connect,
                    self.tls_cache.tunnels().client(),
                    admission,
                )
                .await
            }
            #[cfg(not(feature = "ssh"))]
            Endpoint::Ssh(_) => Err(Error::new(crate::outcome::Reason::Network, "this psfleet was built without SSH")),
        }
    }
}
