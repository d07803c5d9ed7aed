//! Who answers when a mechanism asks its realm's KDC.

use async_trait::async_trait;

use crate::auth::{self, Leg, Mechanism, Step};
use crate::outcome::Reason;
use crate::transport::Error;

/// More questions than any logon has: one for a ticket to get tickets, one for each realm on the way, one for the
/// server's.
const MOST_QUESTIONS: usize = 10;

/// Asks a KDC.
#[async_trait]
pub trait Kdc: Send + Sync {
    /// Sends one request, and returns the answer.
    ///
    /// # Errors
    /// There is no KDC, or it does not answer.
    async fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Error>;
}

/// No KDC is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKdc;

#[async_trait]
impl Kdc for NoKdc {
    async fn ask(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::new(Reason::AuthMethod, "the logon needs a ticket of a KDC, and none is asked here")
            .with_hint("choose another way to log on with --auth"))
    }
}

/// Why there is no next leg.
#[derive(Debug)]
pub(super) enum Stuck {
    /// The mechanism cannot go on.
    Mechanism(auth::Error),
    /// The KDC does not help.
    Kdc(Error),
}

/// The next leg of a handshake; questions to the KDC are answered on the way.
pub(super) async fn next_leg(mechanism: &mut dyn Mechanism, token: Option<&[u8]>, kdc: &dyn Kdc) -> Result<Leg, Stuck> {
    let mut step = mechanism.step(token).map_err(Stuck::Mechanism)?;
    for _ in 0..MOST_QUESTIONS {
        match step {
            Step::Send(leg) => return Ok(leg),
            Step::Ask(request) => {
                let answer = kdc.ask(&request).await.map_err(Stuck::Kdc)?;
                step = mechanism.step(Some(&answer)).map_err(Stuck::Mechanism)?;
            }
        }
    }
    Err(Stuck::Kdc(Error::new(Reason::Protocol, "the KDC is asked again and again")))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::auth::ChannelBinding;

    /// Asks so many times before it has a token, which says what it was answered.
    struct Asks {
        times: usize,
        answers: Vec<u8>,
    }

    impl Mechanism for Asks {
        fn scheme(&self) -> &'static str {
            "Kerberos"
        }

        fn bind(&mut self, _: ChannelBinding) {}

        fn step(&mut self, token: Option<&[u8]>) -> Result<Step, auth::Error> {
            self.answers.extend(token.unwrap_or_default());
            Ok(match self.times.checked_sub(1) {
                Some(left) => {
                    self.times = left;
                    Step::Ask(vec![u8::try_from(left).unwrap_or(u8::MAX)])
                }
                None => Step::Send(Leg { token: Some(self.answers.clone()), ready: true }),
            })
        }

        fn wants_token(&self) -> bool {
            false
        }

        fn sealing(&self) -> Option<&'static str> {
            None
        }

        fn seal(&mut self, _: &[u8]) -> Result<Vec<u8>, auth::Error> {
            Err(auth::Error::NotSealing("Kerberos"))
        }

        fn unseal(&mut self, _: &[u8]) -> Result<Vec<u8>, auth::Error> {
            Err(auth::Error::NotSealing("Kerberos"))
        }
    }

    /// Answers a request with ten times its number.
    #[derive(Default)]
    struct Tenfold(Mutex<usize>);

    #[async_trait]
    impl Kdc for Tenfold {
        async fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
            *self.0.lock().expect("not poisoned") += 1;
            Ok(request.iter().map(|number| number.saturating_mul(10)).collect())
        }
    }

    #[tokio::test]
    async fn questions_are_answered_before_the_next_leg() {
        let mut asks = Asks { times: 2, answers: Vec::new() };
        let leg = next_leg(&mut asks, Some(&[7]), &Tenfold::default()).await.expect("a leg");
        assert_eq!(leg, Leg { token: Some(vec![7, 10, 0]), ready: true });
    }

    #[tokio::test]
    async fn without_a_kdc_the_logon_says_so() {
        let stuck = next_leg(&mut Asks { times: 1, answers: Vec::new() }, None, &NoKdc).await;
        let Err(Stuck::Kdc(error)) = stuck else { panic!("{stuck:?}") };
        assert!(error.reason == Reason::AuthMethod && error.hint.is_some_and(|hint| hint.contains("--auth")));
    }

    #[tokio::test]
    async fn nobody_is_asked_for_ever() {
        let kdc = Tenfold::default();
        let stuck = next_leg(&mut Asks { times: usize::MAX, answers: Vec::new() }, None, &kdc).await;
        assert!(matches!(stuck, Err(Stuck::Kdc(_))) && *kdc.0.lock().expect("not poisoned") == MOST_QUESTIONS);
    }
}
