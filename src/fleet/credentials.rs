//! Which targets share a credential, and what is known of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::schedule::{CredentialId, Schedule};
use crate::target::{Credential, Target};

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

/// For each target whether nobody waits for its credential to be accepted: one flag for all that have the same.
pub(super) fn proven_flags(credentials: &[Option<CredentialId>], schedule: &Schedule) -> Vec<Arc<AtomicBool>> {
    let mut flags: HashMap<CredentialId, Arc<AtomicBool>> = HashMap::new();
    let flag = |credential: &Option<CredentialId>| match credential {
        Some(credential) if schedule.is_shared(*credential) => Arc::clone(flags.entry(*credential).or_default()),
        _ => Arc::new(AtomicBool::new(true)),
    };
    credentials.iter().map(flag).collect()
}
