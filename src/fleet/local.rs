//! The executor of this process.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::attempt_end::AttemptEnd;
use super::executor::{Executor, Order};
use super::worker::Attempt;
use crate::session::{ConnectionKey, Sessions};
use crate::transport::Connector;

/// Does attempts in tasks of this process.
pub struct Local {
    connector: Arc<dyn Connector>,
    sessions: Arc<Sessions>,
    keeps: bool,
    /// Nobody else has the sessions when the run is over.
    owns: bool,
}

impl Local {
    /// Over a connector, with a pool of sessions, or with sessions that are closed after each attempt.
    pub fn new(connector: Arc<dyn Connector>, sessions: Option<Arc<Sessions>>) -> Self {
        let sessions = sessions.unwrap_or_else(|| Arc::new(Sessions::keeping_none()));
        Self { connector, keeps: sessions.keeps(), sessions, owns: false }
    }

    /// Closes the pool when the run is over.
    pub fn owning(self) -> Self {
        Self { owns: true, ..self }
    }

    /// Uses the sessions that are there for the last time: each is closed after its attempt.
    pub fn closing(self) -> Self {
        Self { keeps: false, ..self }
    }
}

impl Executor for Local {
    fn attempt(&self, order: Order) -> BoxFuture<'static, AttemptEnd> {
        let (connector, sessions) = (Arc::clone(&self.connector), Arc::clone(&self.sessions));
        let (is_noted, took, proved_by) = (false, Duration::ZERO, None);
        Box::pin(Attempt { order, connector, sessions, keeps: self.keeps, is_noted, took, proved_by }.run())
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let (owns, sessions) = (self.owns, Arc::clone(&self.sessions));
        Box::pin(async move {
            if owns {
                sessions.close_all().await;
            }
        })
    }

    fn shells_left(&self) -> Vec<ConnectionKey> {
        if self.owns { self.sessions.shells_left() } else { Vec::new() }
    }
}
