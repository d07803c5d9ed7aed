//! The gate that makes a reqwest client one connection.
//!
//! hyper-util races a new connection against the one that is just being returned to the pool, and would move a request
//! to a socket that never logged on. The gate lets one connection through; a later attempt waits long enough for the
//! returning connection to win, then fails.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tower::{BoxError, Layer, Service};

/// How long a second attempt waits for the first connection to become free again.
const GRACE: Duration = Duration::from_secs(1);

/// Lets one connection through.
#[derive(Clone, Default)]
pub(super) struct Gate {
    used: Arc<AtomicBool>,
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, connector: S) -> Gated<S> {
        Gated { connector, used: Arc::clone(&self.used) }
    }
}

/// A connector behind a [`Gate`].
#[derive(Clone)]
pub(super) struct Gated<S> {
    connector: S,
    used: Arc<AtomicBool>,
}

impl<S, R> Service<R> for Gated<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.used.swap(true, Ordering::SeqCst) {
            return Box::pin(async {
                tokio::time::sleep(GRACE).await;
                Err(Gone.into())
            });
        }
        Box::pin(self.connector.call(request))
    }
}

/// The lane's one connection is gone, and the request was not sent.
#[derive(Debug)]
pub(super) struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server has closed the connection")
    }
}

impl std::error::Error for Gone {}
