//! When and why a running pipeline is stopped, and how far the stopping is.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::transport::{self, Carrier};

/// How long a stopped pipeline may take to report that it has stopped. `finally` blocks run in this time.
pub const STOP_WAIT: Duration = Duration::from_secs(10);

/// Why we stop a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// Its time was up.
    Timeout,
    /// The caller wanted so.
    Stop,
    /// Its input could not be delivered.
    Input,
}

/// Watches the time and the caller's wish, and stops the pipeline on the server.
pub(super) struct Halting {
    carrier: Arc<dyn Carrier>,
    pipeline: Uuid,
    stop: CancellationToken,
    /// Until when the pipeline may run or, once it is being stopped, take to say so.
    until: Instant,
    why: Option<Halt>,
    over: bool,
    /// The stop on its way to the server.
    signalling: Option<BoxFuture<'static, Result<(), transport::Error>>>,
}

impl Halting {
    /// Watches over a pipeline that has just been started.
    pub(super) fn new(carrier: Arc<dyn Carrier>, pipeline: Uuid, deadline: Instant, stop: CancellationToken) -> Self {
        Self { carrier, pipeline, stop, until: deadline, why: None, over: false, signalling: None }
    }

    /// Why the pipeline is being stopped, if it is.
    pub(super) fn why(&self) -> Option<Halt> {
        self.why
    }

    /// The time to confirm the stop is over.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Begins to stop the pipeline. The first reason counts.
    pub(super) fn begin(&mut self, why: Halt) {
        if self.why.is_some() {
            return;
        }
        self.why = Some(why);
        self.until = Instant::now() + STOP_WAIT;
        let (carrier, pipeline) = (Arc::clone(&self.carrier), self.pipeline);
        self.signalling = Some(Box::pin(async move { carrier.signal(pipeline).await }));
    }

    /// Waits for the next step and takes it; for ever when all is over. Loses nothing when it is dropped.
    pub(super) async fn step(&mut self) {
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(self.until), if !self.over => match self.why {
                None => self.begin(Halt::Timeout),
                Some(_) => self.over = true,
            },
            () = self.stop.cancelled(), if self.why.is_none() => self.begin(Halt::Stop),
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
        while !self.over {
            tokio::select! {
                biased;
                done = &mut action => return Some(done),
                () = self.step() => {}
            }
        }
        None
    }
}
