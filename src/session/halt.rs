//! Watches the time and the caller's wish, and stops the pipeline on the server: the hands of [`Stopping`].

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::stopping::{Halt, Stopping};
use crate::transport::{self, Carrier};

/// The stopping of one pipeline.
pub(super) struct Halting {
    carrier: Arc<dyn Carrier>,
    pipeline: Uuid,
    stop: CancellationToken,
    stopping: Stopping,
    /// The stop on its way to the server.
    signalling: Option<BoxFuture<'static, Result<(), transport::Error>>>,
}

impl Halting {
    /// Watches over a pipeline that has just been started.
    pub(super) fn new(carrier: Arc<dyn Carrier>, pipeline: Uuid, deadline: Instant, stop: CancellationToken) -> Self {
        Self { carrier, pipeline, stop, stopping: Stopping::new(deadline.into_std()), signalling: None }
    }

    /// Why the pipeline is being stopped, if it is.
    pub(super) fn why(&self) -> Option<Halt> {
        self.stopping.why()
    }

    /// The time to confirm the stop is over.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stopping, Stopping::Over { .. })
    }

    /// Begins to stop the pipeline. The first reason counts.
    pub(super) fn begin(&mut self, why: Halt) {
        if self.stopping.begin(why, Instant::now().into_std()) {
            self.signal();
        }
    }

    /// Waits for the next step and takes it; for ever when all is over. Loses nothing when it is dropped.
    pub(super) async fn step(&mut self) {
        let wakes = self.stopping.wakes();
        tokio::select! {
            biased;
            () = until(wakes), if wakes.is_some() => {
                if self.stopping.wake(Instant::now().into_std()) {
                    self.signal();
                }
            }
            () = self.stop.cancelled(), if self.stopping.why().is_none() => self.begin(Halt::Stop),
            Some(sent) = async { Some(self.signalling.as_mut()?.await) }, if self.signalling.is_some() => {
                self.signalling = None;
                if let Err(error) = sent {
                    // What comes of the pipeline will tell the rest, or the wait for it ends.
                    tracing::debug!(%error, "the stop signal failed");
                }
            }
            else => std::future::pending().await,
        }
    }

    /// The result of what must not be broken off; the steps are taken meanwhile.
    pub(super) async fn during<T>(&mut self, action: impl Future<Output = T>) -> T {
        tokio::pin!(action);
        loop {
            tokio::select! {
                biased;
                done = &mut action => return done,
                () = self.step() => {}
            }
        }
    }

    /// The result of what the server must let us do; `None` if the time for it runs out.
    pub(super) async fn unless_over<T>(&mut self, action: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(action);
        while !self.is_over() {
            tokio::select! {
                biased;
                done = &mut action => return Some(done),
                () = self.step() => {}
            }
        }
        None
    }

    fn signal(&mut self) {
        let (carrier, pipeline) = (Arc::clone(&self.carrier), self.pipeline);
        self.signalling = Some(Box::pin(async move { carrier.signal(pipeline).await }));
    }
}

/// Waits for a time; for ever where there is none.
async fn until(time: Option<std::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
