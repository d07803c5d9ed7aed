//! Names to addresses, by the system's resolver.

use std::fmt;
use std::io;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

/// How many names are looked up at the same time: each takes a thread.
const LOOKUPS: usize = 64;

/// The system's resolver, asked for a bounded number of names at a time.
pub(super) struct Resolver {
    lookups: Arc<Semaphore>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let _turn = lookups.acquire().await?;
            let name = name.as_str().to_owned();
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect::<Vec<_>>);
            match found {
                Ok(found) => Ok(Box::new(found.into_iter()) as Addrs),
                Err(cause) => Err(DnsError { name, cause }.into()),
            }
        })
    }
}

/// A name without address; found again in the error chain of a request.
#[derive(Debug)]
pub(super) struct DnsError {
    pub(super) name: String,
    cause: io::Error,
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.cause)
    }
}

impl std::error::Error for DnsError {}
