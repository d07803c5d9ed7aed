//! Whether an idle session is still there: one question that costs a round trip and runs nothing.

use std::time::Duration;

use super::Session;
use super::error::Error;
use crate::psrp::PoolState;
use crate::transport::{Channel, Priority};

/// How long a server may take to answer. One that takes longer is no better than a new session.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

impl Session {
    /// Asks the server of an idle session for its free runspaces. Over WinRM the request's own answer tells enough:
    /// a shell that is gone (its process ended, somebody removed it, the host restarted) is a fault. Where messages
    /// arrive by themselves, the answer is awaited, and what came meanwhile may be the pool's end.
    pub(super) async fn is_alive(&mut self) -> bool {
        match tokio::time::timeout(ANSWER_WAIT, self.ask_whether_alive()).await {
            Ok(Ok(())) => self.pool.state() == PoolState::Ready,
            Ok(Err(error)) => {
                tracing::debug!(%error, "an idle session is gone");
                false
            }
            Err(_) => {
                tracing::debug!("an idle session gives no answer");
                false
            }
        }
    }

    async fn ask_whether_alive(&mut self) -> Result<(), Error> {
        self.free_runspaces = false;
        let question = self.pool.ask_for_free_runspaces(self.carrier.max_fragment());
        self.carrier.send(Channel::Pool, Priority::Default, question).await?;
        while self.carrier.pushes() && !self.free_runspaces {
            self.receive_pool().await?;
        }
        Ok(())
    }
}
