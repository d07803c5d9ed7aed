//! Causes in words: what the network, the server or the protocol did, with the code and the next step.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use russh::{AlgorithmKind, ChannelOpenFailure, Disconnect};

use super::super::Error;
use super::notes::Notes;
use crate::error_text;
use crate::outcome::Reason;
use crate::target::AddressFamily;

/// What a server needs.
pub(super) const START_HINT: &str = "install PowerShell 7 there, and add `Subsystem powershell /usr/bin/pwsh -sshs \
                                     -NoLogo -NoProfile` \
     to its sshd_config";

/// What to do where the server has begun the subsystem, and ended it at once: it drops what is said on stderr there.
pub(super) const ENDED_HINT: &str = "`ssh USER@HOST pwsh -NoProfile -Command 1` shows what the server says by then, such \
                                     as a password that has expired; else PowerShell 7 must be installed there, and \
                                     named by `Subsystem powershell /usr/bin/pwsh -sshs -NoLogo -NoProfile` in its \
                                     sshd_config";

/// What to do about a key file that needs a passphrase.
pub(super) const LOCKED_HINT: &str = "give the passphrase as the password: --ask-pass, or PSFLEET_PASSWORD together \
                                      with --user (it unlocks the key here and is never sent); or load the key into \
                                      the agent with ssh-add";

/// What to do where a key alone is not enough.
pub(super) const LACKS_PASSWORD_HINT: &str =
    "give the password as well as the key: --ask-pass, or PSFLEET_PASSWORD together with --user";

/// What to do about a certificate that was refused for a reason that we can see.
pub(super) const CERTIFICATE_HINT: &str = "have the authority sign the key anew: ssh-keygen -s CA -I ID -n USER -V +1d FILE.pub; ssh-keygen -L -f \
     FILE-cert.pub shows what it has signed";

/// What to do about keys that let nobody in.
pub(super) const KEY_HINT: &str = "name a key with --identity, load one into the agent, or give a password; the \
                                   server's authorized_keys must have the key's public half";

/// What to do about a password that lets nobody in.
pub(super) const PASSWORD_HINT: &str = "check user and password; the same is said to an account that is locked or has \
                                        expired, and to a password that must be changed first: the server's own log \
                                        tells them apart (journalctl -u ssh)";

/// What to do where the server hangs up on a user.
pub(super) const HUNG_UP_HINT: &str = "the server's own log says why (journalctl -u ssh): the account may be locked or \
                                       have expired, or the server be too busy";

/// What helps against a busy server.
const BUSY_HINT: &str = "an sshd turns connections away while MaxStartups of them have not logged on, and for a while \
                         after failed logons \
     (PerSourcePenalties): allow more --retries, lower --throttle, or raise MaxStartups there";

/// The end of a session whose server goes on with no method at all.
pub(super) const NO_METHOD: &str = "it goes on with no way to log on";

/// How many characters of a greeting's line are shown.
const SHOWN: usize = 100;

/// The first line that says something, safe for a terminal; `…` where it is cut.
fn first_line(greeting: &str) -> String {
    let line = greeting.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let shown: String = line.chars().take(SHOWN).collect();
    let cut = if shown.len() < line.len() { "…" } else { "" };
    format!("{}{cut}", shown.escape_debug())
}

/// Whether an OpenSSH server turned the connection away in place of its version (sshd.c of 8.5 and later).
fn is_busy(greeting: &str) -> bool {
    ["Exceeded MaxStartups", "Not allowed at this time"].iter().any(|words| greeting.starts_with(words))
}

/// Whether a server turned a connection away, for now, before the logon.
pub(super) fn is_turned_away(error: &Error) -> bool {
    error.hint.as_deref() == Some(BUSY_HINT)
}

/// Says of a server's error that the server is a bastion on the way to the target.
pub(super) fn of_bastion(place: &str, mut error: Error) -> Error {
    if error.message.starts_with("bastion ") {
        return error;
    }
    error.message = match error.message.split_once(place) {
        Some((before, after)) => format!("{before}bastion {place}{after}"),
        None => format!("bastion {place}: {}", error.message),
    };
    if error.reason == Reason::Dns {
        return error.with_hint(
            "check the name of the bastion: --jump, 'jump' of the inventory, or ProxyJump of the SSH configuration",
        );
    }
    error
}

/// A name without an address of the family that alone may be used.
pub(super) fn no_address_of(address: &str, family: AddressFamily) -> Error {
    Error::new(Reason::Dns, format!("the name '{address}' has no {family} address, and no other may be used"))
        .with_hint("the SSH configuration says so: AddressFamily")
}

pub(super) fn no_answer(socket: SocketAddr, limit: Duration) -> Error {
    Error::new(Reason::ConnectTimeout, format!("no answer from {socket} within {:.1} s", limit.as_secs_f64()))
        .with_hint("is the host up, and does a firewall let SSH through?")
        .retryable()
}

pub(super) fn connecting(socket: SocketAddr, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            Error::new(Reason::Refused, format!("nobody listens on {socket}: connection refused"))
                .with_hint("is an SSH server running there, and is it the right port?")
                .retryable()
        }
        io::ErrorKind::TimedOut => {
            Error::new(Reason::ConnectTimeout, format!("no answer from {socket}: {}", error_text::io(error)))
                .retryable()
        }
        _ => Error::new(Reason::Network, format!("cannot connect to {socket}: {}", error_text::io(error))).retryable(),
    }
}

/// A bastion that opened no connection to the next stop.
pub(super) fn jump(bastion: &str, next: &str, error: &russh::Error) -> Error {
    match error {
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed) => Error::new(
            Reason::Network,
            format!("bastion {bastion} cannot connect to {next}"),
        )
        .with_hint(
            "the bastion looks up the name and makes the connection: is the host up, and does a firewall between \
                     the two let it through?",
        )
        .retryable(),
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => {
            Error::new(Reason::Network, format!("bastion {bastion} forbids connections to {next}"))
                .with_hint("its sshd needs AllowTcpForwarding and a PermitOpen for this address")
        }
        russh::Error::ChannelOpenFailure(cause) => {
            Error::new(Reason::Network, format!("bastion {bastion} opens no path to {next}: {}", refusal(cause)))
        }
        error => Error::new(Reason::Network, format!("bastion {bastion} opens no path to {next}: {}", words_of(error))),
    }
}

/// A bastion that has not yet got through to the next stop.
pub(super) fn jump_late(bastion: &str, next: &str) -> Error {
    Error::new(
        Reason::ConnectTimeout,
        format!("bastion {bastion} gets no answer from {next} within the connect timeout"),
    )
    .with_hint("is the host up, and does a firewall between the two let the bastion through?")
    .retryable()
}

/// A bastion that takes no further stream before one of the others ends.
pub(super) fn no_room(bastion: &str, next: &str) -> Error {
    Error::new(Reason::Network, format!("bastion {bastion} has no room for another connection, to {next}"))
        .with_hint("lower --throttle, or raise what the bastion's SSH server takes")
        .retryable()
}

/// A handshake that failed, for another reason than the host key.
pub(super) fn handshake(place: &str, error: &russh::Error, greeting: &str) -> Error {
    use russh::Error as E;
    // Other lines may stand before the version (RFC 4253 4.2).
    let is_ssh = greeting.lines().any(|line| line.starts_with("SSH-"));
    match error {
        _ if !is_ssh && is_busy(greeting) => {
            Error::new(Reason::Network, format!("the SSH server {place} is busy: it says `{}`", first_line(greeting)))
                .with_hint(BUSY_HINT)
                .retryable()
        }
        E::HUP | E::Disconnect | E::IO(_) if greeting.is_empty() => {
            Error::new(Reason::Network, format!("{place} closed the connection before it said who it is"))
                .with_hint(BUSY_HINT)
                .retryable()
        }
        _ if !is_ssh && !greeting.is_empty() => {
            let said = first_line(greeting);
            Error::new(Reason::Protocol, format!("what answers on {place} is not an SSH server: it says `{said}`"))
                .with_hint(if said.starts_with("HTTP/") {
                    "this is HTTP: WinRM is --transport winrm, and SSH listens on another port (22)"
                } else {
                    "check the port; WinRM is --transport winrm"
                })
        }
        E::Version => Error::new(Reason::Protocol, format!("what answers on {place} is not an SSH server"))
            .with_hint("check the port; WinRM is --transport winrm"),
        E::NoCommonAlgo { kind, theirs, .. } => Error::new(
            Reason::Protocol,
            format!("no {} in common with {place}, which offers {}", negotiated(kind), offered(theirs)),
        )
        .with_hint("update the older side, or allow one of these there (sshd_config) and here (ssh_config)"),
        E::HUP | E::Disconnect | E::IO(_) => {
            Error::new(Reason::Network, format!("{place} closed the connection during the key exchange"))
                .with_hint(BUSY_HINT)
                .retryable()
        }
        error => Error::new(Reason::Protocol, format!("the key exchange with {place} failed: {}", words_of(error)))
            .with_hint("is it an SSH server, or does something in between change the traffic?"),
    }
}

/// What a server and we must agree on.
fn negotiated(kind: &AlgorithmKind) -> &'static str {
    match kind {
        AlgorithmKind::Kex => "key exchange algorithm",
        AlgorithmKind::Key => "host key algorithm",
        AlgorithmKind::Cipher => "cipher",
        AlgorithmKind::Compression => "compression",
        AlgorithmKind::Mac => "integrity algorithm (MAC)",
    }
}

/// Names that a server sent.
fn offered(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| name.escape_debug().to_string()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Why a server opens no channel (RFC 4254 5.1).
pub(super) fn refusal(cause: &ChannelOpenFailure) -> String {
    match cause {
        ChannelOpenFailure::AdministrativelyProhibited => "it is forbidden there".to_owned(),
        ChannelOpenFailure::ConnectFailed => "the connection behind it failed".to_owned(),
        ChannelOpenFailure::UnknownChannelType => "the server knows no such channel".to_owned(),
        ChannelOpenFailure::ResourceShortage => "the server has no room for it".to_owned(),
        ChannelOpenFailure::Other { code, reason } if reason.is_empty() => format!("for its own reason, number {code}"),
        ChannelOpenFailure::Other { reason, .. } => format!("it says `{}`", reason.escape_debug()),
    }
}

/// What the library says of a session, in our words.
pub(super) fn words_of(error: &russh::Error) -> String {
    use russh::Error as E;
    let text = match error {
        E::IO(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => "the server closed the connection",
        E::IO(cause) => return error_text::io(cause),
        E::ChannelOpenFailure(cause) => return refusal(cause),
        E::PacketSize(size) => return format!("a packet of {size} bytes came, which is not allowed"),
        E::HUP | E::Disconnect | E::SendError | E::RecvError | E::WrongChannel => "the server closed the connection",
        E::KeepaliveTimeout => "the server no longer answers",
        E::ConnectionTimeout | E::InactivityTimeout | E::Elapsed(_) => "the server did not answer in time",
        E::PacketAuth | E::DecryptionError => "a packet was changed on its way, or the two sides lost step",
        E::WrongServerSig | E::Signature(_) => {
            "the server's signature is wrong: it does not have the key that it shows"
        }
        E::UnknownKey | E::Keys(_) | E::SshKey(_) => "a key cannot be read",
        E::Kex | E::KexInit | E::UnknownAlgo => "the server's part of the key exchange is wrong",
        E::StrictKeyExchangeViolation { .. } => "messages came during the key exchange that do not belong there",
        E::Compress(_) | E::Decompress(_) => "the compressed data is damaged",
        E::NoAuthMethod => NO_METHOD,
        _ => "what the server sent is against the protocol",
    };
    text.to_owned()
}

/// Why a server said that it leaves (RFC 4253 11.1): in its own words, else by its number.
pub(super) fn farewell(code: &Disconnect, message: &str) -> String {
    if !message.trim().is_empty() {
        return message.escape_debug().to_string();
    }
    let text = match code {
        Disconnect::HostNotAllowedToConnect => "this machine may not connect",
        Disconnect::ProtocolError => "it found a fault against the protocol",
        Disconnect::KeyExchangeFailed => "the key exchange failed",
        Disconnect::MACError => "a packet was changed on its way",
        Disconnect::CompressionError => "the compressed data is damaged",
        Disconnect::ServiceNotAvailable => "the service is not available",
        Disconnect::ProtocolVersionNotSupported => "it does not speak our version of SSH",
        Disconnect::HostKeyNotVerifiable => "the host key cannot be verified",
        Disconnect::ConnectionLost => "the connection was lost",
        Disconnect::TooManyConnections => "it has too many connections",
        Disconnect::NoMoreAuthMethodsAvailable => "no way to log on is left",
        Disconnect::IllegalUserName => "it does not accept this user name",
        Disconnect::ByApplication | Disconnect::AuthCancelledByUser | Disconnect::Reserved => "it gave no reason",
    };
    text.to_owned()
}

/// A server that lets nobody log on, whatever may be shown to it.
pub(super) fn no_method(place: &str, user: &str) -> Error {
    Error::new(Reason::AuthMethod, format!("{place} offers user {user} no way to log on")).with_hint(
        "its sshd allows neither keys nor passwords for this user: see PubkeyAuthentication, PasswordAuthentication \
         and \
         AuthenticationMethods in its sshd_config",
    )
}

/// A session that ended while we talked.
pub(super) fn gone(place: &str, doing: &str, notes: &Notes) -> Error {
    let cause = notes.farewell().unwrap_or_else(|| "connection closed".to_owned());
    Error::new(Reason::Network, format!("{place} hung up while {doing}: {cause}")).retryable()
}

#[cfg(test)]
mod tests {
    use std::io;

    use russh::{AlgorithmKind, ChannelOpenFailure, Disconnect, Error as E};

    use super::{connecting, farewell, handshake, jump, of_bastion, words_of};

    /// Everything that this file says of the faults of a library and the system.
    fn all() -> Vec<String> {
        let faults = || {
            let other = ChannelOpenFailure::Other { code: 7, reason: "no \u{1b}[31m".to_owned() };
            let theirs = vec!["a\n".to_owned(), "b".to_owned()];
            [
                E::NoCommonAlgo { kind: AlgorithmKind::Mac, ours: Vec::new(), theirs },
                E::ChannelOpenFailure(ChannelOpenFailure::UnknownChannelType),
                E::ChannelOpenFailure(other),
                E::StrictKeyExchangeViolation { message_type: 2, sequence_number: 3 },
                E::PacketSize(1 << 30),
                E::IO(io::Error::from_raw_os_error(104)),
                E::Inconsistent,
                E::Kex,
                E::KexInit,
                E::WrongServerSig,
                E::DecryptionError,
                E::HUP,
                E::KeepaliveTimeout,
                E::NoAuthMethod,
                E::RecvError,
            ]
        };
        let address = "127.0.0.1:22".parse().expect("an address");
        let mut all: Vec<String> = faults().iter().map(words_of).collect();
        all.extend(faults().iter().map(|error| handshake("h:22", error, "SSH-2.0-x").message));
        all.extend(faults().iter().map(|error| jump("b:22", "h:22", error).message));
        all.extend([2, 13, 101, 104, 113].map(|code| connecting(address, &io::Error::from_raw_os_error(code)).message));
        all
    }

    #[test]
    fn faults_have_no_words_of_libraries() {
        let foreign = [
            "os error",
            "Os {",
            "UnknownChannelType",
            "Mac ",
            "Inconsistent",
            "Kex",
            "seq no",
            "Bad packet",
            "\u{1b}",
            "\n",
            "ConnectionReset",
        ];
        for text in all() {
            assert!(!foreign.iter().any(|words| text.contains(words)), "{text}");
        }
    }

    #[test]
    fn what_else_answers_is_quoted_by_its_first_line() {
        let said = |greeting: &str| handshake("h:22", &E::Version, greeting);
        let http = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n";
        for (greeting, line) in [
            (http, "HTTP/1.1 400 Bad Request"),
            ("\r\n220 mail.example ESMTP Postfix\r\n", "220 mail.example ESMTP Postfix"),
            ("RFB 003.008\n", "RFB 003.008"),
            ("\u{15}\u{3}\u{3}", "\\u{15}\\u{3}\\u{3}"),
        ] {
            let words = format!("what answers on h:22 is not an SSH server: it says `{line}`");
            assert_eq!(said(greeting).message, words);
        }
        assert!(said(http).hint.is_some_and(|hint| hint.starts_with("this is HTTP: WinRM is --transport winrm")));
        assert!(said("RFB 003.008\n").hint.is_some_and(|hint| hint.starts_with("check the port")));
        let long = said(&"x".repeat(255)).message;
        assert!(long.ends_with(&format!("`{}…`", "x".repeat(100))), "{long}");
    }

    #[test]
    fn a_bastion_is_called_one() {
        let socket = "127.0.0.1:22".parse().expect("an address");
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let missing = crate::transport::tcp::no_address("gate", &io::ErrorKind::NotFound.into());
        for (error, words) in [
            (missing.clone(), "bastion gate:22: the name 'gate' has no address"),
            (connecting(socket, &refused), "bastion gate:22: nobody listens on 127.0.0.1:22: connection refused"),
            (
                handshake("gate:22", &E::Version, "x\n"),
                "what answers on bastion gate:22 is not an SSH server: it says `x`",
            ),
            (
                jump("gate0:22", "gate:22", &E::HUP),
                "bastion gate0:22 opens no path to gate:22: the server closed the connection",
            ),
        ] {
            assert_eq!(of_bastion("gate:22", error).message, words);
        }
        assert!(
            of_bastion("gate:22", missing).hint.is_some_and(|hint| hint.starts_with("check the name of the bastion"))
        );
    }

    #[test]
    fn what_can_be_agreed_on_has_a_name() {
        let kinds = [
            (AlgorithmKind::Kex, "no key exchange algorithm in common"),
            (AlgorithmKind::Key, "no host key algorithm in common"),
            (AlgorithmKind::Cipher, "no cipher in common"),
            (AlgorithmKind::Mac, "no integrity algorithm (MAC) in common"),
        ];
        for (kind, words) in kinds {
            let error = E::NoCommonAlgo { kind, ours: Vec::new(), theirs: vec!["x".to_owned()] };
            let error = handshake("h:22", &error, "SSH-2.0-x");
            assert_eq!(error.message, format!("{words} with h:22, which offers x"));
            assert!(error.hint.is_some_and(|hint| hint.contains("sshd_config")));
        }
    }

    #[test]
    fn a_server_that_leaves_says_why_or_its_number_does() {
        assert_eq!(farewell(&Disconnect::TooManyConnections, "Too many\n"), "Too many\\n");
        assert_eq!(farewell(&Disconnect::TooManyConnections, " "), "it has too many connections");
        assert_eq!(farewell(&Disconnect::ServiceNotAvailable, ""), "the service is not available");
        assert_eq!(farewell(&Disconnect::ByApplication, ""), "it gave no reason");
    }
}
