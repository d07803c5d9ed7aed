//! Lending open sessions: one pool per target and identity, reused for every pipeline of the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Session;
use crate::target::{Credential, Endpoint, Target};

/// What a session belongs to: an endpoint and who is logged on there. Sessions never change identity.
#[derive(Debug, Clone)]
pub struct ConnectionKey {
    endpoint: Endpoint,
    credential: Option<Arc<Credential>>,
}

/// Idle open sessions, kept to be lent again.
#[derive(Default)]
pub struct Sessions {
    idle: Mutex<HashMap<String, Vec<(ConnectionKey, Session)>>>,
}

impl From<&Target> for ConnectionKey {
    fn from(target: &Target) -> Self {
        Self { endpoint: target.endpoint.clone(), credential: target.credential.clone() }
    }
}

impl ConnectionKey {
    /// Whether endpoint and credential are the same, password included.
    fn matches(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint && self.credential == other.credential
    }

    /// Where to look: the part that can be printed.
    fn place(&self) -> String {
        self.endpoint.to_string()
    }
}

impl Sessions {
    /// Takes an idle session of this key, if there is one.
    pub fn take(&self, key: &ConnectionKey) -> Option<Session> {
        let mut idle = self.lock();
        let sessions = idle.get_mut(&key.place())?;
        let at = sessions.iter().position(|(known, _)| known.matches(key))?;
        Some(sessions.swap_remove(at).1)
    }

    /// Keeps a session for later; one that cannot be used again is handed back, to be closed.
    pub fn give_back(&self, key: ConnectionKey, session: Session) -> Option<Session> {
        if !session.is_reusable() {
            return Some(session);
        }
        self.lock().entry(key.place()).or_default().push((key, session));
        None
    }

    /// Closes all idle sessions, at the same time.
    pub async fn close_all(&self) {
        let idle = std::mem::take(&mut *self.lock());
        let closing = idle.into_values().flatten().map(|(_, session)| session.close());
        futures::future::join_all(closing).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<(ConnectionKey, Session)>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
