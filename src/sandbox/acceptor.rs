//! The server's end of NTLM, bare or inside SPNEGO, and of Kerberos by the system's GSSAPI, for one connection.

use std::path::Path;
use std::sync::Arc;

use psfleet_gssapi::library;

use sspi::ntlm::NtlmConfig;
use sspi::{
    AuthIdentity, BufferType, CredentialUse, Credentials, DataRepresentation, Negotiate, NegotiateConfig, Ntlm,
    SecurityBuffer, SecurityStatus, ServerRequestFlags, Sspi, SspiEx, SspiImpl, Username,
};

use super::Error;
use super::host::Host;
use crate::auth::{self, ChannelBinding, sealed};

/// What a bare NTLM token begins with.
const NTLM_MAGIC: &[u8] = b"NTLMSSP\0";
/// Kerberos' object identifier in DER, as its first tokens name it.
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
/// So far into a token its own mechanism is named.
const HEAD: usize = 16;
/// Tickets are not taken by `sspi`.
const PACKAGES: &str = "ntlm,!kerberos,!pku2u";

/// A security context that accepts one user.
pub(super) struct Acceptor {
    context: Context,
    identity: AuthIdentity,
    binding: Option<ChannelBinding>,
}

enum Context {
    Negotiate(Box<Negotiate>, <Negotiate as SspiImpl>::CredentialsHandle),
    Ntlm(Box<Ntlm>, <Ntlm as SspiImpl>::CredentialsHandle),
    Kerberos(psfleet_gssapi::Context),
}

/// A step that went well.
pub(super) enum Step {
    /// The client's turn.
    Continue(Vec<u8>),
    /// The user is who he says; maybe a last token.
    Done(Option<Vec<u8>>),
}

/// The token is wrong, or the user, or the password, or the channel; maybe with a last token that says so.
#[derive(Debug)]
pub(super) struct Denied(pub(super) Option<Vec<u8>>);

/// The keys of a keytab, which all hosts of a fleet share.
///
/// # Errors
/// [`Error::Option`]: there is no Kerberos here, or no key in the file.
pub(super) fn server(keytab: &Path) -> Result<Arc<psfleet_gssapi::Credential>, Error> {
    let file = keytab.display();
    let library = library().map_err(|why| Error::Option(format!("tickets cannot be taken: {why}")))?;
    let found = psfleet_gssapi::Credential::of_server(library, &format!("FILE:{file}"));
    found.map(Arc::new).map_err(|fault| Error::Option(format!("the keytab {file}: {fault}")))
}

impl Acceptor {
    /// A context for the mechanism of the client's first token.
    pub(super) fn new(token: &[u8], host: &Host, binding: Option<&ChannelBinding>) -> Result<Self, Denied> {
        let computer = host.name.to_uppercase();
        let identity = identity(host, None)?;
        let names_kerberos = token.iter().take(HEAD).copied().collect::<Vec<_>>();
        let names_kerberos = names_kerberos.windows(KERBEROS.len()).any(|part| part == KERBEROS);
        let context = if let Some(server) = host.shared.server.as_ref().filter(|_| names_kerberos) {
            let data = binding.map(|binding| binding.application_data().to_vec());
            Context::Kerberos(psfleet_gssapi::Context::acceptor(Arc::clone(server), data))
        } else if token.starts_with(NTLM_MAGIC) {
            let mut context = Ntlm::with_config(NtlmConfig::new(computer));
            let acquired = context
                .acquire_credentials_handle()
                .with_credential_use(CredentialUse::Inbound)
                .with_auth_data(&identity)
                .execute(&mut context)
                .map_err(|_| Denied(None))?;
            Context::Ntlm(Box::new(context), acquired.credentials_handle)
        } else {
            // A client may name the machine as the user's domain.
            let names = [identity.clone(), identity_of(host, &computer)?, identity_of(host, ".")?];
            let inner = Box::new(NtlmConfig::new(computer.clone()));
            let config = NegotiateConfig::new(inner, Some(PACKAGES.to_owned()), computer);
            let mut context = Negotiate::new_server(config, names.to_vec()).map_err(|_| Denied(None))?;
            let acquired = context
                .acquire_credentials_handle()
                .with_credential_use(CredentialUse::Inbound)
                .with_auth_data(&Credentials::AuthIdentity(identity.clone()))
                .execute(&mut context)
                .map_err(|_| Denied(None))?;
            Context::Negotiate(Box::new(context), acquired.credentials_handle)
        };
        Ok(Self { context, identity, binding: binding.cloned() })
    }

    /// Takes the client's next token.
    pub(super) fn step(&mut self, token: &[u8]) -> Result<Step, Denied> {
        if let Context::Kerberos(context) = &mut self.context {
            return by_ticket(context, token, self.identity.username.account_name());
        }
        let mut input = vec![SecurityBuffer::new(token.to_vec(), BufferType::Token)];
        if let Some(binding) = &self.binding {
            input.push(SecurityBuffer::new(binding.sspi(), BufferType::ChannelBindings));
        }
        let (status, answer) = match &mut self.context {
            Context::Negotiate(context, handle) => accept(context.as_mut(), handle, &mut input)?,
            Context::Ntlm(context, handle) => accept(context.as_mut(), handle, &mut input)?,
            Context::Kerberos(..) => return Err(Denied(None)),
        };
        match status {
            SecurityStatus::Ok | SecurityStatus::CompleteNeeded => {
                self.prove(token)?;
                Ok(Step::Done(answer))
            }
            _ => Ok(Step::Continue(answer.ok_or(Denied(None))?)),
        }
    }

    /// Makes sure that the client knows the password of our user, and of no other.
    fn prove(&mut self, token: &[u8]) -> Result<(), Denied> {
        let names = match &mut self.context {
            // SPNEGO has verified the list of mechanisms with the session key, which takes the password.
            Context::Negotiate(context, _) => context.query_context_names(),
            Context::Ntlm(context, _) => {
                // Without an integrity code nothing would prove that the client has the session key.
                if !has_integrity_code(token) {
                    return Err(Denied(None));
                }
                context.custom_set_auth_identity(self.identity.clone()).map_err(|_| Denied(None))?;
                context.complete_auth_token(&mut []).map_err(|_| Denied(None))?;
                context.query_context_names()
            }
            // The ticket has proved it.
            Context::Kerberos(..) => return Ok(()),
        };
        let names = names.map_err(|_| Denied(None))?;
        let same = names.username.account_name().eq_ignore_ascii_case(self.identity.username.account_name());
        if same { Ok(()) } else { Err(Denied(None)) }
    }

    /// Seals the body of a response.
    pub(super) fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, auth::Error> {
        match &mut self.context {
            Context::Negotiate(context, _) => auth::seal(context.as_mut(), message),
            Context::Ntlm(context, _) => auth::seal(context.as_mut(), message),
            Context::Kerberos(context) => auth::seal_by_ticket(context, message),
        }
    }

    /// Opens the sealed body of a request.
    pub(super) fn unseal(&mut self, body: &[u8]) -> Result<Vec<u8>, auth::Error> {
        match &mut self.context {
            Context::Negotiate(context, _) => auth::unseal(context.as_mut(), body),
            Context::Ntlm(context, _) => auth::unseal(context.as_mut(), body),
            Context::Kerberos(context) => auth::unseal_by_ticket(context, body),
        }
    }

    /// The protocol of sealed bodies.
    pub(super) fn protocol(&self) -> &'static str {
        match &self.context {
            Context::Kerberos(_) => sealed::KERBEROS,
            Context::Negotiate(..) | Context::Ntlm(..) => sealed::SPNEGO,
        }
    }
}

/// A step of a client with a ticket; the user's name counts, and any realm that gave the hosts their keys.
fn by_ticket(context: &mut psfleet_gssapi::Context, token: &[u8], user: &str) -> Result<Step, Denied> {
    let given = context.step(Some(token)).map_err(|fault| {
        tracing::debug!(%fault, "a ticket is refused");
        Denied(fault.reply)
    })?;
    if !given.complete {
        return Ok(Step::Continue(given.bytes.ok_or(Denied(None))?));
    }
    let peer = context.peer().unwrap_or_default();
    let name = peer.rsplit_once('@').map(|(name, _)| name);
    if name == Some(user) { Ok(Step::Done(given.bytes)) } else { Err(Denied(None)) }
}

fn accept<P: Sspi>(
    context: &mut P,
    handle: &mut P::CredentialsHandle,
    input: &mut [SecurityBuffer],
) -> Result<(SecurityStatus, Option<Vec<u8>>), Denied> {
    let mut output = vec![SecurityBuffer::new(Vec::new(), BufferType::Token)];
    let builder = context
        .accept_security_context()
        .with_credentials_handle(handle)
        .with_context_requirements(ServerRequestFlags::ALLOCATE_MEMORY)
        .with_target_data_representation(DataRepresentation::Native)
        .with_input(input)
        .with_output(&mut output);
    let accepted =
        context.accept_security_context_impl(builder).and_then(|mut generator| generator.resolve_to_result());
    let status = accepted
        .map_err(|error| {
            tracing::debug!(%error, "a logon failed");
            Denied(None)
        })?
        .status;
    let token = output.into_iter().next().map(|buffer| buffer.buffer).filter(|token| !token.is_empty());
    Ok((status, token))
}

fn identity_of(host: &Host, domain: &str) -> Result<AuthIdentity, Denied> {
    identity(host, Some(domain))
}

fn identity(host: &Host, domain: Option<&str>) -> Result<AuthIdentity, Denied> {
    let username = Username::new(&host.shared.user, domain).map_err(|_| Denied(None))?;
    Ok(AuthIdentity { username, password: host.password.expose().clone().into() })
}

/// Whether an AUTHENTICATE message carries a MIC: MsvAvFlags among its AV pairs says so (MS-NLMP 2.2.2.1).
fn has_integrity_code(token: &[u8]) -> bool {
    const TARGET_INFO: u32 = 0x0080_0000;
    /// Proof and fixed part of an NTLMv2 response (MS-NLMP 2.2.2.7, 2.2.2.8).
    const BEFORE_PAIRS: usize = 16 + 28;
    let number = |at: usize| token.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let response = || {
        let length = u16::from_le_bytes(token.get(20..22)?.try_into().ok()?);
        let start = number(24)? as usize;
        token.get(start..)?.get(..usize::from(length))?.get(BEFORE_PAIRS..)
    };
    number(60).is_some_and(|flags| flags & TARGET_INFO != 0) && response().is_some_and(says_integrity_code)
}

/// Looks for MsvAvFlags with the bit of the MIC.
fn says_integrity_code(mut pairs: &[u8]) -> bool {
    const FLAGS: u16 = 6;
    const MIC: u8 = 2;
    while let Some((&[id0, id1, len0, len1], rest)) = pairs.split_first_chunk::<4>() {
        let Some((value, rest)) = rest.split_at_checked(u16::from_le_bytes([len0, len1]).into()) else { return false };
        match u16::from_le_bytes([id0, id1]) {
            0 => return false,
            FLAGS => return value.first().is_some_and(|first| first & MIC != 0),
            _ => pairs = rest,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::auth::{Choice, Mechanism};
    use crate::sandbox::host::Shared;
    use crate::sandbox::machine::Machine;
    use crate::sandbox::options::Options;
    use crate::sandbox::power::Power;
    use crate::secret::Secret;
    use crate::target::{AuthMethod, Credential};

    fn host() -> Host {
        let machine = Arc::new(Machine::draw(1, 0, jiff::Timestamp::UNIX_EPOCH));
        let shared = Arc::new(Shared::new(Options::default(), "user".to_owned(), "unused".into()));
        let password = Secret::new("right".to_owned());
        Host {
            name: machine.host().name().to_owned(),
            index: 0,
            machine,
            power: Arc::new(Power::on()),
            fault: None,
            password,
            shared,
        }
    }

    fn client(method: AuthMethod, user: &str, password: &str) -> Box<dyn Mechanism> {
        let password = Some(Secret::new(password.to_owned()));
        Choice::new(method, Arc::new(Credential::of(user, password)), "sandbox").mechanism().expect("a context")
    }

    /// A whole handshake with our client; whether the host lets it in.
    fn logs_on(mut client: Box<dyn Mechanism>, binding: Option<&ChannelBinding>) -> bool {
        let mut token = client.step(None).expect("the first token").leg().expect("a leg").token.expect("a token");
        let mut acceptor = Acceptor::new(&token, &host(), binding).expect("a context");
        loop {
            match acceptor.step(&token) {
                Err(Denied(_)) => return false,
                Ok(Step::Done(_)) => return true,
                Ok(Step::Continue(answer)) => {
                    token = client.step(Some(&answer)).expect("a step").leg().expect("a leg").token.expect("a token");
                }
            }
        }
    }

    #[test]
    fn lets_in_who_knows_user_and_password() {
        for method in [AuthMethod::Ntlm, AuthMethod::Negotiate] {
            assert!(logs_on(client(method, "user", "right"), None), "{method}");
            assert!(logs_on(client(method, "USER", "right"), None), "{method}");
            assert!(!logs_on(client(method, "user", "wrong"), None), "{method}");
            assert!(!logs_on(client(method, "other", "right"), None), "{method}");
        }
    }

    /// As CbtHardeningLevel Relaxed: a binding is checked if there is one.
    #[test]
    fn a_logon_bound_to_another_channel_is_refused() {
        let ours = ChannelBinding::of_hash(&[1; 32]);
        for method in [AuthMethod::Ntlm, AuthMethod::Negotiate] {
            let bound = |hash: u8| {
                let mut client = client(method, "user", "right");
                client.bind(ChannelBinding::of_hash(&[hash; 32]));
                client
            };
            assert!(logs_on(bound(1), Some(&ours)), "{method}");
            assert!(!logs_on(bound(2), Some(&ours)), "{method}");
        }
    }

    #[test]
    fn finds_the_flag_of_the_integrity_code() {
        let pairs = |flags: u8| [[1, 0, 2, 0, b'H', 0].as_slice(), &[6, 0, 4, 0, flags, 0, 0, 0], &[0; 4]].concat();
        assert!(says_integrity_code(&pairs(2)));
        assert!(!says_integrity_code(&pairs(1)));
        assert!(!says_integrity_code(&[0, 0, 0, 0, 6, 0, 4, 0, 2, 0, 0, 0]));
        assert!(!says_integrity_code(&[6, 0, 255, 255, 2]));
    }

    #[test]
    fn a_short_token_has_no_integrity_code() {
        assert!(!has_integrity_code(b"NTLMSSP\0\x03\0\0\0"));
        assert!(!has_integrity_code(&[0xff; 64]));
    }
}
