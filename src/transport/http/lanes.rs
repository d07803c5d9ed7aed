//! The lanes of one target.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use tokio::time::Instant;
use url::Url;

use super::contact::{Contact, Reached};
use super::cookies::Cookies;
use super::diagnose::{mute, silent, timed_out};
use super::failure::Failure;
use super::kerberos_fault::kerberos;
use super::lane::{Lane, unusable};
use super::logon_state::LogonState;
use super::route::Route;
use super::tls_cache::TlsCache;
use crate::auth::Choice;
use crate::error_text;
use crate::outcome::Reason;
use crate::target::{AuthMethod, Credential, Target, WinrmEndpoint};
use crate::transport::admission::{Admission, Authenticated, FRESH, Leave, Step};
use crate::transport::tcp::not_an_address;
use crate::transport::{Error, offload};

/// Makes, lends and keeps the lanes of one target and credential.
pub struct Lanes {
    endpoint: WinrmEndpoint,
    url: Url,
    /// The endpoint's address, as all its lanes have it.
    address: Arc<str>,
    route: Route,
    /// Of the attempt that they were made for, once it has approached.
    admission: OnceLock<Admission>,
    contact: Arc<Contact>,
    choice: Choice,
    /// What proved the user on the last lane that was logged on.
    used: Mutex<Option<Used>>,
    connect: Duration,
    tls: Option<Arc<ClientConfig>>,
    cookies: Arc<Cookies>,
    idle: Mutex<Vec<Lane>>,
    bare_logon: AtomicBool,
    /// A lane was refused the logon: another would be a further failed logon of the account.
    refusal: OnceLock<Error>,
}

/// What a lane is logged on by.
struct Used {
    by: &'static str,
    /// Why it is not Kerberos, where that would have come first.
    no_kerberos: Option<Error>,
}

impl Lanes {
    /// Lanes to a target; nothing is connected yet.
    ///
    /// # Errors
    /// When policy forbids the mechanism, or the endpoint's settings cannot be used.
    pub fn new(target: &Target, endpoint: &WinrmEndpoint, tls_cache: &TlsCache) -> Result<Self, Error> {
        let credential = target.credential.clone().ok_or_else(|| {
            Error::new(Reason::AuthMethod, "WinRM needs a user and a password").with_hint("give them with --user")
        })?;
        refuse_clear_text(endpoint)?;
        let url = endpoint.url();
        let url = Url::parse(&url).map_err(|_| not_an_address(&url))?;
        let tls = tls_cache.tls(&endpoint.tls, credential.certificate())?;
        find_keytab(&credential)?;
        let route = tls_cache.route(endpoint, &credential);
        let choice = Choice {
            workstation: endpoint.workstation.clone(),
            kerberos: endpoint.kerberos.clone(),
            tickets: Arc::clone(&tls_cache.tickets),
            ..Choice::new(endpoint.auth, credential, known_as(target, endpoint))
        };
        Ok(Self {
            endpoint: endpoint.clone(),
            url,
            address: endpoint.address.as_str().into(),
            route,
            admission: OnceLock::new(),
            contact: Arc::default(),
            choice,
            used: Mutex::default(),
            connect: target.timeouts.connect,
            tls,
            cookies: Arc::default(),
            idle: Mutex::default(),
            bare_logon: AtomicBool::new(false),
            refusal: OnceLock::new(),
        })
    }

    /// Makes a first lane, as far as it gets without proving the user, and waits there for leave to do that. The first
    /// exchange goes on from there; later lanes ask nobody. Where others wait for the server's verdict it is asked for
    /// at once, by a proof without a request: what a request starts may hang for long.
    ///
    /// # Errors
    /// There is no way to the server, or no leave; the user was refused.
    pub async fn approach(&self, admission: &Admission) -> Result<(), Error> {
        let _ = self.admission.set(admission.for_later());
        self.route.open(admission, self.connect).await?;
        let knocks = !admission.is_proven();
        let mut lane = self.approached(knocks).await.map_err(Failure::into_error)?;
        let (leave, waited) = admission.ask(Step::Prove).await?;
        lane.logon_until += waited;
        // One that has waited for long has a server that is about to close it: the first exchange makes another.
        let is_fresh = waited < FRESH;
        if leave == Leave::Alone {
            if !is_fresh {
                lane = self.approached(knocks).await.map_err(Failure::into_error)?;
            }
            let mut accepted = lane.prove().await;
            if let Err(Failure::NotSent(_)) = accepted {
                // Closed behind the challenge, as some servers do: nobody has seen the proof yet.
                lane = self.approached(false).await.map_err(Failure::into_error)?;
                accepted = lane.prove().await;
            }
            self.remember(&accepted);
            self.note(&lane);
            if accepted.map_err(Failure::into_error)? {
                admission.accepted(self.authenticated());
            }
        }
        if (leave == Leave::Freely && is_fresh) || lane.is_logged_on() {
            self.keep(lane);
        }
        Ok(())
    }

    async fn approached(&self, knocks: bool) -> Result<Lane, Failure> {
        let mut lane = self.lane()?;
        lane.approach(knocks).await?;
        Ok(lane)
    }

    /// Sends one request on an idle lane, or a new one, and returns the SOAP text of the answer.
    ///
    /// A request that is sure not to have been processed because its lane was stale is sent once more, on a new
    /// lane. `sending` is called just before the request itself leaves. Dropping the future costs the lane.
    ///
    /// # Errors
    /// [`Failure`] says what became of the request.
    pub async fn exchange(
        &self,
        request: &str,
        patience: Duration,
        sending: impl Fn() + Send + Sync,
    ) -> Result<String, Failure> {
        let mut result = None;
        if let Some(lane) = self.take_idle() {
            result = match self.on(lane, request, patience, &sending).await {
                Err(Failure::NotSent(_) | Failure::LogonLost(_)) => {
                    self.forget_idle();
                    None
                }
                result => Some(result),
            };
        }
        let result = match result {
            Some(result) => result,
            None => self.on(self.lane()?, request, patience, &sending).await,
        };
        match result {
            Err(Failure::WantsBareLogon(_)) if !self.bare_logon.swap(true, Ordering::Relaxed) => {
                self.on(self.lane()?, request, patience, &sending).await
            }
            result => result,
        }
    }

    /// What proved the user here, once the server has accepted it.
    pub fn authenticated(&self) -> Authenticated {
        Authenticated::By(self.used().as_ref().map_or(self.endpoint.auth.name(), |used| used.by))
    }

    /// Why it was not Kerberos that proved the user, where that would have come first; with the next step.
    pub fn no_kerberos(&self) -> Option<Error> {
        self.used().as_ref()?.no_kerberos.clone()
    }

    fn used(&self) -> MutexGuard<'_, Option<Used>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything has ever come from the server.
    pub fn was_answered(&self) -> bool {
        self.contact.farthest() >= Reached::Http
    }

    /// Why nothing has come so far, where it is not the server's PowerShell that is slow.
    pub fn stall(&self) -> Option<Error> {
        let port = self.url.port_or_known_default().unwrap_or_default();
        let error = match self.contact.farthest() {
            Reached::Nothing => timed_out(port),
            Reached::Port => silent(port, "the TLS handshake"),
            Reached::Connection => silent(port, "an HTTP request").behind_proof(),
            Reached::Http => mute(port).behind_proof(),
            Reached::Wsman => return None,
        };
        Some(Error { retryable: false, ..error })
    }

    /// Drops the idle connections.
    pub fn forget_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One exchange; the lane comes back only from one that went well.
    async fn on(
        &self,
        mut lane: Lane,
        request: &str,
        patience: Duration,
        sending: &(impl Fn() + Send + Sync),
    ) -> Result<String, Failure> {
        let answer = lane.exchange(request, patience, sending).await;
        self.remember(&answer);
        self.note(&lane);
        let answer = answer?;
        let (lane, text) = offload(answer.body.len(), move || {
            let text = lane.open(answer);
            (lane, text)
        })
        .await;
        let text = text?;
        self.keep(lane);
        Ok(text)
    }

    /// Takes note of a refused logon.
    fn remember<T>(&self, result: &Result<T, Failure>) {
        if let Err(Failure::Final(error)) = result
            && error.is_credential_refused()
        {
            // The first refusal is as good as any.
            let _ = self.refusal.set(error.clone());
        }
    }

    /// Takes note of what a lane is logged on by.
    fn note(&self, lane: &Lane) {
        if lane.is_logged_on() {
            let no_kerberos = lane.mechanism.no_kerberos().map(|fault| kerberos(fault, false));
            *self.used() = Some(Used { by: lane.mechanism.used(), no_kerberos });
        }
    }

    fn keep(&self, lane: Lane) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }

    fn take_idle(&self) -> Option<Lane> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// A lane that is not connected yet.
    fn lane(&self) -> Result<Lane, Failure> {
        if let Some(refusal) = self.refusal.get() {
            return Err(Failure::Final(refusal.clone()));
        }
        let mechanism = self.choice.mechanism().map_err(unusable)?;
        Ok(Lane {
            connection: None,
            tls: self.tls.clone(),
            url: self.url.clone(),
            address: Arc::clone(&self.address),
            route: self.admission.get().map_or_else(|| self.route.clone(), |admission| self.route.by(admission)),
            contact: Arc::clone(&self.contact),
            mechanism,
            logon: LogonState::Due,
            cookies: Arc::clone(&self.cookies),
            logon_until: Instant::now() + self.connect,
            bare_logon: self.bare_logon.load(Ordering::Relaxed),
        })
    }
}

/// The name by which a KDC may know a host: as it is connected to, or for Kerberos alone, as the user named it.
fn known_as<'a>(target: &'a Target, endpoint: &'a WinrmEndpoint) -> &'a str {
    let is_address = endpoint.address.split('%').next().is_some_and(|address| address.parse::<IpAddr>().is_ok());
    let is_ticket = matches!(target.credential.as_deref(), Some(Credential::Ticket { .. } | Credential::Keytab { .. }));
    let is_kerberos = match endpoint.auth {
        AuthMethod::Kerberos => true,
        AuthMethod::Negotiate => is_ticket || endpoint.kerberos.leaves_no_ntlm(),
        _ => false,
    };
    if is_kerberos && is_address { &target.name } else { &endpoint.address }
}

/// Of a keytab that is not there the library says that there is no ticket.
fn find_keytab(credential: &Credential) -> Result<(), Error> {
    let Credential::Keytab { file, .. } = credential else { return Ok(()) };
    std::fs::File::open(file).map(drop).map_err(|error| {
        let message = format!("cannot read the keytab {}: {}", file.display(), error_text::io(&error));
        Error::new(Reason::NoTicket, message).with_hint("klist -k FILE lists what a keytab holds")
    })
}

/// Basic over plain HTTP shows the password to everyone on the way.
fn refuse_clear_text(endpoint: &WinrmEndpoint) -> Result<(), Error> {
    if !endpoint.would_show_password() {
        return Ok(());
    }
    Err(Error::new(Reason::AuthMethod, "Basic over plain HTTP would send the password in the clear").with_hint(
        "use --tls or --auth negotiate; or allow it with --allow-unencrypted and --trusted-hosts for this host",
    ))
}

#[cfg(test)]
mod tests {
    use super::refuse_clear_text;
    use crate::target::{AuthMethod, Tls, WinrmEndpoint};

    #[test]
    fn basic_in_the_clear_needs_both_permissions() {
        let endpoint = |auth, tls, trusted, allow_unencrypted| WinrmEndpoint {
            address: "h".into(),
            port: 5985,
            path: "/wsman".into(),
            tls,
            auth,
            configuration_name: "Microsoft.PowerShell".into(),
            workstation: Default::default(),
            kerberos: Default::default(),
            trusted,
            allow_unencrypted,
            jump: Vec::new(),
        };
        let on = Tls::On { ca: None, insecure: true, pins: Vec::new(), min: Default::default() };
        for (auth, tls, trusted, allowed, fine) in [
            (AuthMethod::Basic, Tls::Off, false, false, false),
            (AuthMethod::Basic, Tls::Off, true, false, false),
            (AuthMethod::Basic, Tls::Off, false, true, false),
            (AuthMethod::Basic, Tls::Off, true, true, true),
            (AuthMethod::Basic, on, false, false, true),
            (AuthMethod::Negotiate, Tls::Off, false, false, true),
        ] {
            assert_eq!(refuse_clear_text(&endpoint(auth, tls, trusted, allowed)).is_ok(), fine);
        }
    }
}
