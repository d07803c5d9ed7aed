//! The session's key, exchanged when the first secret is to travel.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::{Error, Session};
use crate::psrp::ExchangeKey;
use crate::secret::Secret;
use crate::transport::{self, Channel, Priority};

/// How long a server may take at most to answer with a key.
const KEY_WAIT: Duration = Duration::from_secs(60);

/// One pair for all sessions: making one costs more than everything else of an exchange.
static EXCHANGE_KEY: OnceCell<Arc<ExchangeKey>> = OnceCell::const_new();

impl Session {
    /// The text of a SecureString that this session's server sent. It exists in memory only.
    ///
    /// # Errors
    /// No key could be agreed on, or the bytes are of another session.
    pub async fn reveal(&mut self, secure_string: &[u8]) -> Result<Secret<String>, Error> {
        self.agree_on_key(KEY_WAIT).await?;
        self.pool.decrypt(secure_string).map_err(|error| Error::NoKey(error.to_string()))
    }

    /// Sees to it that the session has a key, within `limit` and never longer than a minute. Nothing of a command has
    /// been sent when this fails; after a server kept silent the session is of no more use.
    ///
    /// # Errors
    /// The connection is open to all or breaks, or the server gives no key.
    pub async fn agree_on_key(&mut self, limit: Duration) -> Result<(), Error> {
        if self.pool.has_key() {
            return Ok(());
        }
        if !self.carrier.is_private() {
            return Err(Error::Exposed);
        }
        let limit = limit.min(KEY_WAIT);
        match tokio::time::timeout(limit, self.exchange()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Error::Transport(error))) => {
                let again = error.retryable || error.is_link_broken();
                Err(Error::Refused(transport::Error { retryable: again, ..error }.before_anything_ran()))
            }
            Ok(Err(error)) => Err(Error::NoKey(error.to_string())),
            // What is left of a time limit has a tail of digits that nobody asked for.
            Err(_) => Err(Error::NoKey(format!("no answer within {} s", (limit.as_secs_f32() * 10.0).round() / 10.0))),
        }
    }

    async fn exchange(&mut self) -> Result<(), Error> {
        self.wait_for_opened().await?;
        self.send_public_key().await?;
        while !self.pool.has_key() {
            self.receive_pool().await?;
        }
        Ok(())
    }

    /// Sends our public key, asked for or not.
    pub(super) async fn send_public_key(&mut self) -> Result<(), Error> {
        let key = EXCHANGE_KEY.get_or_try_init(make_key).await?;
        let fragments = self.pool.request_key(Arc::clone(key), self.carrier.max_fragment())?;
        self.carrier.send(Channel::Pool, Priority::Default, fragments).await?;
        Ok(())
    }
}

async fn make_key() -> Result<Arc<ExchangeKey>, Error> {
    let made = tokio::task::spawn_blocking(ExchangeKey::generate).await;
    let made = made.map_err(|_| Error::NoKey("it could not be made: a bug in psfleet".to_owned()))?;
    made.map(Arc::new).map_err(|error| Error::NoKey(error.to_string()))
}
