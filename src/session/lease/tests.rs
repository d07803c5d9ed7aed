//! The pool over carriers that only count: in virtual time, by hand and at random.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::channel::{Channel, Priority};
use crate::clixml::{self, Document, Value};
use crate::outcome::Reason;
use crate::psrp::message::{Destination, Header, MessageType, build};
use crate::psrp::{self, Opening, Pool};
use crate::session::open::{State as Use, Took};
use crate::target::{LocalEndpoint, Timeouts};
use crate::transport::{Carrier, Error, Received};

/// What hosts count, and how they are.
#[derive(Default)]
struct Hosts {
    open: AtomicUsize,
    most: AtomicUsize,
    opened: AtomicUsize,
    asked: AtomicUsize,
    /// Their shells are gone.
    gone: AtomicBool,
    /// They answer no question.
    mute: AtomicBool,
    /// They delete nothing.
    stuck: AtomicBool,
}

impl Hosts {
    fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

/// A shell that is there until it is closed, which takes a second.
struct Shell {
    hosts: Arc<Hosts>,
    is_closed: AtomicBool,
}

#[async_trait]
impl Carrier for Shell {
    fn max_fragment(&self) -> usize {
        32_768
    }

    fn is_private(&self) -> bool {
        true
    }

    fn pushes(&self) -> bool {
        false
    }

    async fn create(&self, _: Uuid, _: Vec<Bytes>) -> Result<(), Error> {
        Ok(())
    }

    async fn command(&self, _: Uuid, _: Vec<Bytes>) -> Result<(), Error> {
        Ok(())
    }

    async fn send(&self, _: Channel, _: Priority, _: Vec<Bytes>) -> Result<(), Error> {
        self.hosts.asked.fetch_add(1, Ordering::SeqCst);
        if self.hosts.mute.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        match self.hosts.gone.load(Ordering::SeqCst) {
            true => Err(Error::new(Reason::LinkBroken, "the shell is gone")),
            false => Ok(()),
        }
    }

    async fn receive(&self, _: Channel) -> Result<Received, Error> {
        std::future::pending().await
    }

    async fn signal(&self, _: Uuid) -> Result<(), Error> {
        Ok(())
    }

    async fn release(&self, _: Uuid) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) -> Result<(), Error> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if self.hosts.stuck.load(Ordering::SeqCst) {
            return Err(Error::new(Reason::Network, "no answer"));
        }
        assert!(!self.is_closed.swap(true, Ordering::SeqCst), "closed once");
        self.hosts.open.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }

    fn shell_may_remain(&self) -> bool {
        !self.is_closed.load(Ordering::SeqCst)
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::from_secs(7200))
    }
}

fn key(name: &str) -> ConnectionKey {
    let endpoint = Endpoint::Local(LocalEndpoint { pwsh: name.into() });
    let (vars, labels, timeouts) = (BTreeMap::new(), BTreeMap::new(), Timeouts::default());
    ConnectionKey::from(&Target { name: name.into(), endpoint, credential: None, vars, labels, timeouts })
}

/// A session that is open.
fn session(hosts: &Arc<Hosts>) -> Session {
    hosts.opened.fetch_add(1, Ordering::SeqCst);
    hosts.most.fetch_max(hosts.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    let id = Uuid::new_v4();
    let mut pool = Pool::new(id);
    pool.open(Opening::of_a_run(), 32_768).expect("it is new");
    let header = Header::write(Destination::Client, MessageType::ApplicationPrivateData, id, Uuid::nil());
    let data = clixml::encode(&Document::new(build::bag([("ApplicationPrivateData", Value::Null)])));
    for fragment in psrp::cut(1, &[&header, data.as_bytes()], 32_768) {
        pool.handle(&fragment).expect("a message");
    }
    let carrier = Arc::new(Shell { hosts: Arc::clone(hosts), is_closed: AtomicBool::new(false) });
    Session {
        carrier,
        pool,
        opened: true,
        free_runspaces: false,
        pipelines: 0,
        state: Use::Idle,
        took: Took::default(),
    }
}

async fn lease_or_open(sessions: &Arc<Sessions>, hosts: &Arc<Hosts>, name: &str) -> Lease {
    match sessions.lease(&key(name)).await {
        Some(lease) => lease,
        None => {
            let place = sessions.place().await;
            sessions.hold(key(name), session(hosts), place)
        }
    }
}

async fn give_back(lease: Lease) {
    if let Return::KeptFor(lease) | Return::Refused(lease) = lease.give_back() {
        lease.close().await;
    }
}

fn pool(open: usize, idle: usize) -> Arc<Sessions> {
    Arc::new(Sessions::new(PoolLimits { open: NonZeroUsize::new(open), idle }))
}

#[tokio::test(start_paused = true)]
async fn a_session_is_lent_again_to_its_own_target_alone() {
    let (sessions, hosts) = (pool(9, 9), Arc::new(Hosts::default()));
    give_back(lease_or_open(&sessions, &hosts, "web1").await).await;
    let other = lease_or_open(&sessions, &hosts, "web2").await;
    assert_eq!((hosts.opened(), other.is_untried()), (2, false), "a new one is not lent again");
    let again = lease_or_open(&sessions, &hosts, "web1").await;
    assert_eq!((hosts.opened(), again.is_untried()), (2, true));
    assert!(sessions.lease(&key("web1")).await.is_none(), "it has its user");
    drop((other, again));
    sessions.close_all().await;
    assert_eq!(hosts.open(), 0, "what is dropped is closed");
}

#[tokio::test(start_paused = true)]
async fn what_was_idle_for_long_is_asked_and_what_is_gone_or_old_is_closed() {
    let (sessions, hosts) = (pool(9, 9), Arc::new(Hosts::default()));
    let asked = || hosts.asked.load(Ordering::SeqCst);
    // Idle for so long, the shell gone or not: whether it is asked, and lent again.
    for (idle, gone, asks, again) in
        [(1, true, 0, true), (6, false, 1, true), (6, true, 1, false), (5399, false, 1, true), (5400, false, 0, false)]
    {
        give_back(lease_or_open(&sessions, &hosts, "web1").await).await;
        let (before, opened) = (asked(), hosts.opened());
        tokio::time::sleep(Duration::from_secs(idle)).await;
        hosts.gone.store(gone, Ordering::SeqCst);
        let lease = lease_or_open(&sessions, &hosts, "web1").await;
        assert_eq!((asked() - before, hosts.opened() == opened), (asks, again), "{idle} s, gone: {gone}");
        hosts.gone.store(false, Ordering::SeqCst);
        lease.close().await;
    }
    sessions.close_all().await;
    assert_eq!(hosts.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_gives_no_answer_holds_nobody_up() {
    let (sessions, hosts) = (pool(9, 9), Arc::new(Hosts::default()));
    give_back(lease_or_open(&sessions, &hosts, "web1").await).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    hosts.mute.store(true, Ordering::SeqCst);
    let begin = Instant::now();
    let lease = lease_or_open(&sessions, &hosts, "web1").await;
    assert_eq!((hosts.opened(), begin.elapsed().as_secs()), (2, 5));
    lease.close().await;
    sessions.close_all().await;
    assert_eq!(hosts.open(), 0, "what gave no answer is closed, too");
}

#[tokio::test(start_paused = true)]
async fn one_that_has_run_hundreds_of_pipelines_is_not_kept() {
    let (sessions, hosts) = (pool(9, 9), Arc::new(Hosts::default()));
    for (pipelines, state, kept) in
        [(499, Use::Idle, true), (500, Use::Idle, false), (1, Use::Spoiled, false), (1, Use::Busy, false)]
    {
        let mut lease = lease_or_open(&sessions, &hosts, "web1").await;
        (lease.pipelines, lease.state) = (pipelines, state);
        give_back(lease).await;
        assert_eq!(sessions.has_idle(&key("web1")), kept, "{pipelines}, {state:?}");
        sessions.close_idle().await;
    }
    assert_eq!(hosts.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_longest_idle_one_makes_room() {
    let (sessions, hosts) = (pool(2, 2), Arc::new(Hosts::default()));
    for name in ["web1", "web2", "web3"] {
        give_back(lease_or_open(&sessions, &hosts, name).await).await;
    }
    assert_eq!(["web1", "web2", "web3"].map(|name| sessions.has_idle(&key(name))), [false, true, true]);
    // Nobody is idle: whoever waits gets the place of the next that is given back.
    let leases = (lease_or_open(&sessions, &hosts, "web2").await, lease_or_open(&sessions, &hosts, "web3").await);
    let (more, _) = tokio::join!(lease_or_open(&sessions, &hosts, "web4"), async {
        tokio::task::yield_now().await;
        give_back(leases.0).await;
    });
    assert!(!sessions.has_idle(&key("web2")));
    drop((leases.1, more));
    sessions.close_all().await;
    assert_eq!((hosts.open(), hosts.most.load(Ordering::SeqCst)), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn idle_ones_have_a_limit_of_their_own() {
    let (sessions, hosts) = (pool(0, 1), Arc::new(Hosts::default()));
    let leases = (lease_or_open(&sessions, &hosts, "web1").await, lease_or_open(&sessions, &hosts, "web2").await);
    give_back(leases.0).await;
    give_back(leases.1).await;
    assert_eq!((hosts.open(), sessions.has_idle(&key("web2"))), (1, true));
    sessions.close_all().await;
    let none = Arc::new(Sessions::keeping_none());
    give_back(lease_or_open(&none, &hosts, "web1").await).await;
    assert_eq!(hosts.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_closed_is_known() {
    let (sessions, hosts) = (pool(9, 9), Arc::new(Hosts::default()));
    for name in ["web1", "web2"] {
        give_back(lease_or_open(&sessions, &hosts, name).await).await;
    }
    assert_eq!(sessions.shells_left(), [key("web1"), key("web2")], "they are open");
    sessions.lease(&key("web2")).await.expect("idle").close().await;
    assert_eq!(sessions.shells_left(), [key("web1")]);
    hosts.stuck.store(true, Ordering::SeqCst);
    sessions.close_all().await;
    assert_eq!((sessions.shells_left(), hosts.open()), (vec![key("web1")], 1));
}

/// What one of the users of a pool does.
#[derive(Debug, Clone, Copy)]
struct Turn {
    /// Milliseconds until it begins.
    after: u64,
    host: u8,
    /// Milliseconds that it works for.
    works: u64,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    GivesBack,
    Closes,
    Drops,
    Panics,
    /// Nobody waits for it any more after so many milliseconds.
    GivesUp(u64),
}

fn turn() -> impl Strategy<Value = Turn> {
    let end = prop_oneof![
        4 => Just(End::GivesBack),
        1 => Just(End::Closes),
        1 => Just(End::Drops),
        1 => Just(End::Panics),
        1 => (0..5_000_u64).prop_map(End::GivesUp),
    ];
    (0..20_000_u64, 0..4_u8, 0..8_000_u64, end).prop_map(|(after, host, works, end)| Turn { after, host, works, end })
}

async fn take(turn: Turn, sessions: Arc<Sessions>, hosts: Arc<Hosts>) {
    tokio::time::sleep(Duration::from_millis(turn.after)).await;
    let work = async {
        let lease = lease_or_open(&sessions, &hosts, &turn.host.to_string()).await;
        assert!(lease.key == key(&turn.host.to_string()), "of its own target");
        tokio::time::sleep(Duration::from_millis(turn.works)).await;
        match turn.end {
            End::Closes => lease.close().await,
            End::Drops => drop(lease),
            // Unwinds as a panic does, without its message.
            End::Panics => std::panic::resume_unwind(Box::new("a bug")),
            End::GivesBack | End::GivesUp(_) => give_back(lease).await,
        }
    };
    let patience = if let End::GivesUp(patience) = turn.end { patience } else { 3_600_000 };
    let end = tokio::time::timeout(Duration::from_millis(patience), work).await;
    assert!(end.is_ok() || matches!(turn.end, End::GivesUp(_)), "nobody waits for ever: {turn:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 100, ..ProptestConfig::default() })]
    #[test]
    fn the_limits_hold_and_nothing_is_left_open(
        turns in proptest::collection::vec(turn(), 1..40),
        open in 1..5_usize,
        idle in 0..5_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let (sessions, hosts) = (pool(open, idle), Arc::new(Hosts::default()));
            let users: Vec<_> = turns
                .iter()
                .map(|turn| (turn, tokio::spawn(take(*turn, Arc::clone(&sessions), Arc::clone(&hosts)))))
                .collect();
            for (turn, user) in users {
                let end = user.await;
                assert!(end.is_ok() || matches!(turn.end, End::Panics), "{turn:?}: {end:?}");
            }
            assert!(sessions.state().idle.len() <= idle && sessions.state().waiting == 0);
            sessions.close_all().await;
            assert_eq!((hosts.open(), sessions.state().idle.len()), (0, 0), "all are closed");
            assert!(hosts.most.load(Ordering::SeqCst) <= open, "never more than may be open");
            assert_eq!(sessions.places.as_ref().map(|places| places.available_permits()), Some(open));
        });
    }
}
