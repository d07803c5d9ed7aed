//! The users' tickets that get others: one for each credential, however many connections it has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use psfleet_gssapi::{Credential as Ticket, Proof, library};

use super::fault::KerberosFault;
use super::names::principal;
use crate::auth::error::Error;
use crate::target::Credential;

/// Tickets that end sooner are asked for anew, in seconds.
const SOON: u32 = 120;

/// The tickets of the credentials of a process.
#[derive(Default)]
pub struct Tickets(Mutex<Vec<(Weak<Credential>, Arc<Wallet>)>>);

/// The ticket of one credential, and the last word of its KDC.
#[derive(Default)]
pub(super) struct Wallet(Mutex<Option<Result<Arc<Ticket>, KerberosFault>>>);

impl Tickets {
    /// Where a credential's ticket is kept, for as long as anybody has the credential.
    pub(super) fn of(&self, credential: &Arc<Credential>) -> Arc<Wallet> {
        let mut wallets = lock(&self.0);
        wallets.retain(|(owner, _)| owner.strong_count() > 0);
        let known = wallets.iter().find(|(owner, _)| std::ptr::eq(owner.as_ptr(), Arc::as_ptr(credential)));
        if let Some((_, wallet)) = known {
            return Arc::clone(wallet);
        }
        let wallet = Arc::new(Wallet::default());
        wallets.push((Arc::downgrade(credential), Arc::clone(&wallet)));
        wallet
    }
}

impl Wallet {
    /// The ticket, asked for if there is none that lasts. Others that want it wait meanwhile, and hear the same answer:
    /// the KDC is asked once, whatever it says.
    ///
    /// # Errors
    /// [`Error::Kerberos`] and [`Error::UserName`].
    pub(super) fn ticket(&self, credential: &Credential) -> Result<Arc<Ticket>, Error> {
        let mut kept = lock(&self.0);
        match &*kept {
            Some(Ok(ticket)) if lasts(ticket, credential) => return Ok(Arc::clone(ticket)),
            Some(Err(fault)) => return Err(Error::Kerberos(fault.clone())),
            _ => {}
        }
        let answer = ask(credential)?;
        *kept = Some(answer.clone());
        answer.map_err(Error::Kerberos)
    }
}

/// Whether a ticket need not be asked for again. What is in a cache or a keytab the library looks after by itself.
fn lasts(ticket: &Ticket, credential: &Credential) -> bool {
    credential.password().is_none() || ticket.lifetime().is_ok_and(|seconds| seconds > SOON)
}

/// Asks for a ticket; the outer error is a credential of which no KDC could make sense.
fn ask(credential: &Credential) -> Result<Result<Arc<Ticket>, KerberosFault>, Error> {
    static CACHES: AtomicU64 = AtomicU64::new(0);
    let user = credential.user().map(principal).transpose()?;
    let library = match library() {
        Ok(library) => library,
        Err(why) => return Ok(Err(KerberosFault::NoLibrary(why.to_string()))),
    };
    let of_user = |proof: Proof<'_>| Ticket::of_user(library, user.as_deref(), &proof);
    let ticket = match credential {
        Credential::Password { password, .. } => of_user(Proof::Password(password.expose().as_bytes())),
        Credential::Ticket { cache, .. } => of_user(Proof::Cache(cache.as_deref())),
        Credential::Keytab { file, .. } => {
            let cache = format!("MEMORY:psfleet-{}", CACHES.fetch_add(1, Ordering::Relaxed));
            let keytab = format!("FILE:{}", file.display());
            // The library asks the KDC only when it must know more; a wrong key is to be refused once, and here.
            of_user(Proof::Keytab { keytab: &keytab, cache: &cache })
                .and_then(|ticket| ticket.lifetime().map(|_| ticket))
        }
        Credential::Key { .. } => return Err(Error::NotProving { method: "Kerberos", what: credential.kind() }),
    };
    Ok(ticket.map(Arc::new).map_err(|fault| KerberosFault::of(&fault, None)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Credential, Tickets};

    #[test]
    fn a_credential_has_one_wallet_while_it_lives() {
        let (tickets, ada) = (Tickets::default(), Arc::new(Credential::of("ada", None)));
        let (first, again) = (tickets.of(&ada), tickets.of(&Arc::clone(&ada)));
        assert!(Arc::ptr_eq(&first, &again));
        assert!(!Arc::ptr_eq(&first, &tickets.of(&Arc::new(Credential::of("ada", None)))));
        drop(ada);
        tickets.of(&Arc::new(Credential::of("bob", None)));
        assert_eq!(tickets.0.lock().expect("not poisoned").len(), 1);
    }
}
