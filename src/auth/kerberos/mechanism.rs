//! Kerberos as a mechanism, under its own scheme or Negotiate's.
//!
//! Under Negotiate too the tokens are Kerberos' own, which Windows takes there. MIT's SPNEGO would wrap them, but it hides
//! what the KDC says (unknown servers, clocks) behind words of its own, and knows no credential of a password: that it
//! could fall back is of no use, for it has no NTLM.

use std::sync::{Arc, Mutex, PoisonError};

use psfleet_gssapi::{Context, Credential as Ticket, Initiator, Token};

use super::fault::KerberosFault;
use super::names::servers;
use super::tickets::{Answer, Tickets, Turn, Wallet};
use crate::auth::binding::ChannelBinding;
use crate::auth::error::Error;
use crate::auth::mechanism::{Inner, Leg, Mechanism, Step, Wait};
use crate::auth::sealed::{self, Sealed};
use crate::target::{Credential, KerberosSettings};

const NAME: &str = "Kerberos";

/// A logon by Kerberos.
pub(in crate::auth) struct Kerberos {
    plan: Plan,
    state: State,
}

/// Everything that the first token is made from.
#[derive(Clone)]
struct Plan {
    credential: Arc<Credential>,
    wallet: Arc<Wallet>,
    servers: Vec<String>,
    /// The scheme of the headers.
    scheme: &'static str,
    delegate: bool,
    binding: Option<ChannelBinding>,
}

/// What has come of a wait.
enum Found {
    /// The context with its first token, or why there is none.
    Begun(Result<(Context, Token), Error>),
    /// The ticket that somebody else has asked for.
    Ticket(Answer),
    /// Nothing: the ticket ends soon, or whoever asked for one has given up.
    Nothing,
}

/// Where that is put while nobody may wait for it.
type Slot = Arc<Mutex<Option<Found>>>;

enum State {
    Fresh,
    /// Somebody gets the tickets.
    Waiting(Slot),
    /// The context, and whether it stands.
    Open(Context, bool),
}

impl Kerberos {
    /// A fresh context; nothing is asked for yet.
    ///
    /// # Errors
    /// [`Error::NoName`].
    pub(in crate::auth) fn new(
        credential: &Arc<Credential>,
        host: &str,
        settings: &KerberosSettings,
        tickets: &Tickets,
        scheme: &'static str,
    ) -> Result<Self, Error> {
        let plan = Plan {
            credential: Arc::clone(credential),
            wallet: tickets.of(credential),
            servers: servers(host, settings.spn.as_deref())?,
            scheme,
            delegate: settings.delegate,
            binding: None,
        };
        Ok(Self { plan, state: State::Fresh })
    }

    fn context(&mut self) -> Result<&mut Context, Error> {
        match &mut self.state {
            State::Open(context, _) => Ok(context),
            State::Fresh | State::Waiting(_) => Err(Error::Sealed("the logon has not begun".to_owned())),
        }
    }

    /// Goes for the user's ticket: takes what is there, asks for one, or waits for whoever does.
    fn wait_for_ticket(&mut self) -> Result<Step, Error> {
        let plan = self.plan.clone();
        match plan.wallet.turn() {
            Turn::Kept(ticket) => {
                let ticket = ticket?;
                Ok(self.wait(move || match plan.wallet.is_over(&ticket) {
                    true => Found::Nothing,
                    false => Found::Begun(plan.begin(ticket)),
                }))
            }
            Turn::Ask(asking) => Ok(self.wait(move || {
                let ticket = asking.ask(&plan.credential);
                Found::Begun(ticket.and_then(|ticket| plan.begin(ticket)))
            })),
            Turn::Await(answer) => {
                let slot = self.slot();
                Ok(Step::Wait(Wait::Others(Box::pin(async move {
                    put(&slot, answer.await.map_or(Found::Nothing, Found::Ticket));
                }))))
            }
        }
    }

    /// Has work done where waiting is allowed.
    fn wait(&mut self, work: impl FnOnce() -> Found + Send + 'static) -> Step {
        let slot = self.slot();
        Step::Wait(Wait::Work(Box::new(move || put(&slot, work()))))
    }

    fn slot(&mut self) -> Slot {
        let slot = Slot::default();
        self.state = State::Waiting(Arc::clone(&slot));
        slot
    }

    /// The first step of a context whose tickets are there.
    fn opened(&mut self, context: Context, token: Token) -> Step {
        self.state = State::Open(context, token.complete);
        Step::Send(Leg { token: token.bytes, ready: true })
    }
}

impl Plan {
    /// Gets the host's ticket and makes the first token, for the first of the server's names that the KDC knows.
    fn begin(&self, ticket: Arc<Ticket>) -> Result<(Context, Token), Error> {
        let mut unknown = None;
        for server in &self.servers {
            let how = Initiator { server: server.clone(), delegate: self.delegate };
            let binding = self.binding.as_ref().map(|binding| binding.application_data().to_vec());
            let begun = Context::initiator(Arc::clone(&ticket), how, binding)
                .and_then(|mut context| context.step(None).map(|token| (context, token)));
            match begun.map_err(|fault| KerberosFault::of(&fault, Some(server))) {
                Ok((_, token)) if self.delegate && !token.delegated => {
                    return Err(Error::Kerberos(KerberosFault::NotForwardable));
                }
                Ok(begun) => return Ok(begun),
                Err(fault @ KerberosFault::UnknownServer(_)) => unknown = unknown.or(Some(fault)),
                Err(fault) => return Err(Error::Kerberos(fault)),
            }
        }
        let none = || KerberosFault::UnknownServer(String::new());
        Err(Error::Kerberos(unknown.unwrap_or_else(none)))
    }
}

impl Mechanism for Kerberos {
    fn scheme(&self) -> &'static str {
        self.plan.scheme
    }

    fn name(&self) -> &'static str {
        NAME
    }

    fn bind(&mut self, binding: ChannelBinding) {
        self.plan.binding = Some(binding);
    }

    fn begins_with_proof(&self) -> bool {
        true
    }

    fn step(&mut self, token: Option<&[u8]>) -> Result<Step, Error> {
        match std::mem::replace(&mut self.state, State::Fresh) {
            State::Fresh => self.wait_for_ticket(),
            State::Waiting(slot) => {
                let found = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                match found {
                    Some(Found::Begun(begun)) => begun.map(|(context, token)| self.opened(context, token)),
                    Some(Found::Ticket(ticket)) => {
                        let (plan, ticket) = (self.plan.clone(), ticket?);
                        Ok(self.wait(move || Found::Begun(plan.begin(ticket))))
                    }
                    Some(Found::Nothing) => self.wait_for_ticket(),
                    None => {
                        let what = "nobody waited for the ticket".to_owned();
                        Err(Error::Kerberos(KerberosFault::Other(what)))
                    }
                }
            }
            State::Open(mut context, _) => {
                let given = context.step(token).map_err(|fault| Error::Kerberos(KerberosFault::of(&fault, None)))?;
                Ok(self.opened(context, given))
            }
        }
    }

    fn wants_token(&self) -> bool {
        !matches!(self.state, State::Open(_, true))
    }

    fn sealing(&self) -> Option<&'static str> {
        Some(sealed::KERBEROS)
    }

    fn seals_behind_answer(&self) -> bool {
        true
    }

    fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        seal(self.context()?, message)
    }

    fn unseal(&mut self, body: &[u8]) -> Result<Vec<u8>, Error> {
        unseal(self.context()?, body)
    }
}

impl Inner for Kerberos {
    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let given = self.context()?.seal(message).map_err(|fault| Error::Sealed(fault.text))?;
        Ok([given.header, given.message].concat())
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.context()?.unseal(sealed).map_err(|fault| Error::Sealed(fault.text))
    }
}

fn put(slot: &Slot, found: Found) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
}

/// Seals one message as a multipart body, at either end of a context.
///
/// # Errors
/// When the context does not stand.
pub(crate) fn seal(context: &mut Context, message: &[u8]) -> Result<Vec<u8>, Error> {
    let given = context.seal(message).map_err(|fault| Error::Sealed(fault.text))?;
    let (length, signature, ciphertext) = (given.message.len(), &*given.header, &*given.message);
    Ok(sealed::write(sealed::KERBEROS, Sealed { length, signature, ciphertext }))
}

/// Opens a multipart body, at either end of a context.
///
/// # Errors
/// When its form is broken, or it was altered.
pub(crate) fn unseal(context: &mut Context, body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::with_capacity(body.len());
    for message in sealed::read(body)? {
        let whole = [message.signature, message.ciphertext].concat();
        plain.extend(context.unseal(&whole).map_err(|fault| Error::Sealed(fault.text))?);
    }
    Ok(plain)
}
