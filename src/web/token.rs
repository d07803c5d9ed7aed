//! The token: its argon2 hash in the configuration, and the cookies of browsers whose users have shown it.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use aws_lc_rs::{hmac, rand};
use base64_simd::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::refusal::{Leave, Refusal};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 512;
/// The shortest token that is hashed, in bytes.
const SHORTEST: usize = 16;
/// Tokens that wait for their turn to be verified; more are told to come back.
const WAITING: usize = 8;

/// Draws a token that nobody guesses: 256 bits, as letters and digits that need no quoting.
///
/// # Errors
/// The system gives no random numbers.
pub fn draw_token() -> Result<String, Refusal> {
    Ok(BASE64.encode_to_string(random::<32>()?))
}

/// The hash of a token, for `serve_token_hash`.
///
/// # Errors
/// The token is too short or too long, or the system gives no random numbers.
pub fn hash_token(token: &str) -> Result<String, Refusal> {
    if !(SHORTEST..=LONGEST).contains(&token.len()) {
        return Err(Refusal::Length { shortest: SHORTEST, longest: LONGEST });
    }
    let salt = random::<16>()?;
    let hashed = Argon2::default().hash_password_with_salt(token.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| Refusal::NoHash(error.to_string()))
}

fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Refusal::NoRandomness)?;
    Ok(bytes)
}

/// A token by its hash.
pub(super) struct Token {
    hash: PasswordHash,
    /// Signs cookies, and remembers the token that was right; drawn at each start.
    key: hmac::Key,
    /// What the key makes of the token, once it was shown: to verify a hash costs a tenth of a second on purpose.
    known: Mutex<Option<hmac::Tag>>,
    /// Places for tokens that are being verified or wait for that.
    queue: Semaphore,
    /// One after the other, so that guesses cost the guesser time and this machine one core.
    turn: Semaphore,
}

impl Token {
    pub(super) fn new(hash: &str) -> Result<Self, Refusal> {
        let hash = PasswordHash::new(hash).map_err(|error| Refusal::NoHash(error.to_string()))?;
        if !hash.algorithm.as_str().starts_with("argon2") || hash.hash.is_none() {
            return Err(Refusal::NoHash("it is of another kind, or cut short".to_owned()));
        }
        Ok(Self {
            hash,
            key: hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?),
            known: Mutex::default(),
            queue: Semaphore::new(WAITING),
            turn: Semaphore::new(1),
        })
    }

    pub(super) async fn verify(&self, token: &str) -> Leave {
        if token.len() > LONGEST {
            return Leave::WrongToken;
        }
        if self.is_known(token) {
            return Leave::Granted;
        }
        let Ok(_place) = self.queue.try_acquire() else { return Leave::Busy };
        // Nobody closes it.
        let _turn = self.turn.acquire().await;
        let (hash, typed) = (self.hash.clone(), Zeroizing::new(token.to_owned()));
        let is_right =
            tokio::task::spawn_blocking(move || Argon2::default().verify_password(typed.as_bytes(), &hash).is_ok());
        if !is_right.await.unwrap_or(false) {
            return Leave::WrongToken;
        }
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(hmac::sign(&self.key, token.as_bytes()));
        Leave::Granted
    }

    /// Whether this token has been verified before. Tags are compared in constant time.
    fn is_known(&self, token: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().is_some_and(|tag| hmac::verify(&self.key, token.as_bytes(), tag.as_ref()).is_ok())
    }

    /// A cookie that is good until then.
    pub(super) fn sign(&self, until: i64) -> String {
        let until = until.to_string();
        let tag = hmac::sign(&self.key, cookie_text(&until).as_bytes());
        format!("{until}.{}", BASE64.encode_to_string(tag))
    }

    pub(super) fn has_signed(&self, cookie: &str, now: Timestamp) -> bool {
        let Some((until, tag)) = cookie.split_once('.') else { return false };
        let Ok(tag) = BASE64.decode_to_vec(tag) else { return false };
        let is_ours = hmac::verify(&self.key, cookie_text(until).as_bytes(), &tag).is_ok();
        is_ours && until.parse::<i64>().is_ok_and(|until| now.as_second() < until)
    }
}

/// What a cookie's tag is made over. A token is never signed in this form: it would have to begin so, and tags of tokens leave nowhere.
fn cookie_text(until: &str) -> String {
    format!("cookie {until}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_is_a_hash_that_is_taken() {
        let token = draw_token().expect("a token");
        assert_eq!(token.len(), 43);
        assert_ne!(Ok(&token), draw_token().as_ref());
        let hash = hash_token(&token).expect("a hash");
        assert!(hash.starts_with("$argon2id$") && !hash.contains(&token), "{hash}");
        let known = Token::new(&hash).expect("a hash");
        let verified = |token: &str| Argon2::default().verify_password(token.as_bytes(), &known.hash).is_ok();
        assert!(verified(&token) && !verified("another token of length"));
    }

    #[test]
    fn tokens_that_can_be_guessed_are_not_hashed() {
        for token in ["", "secret", &"x".repeat(LONGEST + 1)] {
            let said = hash_token(token).expect_err("refused").to_string();
            assert!(said.contains("16 to 512") && (token.is_empty() || !said.contains(token)), "{said}");
        }
    }

    #[test]
    fn hashes_of_another_kind_are_refused() {
        let salted = "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHQ$Mw6sOTeBZtiVQWKZJ4RuIuTOLz6ItIcjoqiVdG3tTQc";
        for hash in ["", "secret", salted, "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ", "$2b$10$abcdefghijklmnopqrstuv"] {
            assert!(matches!(Token::new(hash), Err(Refusal::NoHash(_))), "{hash}");
        }
    }

    #[tokio::test]
    async fn a_flood_of_tokens_is_told_to_come_back() {
        let token = Token::new(&hash_token("the right token of it").expect("a hash")).expect("a token");
        let _held = token.turn.acquire().await;
        let _places = token.queue.acquire_many(WAITING as u32).await;
        assert_eq!(token.verify("wrong").await, Leave::Busy);
    }
}
