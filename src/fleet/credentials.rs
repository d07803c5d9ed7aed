//! Which targets share a credential, and what is known of it.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use crate::schedule::{CredentialId, Schedule};
use crate::target::{Credential, Target};
use crate::transport::Error;

/// What is known of a credential by all who have it, without asking.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Nobody waits for a host to accept it.
    pub proven: AtomicBool,
    /// Why it is not sent any more.
    pub tripped: OnceLock<Error>,
}

/// Numbers the credentials: targets that share one share its number. One that locks no account when it is refused
/// (SSH keys, tickets) has none: each host decides about it by itself.
pub(super) fn numbered(targets: &[Arc<Target>]) -> Vec<Option<CredentialId>> {
    let mut known: HashMap<*const Credential, usize> = HashMap::new();
    targets
        .iter()
        .map(|target| {
            let credential = target.credential.as_ref().filter(|known| known.may_lock())?;
            let next = known.len();
            Some(CredentialId(*known.entry(Arc::as_ptr(credential)).or_insert(next)))
        })
        .collect()
}

/// For each target what is known of its credential: one for all that have the same. Nobody waits for one that no other
/// has.
pub(super) fn standings(credentials: &[Option<CredentialId>], schedule: &Schedule) -> Vec<Arc<Standing>> {
    let mut shared: HashMap<CredentialId, Arc<Standing>> = HashMap::new();
    let standing = |credential: &Option<CredentialId>| match credential {
        Some(credential) if schedule.is_shared(*credential) => Arc::clone(shared.entry(*credential).or_default()),
        _ => Arc::new(Standing { proven: AtomicBool::new(true), ..Standing::default() }),
    };
    credentials.iter().map(standing).collect()
}
