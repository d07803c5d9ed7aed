//! TCP connections: from a name to its addresses, and to a socket on the first of them that answers.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Error;
use crate::error_text;
use crate::outcome::Reason;

/// Names looked up at the same time, in the whole process: each takes a thread.
static LOOKUPS: Semaphore = Semaphore::const_new(64);
/// Silence after which the system asks whether the other end is still there, and how often it repeats that.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Fault {
    /// The name has no address.
    Name(String, io::Error),
    /// Nothing came back in time.
    Silence(SocketAddr, Duration),
    /// The connection was refused, or there is no way.
    Refusal(SocketAddr, io::Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name, cause) => write!(f, "no address for {name}: {}", error_text::io(cause)),
            Self::Silence(socket, limit) => write!(f, "{socket} does not answer within {:.1} s", limit.as_secs_f64()),
            Self::Refusal(socket, cause) => write!(f, "{socket}: {}", error_text::io(cause)),
        }
    }
}

/// What resolvers say of a name that they do not know, which needs no repeating.
const UNKNOWN: [&str; 4] = ["not known", "No address associated", "nodename nor servname", "No such host"];

/// What to do about a name that leads nowhere.
const NAME_HINT: &str = "check the spelling and DNS, or give the host an address in the inventory";

/// A name without an address, in one sentence for every transport.
pub(super) fn no_address(name: &str, cause: &io::Error) -> Error {
    if name.contains('%') {
        let text = format!("the address '{name}' has a zone that is not an interface of this machine");
        return Error::new(Reason::Dns, text)
            .with_hint("the zone is the interface that leads there, such as %eth0 (ip link shows them)");
    }
    let said = error_text::io(cause);
    let is_unknown = cause.kind() == io::ErrorKind::NotFound || UNKNOWN.iter().any(|words| said.contains(words));
    let text = match is_unknown {
        true => format!("the name '{name}' has no address"),
        false => format!("the name '{name}' cannot be looked up: {said}"),
    };
    Error::new(Reason::Dns, text).with_hint(NAME_HINT)
}

/// What cannot be an address at all.
pub(super) fn not_an_address(text: &str) -> Error {
    Error::new(Reason::Dns, format!("'{text}' is not an address to connect to")).with_hint(NAME_HINT)
}

/// Connects to the first address of a name that answers.
///
/// # Errors
/// The fault of the last address.
pub(super) async fn dial(address: &str, port: u16, deadline: Instant) -> Result<TcpStream, Fault> {
    dial_some(address, port, deadline, |_| true).await
}

/// Connects to the first address of a name that answers, among those that `takes` accepts.
///
/// # Errors
/// The fault of the last address; that there is none, if none is taken.
pub(super) async fn dial_some(
    address: &str,
    port: u16,
    deadline: Instant,
    takes: impl Fn(&SocketAddr) -> bool,
) -> Result<TcpStream, Fault> {
    let mut addresses = resolve(address, port, deadline).await?;
    addresses.retain(takes);
    let nowhere = Fault::Name(address.to_owned(), io::ErrorKind::NotFound.into());
    dial_first(&addresses, deadline).await.map_err(|fault| fault.unwrap_or(nowhere))
}

/// Connects to the first of several addresses that answers.
///
/// # Errors
/// The fault of the last address; `None` without any.
pub(super) async fn dial_first(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Option<Fault>> {
    let mut last = None;
    for (index, socket) in addresses.iter().enumerate() {
        // An address that doesn't answer must leave time for the others.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match connect(*socket, share).await {
            Ok(stream) => return Ok(stream),
            Err(fault) => last = Some(fault),
        }
    }
    Err(last)
}

/// The addresses of a name.
///
/// # Errors
/// It has none, or cannot be looked up in time.
pub(super) async fn resolve(address: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Fault> {
    if let Ok(address) = address.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let looking = async {
        let _turn = LOOKUPS.acquire().await.map_err(io::Error::other)?;
        tokio::net::lookup_host((address, port)).await.map(Iterator::collect)
    };
    let found = tokio::time::timeout_at(deadline, looking).await;
    found
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "the resolver does not answer")))
        .map_err(|cause| Fault::Name(address.to_owned(), cause))
}

async fn connect(socket: SocketAddr, limit: Duration) -> Result<TcpStream, Fault> {
    let connecting = tokio::time::timeout(limit, TcpStream::connect(socket)).await;
    let stream =
        connecting.map_err(|_| Fault::Silence(socket, limit))?.map_err(|cause| Fault::Refusal(socket, cause))?;
    // Packets are small and each waits for the one before; a peer that vanished must be noticed during a long poll. A
    // socket that refuses an option is slower, not wrong.
    let _ = stream.set_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Fault, dial, no_address};

    #[test]
    fn a_name_without_an_address_has_one_sentence() {
        let said = |name: &str, cause: io::Error| no_address(name, &cause).message;
        for cause in [
            "failed to lookup address information: Name or service not known",
            "failed to lookup address information: No address associated with hostname",
            "failed to lookup address information: nodename nor servname provided, or not known",
            "No such host is known.",
        ] {
            assert_eq!(said("lin01", io::Error::other(cause)), "the name 'lin01' has no address");
        }
        assert_eq!(said("lin01", io::ErrorKind::NotFound.into()), "the name 'lin01' has no address");
        let busy = io::Error::other("failed to lookup address information: Temporary failure in name resolution");
        assert_eq!(said("lin01", busy), "the name 'lin01' cannot be looked up: Temporary failure in name resolution");
        let zone = said("fe80::1%eth7", io::ErrorKind::NotFound.into());
        assert_eq!(zone, "the address 'fe80::1%eth7' has a zone that is not an interface of this machine");
    }

    #[tokio::test]
    async fn reaches_whoever_listens() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let deadline = Instant::now() + Duration::from_secs(30);
        let stream = dial("127.0.0.1", port, deadline).await.expect("connected");
        assert_eq!(stream.peer_addr().expect("a peer").port(), port);
        // By name: an address of ::1, where nobody listens, does not keep us from the other.
        dial("localhost", port, deadline).await.expect("connected");
        drop(listener);
        assert!(matches!(dial("127.0.0.1", port, deadline).await, Err(Fault::Refusal(..))));
        assert!(matches!(dial("no.such.name.invalid", port, deadline).await, Err(Fault::Name(..))));
    }
}
