//! From a method to its mechanism: the one place that knows them all.

use std::sync::Arc;

use super::basic::basic;
use super::certificate::certificate;
use super::credssp::CredSsp;
use super::error::Error;
use super::kerberos::{Kerberos, KerberosFault, Tickets, is_name, principal};
use super::mechanism::{Inner, Logon, Mechanism};
use super::negotiate::Negotiate;
use super::windows::Windows;
use crate::target::{AuthMethod, Credential, KerberosSettings, Workstation};

/// Everything that the choice of a mechanism depends on.
#[derive(Clone)]
pub struct Choice {
    /// How to log on.
    pub method: AuthMethod,
    /// Who logs on.
    pub credential: Arc<Credential>,
    /// Where, as the host is addressed.
    pub host: String,
    /// The name that the host's events shall show for us.
    pub workstation: Workstation,
    /// What Kerberos has to know.
    pub kerberos: KerberosSettings,
    /// The tickets that the process has.
    pub tickets: Arc<Tickets>,
}

impl Choice {
    /// A choice of which nothing else is said.
    pub fn new(method: AuthMethod, credential: Arc<Credential>, host: impl Into<String>) -> Self {
        let (workstation, kerberos, tickets) = Default::default();
        Self { method, credential, host: host.into(), workstation, kerberos, tickets }
    }

    /// A fresh context for one connection.
    ///
    /// # Errors
    /// [`Error::UserName`], [`Error::NoName`], [`Error::NtlmForbidden`], or [`Error::NotProving`] for what the method
    /// does not take as a proof.
    pub fn mechanism(&self) -> Result<Box<dyn Mechanism>, Error> {
        Ok(match self.method {
            AuthMethod::Basic => {
                let Logon { user, password, .. } = self.logon()?;
                Box::new(basic(user, password))
            }
            AuthMethod::Certificate => {
                self.takes(self.credential.certificate().is_some())?;
                Box::new(certificate())
            }
            AuthMethod::Kerberos => Box::new(self.kerberos("Kerberos")?),
            AuthMethod::Ntlm if self.kerberos.only => return Err(Error::NtlmForbidden),
            AuthMethod::Ntlm => Box::new(Windows::ntlm(&self.logon()?)?),
            AuthMethod::Negotiate => self.negotiate()?,
            // The password goes to the host: a ticket or a key alone is not enough.
            AuthMethod::CredSsp => {
                let logon = self.logon()?;
                Box::new(CredSsp::new(self.negotiate()?, &logon)?)
            }
        })
    }

    /// Negotiate as the credential, the host and the settings allow it.
    fn negotiate(&self) -> Result<Box<dyn Inner>, Error> {
        if self.kerberos.delegate && !self.kerberos.only && self.credential.password().is_some() && !self.is_of_realm()
        {
            // A KDC would take it for an account of its own, and count a failed logon.
            let user = self.credential.user().unwrap_or_default();
            let why = format!("delegation takes Kerberos, and '{user}' is of no realm that a KDC knows");
            return Err(Error::UserName(why));
        }
        Ok(if self.has_no_other() {
            Box::new(self.kerberos("Negotiate")?)
        } else if self.may_be_kerberos() {
            Box::new(Negotiate::new(self.kerberos("Negotiate")?, Windows::negotiate(&self.logon()?)?))
        } else {
            let ntlm = Windows::negotiate(&self.logon()?)?;
            // Of local accounts nobody asks why.
            Box::new(match self.is_of_realm() {
                true => ntlm.instead_of_kerberos(KerberosFault::NoName(self.host.clone())),
                false => ntlm,
            })
        })
    }

    /// Whether Negotiate has nothing but Kerberos: a proof that NTLM does not take, or NTLM is out by the settings.
    fn has_no_other(&self) -> bool {
        let is_ticket = matches!(&*self.credential, Credential::Ticket { .. } | Credential::Keytab { .. });
        is_ticket || self.kerberos.leaves_no_ntlm()
    }

    /// Whether a KDC may know both user and host: those of no realm are not told to one.
    fn may_be_kerberos(&self) -> bool {
        (self.kerberos.spn.is_some() || is_name(&self.host)) && self.is_of_realm()
    }

    /// Whether the user's name has a realm.
    fn is_of_realm(&self) -> bool {
        let of_realm = |user: &str| user.contains(['@', '\\']) && principal(user).is_ok();
        self.credential.user().is_some_and(of_realm)
    }

    fn kerberos(&self, scheme: &'static str) -> Result<Kerberos, Error> {
        self.takes(!matches!(&*self.credential, Credential::Key { .. } | Credential::Certificate(_)))?;
        self.credential.user().map(principal).transpose()?;
        Kerberos::new(&self.credential, &self.host, &self.kerberos, &self.tickets, scheme)
    }

    fn logon(&self) -> Result<Logon<'_>, Error> {
        let password = self.credential.password();
        self.takes(password.is_some())?;
        let (Some(user), Some(password)) = (self.credential.user(), password) else { return Err(self.not_proving()) };
        Ok(Logon { user, password, host: &self.host, workstation: self.workstation.as_str() })
    }

    fn takes(&self, is_taken: bool) -> Result<(), Error> {
        if is_taken { Ok(()) } else { Err(self.not_proving()) }
    }

    fn not_proving(&self) -> Error {
        Error::NotProving { method: self.method.name(), what: self.credential.kind() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn choice(method: AuthMethod, credential: Credential) -> Choice {
        Choice::new(method, Arc::new(credential), "web01.contoso.com")
    }

    fn password(user: &str) -> Credential {
        Credential::of(user, Some(Secret::new("pw".to_owned())))
    }

    #[test]
    fn what_a_method_does_not_take_is_refused_and_not_passed_over() {
        use AuthMethod::{Basic, CredSsp, Kerberos, Negotiate, Ntlm};
        let ticket = || Credential::Ticket { user: Some("ada@CONTOSO.COM".to_owned()), cache: None };
        let key = || Credential::of("ada", None);
        for (credential, methods) in
            [(ticket(), &[Ntlm, Basic, CredSsp][..]), (key(), &[Negotiate, Ntlm, Basic, Kerberos, CredSsp])]
        {
            for method in methods {
                let refused = choice(*method, credential.clone()).mechanism().err();
                assert_eq!(refused, Some(Error::NotProving { method: method.name(), what: credential.kind() }));
            }
        }
    }

    #[test]
    fn negotiate_asks_a_kdc_for_those_alone_that_it_may_know() {
        for (user, host, is_tried) in [
            ("ada@contoso.com", "web01", true),
            ("contoso.com\\ada", "web01", true),
            ("ada", "web01", false),
            ("CONTOSO\\ada", "web01", false),
            (".\\ada", "web01", false),
            ("ada@contoso.com", "10.0.0.1", false),
            ("ada@contoso.com", "localhost", false),
        ] {
            let choice = Choice { host: host.to_owned(), ..choice(AuthMethod::Negotiate, password(user)) };
            let mechanism = choice.mechanism().expect("a mechanism");
            assert_eq!((mechanism.begins_with_proof(), mechanism.scheme()), (is_tried, "Negotiate"), "{user} {host}");
            let is_told = mechanism.no_kerberos().is_some();
            assert_eq!(is_told, user == "ada@contoso.com" && host != "web01", "{user} {host}");
        }
    }

    #[test]
    fn delegation_takes_kerberos_alone() {
        for (user, is_tried) in [("ada@contoso.com", true), ("ada", false), ("CONTOSO\\ada", false)] {
            let kerberos = KerberosSettings { delegate: true, ..KerberosSettings::default() };
            let made = Choice { kerberos, ..choice(AuthMethod::Negotiate, password(user)) }.mechanism();
            match (made, is_tried) {
                (Ok(mechanism), true) => assert!(mechanism.begins_with_proof(), "{user}"),
                (Err(Error::UserName(why)), false) => assert!(why.contains(user), "{why}"),
                (made, _) => panic!("{user}: {:?}", made.err()),
            }
        }
    }

    #[test]
    fn ntlm_can_be_forbidden() {
        let only = |method| {
            let kerberos = KerberosSettings { only: true, ..KerberosSettings::default() };
            Choice { kerberos, ..choice(method, password("CONTOSO\\ada")) }.mechanism().err()
        };
        assert_eq!(only(AuthMethod::Ntlm), Some(Error::NtlmForbidden));
        assert!(matches!(only(AuthMethod::Negotiate), Some(Error::UserName(_))));
    }
}
