//! From an endpoint to a carrier: the way through the bastions, the logons, the channel, PowerShell.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use russh::client::{Handle, Msg};
use russh::{ChannelMsg, ChannelOpenFailure};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::admission::FRESH;
use super::super::outofproc::OutOfProcCarrier;
use super::super::{Admission, Carrier, Error, Step};
use super::auth::{self, Entry, Logon};
use super::channel::{self, Way};
use super::client::Client;
use super::dial::{self, Severable};
use super::fault;
use super::host_key::{self, Gate, Notes};
use super::known_hosts::KnownHosts;
use crate::event::Reason;
use crate::secret::Secret;
use crate::target::{Credential, SshEndpoint};

/// A silent server is asked whether it is still there this often; three times in vain means it is not.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Messages of up to 32 KiB that a session buffers before it stops reading its connection.
const BUFFERED: usize = 16;

/// Connects to an endpoint, logs on and starts PowerShell, all within `timeout` of the attempt's clock.
///
/// The user is the credential's, else the local one. The password serves as passphrase of encrypted identities too. Leave
/// is asked for once the endpoint has shown its key, and before the password is sent to anybody.
///
/// # Errors
/// What [`Admission::ask`] says, [`Reason::Dns`], [`Reason::Refused`], [`Reason::ConnectTimeout`], [`Reason::Network`], [`Reason::Protocol`],
/// [`Reason::HostKey`], [`Reason::LogonDenied`], [`Reason::AuthMethod`] or [`Reason::NoPowershell`].
pub async fn connect(
    endpoint: &SshEndpoint,
    credential: Option<&Credential>,
    timeout: Duration,
    client: &Client,
    admission: &Admission,
) -> Result<Box<dyn Carrier>, Error> {
    let known = client.known_hosts(&endpoint.known_hosts);
    let known = known.map_err(|error| Error::new(Reason::HostKey, format!("cannot read known_hosts: {error}")))?;
    let travel = Travel {
        endpoint,
        credential,
        client,
        known,
        admission,
        may_begin: AtomicBool::new(false),
        may_prove: AtomicBool::new(false),
        deadline: Instant::now() + timeout,
        doing: Mutex::default(),
        greeting: Arc::default(),
    };
    admission.clock().within(timeout, travel.go()).await.unwrap_or_else(|| Err(travel.too_late(timeout)))
}

/// One attempt to get to an endpoint.
struct Travel<'a> {
    endpoint: &'a SshEndpoint,
    credential: Option<&'a Credential>,
    client: &'a Client,
    known: Arc<KnownHosts>,
    admission: &'a Admission,
    /// The run has given leave to log on to the endpoint.
    may_begin: AtomicBool,
    /// The run has given leave to send the password.
    may_prove: AtomicBool,
    /// As far as the attempt's clock never stands still.
    deadline: Instant,
    /// What the first server said first.
    greeting: Arc<OnceLock<Vec<u8>>>,
    /// What a timeout would interrupt.
    doing: Mutex<String>,
}

/// A server on the way: a bastion or the target.
struct Stop<'a> {
    address: &'a str,
    port: u16,
    user: String,
    password: Option<&'a Secret<String>>,
}

impl Stop<'_> {
    fn place(&self) -> String {
        match self.address.contains(':') {
            true => format!("[{}]:{}", self.address, self.port),
            false => format!("{}:{}", self.address, self.port),
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

impl<'a> Travel<'a> {
    async fn go(&self) -> Result<Box<dyn Carrier>, Error> {
        let cut = CancellationToken::new();
        let guard = cut.clone().drop_guard();
        let mut sessions: Vec<Handle<Gate>> = Vec::new();
        let mut notes = Arc::new(Notes::default());
        let mut before = String::new();
        let mut accepted = false;
        let stops = self.stops()?;
        for (index, stop) in stops.iter().enumerate() {
            let is_endpoint = index + 1 == stops.len();
            let place = stop.place();
            let session = loop {
                let stream = match sessions.last() {
                    None => self.dial(stop, &place, &cut).await?,
                    Some(bastion) => self.jump(bastion, &before, stop, &place).await?,
                };
                notes = Arc::new(Notes::default());
                let mut session = self.shake_hands(stream, stop, &place, &notes).await?;
                if is_endpoint && !self.begin(&session).await? {
                    continue;
                }
                match self.log_on(&mut session, stop, &place, &notes).await? {
                    Entry::Stale => {}
                    entry => {
                        accepted |= entry == Entry::ByPassword;
                        break session;
                    }
                }
            };
            sessions.push(session);
            before = place;
        }
        // Not before the last stop: a bastion that takes a password says nothing about the hosts behind it.
        if accepted {
            self.admission.accepted();
        }
        let Some(session) = sessions.last() else { return Err(Error::new(Reason::Internal, "a way without stops")) };
        let (started, channel) = self.start(session, &before, &notes).await?;
        let (reader, writer, peer) = channel::open(channel, Way { started, sessions, notes, _cut: guard });
        Ok(Box::new(OutOfProcCarrier::new(reader, writer, Box::new(peer))))
    }

    /// The bastions and the target, with the user of each. A password belongs to one user name.
    fn stops(&self) -> Result<Vec<Stop<'a>>, Error> {
        let named = self.credential.map(|credential| credential.user.as_str()).or(self.client.user());
        let user = named.ok_or_else(|| {
            Error::new(Reason::AuthMethod, "no user: none is given, and the local user has no name")
                .with_hint("name one with --user")
        })?;
        let password = self.credential.and_then(|credential| credential.password.as_ref());
        let mut stops = Vec::new();
        for hop in &self.endpoint.jump {
            let same = hop.user.as_ref().is_none_or(|other| other == user);
            let name = hop.user.as_deref().unwrap_or(user);
            let password = password.filter(|_| same);
            stops.push(Stop { address: &hop.address, port: hop.port, user: auth::remote_user(name), password });
        }
        let (address, port) = (self.endpoint.address.as_str(), self.endpoint.port);
        stops.push(Stop { address, port, user: auth::remote_user(user), password });
        Ok(stops)
    }

    fn now(&self, doing: String) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    fn too_late(&self, timeout: Duration) -> Error {
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("not connected within {:.1} s, at last {doing}", timeout.as_secs_f64());
        Error::new(Reason::ConnectTimeout, text).with_hint("allow more time with --connect-timeout").retryable()
    }

    /// Waits for leave to log on to the endpoint; `false` when the session is too old for that by then.
    async fn begin(&self, session: &Handle<Gate>) -> Result<bool, Error> {
        if self.may_begin.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let waited = self.admission.ask(Step::Begin).await?;
        self.may_begin.store(true, Ordering::Relaxed);
        Ok(waited < FRESH && !session.is_closed())
    }

    async fn dial(&self, stop: &Stop<'_>, place: &str, cut: &CancellationToken) -> Result<Box<dyn Duplex>, Error> {
        self.now(format!("connecting to {place}"));
        let deadline = self.deadline + self.admission.clock().stood();
        let stream = dial::dial(stop.address, stop.port, deadline).await?;
        Ok(Box::new(Severable::new(stream, cut.clone(), Arc::clone(&self.greeting))))
    }

    async fn jump(
        &self,
        bastion: &Handle<Gate>,
        before: &str,
        stop: &Stop<'_>,
        place: &str,
    ) -> Result<Box<dyn Duplex>, Error> {
        self.now(format!("connecting to {place} through {before}"));
        let opened = bastion.channel_open_direct_tcpip(stop.address, u32::from(stop.port), "127.0.0.1", 0).await;
        let channel = opened.map_err(|error| fault::jump(before, place, &error))?;
        Ok(Box::new(channel.into_stream()))
    }

    async fn shake_hands(
        &self,
        stream: Box<dyn Duplex>,
        stop: &Stop<'_>,
        place: &str,
        notes: &Arc<Notes>,
    ) -> Result<Handle<Gate>, Error> {
        self.now(format!("exchanging keys with {place}"));
        let config = config(host_key::algorithms(&self.known.kinds(stop.address, stop.port)));
        let gate = Gate {
            address: stop.address.to_owned(),
            port: stop.port,
            policy: self.endpoint.host_keys,
            known: Arc::clone(&self.known),
            notes: Arc::clone(notes),
        };
        let session = russh::client::connect_stream(Arc::new(config), stream, gate).await;
        session.map_err(|error| notes.refusal().unwrap_or_else(|| fault::handshake(place, &error, self.greeting.get())))
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
            identities: &self.endpoint.identities,
            client: self.client,
            notes,
            admission: self.admission,
            may_prove: &self.may_prove,
        };
        auth::authenticate(session, &logon).await
    }

    /// Starts PowerShell: by the subsystem, else by a command, which needs no change on the server.
    async fn start(
        &self,
        session: &Handle<Gate>,
        place: &str,
        notes: &Notes,
    ) -> Result<(String, russh::Channel<Msg>), Error> {
        let SshEndpoint { subsystem, exec, .. } = self.endpoint;
        self.now(format!("starting the subsystem {subsystem} on {place}"));
        let mut channel = open_channel(session, place, notes).await?;
        let asked = channel.request_subsystem(true, subsystem.as_str()).await.is_ok();
        if asked && granted(&mut channel).await {
            return Ok((format!("subsystem {subsystem}"), channel));
        }
        // A refused channel is of no further use; some servers have closed it already.
        let _ = channel.close().await;
        self.now(format!("starting `{exec}` on {place}"));
        let mut channel = open_channel(session, place, notes).await?;
        let asked = channel.exec(true, exec.as_str()).await.is_ok();
        if asked && granted(&mut channel).await {
            return Ok((format!("`{exec}`"), channel));
        }
        let text =
            format!("{place} starts no PowerShell: it refused the subsystem {subsystem} and the command `{exec}`");
        Err(Error::new(Reason::NoPowershell, text).with_hint(fault::START_HINT))
    }
}

async fn open_channel(session: &Handle<Gate>, place: &str, notes: &Notes) -> Result<russh::Channel<Msg>, Error> {
    session.channel_open_session().await.map_err(|error| match error {
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::ResourceShortage) => {
            Error::new(Reason::Quota, format!("{place} has no room for another channel")).retryable()
        }
        russh::Error::ChannelOpenFailure(cause) => {
            Error::new(Reason::EndpointDenied, format!("{place} opens no session channel: {cause:?}"))
                .with_hint("its sshd_config may say MaxSessions 0 for this user")
        }
        _ => fault::gone(place, "a channel was opened", notes),
    })
}

/// Waits for the answer to a request on a channel.
pub(super) async fn granted(channel: &mut russh::Channel<Msg>) -> bool {
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return true,
            Some(ChannelMsg::Failure | ChannelMsg::Close) | None => return false,
            Some(_) => {}
        }
    }
}

fn config(host_keys: Vec<russh::keys::Algorithm>) -> russh::client::Config {
    russh::client::Config {
        client_id: russh::SshId::Standard(concat!("SSH-2.0-psfleet_", env!("CARGO_PKG_VERSION")).into()),
        preferred: russh::Preferred { key: host_keys.into(), ..russh::Preferred::DEFAULT },
        channel_buffer_size: BUFFERED,
        keepalive_interval: Some(KEEPALIVE),
        ..russh::client::Config::default()
    }
}
