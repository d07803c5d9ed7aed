//! What the shell has to say of its pool, and that it can always get rid of it.
//!
//! PowerShell's WSMan plug-in holds a lock while it reports something of the pool. A server may let it wait until a
//! Receive of the shell takes the report, and Command, Send and Delete wait for the same lock: their answers never
//! come, or late (seen on a Microsoft OMI server with PowerShell 7.6.9). So nobody waits long for such an answer
//! without a Receive of the shell. PowerShell's own client has one pending always; we save the exchange where the
//! server does not need it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::lock;
use super::wire::Wire;
use crate::transport::http::Failure;
use crate::transport::{Error, Received};
use crate::wsman::{Requests, Response};

/// How long an answer may be awaited without a Receive of the shell.
const OVERDUE: Duration = Duration::from_millis(500);
/// Reports of the pool that wait for their reader; then the server has to wait.
const QUEUED: usize = 16;

/// Receives from the shell: when asked to, and by itself once the server has kept an answer back.
pub(super) struct Listener {
    ear: Arc<Ear>,
    /// What has come by itself, in order.
    heard: tokio::sync::Mutex<mpsc::Receiver<Received>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The one Receive of the shell that may be pending, whoever waits for it.
struct Ear {
    wire: Arc<Wire>,
    /// It outlives those who wait for it, so that nothing is lost when they give up.
    pending: tokio::sync::Mutex<Option<Poll>>,
    heard: mpsc::Sender<Received>,
}

type Poll = BoxFuture<'static, Result<Received, Error>>;

impl Listener {
    pub(super) fn new(wire: Arc<Wire>) -> Self {
        let (sender, heard) = mpsc::channel(QUEUED);
        let ear = Ear { wire, pending: tokio::sync::Mutex::default(), heard: sender };
        Self { ear: Arc::new(ear), heard: tokio::sync::Mutex::new(heard), task: Mutex::default() }
    }

    /// The next report of the pool.
    pub(super) async fn receive(&self) -> Result<Received, Error> {
        let mut heard = self.heard.lock().await;
        tokio::select! {
            biased;
            Some(report) = heard.recv() => Ok(report),
            report = self.ear.poll() => report,
        }
    }

    /// The next report that comes by itself; never returns while there is none.
    pub(super) async fn news(&self) -> Received {
        match self.heard.lock().await.recv().await {
            Some(report) => report,
            None => std::future::pending().await,
        }
    }

    /// One exchange whose answer the server may keep back until it has got rid of its reports.
    pub(super) async fn ask(
        &self,
        make: impl FnOnce(&Requests) -> String,
        patience: Duration,
    ) -> Result<Response, Failure> {
        let sent = Notify::new();
        let answer = self.ear.wire.exchange(make, patience, || sent.notify_one());
        tokio::pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            () = overdue(&sent) => self.start(),
        }
        answer.await
    }

    /// Stops listening: there is no shell any more.
    pub(super) fn stop(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    /// Listens from now on.
    fn start(&self) {
        let mut task = lock(&self.task);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            tracing::debug!("an answer is overdue: listening to the shell");
            let ear = Arc::clone(&self.ear);
            *task = Some(tokio::spawn(async move { ear.listen().await }));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Ear {
    /// Waits for the next report.
    async fn poll(&self) -> Result<Received, Error> {
        let mut pending = self.pending.lock().await;
        self.finish(&mut pending).await
    }

    /// Waits for one report after the other until a Receive fails. Whoever asks next finds out what is wrong.
    async fn listen(&self) {
        while let Ok(place) = self.heard.reserve().await {
            let mut pending = self.pending.lock().await;
            match self.finish(&mut pending).await {
                // Before anybody else can receive, so that the order is kept.
                Ok(report) => place.send(report),
                Err(error) => {
                    tracing::debug!(%error, "the shell cannot be listened to");
                    return;
                }
            }
        }
    }

    /// Brings the pending Receive to its end, or a new one.
    async fn finish(&self, pending: &mut Option<Poll>) -> Result<Received, Error> {
        let poll = pending.get_or_insert_with(|| {
            let wire = Arc::clone(&self.wire);
            async move { wire.receive(None).await }.boxed()
        });
        let report = poll.await;
        *pending = None;
        report
    }
}

/// Waits until an answer is overdue, counted from when its request left.
async fn overdue(sent: &Notify) {
    sent.notified().await;
    tokio::time::sleep(OVERDUE).await;
}
