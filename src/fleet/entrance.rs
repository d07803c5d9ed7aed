//! The way to a new session: the run's leave, and then a place of the pool of sessions.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;

use super::gatekeeper::{Reply, Reports};
use crate::session::{Place, Sessions};
use crate::transport::{Authenticated, Error, Gatekeeper, Step};

/// Gives an attempt leave to open a session: when the dispatcher does, and when there may be another session.
///
/// The place is taken last: whoever has it goes on at once, so that nobody holds one while waiting for the run.
pub(super) struct Entrance {
    reports: Reports,
    sessions: Arc<Sessions>,
    place: Mutex<Option<Place>>,
    proved_by: OnceLock<&'static str>,
}

impl Entrance {
    pub(super) fn new(reports: Reports, sessions: Arc<Sessions>) -> Self {
        Self { reports, sessions, place: Mutex::default(), proved_by: OnceLock::new() }
    }

    /// The place of the session that was opened; one that asked nobody waits for it now.
    pub(super) async fn place(&self) -> Place {
        let taken = self.taken().take();
        match taken {
            Some(place) => place,
            None => self.sessions.place().await,
        }
    }

    /// What proved the user to the server, once it has accepted it.
    pub(super) fn proved_by(&self) -> Option<&'static str> {
        self.proved_by.get().copied()
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Option<Place>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Gatekeeper for Entrance {
    async fn ask(&self, step: Step) -> Reply {
        let leave = self.reports.ask(step).await?;
        let has_place = self.taken().is_some();
        if !has_place {
            let place = self.sessions.place().await;
            *self.taken() = Some(place);
        }
        Ok(leave)
    }

    fn is_proven(&self) -> bool {
        self.reports.is_proven()
    }

    fn accepted(&self, how: Authenticated) {
        if let Authenticated::By(name) = how {
            let _ = self.proved_by.set(name);
        }
        self.reports.accepted(how);
    }

    fn again(&self) -> Result<(), Error> {
        self.reports.again()
    }
}
