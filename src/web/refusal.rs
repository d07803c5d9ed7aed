//! What is refused: to a server at its start, and to a request.

use std::net::SocketAddr;

/// Why a server does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Others could read it.
    #[error(
        "{0} can be reached from other machines, so it needs a token: write its hash to serve_token_hash (psfleet serve --hash-token makes one), or listen on 127.0.0.1"
    )]
    NoToken(SocketAddr),
    /// Others could read the token.
    #[error(
        "{0} can be reached from other machines, so the token needs TLS: name a certificate and its key, or listen on 127.0.0.1"
    )]
    NoTls(SocketAddr),
    /// Not a hash.
    #[error("serve_token_hash is not an argon2 hash ({0}): psfleet serve --hash-token makes one")]
    NoHash(String),
    /// A token that is guessed, or that is not looked at.
    #[error("a token has {shortest} to {longest} bytes; without one given, one is drawn")]
    Length {
        /// In bytes.
        shortest: usize,
        /// In bytes.
        longest: usize,
    },
    /// There is no TLS.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// Tokens and cookies could be guessed.
    #[error("this system gives no random numbers")]
    NoRandomness,
}

/// What a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// Whatever it asks for.
    Granted,
    /// That it was addressed to somebody else.
    Misdirected,
    /// That it needs the token.
    NoToken,
    /// That its token is wrong.
    WrongToken,
    /// To come back, since too many tokens are being verified.
    Busy,
}
