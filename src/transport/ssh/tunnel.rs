//! The one connection to a bastion that all targets behind it share, and the streams through it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::ChannelOpenFailure;
use russh::client::Handle;
use tokio::io::DuplexStream;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::{Admission, Error};
use super::carry::carry;
use super::client::Client;
use super::connect::Travel;
use super::fault;
use super::host_key::Gate;
use super::notes::Notes;
use super::stop::{self, Stop, placed};
use crate::outcome::Reason;
use crate::target::{Credential, SshHop};

/// How long a bastion that could not be reached is left alone. All who wait for it share one cause, and whoever tries
/// again a moment later makes a new attempt.
const REST: Duration = Duration::from_secs(1);

/// How long whoever found no room at a bastion waits at first before asking again, unless a stream ends before; twice
/// as long after each time, up to a limit. Of an end the server may know a moment later than we do.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What a stream holds on its way, in bytes and in each direction.
const BUFFER: usize = 1 << 20;

/// The tunnels of a process, with the client that makes them.
#[derive(Debug, Default)]
pub struct Tunnels {
    client: Arc<Client>,
    known: Mutex<Vec<Arc<Tunnel>>>,
}

impl Tunnels {
    /// The client that makes them.
    pub(in crate::transport) fn client(&self) -> &Client {
        &self.client
    }

    /// The tunnel through these bastions; nothing is connected yet. `credential` is that of a target behind them: it
    /// counts for bastions that name its user.
    pub(in crate::transport) fn through(&self, hops: &[SshHop], credential: Option<&Arc<Credential>>) -> Arc<Tunnel> {
        let is_named = |credential: &&Arc<Credential>| {
            credential.password().is_some() && hops.iter().any(|hop| hop.user.as_deref() == credential.user())
        };
        let credential = credential.filter(is_named);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |tunnel: &&Arc<Tunnel>| tunnel.hops == hops && tunnel.credential.as_ref() == credential;
        if let Some(tunnel) = known.iter().find(same) {
            return Arc::clone(tunnel);
        }
        let tunnel = Arc::new(Tunnel {
            client: Arc::clone(&self.client),
            hops: hops.to_vec(),
            credential: credential.cloned(),
            link: tokio::sync::Mutex::default(),
            stream_ended: Arc::default(),
        });
        known.push(Arc::clone(&tunnel));
        tunnel
    }
}

/// A way through bastions: one connection at a time, made when it is needed, and again when it has broken.
pub struct Tunnel {
    client: Arc<Client>,
    hops: Vec<SshHop>,
    /// Whose password some bastion may be shown: it names this user.
    credential: Option<Arc<Credential>>,
    link: tokio::sync::Mutex<Link>,
    /// A stream has ended: the bastion may have room for another.
    stream_ended: Arc<Notify>,
}

#[derive(Default)]
enum Link {
    /// Nobody has needed it, or whoever did has given up.
    #[default]
    None,
    Open(Arc<Sessions>),
    /// The last attempt came to nothing.
    Failed(Error, Instant),
}

/// The sessions of an open tunnel, the last bastion's last.
struct Sessions {
    way: Vec<Handle<Gate>>,
    notes: Arc<Notes>,
    /// The last bastion, in messages.
    place: String,
    _cut: DropGuard,
}

impl Sessions {
    fn is_closed(&self) -> bool {
        self.way.last().is_none_or(Handle::is_closed)
    }
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tunnel").field("hops", &self.hops).finish_non_exhaustive()
    }
}

impl Tunnel {
    /// Sees to it that the tunnel is open. Where a bastion is shown the credential for that, the run has given leave.
    ///
    /// Whoever comes first connects for all, once: the clocks of the others stand still until that is done. What is
    /// refused for good stays so for the whole process; nobody asks a second time.
    ///
    /// # Errors
    /// What [`Admission::ask`] says; [`Reason::LogonDenied`] if a bastion refused the credential; else
    /// [`Reason::Bastion`].
    pub(in crate::transport) async fn open(&self, admission: &Admission, limit: Duration) -> Result<(), Error> {
        self.sessions(admission, limit).await.map(drop)
    }

    /// A stream to a port of a host, as the last bastion finds it. `admission` gives leave to show a credential again,
    /// where the tunnel has broken meanwhile.
    ///
    /// # Errors
    /// Those of [`Tunnel::open`]; [`Reason::Network`] if the bastion does not get there, [`Reason::ConnectTimeout`] if
    /// it does not in time.
    pub(in crate::transport) async fn dial(
        &self,
        address: &str,
        port: u16,
        deadline: Instant,
        admission: &Admission,
    ) -> Result<DuplexStream, Error> {
        let place = placed(address, port);
        let crowded = AtomicBool::new(false);
        let opening = self.channel((address, port), deadline, &crowded, admission);
        let opened = tokio::time::timeout_at(deadline, opening).await;
        let late = || match crowded.load(Ordering::Relaxed) {
            true => fault::no_room(&self.bastion(), &place),
            false => fault::jump_late(&self.bastion(), &place),
        };
        let (sessions, channel) = opened.unwrap_or_else(|_| Err(late()))?;
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let ended = Arc::clone(&self.stream_ended);
        tokio::spawn(async move {
            carry(channel, theirs).await;
            drop(sessions);
            ended.notify_waiters();
        });
        Ok(ours)
    }

    /// Opens a channel, once there is room for it. A session that breaks meanwhile is made anew, once.
    async fn channel(
        &self,
        (address, port): (&str, u16),
        deadline: Instant,
        crowded: &AtomicBool,
        admission: &Admission,
    ) -> Result<(Arc<Sessions>, russh::Channel<russh::client::Msg>), Error> {
        let place = placed(address, port);
        let (mut again, mut pause) = (true, PAUSE);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let sessions = self.sessions(admission, left).await?;
            match open_channel(Arc::clone(&sessions), address.to_owned(), port).await {
                Ok(channel) => return Ok((sessions, channel)),
                Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ResourceShortage)) => {
                    crowded.store(true, Ordering::Relaxed);
                    // Either is a reason to ask again.
                    let _ = tokio::time::timeout(pause, self.stream_ended.notified()).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error @ russh::Error::ChannelOpenFailure(_)) => {
                    return Err(fault::jump(&sessions.place, &place, &error));
                }
                Err(_) if again => again = false,
                Err(_) => return Err(broken(&sessions)),
            }
        }
    }

    /// The open sessions, made now if need be.
    async fn sessions(&self, admission: &Admission, limit: Duration) -> Result<Arc<Sessions>, Error> {
        let (mut link, _) = admission.clock().halted(self.link.lock()).await;
        match &*link {
            Link::Open(sessions) if !sessions.is_closed() => return Ok(Arc::clone(sessions)),
            Link::Failed(error, at) if !error.retryable || at.elapsed() < REST => return Err(error.clone()),
            _ => *link = Link::None,
        }
        match self.connect(admission, limit).await {
            Ok(sessions) => {
                let sessions = Arc::new(sessions);
                *link = Link::Open(Arc::clone(&sessions));
                Ok(sessions)
            }
            // The run has said no to one target: that is nothing of the bastion's.
            Err(error) if is_of_run(&error) => Err(error),
            Err(error) => {
                *link = Link::Failed(error.clone(), Instant::now());
                Err(error)
            }
        }
    }

    async fn connect(&self, admission: &Admission, limit: Duration) -> Result<Sessions, Error> {
        let travel = Travel::new(&self.client, admission, limit);
        let passing = admission.clock().within(limit, self.pass(&travel)).await;
        let sessions = passing.unwrap_or_else(|| Err(of_tunnel(travel.too_late(limit), false)))?;
        tracing::debug!(bastion = sessions.place, "connected");
        Ok(sessions)
    }

    /// Logs on to one bastion after the other.
    async fn pass(&self, travel: &Travel<'_>) -> Result<Sessions, Error> {
        let cut = CancellationToken::new();
        let guard = cut.clone().drop_guard();
        let stops = stop::bastions(&self.hops, self.credential.as_deref(), &self.client)?;
        let mut way: Vec<Handle<Gate>> = Vec::new();
        let mut last: Option<(Arc<Notes>, String)> = None;
        for stop in &stops {
            let behind = way.last().zip(last.as_ref()).map(|(session, (_, place))| (session, place.as_str()));
            let passed = travel.pass(stop, behind, false, &cut).await;
            let passed = passed.map_err(|error| of_tunnel(error, shows_password(stop)))?;
            way.push(passed.session);
            last = Some((passed.notes, stop.place()));
        }
        let (notes, place) = last.ok_or_else(|| Error::new(Reason::Internal, "a tunnel through no bastion"))?;
        Ok(Sessions { way, notes, place, _cut: guard })
    }

    /// The last bastion, in messages.
    fn bastion(&self) -> String {
        self.hops.last().map(|hop| placed(&hop.server.address, hop.server.port)).unwrap_or_default()
    }
}

fn shows_password(stop: &Stop<'_>) -> bool {
    stop.password.is_some()
}

/// Opens a channel in a task of its own: one that comes too late for whoever asked is given back.
async fn open_channel(
    sessions: Arc<Sessions>,
    address: String,
    port: u16,
) -> Result<russh::Channel<russh::client::Msg>, russh::Error> {
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        let Some(session) = sessions.way.last() else { return };
        let opened = session.channel_open_direct_tcpip(address, u32::from(port), "127.0.0.1", 0).await;
        if let Err(Ok(channel)) = sender.send(opened) {
            // A session that is gone has no channels.
            let _ = channel.close().await;
        }
    });
    receiver.await.unwrap_or(Err(russh::Error::Disconnect))
}

fn broken(sessions: &Sessions) -> Error {
    let Sessions { place, notes, .. } = sessions;
    of_tunnel(fault::of_bastion(place, fault::gone(place, "a connection through it was opened", notes)), false)
}

fn is_of_run(error: &Error) -> bool {
    matches!(error.reason, Reason::Interrupted | Reason::CredentialTripped)
}

/// What a bastion's fault is for the targets behind it: one cause for all, and nothing of their own. Their credential
/// counts as refused only if the bastion has seen it.
fn of_tunnel(error: Error, shown: bool) -> Error {
    let is_theirs = shown && error.is_credential_refused();
    if is_of_run(&error) || is_theirs {
        return error;
    }
    let error = Error { reason: Reason::Bastion, ..error };
    match error.hint.as_deref() {
        // Their password is not the key's.
        Some(fault::LOCKED_HINT) => error.with_hint("load the bastion's key into the agent with ssh-add"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::target::SshServer;

    fn hop(user: Option<&str>) -> SshHop {
        SshHop { user: user.map(str::to_owned), server: SshServer::new("gate", 22) }
    }

    fn credential(user: &str) -> Arc<Credential> {
        Arc::new(Credential::of(user, Some(Secret::new("p".to_owned()))))
    }

    #[test]
    fn a_tunnel_is_shared_by_all_who_are_known_alike_to_its_bastions() {
        let tunnels = Tunnels::default();
        let through = |user: Option<&str>, of: &str| tunnels.through(&[hop(user)], Some(&credential(of)));
        // Whose hosts they are is nothing to a bastion that does not ask for their users.
        let one = through(None, "ada");
        assert!(Arc::ptr_eq(&one, &through(None, "bob")));
        assert!(!Arc::ptr_eq(&one, &through(Some("ops"), "ada")));
        let named = through(Some("ada"), "ada");
        assert!(Arc::ptr_eq(&named, &through(Some("ada"), "ada")));
        assert!(!Arc::ptr_eq(&named, &through(Some("ada"), "bob")), "another user's password is not shown");
    }

    #[test]
    fn only_a_password_that_was_shown_is_refused() {
        let denied = || Error::new(Reason::LogonDenied, "no").with_hint(fault::LOCKED_HINT);
        assert_eq!(of_tunnel(denied(), true).reason, Reason::LogonDenied);
        let own = of_tunnel(denied(), false);
        assert_eq!(own.reason, Reason::Bastion);
        assert!(own.hint.is_some_and(|hint| hint.contains("ssh-add") && !hint.contains("--ask-pass")));
        for reason in [Reason::Interrupted, Reason::CredentialTripped] {
            assert_eq!(of_tunnel(Error::new(reason, "the run says no"), false).reason, reason);
        }
        assert!(of_tunnel(Error::new(Reason::Refused, "x").retryable(), true).retryable);
    }

    #[tokio::test]
    async fn a_bastion_that_is_gone_is_asked_once_for_all_who_wait() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let hop = SshHop { user: Some("ops".to_owned()), server: SshServer::new("127.0.0.1", port) };
        let tunnel = Tunnels::default().through(&[hop], None);
        let limit = Duration::from_secs(20);
        let (first, second) = (Admission::free(), Admission::free());
        let (first, second) = tokio::join!(tunnel.open(&first, limit), tunnel.open(&second, limit));
        let (first, second) = (first.expect_err("nobody listens"), second.expect_err("nobody listens"));
        assert_eq!((first.reason, &first), (Reason::Bastion, &second));
        assert!(first.retryable && matches!(&*tunnel.link.lock().await, Link::Failed(..)));
    }
}
