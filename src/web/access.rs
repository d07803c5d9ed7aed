//! Who may read: everybody on this machine, or whoever has the token.
//!
//! A server that listens on loopback alone needs none. It then answers only to loopback's own names: a page elsewhere
//! whose name is made to point here (DNS rebinding) is not answered. Any other address needs a token, and TLS so that
//! the token stays one. What is kept of the token is its argon2 hash in the configuration.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use super::refusal::{Leave, Refusal};
use super::token::Token;

/// The cookie that a browser keeps once its user has shown the token.
pub(super) const COOKIE: &str = "psfleet";
/// How long a browser stays logged in.
pub(super) const STAY: Duration = Duration::from_secs(12 * 60 * 60);

/// Who may read.
pub struct Access {
    token: Option<Token>,
    is_tls: bool,
}

impl Access {
    /// Rules for a server at this address.
    ///
    /// # Errors
    /// Others could read what it shows, or its token.
    pub fn new(listen: SocketAddr, token_hash: Option<&str>, is_tls: bool) -> Result<Self, Refusal> {
        let is_loopback = listen.ip().to_canonical().is_loopback();
        let token = token_hash.map(Token::new).transpose()?;
        match (&token, is_loopback) {
            (None, false) => Err(Refusal::NoToken(listen)),
            (Some(_), false) if !is_tls => Err(Refusal::NoTls(listen)),
            _ => Ok(Self { token, is_tls }),
        }
    }

    /// Whether there is a token to log in with.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether cookies go over TLS alone.
    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether a request may have what it asks for.
    pub(super) async fn of(&self, headers: &HeaderMap, now: Timestamp) -> Leave {
        let Some(token) = &self.token else {
            return if is_for_loopback(headers) { Leave::Granted } else { Leave::Misdirected };
        };
        if let Some(bearer) = bearer(headers) {
            return token.verify(bearer).await;
        }
        if cookie(headers).is_some_and(|cookie| token.has_signed(cookie, now)) {
            Leave::Granted
        } else {
            Leave::NoToken
        }
    }

    /// Verifies the token that somebody has typed, and makes the cookie for it.
    pub(super) async fn log_in(&self, typed: &str, now: Timestamp) -> Result<String, Leave> {
        let Some(token) = &self.token else { return Err(Leave::NoToken) };
        match token.verify(typed).await {
            Leave::Granted => Ok(token.sign(now.as_second().saturating_add(STAY.as_secs() as i64))),
            refused => Err(refused),
        }
    }
}

/// The token of a request's `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Our cookie among those of a request.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Whether a request names loopback as its host.
fn is_for_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(address) => address.split_once(']').map_or("", |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn hash(token: &str) -> String {
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).expect("parameters"));
        cheap.hash_password_with_salt(token.as_bytes(), b"saltsalt").expect("hash").to_string()
    }

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect()
    }

    fn at(listen: &str, token: Option<&str>, is_tls: bool) -> Result<Access, Refusal> {
        Access::new(listen.parse().expect("an address"), token.map(hash).as_deref(), is_tls)
    }

    #[test]
    fn only_loopback_needs_no_token_and_no_tls() {
        for listen in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(at(listen, None, false).is_ok(), "{listen}");
            assert!(at(listen, Some("t"), false).is_ok(), "{listen}");
        }
        for listen in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"] {
            assert!(matches!(at(listen, None, true), Err(Refusal::NoToken(_))), "{listen}");
            assert!(matches!(at(listen, Some("t"), false), Err(Refusal::NoTls(_))), "{listen}");
            assert!(at(listen, Some("t"), true).is_ok(), "{listen}");
        }
        let broken = Access::new("127.0.0.1:1".parse().expect("an address"), Some("secret"), false);
        assert!(
            broken.is_err_and(|refusal| !refusal.to_string().contains("secret")),
            "what may be a token is not said"
        );
    }

    #[tokio::test]
    async fn without_a_token_only_loopbacks_names_are_answered() {
        let access = at("127.0.0.1:1", None, false).expect("rules");
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8099", "127.1.2.3", "[::1]:80", "[::1]"] {
            assert_eq!(access.of(&headers(&[(header::HOST, host)]), NOW).await, Leave::Granted, "{host}");
        }
        for host in
            ["evil.example", "evil.example:8099", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]", "[", ""]
        {
            assert_eq!(access.of(&headers(&[(header::HOST, host)]), NOW).await, Leave::Misdirected, "{host}");
        }
        assert_eq!(access.of(&HeaderMap::new(), NOW).await, Leave::Misdirected);
    }

    #[tokio::test]
    async fn the_right_token_is_let_in_and_no_other() {
        let access = at("0.0.0.0:1", Some("right"), true).expect("rules");
        let shown = |value: &str| headers(&[(header::AUTHORIZATION, value)]);
        for _ in 0..2 {
            assert_eq!(access.of(&shown("Bearer right"), NOW).await, Leave::Granted);
            assert_eq!(access.of(&shown("bearer  right"), NOW).await, Leave::Granted);
            for wrong in ["Bearer wrong", "Bearer ", "Bearer righ", "Bearer right2"] {
                assert_eq!(access.of(&shown(wrong), NOW).await, Leave::WrongToken, "{wrong}");
            }
        }
        assert_eq!(access.of(&shown(&format!("Bearer {}", "x".repeat(4096))), NOW).await, Leave::WrongToken);
        assert_eq!(access.of(&shown("Basic cmlnaHQ="), NOW).await, Leave::NoToken);
        assert_eq!(access.of(&headers(&[(header::HOST, "localhost")]), NOW).await, Leave::NoToken);
    }

    #[tokio::test]
    async fn a_cookie_is_good_for_its_time_and_cannot_be_made() {
        let access = at("0.0.0.0:1", Some("right"), true).expect("rules");
        assert_eq!(access.log_in("wrong", NOW).await, Err(Leave::WrongToken));
        let cookie = access.log_in("right", NOW).await.expect("let in");
        let sent = |cookie: &str| headers(&[(header::COOKIE, &format!("other=1; {COOKIE}={cookie}"))]);
        assert_eq!(access.of(&sent(&cookie), NOW).await, Leave::Granted);
        let late = NOW + STAY;
        assert_eq!(access.of(&sent(&cookie), late).await, Leave::NoToken);
        let (_, tag) = cookie.split_once('.').expect("two parts");
        for forged in [format!("99999999999.{tag}"), "99999999999.".to_owned(), tag.to_owned(), String::new()] {
            assert_eq!(access.of(&sent(&forged), NOW).await, Leave::NoToken, "{forged}");
        }
        let other = at("0.0.0.0:1", Some("right"), true).expect("rules");
        assert_eq!(other.of(&sent(&cookie), NOW).await, Leave::NoToken, "another process has another key");
    }
}
