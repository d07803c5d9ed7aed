//! From an endpoint to a carrier: through the bastions, the logons and the channel to PowerShell.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use russh::client::{Handle, Msg};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::admission::FRESH;
use super::super::outofproc::OutOfProcCarrier;
use super::super::{Admission, Authenticated, Carrier, Error, Leave, Step};
use super::algorithms;
use super::auth::{self, Entry, Logon};
use super::bastion::Visit;
use super::channel::{self, Way};
use super::channel_request::{Answer, answer, leave, open_channel};
use super::client::Client;
use super::dial::{self, Greeting, Severable};
use super::fault;
use super::host_key::{self, Gate};
use super::notes::Notes;
use super::stop::{self, Stop};
use crate::error_text;
use crate::outcome::Reason;
use crate::target::{Credential, SshEndpoint, SshServer};

/// A silent server is asked whether it is still there this often; three times in vain means it is not.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// How often a bastion is asked again that has turned us away, because too many others were about to log on, and how
/// long after the first time; twice as long after each one more.
const TRIES: u32 = 6;
const BACKOFF: Duration = Duration::from_millis(50);

/// Messages of up to 32 KiB that a session buffers before it stops reading its connection.
const BUFFERED: usize = 16;

/// Connects to an endpoint, logs on and starts PowerShell, all within `timeout` of the attempt's clock.
///
/// The user is the credential's, else the local one. The password serves as passphrase of encrypted identities too.
/// Leave is asked for once the endpoint has shown its key, and before the password is sent to anybody.
///
/// # Errors
/// What [`Admission::ask`] says, [`Reason::Dns`], [`Reason::Refused`], [`Reason::ConnectTimeout`], [`Reason::Network`],
/// [`Reason::Protocol`], [`Reason::HostKey`], [`Reason::LogonDenied`], [`Reason::AuthMethod`] or
/// [`Reason::NoPowershell`].
pub async fn connect(
    endpoint: &SshEndpoint,
    credential: Option<&Credential>,
    timeout: Duration,
    client: &Client,
    admission: &Admission,
) -> Result<Box<dyn Carrier>, Error> {
    let travel = Travel::new(client, admission, timeout);
    let going = admission.clock().within(timeout, travel.go(endpoint, credential)).await;
    going.unwrap_or_else(|| Err(travel.too_late(timeout)))
}

/// One attempt to get to an endpoint, or through bastions.
pub(super) struct Travel<'a> {
    client: &'a Client,
    admission: &'a Admission,
    /// The run has given leave to log on to the endpoint.
    may_begin: AtomicBool,
    /// The run's leave to send the password, once it has been given.
    leave: OnceLock<Leave>,
    /// As far as the attempt's clock never stands still.
    deadline: Instant,
    timeout: Duration,
    /// What a timeout would interrupt.
    doing: Mutex<String>,
}

/// A stop that we are logged on to.
pub(super) struct Passed {
    pub(super) session: Handle<Gate>,
    pub(super) notes: Arc<Notes>,
    by_password: bool,
}

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

impl<'a> Travel<'a> {
    pub(super) fn new(client: &'a Client, admission: &'a Admission, timeout: Duration) -> Self {
        Self {
            client,
            admission,
            may_begin: AtomicBool::new(false),
            leave: OnceLock::new(),
            deadline: Instant::now() + timeout,
            timeout,
            doing: Mutex::default(),
        }
    }

    async fn go(&self, endpoint: &SshEndpoint, credential: Option<&Credential>) -> Result<Box<dyn Carrier>, Error> {
        let cut = CancellationToken::new();
        let guard = cut.clone().drop_guard();
        let mut sessions: Vec<Handle<Gate>> = Vec::new();
        let mut notes = Arc::new(Notes::default());
        let mut before = String::new();
        let mut accepted = false;
        let stops = stop::stops(endpoint, credential, self.client)?;
        for (index, stop) in stops.iter().enumerate() {
            let is_endpoint = index + 1 == stops.len();
            let passed = self.pass(stop, sessions.last().map(|bastion| (bastion, &*before)), is_endpoint, &cut).await?;
            accepted |= passed.by_password;
            sessions.push(passed.session);
            notes = passed.notes;
            before = stop.place();
        }
        // Not before the last stop: a bastion that takes a password says nothing about the hosts behind it.
        if accepted {
            // An endpoint that asks its own question for it has been answered with the same.
            self.admission.accepted(Authenticated::By("password"));
        }
        let Some(session) = sessions.last() else { return Err(Error::new(Reason::Internal, "a way without stops")) };
        let (started, channel) = self.start(endpoint, session, &before, &notes).await?;
        let (reader, writer, peer) = channel::open(channel, Way { started, sessions, notes, _cut: guard });
        Ok(Box::new(OutOfProcCarrier::new(reader, writer, Box::new(peer))))
    }

    /// Connects to a stop, behind the last bastion and its name if there is one, and logs on.
    pub(super) async fn pass(
        &self,
        stop: &Stop<'_>,
        behind: Option<(&Handle<Gate>, &str)>,
        is_endpoint: bool,
        cut: &CancellationToken,
    ) -> Result<Passed, Error> {
        let place = stop.place();
        let mut turned_away = 0;
        loop {
            let visit = if is_endpoint { None } else { Some(self.visit(stop, &place).await) };
            let notes = Arc::new(Notes::default());
            let met = self.meet(stop, behind, &place, cut, &notes).await;
            let is_busy = met.as_ref().is_err_and(fault::is_turned_away);
            visit.iter().for_each(|visit| visit.met(met.is_ok() || is_busy));
            // The visit lasts until we are logged on.
            let (mut session, _visit) = match (met, visit) {
                (Ok(session), visit) => (session, visit),
                (Err(_), Some(visit)) if is_busy && turned_away < TRIES => {
                    visit.turned_away();
                    tokio::time::sleep(BACKOFF * (1 << turned_away)).await;
                    turned_away += 1;
                    continue;
                }
                (Err(error), _) if is_endpoint => return Err(error),
                (Err(error), _) => return Err(fault::of_bastion(&place, error)),
            };
            if is_endpoint && !self.begin(&session).await? {
                continue;
            }
            let entry = self.log_on(&mut session, stop, &place, &notes).await;
            let of_bastion = |error: Error| match error.message.contains(&*place) {
                true => fault::of_bastion(&place, error),
                false => error,
            };
            match entry.map_err(|error| if is_endpoint { error } else { of_bastion(error) })? {
                Entry::Stale => {}
                entry => return Ok(Passed { session, notes, by_password: entry == Entry::ByPassword }),
            }
        }
    }

    /// Waits until a bastion may be asked for one more logon.
    async fn visit(&self, stop: &Stop<'_>, place: &str) -> Visit {
        self.now(format!("waiting for others to log on to {place}"));
        let bastion = self.client.bastions.at(&stop.server.address, stop.server.port);
        bastion.enter(self.timeout, self.admission.clock()).await
    }

    /// Connects to a stop and sees its key.
    async fn meet(
        &self,
        stop: &Stop<'_>,
        behind: Option<(&Handle<Gate>, &str)>,
        place: &str,
        cut: &CancellationToken,
        notes: &Arc<Notes>,
    ) -> Result<Handle<Gate>, Error> {
        let stream = match behind {
            None => self.dial(stop, place).await?,
            Some((bastion, before)) => self.jump(bastion, before, stop, place).await?,
        };
        self.greet(stream, stop, cut, notes, &Arc::default()).await
    }

    /// Sees the key of a stop that is connected.
    pub(super) async fn greet(
        &self,
        stream: Box<dyn Duplex>,
        stop: &Stop<'_>,
        cut: &CancellationToken,
        notes: &Arc<Notes>,
        greeting: &Arc<Greeting>,
    ) -> Result<Handle<Gate>, Error> {
        let place = &stop.place();
        let stream = Severable::new(stream, cut.clone(), Arc::clone(greeting));
        let shaken = self.shake_hands(stream, stop, place, notes).await;
        shaken.map_err(|error| notes.refusal().unwrap_or_else(|| fault::handshake(place, &error, &greeting.text())))
    }

    fn now(&self, doing: String) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    pub(super) fn too_late(&self, timeout: Duration) -> Error {
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("not connected within {:.1} s, while {doing}", timeout.as_secs_f64());
        let error =
            Error::new(Reason::ConnectTimeout, text).with_hint("allow more time with --connect-timeout").retryable();
        if self.leave.get().is_some() { error.behind_proof() } else { error }
    }

    /// Waits for leave to log on to the endpoint; `false` when the session is too old for that by then.
    async fn begin(&self, session: &Handle<Gate>) -> Result<bool, Error> {
        if self.may_begin.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let (_, waited) = self.admission.ask(Step::Begin).await?;
        self.may_begin.store(true, Ordering::Relaxed);
        Ok(waited < FRESH && !session.is_closed())
    }

    async fn dial(&self, stop: &Stop<'_>, place: &str) -> Result<Box<dyn Duplex>, Error> {
        self.now(format!("connecting to {place}"));
        let deadline = self.deadline + self.admission.clock().stood();
        Ok(Box::new(dial::dial(stop.server, deadline).await?))
    }

    async fn jump(
        &self,
        bastion: &Handle<Gate>,
        before: &str,
        stop: &Stop<'_>,
        place: &str,
    ) -> Result<Box<dyn Duplex>, Error> {
        self.now(format!("connecting to {place} through {before}"));
        let SshServer { address, port, .. } = stop.server;
        let opened = bastion.channel_open_direct_tcpip(address, u32::from(*port), "127.0.0.1", 0).await;
        let channel = opened.map_err(|error| fault::jump(before, place, &error))?;
        Ok(Box::new(channel.into_stream()))
    }

    async fn shake_hands(
        &self,
        stream: Severable<Box<dyn Duplex>>,
        stop: &Stop<'_>,
        place: &str,
        notes: &Arc<Notes>,
    ) -> Result<Handle<Gate>, russh::Error> {
        self.now(format!("exchanging keys with {place}"));
        let known = match self.client.known_hosts(&stop.server.known_hosts) {
            Ok(known) => known,
            Err(error) => {
                notes.refuse(Error::new(
                    Reason::HostKey,
                    format!("cannot read known_hosts: {}", error_text::io(&error)),
                ));
                return Err(russh::Error::Inconsistent);
            }
        };
        let known_as = stop.known_as();
        let kinds = host_key::algorithms(&known.kinds(&known_as.0, known_as.1));
        // Whoever is asked for a certificate shows no key that known_hosts may have instead.
        let has_authority = !known.authorities(&known_as.0, known_as.1).is_empty();
        let vouched = if has_authority { algorithms::vouched(&stop.server.algorithms) } else { Vec::new() };
        let config = match algorithms::preferred(&stop.server.algorithms, kinds) {
            Ok(preferred) => config(russh::Preferred { host_key_certificates: vouched.into(), ..preferred }),
            Err(error) => {
                notes.refuse(error);
                return Err(russh::Error::Inconsistent);
            }
        };
        let rsa_bits = stop.server.algorithms.rsa_bits;
        let gate = Gate { known_as, policy: stop.server.host_keys, rsa_bits, known, notes: Arc::clone(notes) };
        russh::client::connect_stream(Arc::new(config), stream, gate).await
    }

    async fn log_on(
        &self,
        session: &mut Handle<Gate>,
        stop: &Stop<'_>,
        place: &str,
        notes: &Notes,
    ) -> Result<Entry, Error> {
        self.now(format!("logging on to {place} as {}", stop.user));
        let logon = Logon {
            place,
            user: stop.user.clone(),
            password: stop.password,
            server: stop.server,
            client: self.client,
            notes,
            admission: self.admission,
            leave: &self.leave,
        };
        auth::authenticate(session, &logon).await
    }

    /// Starts PowerShell: by the subsystem, else by a command, which needs no change on the server.
    async fn start(
        &self,
        endpoint: &SshEndpoint,
        session: &Handle<Gate>,
        place: &str,
        notes: &Notes,
    ) -> Result<(String, russh::Channel<Msg>), Error> {
        let SshEndpoint { subsystem, exec, .. } = endpoint;
        self.now(format!("starting the subsystem {subsystem} on {place}"));
        let mut channel = open_channel(session, place, notes).await?;
        let asked = channel.request_subsystem(true, subsystem.as_str()).await.is_ok();
        let mut answer = if asked { answer(&mut channel).await } else { Answer::Closed };
        if answer == Answer::Granted {
            return Ok((format!("subsystem {subsystem}"), channel));
        }
        self.now(format!("starting `{exec}` on {place}"));
        // The same channel again: the server may give one only (MaxSessions 1).
        if answer == Answer::Refused {
            answer = execute(exec, &mut channel).await;
        }
        if answer != Answer::Granted {
            leave(&mut channel).await;
            channel = open_channel(session, place, notes).await?;
            answer = execute(exec, &mut channel).await;
        }
        if answer == Answer::Granted {
            return Ok((format!("`{exec}`"), channel));
        }
        let text =
            format!("{place} does not start PowerShell: it refused the subsystem {subsystem} and the command `{exec}`");
        Err(Error::new(Reason::NoPowershell, text).with_hint(fault::START_HINT))
    }
}

async fn execute(command: &str, channel: &mut russh::Channel<Msg>) -> Answer {
    match channel.exec(true, command).await {
        Ok(()) => answer(channel).await,
        Err(_) => Answer::Closed,
    }
}

fn config(preferred: russh::Preferred) -> russh::client::Config {
    russh::client::Config {
        client_id: russh::SshId::Standard(concat!("SSH-2.0-psfleet_", env!("CARGO_PKG_VERSION")).into()),
        preferred,
        channel_buffer_size: BUFFERED,
        keepalive_interval: Some(KEEPALIVE),
        ..russh::client::Config::default()
    }
}
