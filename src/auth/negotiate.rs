//! Negotiate as people mean it: Kerberos where a ticket can be had, else NTLM.

use super::binding::ChannelBinding;
use super::error::Error;
use super::kerberos::{Kerberos, KerberosFault};
use super::mechanism::{Inner, Leg, Mechanism, Step};
use super::windows::Windows;

/// Kerberos first, with NTLM in reserve until the first token is made. What was chosen stays: a server's refusal is not
/// answered by another proof.
pub(super) struct Negotiate {
    kerberos: Kerberos,
    ntlm: Option<Windows>,
    /// Why it is NTLM, once it is.
    no_kerberos: Option<KerberosFault>,
}

impl Negotiate {
    pub(super) fn new(kerberos: Kerberos, ntlm: Windows) -> Self {
        Self { kerberos, ntlm: Some(ntlm), no_kerberos: None }
    }

    fn chosen(&self) -> &dyn Inner {
        match &self.ntlm {
            Some(ntlm) if self.no_kerberos.is_some() => ntlm,
            _ => &self.kerberos,
        }
    }

    fn chosen_mut(&mut self) -> &mut dyn Inner {
        match &mut self.ntlm {
            Some(ntlm) if self.no_kerberos.is_some() => ntlm,
            _ => &mut self.kerberos,
        }
    }
}

impl Mechanism for Negotiate {
    fn scheme(&self) -> &'static str {
        self.chosen().scheme()
    }

    fn name(&self) -> &'static str {
        self.chosen().name()
    }

    fn used(&self) -> &'static str {
        self.chosen().used()
    }

    fn no_kerberos(&self) -> Option<&KerberosFault> {
        self.no_kerberos.as_ref()
    }

    fn bind(&mut self, binding: ChannelBinding) {
        if let Some(ntlm) = &mut self.ntlm {
            ntlm.bind(binding.clone());
        }
        self.kerberos.bind(binding);
    }

    fn begins_with_proof(&self) -> bool {
        self.chosen().begins_with_proof()
    }

    fn step(&mut self, token: Option<&[u8]>) -> Result<Step, Error> {
        let step = self.chosen_mut().step(token);
        match step {
            Err(Error::Kerberos(fault))
                if self.no_kerberos.is_none() && self.ntlm.is_some() && fault.leaves_another() =>
            {
                tracing::info!(%fault, "no Kerberos, so NTLM");
                self.no_kerberos = Some(fault);
                self.chosen_mut().step(None)
            }
            Ok(Step::Send(Leg { .. })) if self.no_kerberos.is_none() => {
                self.ntlm = None;
                step
            }
            step => step,
        }
    }

    fn forget(&mut self) {
        self.chosen_mut().forget();
    }

    fn wants_token(&self) -> bool {
        self.chosen().wants_token()
    }

    fn sealing(&self) -> Option<&'static str> {
        self.chosen().sealing()
    }

    fn seals_behind_answer(&self) -> bool {
        self.chosen().seals_behind_answer()
    }

    fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.chosen_mut().seal(message)
    }

    fn unseal(&mut self, body: &[u8]) -> Result<Vec<u8>, Error> {
        self.chosen_mut().unseal(body)
    }
}

impl Inner for Negotiate {
    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.chosen_mut().wrap(message)
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.chosen_mut().open(sealed)
    }
}
