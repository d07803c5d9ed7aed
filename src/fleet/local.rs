//! The executor of this process.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::attempt_end::AttemptEnd;
use super::executor::{Executor, Order};
use super::worker::Attempt;
use crate::session::Sessions;
use crate::transport::Connector;

/// Does attempts in tasks of this process.
pub struct Local {
    connector: Arc<dyn Connector>,
    /// Where open sessions are kept, if they are.
    sessions: Option<Arc<Sessions>>,
}

impl Local {
    /// Over a connector, with sessions that are kept for another run or closed after each attempt.
    pub fn new(connector: Arc<dyn Connector>, sessions: Option<Arc<Sessions>>) -> Self {
        Self { connector, sessions }
    }
}

impl Executor for Local {
    fn attempt(&self, order: Order) -> BoxFuture<'static, AttemptEnd> {
        let attempt = Attempt { order, connector: Arc::clone(&self.connector), sessions: self.sessions.clone() };
        Box::pin(attempt.run())
    }
}
