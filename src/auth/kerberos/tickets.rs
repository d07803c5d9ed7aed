//! The users' tickets that get others: one for each credential, however many connections it has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::channel::oneshot::{Receiver, Sender, channel};
use psfleet_gssapi::{Credential as Ticket, Proof, library};

use super::fault::KerberosFault;
use super::names::principal;
use crate::auth::error::Error;
use crate::target::Credential;

/// What the library says of a cache that is another user's.
const OTHERS: &str = "does not match desired name";
/// Tickets that end sooner are asked for anew, in seconds.
const SOON: u32 = 120;

/// The tickets of the credentials of a process.
#[derive(Default)]
pub struct Tickets(Mutex<Vec<(Weak<Credential>, Arc<Wallet>)>>);

/// What a KDC says to a credential.
pub(super) type Answer = Result<Arc<Ticket>, Error>;

/// The ticket of one credential.
///
/// ```text
/// Empty --somebody asks--> Asking --a ticket, or what is wrong with the account--> Kept
///   ^                        |                                                       |
///   +--anything else, which may be otherwise in a moment                             |
///   +--the ticket ends soon---------------------------------------------------------+
/// ```
#[derive(Default)]
pub(super) struct Wallet(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Empty,
    /// Somebody asks; these wait for the answer.
    Asking(Vec<Sender<Answer>>),
    Kept(Answer),
}

/// What there is for somebody who wants the ticket.
pub(super) enum Turn {
    /// The answer that was kept.
    Kept(Answer),
    /// Nobody asks yet: it is theirs to do.
    Ask(Asking),
    /// Somebody asks, and the answer comes from here; no answer if that one is given up.
    Await(Receiver<Answer>),
}

/// Leave to ask the KDC. Whoever drops it leaves it to the next.
pub(super) struct Asking(Option<Arc<Wallet>>);

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
    /// What there is to do for the ticket. The KDC is asked by one alone, and all who wait hear the same answer.
    pub(super) fn turn(self: &Arc<Self>) -> Turn {
        let mut state = lock(&self.0);
        match &mut *state {
            State::Kept(answer) => Turn::Kept(answer.clone()),
            State::Asking(waiting) => {
                let (sender, receiver) = channel();
                waiting.push(sender);
                Turn::Await(receiver)
            }
            State::Empty => {
                *state = State::Asking(Vec::new());
                Turn::Ask(Asking(Some(Arc::clone(self))))
            }
        }
    }

    /// Forgets a ticket that ends soon; whether it does. Others may have forgotten it already.
    pub(super) fn is_over(&self, ticket: &Arc<Ticket>) -> bool {
        if ticket.lifetime().is_ok_and(|seconds| seconds > SOON) {
            return false;
        }
        let mut state = lock(&self.0);
        if matches!(&*state, State::Kept(Ok(kept)) if Arc::ptr_eq(kept, ticket)) {
            *state = State::Empty;
        }
        true
    }

    /// Tells all who wait. Only what is wrong with the account is kept of faults: to ask again would be another failed
    /// logon. A KDC that is down may be up in a moment.
    fn end(&self, answer: Option<&Answer>) {
        let next = match answer {
            Some(Ok(ticket)) => State::Kept(Ok(Arc::clone(ticket))),
            Some(Err(error @ Error::Kerberos(fault))) if fault.is_of_account() => State::Kept(Err(error.clone())),
            _ => State::Empty,
        };
        let before = std::mem::replace(&mut *lock(&self.0), next);
        if let (State::Asking(waiting), Some(answer)) = (before, answer) {
            // Some of them may have gone.
            waiting.into_iter().for_each(|sender| drop(sender.send(answer.clone())));
        }
    }
}

impl Asking {
    /// Asks, which may take as long as the KDC lets it.
    ///
    /// # Errors
    /// [`Error::Kerberos`] and [`Error::UserName`].
    pub(super) fn ask(mut self, credential: &Credential) -> Answer {
        let answer = ask(credential).and_then(|answer| answer.map_err(Error::Kerberos));
        self.end(Some(&answer));
        answer
    }

    fn end(&mut self, answer: Option<&Answer>) {
        if let Some(wallet) = self.0.take() {
            wallet.end(answer);
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.end(None);
    }
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
        Credential::Key { .. } | Credential::Certificate(_) => {
            return Err(Error::NotProving { method: "Kerberos", what: credential.kind() });
        }
    };
    Ok(ticket.map(Arc::new).map_err(|fault| told(KerberosFault::of(&fault, None), credential)))
}

/// Where there is no ticket, the library says little of what was to give one.
fn told(fault: KerberosFault, credential: &Credential) -> KerberosFault {
    match (fault, credential) {
        (KerberosFault::NoTicket(_), Credential::Keytab { user, file }) => {
            KerberosFault::NoTicket(format!("{} has no key of {user} (klist -k shows whose)", file.display()))
        }
        (KerberosFault::NoTicket(said), Credential::Ticket { user: Some(user), .. }) if said.contains(OTHERS) => {
            KerberosFault::NoTicket(format!("the cache has those of somebody else than {user} (klist shows whose)"))
        }
        (fault, _) => fault,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Credential, Error, KerberosFault, Tickets, Turn, Wallet};

    fn asking(wallet: &Arc<Wallet>) -> super::Asking {
        match wallet.turn() {
            Turn::Ask(asking) => asking,
            Turn::Kept(_) | Turn::Await(_) => panic!("it is nobody's turn"),
        }
    }

    #[test]
    fn one_asks_and_all_hear_the_same() {
        let lasting = |fault: &KerberosFault| matches!(fault, KerberosFault::Locked(_));
        for fault in [KerberosFault::Locked("x".to_owned()), KerberosFault::NoKdc("x".to_owned())] {
            let wallet = Arc::new(Wallet::default());
            let mut first = asking(&wallet);
            let Turn::Await(mut answer) = wallet.turn() else { panic!("somebody asks") };
            let said = Error::Kerberos(fault.clone());
            first.end(Some(&Err(said.clone())));
            assert_eq!(answer.try_recv().ok().flatten().and_then(Result::err), Some(said.clone()));
            match wallet.turn() {
                Turn::Kept(kept) => assert!(lasting(&fault) && kept.err() == Some(said)),
                Turn::Ask(_) => assert!(!lasting(&fault), "an account is asked for once"),
                Turn::Await(_) => panic!("nobody asks any more"),
            }
        }
    }

    #[test]
    fn whoever_gives_up_leaves_it_to_the_next() {
        let wallet = Arc::new(Wallet::default());
        let first = asking(&wallet);
        let Turn::Await(mut answer) = wallet.turn() else { panic!("somebody asks") };
        drop(first);
        assert!(answer.try_recv().is_err(), "no answer will come");
        drop(asking(&wallet));
    }

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
