//! NTLM, bare or inside SPNEGO (MS-NLMP, MS-SPNG), through `sspi`.

use sspi::ntlm::NtlmConfig;
use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, Credentials, DataRepresentation, EncryptionFlags,
    ErrorKind, Negotiate, NegotiateConfig, Ntlm, SecurityBuffer, SecurityBufferRef, SecurityStatus, Sspi, SspiImpl,
    Username,
};
use zeroize::Zeroizing;

use super::binding::ChannelBinding;
use super::error::Error;
use super::kerberos::KerberosFault;
use super::mechanism::{Inner, Leg, Logon, Mechanism, Step};
use super::ntlm::{self, Exchange};
use super::sealed::{self, Sealed};
use super::spnego::NegTokenResp;
use crate::secret::Secret;

/// WinRM takes both SPNEGO and bare NTLM under this scheme.
const SCHEME: &str = "Negotiate";
/// Kerberos must not be tried: it would look for a KDC in DNS, and fall back without a word.
const PACKAGES: &str = "ntlm,!kerberos,!pku2u";
/// Size of an NTLM signature.
const SIGNATURE: usize = 16;

/// A context of the `sspi` crate.
pub(super) struct Windows {
    context: Context,
    username: Username,
    target: String,
    binding: Option<ChannelBinding>,
    password: Secret<String>,
    workstation: String,
    /// Our first NTLM message.
    negotiate: Vec<u8>,
    /// Tokens that we gave.
    steps: u32,
    complete: bool,
    /// Why it is not Kerberos, for an account of a realm.
    no_kerberos: Option<KerberosFault>,
}

/// The two packages, each with its own kind of credential handle.
enum Context {
    Negotiate(Box<Negotiate>, <Negotiate as SspiImpl>::CredentialsHandle),
    Ntlm(Box<Ntlm>, <Ntlm as SspiImpl>::CredentialsHandle),
}

impl Context {
    /// Has the library log on as somebody from its next step on.
    fn acquire(&mut self, identity: AuthIdentity) -> sspi::Result<()> {
        let outbound = CredentialUse::Outbound;
        match self {
            Self::Negotiate(context, handle) => {
                let identity = Credentials::AuthIdentity(identity);
                let acquired = context.acquire_credentials_handle().with_credential_use(outbound);
                *handle = acquired.with_auth_data(&identity).execute(context.as_mut())?.credentials_handle;
            }
            Self::Ntlm(context, handle) => {
                let acquired = context.acquire_credentials_handle().with_credential_use(outbound);
                *handle = acquired.with_auth_data(&identity).execute(context.as_mut())?.credentials_handle;
            }
        }
        Ok(())
    }
}

impl Windows {
    /// SPNEGO with NTLM inside.
    pub(super) fn negotiate(logon: &Logon<'_>) -> Result<Self, Error> {
        let workstation = || logon.workstation.to_owned();
        let inner = Box::new(NtlmConfig::new(workstation()));
        let config = NegotiateConfig::new(inner, Some(PACKAGES.to_owned()), workstation());
        let context = Negotiate::new_client(config).map_err(token)?;
        Self::new(Context::Negotiate(Box::new(context), None), logon)
    }

    /// NTLM tokens as they are.
    pub(super) fn ntlm(logon: &Logon<'_>) -> Result<Self, Error> {
        let context = Ntlm::with_config(NtlmConfig::new(logon.workstation.to_owned()));
        Self::new(Context::Ntlm(Box::new(context), None), logon)
    }

    fn new(mut context: Context, logon: &Logon<'_>) -> Result<Self, Error> {
        let identity = identity(logon)?;
        let username = identity.username.clone();
        context.acquire(identity).map_err(token)?;
        Ok(Self {
            context,
            username,
            target: format!("HTTP/{}", logon.host),
            binding: None,
            password: logon.password.clone(),
            workstation: logon.workstation.to_owned(),
            negotiate: Vec::new(),
            steps: 0,
            complete: false,
            no_kerberos: None,
        })
    }

    /// The same for an account that Kerberos would be for.
    pub(super) fn instead_of_kerberos(self, why: KerberosFault) -> Self {
        Self { no_kerberos: Some(why), ..self }
    }

    /// Takes one step of the library.
    fn advance(&mut self, from_server: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let mut input = Vec::new();
        if let Some(bytes) = from_server {
            input.push(SecurityBuffer::new(bytes.to_vec(), BufferType::Token));
            if let Some(binding) = &self.binding {
                input.push(SecurityBuffer::new(binding.sspi(), BufferType::ChannelBindings));
            }
        }
        let mut output = vec![SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let status = match &mut self.context {
            Context::Negotiate(context, handle) => {
                initialize(context.as_mut(), handle, &self.target, &mut input, &mut output)
            }
            Context::Ntlm(context, handle) => {
                initialize(context.as_mut(), handle, &self.target, &mut input, &mut output)
            }
        }
        .map_err(token)?;
        self.steps += 1;
        self.complete = status == SecurityStatus::Ok;
        Ok(output.into_iter().next().map(|buffer| buffer.buffer).unwrap_or_default())
    }

    /// Answers the server's CHALLENGE, bare or within SPNEGO.
    fn answer(&mut self, from_server: &[u8]) -> Result<Vec<u8>, Error> {
        if matches!(self.context, Context::Ntlm(..)) {
            let written = self.advance(Some(from_server))?;
            return self.authenticate(from_server, &written);
        }
        let incoming = negotiated(from_server)?;
        let challenge = incoming.response.filter(|_| !incoming.wants_another()).ok_or(Error::Refused)?;
        let token = self.advance(Some(&incoming.write()))?;
        let outgoing = NegTokenResp::read(&token).ok_or_else(|| odd("we cannot answer it"))?;
        let Some(written) = outgoing.response else { return Ok(token) };
        let message = self.authenticate(challenge, written)?;
        Ok(NegTokenResp { response: Some(&message), ..outgoing }.write())
    }

    fn authenticate(&self, challenge: &[u8], written: &[u8]) -> Result<Vec<u8>, Error> {
        let keys = match &self.context {
            Context::Negotiate(context, _) => context.query_context_session_key(),
            Context::Ntlm(context, _) => context.query_context_session_key(),
        };
        let keys = keys.map_err(token)?;
        let exchange = Exchange {
            negotiate: &self.negotiate,
            challenge,
            session_key: keys.session_key.as_ref(),
            password: &self.password,
            workstation: &self.workstation,
        };
        exchange.authenticate(written).ok_or_else(|| odd("it lacks what the proof needs"))
    }
}

impl Mechanism for Windows {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn name(&self) -> &'static str {
        match self.context {
            Context::Negotiate(..) => SCHEME,
            Context::Ntlm(..) => "NTLM",
        }
    }

    fn used(&self) -> &'static str {
        "NTLM"
    }

    fn no_kerberos(&self) -> Option<&KerberosFault> {
        self.no_kerberos.as_ref()
    }

    fn bind(&mut self, binding: ChannelBinding) {
        self.binding = Some(binding);
    }

    fn step(&mut self, from_server: Option<&[u8]>) -> Result<Step, Error> {
        let given = match (from_server, &self.context) {
            (None, _) => {
                let token = self.advance(None)?;
                self.negotiate = ntlm::message(&token, 1).unwrap_or_default().to_vec();
                token
            }
            (Some(bytes), _) if self.steps == 1 => self.answer(bytes)?,
            (Some(bytes), Context::Negotiate(..)) => {
                let last = negotiated(bytes)?.write();
                self.advance(Some(&last))?
            }
            (Some(bytes), Context::Ntlm(..)) => self.advance(Some(bytes))?,
        };
        // The second token holds AUTHENTICATE: from there on both sides have the session key.
        let token = Some(given).filter(|token| !token.is_empty());
        Ok(Step::Send(Leg { token, ready: self.complete || self.steps >= 2 }))
    }

    fn forget(&mut self) {
        self.password = Secret::new(String::new());
        // The library wipes what is replaced.
        let nobody = AuthIdentity { username: self.username.clone(), password: String::new().into() };
        if let Err(error) = self.context.acquire(nobody) {
            tracing::debug!(%error, "the library keeps the password for as long as its context lives");
        }
    }

    fn wants_token(&self) -> bool {
        !self.complete
    }

    fn sealing(&self) -> Option<&'static str> {
        Some(sealed::SPNEGO)
    }

    fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match &mut self.context {
            Context::Negotiate(context, _) => seal(context.as_mut(), message),
            Context::Ntlm(context, _) => seal(context.as_mut(), message),
        }
    }

    fn unseal(&mut self, body: &[u8]) -> Result<Vec<u8>, Error> {
        match &mut self.context {
            Context::Negotiate(context, _) => unseal(context.as_mut(), body),
            Context::Ntlm(context, _) => unseal(context.as_mut(), body),
        }
    }
}

impl Inner for Windows {
    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let (signature, data) = match &mut self.context {
            Context::Negotiate(context, _) => wrap(context.as_mut(), message),
            Context::Ntlm(context, _) => wrap(context.as_mut(), message),
        }?;
        Ok([signature.as_slice(), &data].concat())
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let cut = || Error::Sealed("it is shorter than its signature".to_owned());
        let (signature, ciphertext) = sealed.split_at_checked(SIGNATURE).ok_or_else(cut)?;
        match &mut self.context {
            Context::Negotiate(context, _) => open(context.as_mut(), signature, ciphertext),
            Context::Ntlm(context, _) => open(context.as_mut(), signature, ciphertext),
        }
    }
}

/// Seals one message as a multipart body, at either end of a context.
///
/// # Errors
/// When the context is not far enough.
pub(crate) fn seal<P: Sspi>(context: &mut P, message: &[u8]) -> Result<Vec<u8>, Error> {
    let (signature, data) = wrap(context, message)?;
    let message = Sealed { length: message.len(), signature: &signature, ciphertext: &data };
    Ok(sealed::write(sealed::SPNEGO, message))
}

/// Opens a multipart body, at either end of a context.
///
/// # Errors
/// When its form is broken, or a signature does not match.
pub(crate) fn unseal<P: Sspi>(context: &mut P, body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::with_capacity(body.len());
    for message in sealed::read(body)? {
        plain.extend(open(context, message.signature, message.ciphertext)?);
    }
    Ok(plain)
}

/// Signature and ciphertext of one message.
fn wrap<P: Sspi>(context: &mut P, message: &[u8]) -> Result<([u8; SIGNATURE], Vec<u8>), Error> {
    let mut signature = [0; SIGNATURE];
    let mut data = message.to_vec();
    let mut buffers = [SecurityBufferRef::token_buf(&mut signature), SecurityBufferRef::data_buf(&mut data)];
    context.encrypt_message(EncryptionFlags::empty(), &mut buffers).map_err(opening)?;
    Ok((signature, data))
}

fn open<P: Sspi>(context: &mut P, signature: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
    let (mut signature, mut data) = (signature.to_vec(), ciphertext.to_vec());
    let mut buffers = [SecurityBufferRef::token_buf(&mut signature), SecurityBufferRef::data_buf(&mut data)];
    context.decrypt_message(&mut buffers).map_err(opening)?;
    Ok(data)
}

/// Takes one step of either package.
fn initialize<P: Sspi>(
    context: &mut P,
    handle: &mut P::CredentialsHandle,
    target: &str,
    input: &mut [SecurityBuffer],
    output: &mut [SecurityBuffer],
) -> sspi::Result<SecurityStatus> {
    // USE_SESSION_KEY makes SPNEGO sign its list of mechanisms, which Windows expects of NTLM with a MIC
    // (MS-SPNG 3.3.5.1); for NTLM itself it means nothing.
    let requirements = ClientRequestFlags::CONFIDENTIALITY
        | ClientRequestFlags::INTEGRITY
        | ClientRequestFlags::MUTUAL_AUTH
        | ClientRequestFlags::USE_SESSION_KEY
        | ClientRequestFlags::ALLOCATE_MEMORY;
    let mut builder = context
        .initialize_security_context()
        .with_credentials_handle(handle)
        .with_context_requirements(requirements)
        .with_target_data_representation(DataRepresentation::Native)
        .with_target_name(target)
        .with_input(input)
        .with_output(output);
    Ok(context.initialize_security_context_impl(&mut builder)?.resolve_to_result()?.status)
}

/// `user`, `DOMAIN\user` or `user@domain`.
fn identity(logon: &Logon<'_>) -> Result<AuthIdentity, Error> {
    let username = Username::parse(logon.user)
        .map_err(|_| Error::UserName("it is none of user, DOMAIN\\user and user@domain".to_owned()))?;
    let password = Zeroizing::new(logon.password.expose().clone());
    Ok(AuthIdentity { username, password: String::clone(&password).into() })
}

/// The server's part of SPNEGO, unless it refuses.
fn negotiated(token: &[u8]) -> Result<NegTokenResp<'_>, Error> {
    let read = NegTokenResp::read(token).ok_or_else(|| odd("it is not SPNEGO"))?;
    if read.is_reject() { Err(Error::Refused) } else { Ok(read.without_copy()) }
}

fn odd(cause: &str) -> Error {
    Error::Token { scheme: SCHEME, cause: cause.to_owned() }
}

fn token(error: sspi::Error) -> Error {
    odd(words(&error))
}

fn opening(error: sspi::Error) -> Error {
    Error::Sealed(words(&error).to_owned())
}

/// The library's faults in our words; its own are written for its developers.
fn words(error: &sspi::Error) -> &'static str {
    tracing::debug!(%error, "the security context fails");
    match error.error_type {
        ErrorKind::MessageAltered => "its signature is wrong",
        ErrorKind::OutOfSequence => "it is out of order",
        ErrorKind::InvalidToken | ErrorKind::BufferTooSmall => "its form is broken",
        _ => "it is not the NTLM message that is due here",
    }
}

#[cfg(test)]
mod tests {
    use super::{Logon, Mechanism, Windows};
    use crate::auth::ChannelBinding;
    use crate::secret::Secret;
    use aws_lc_rs::digest::{SHA256, digest};

    fn with<T>(user: &str, made: impl FnOnce(&Logon<'_>) -> T) -> T {
        let password = Secret::new("pw".to_owned());
        made(&Logon { user, password: &password, host: "h", workstation: "ws" })
    }

    /// A CHALLENGE_MESSAGE as Windows sends it: all usual flags, a timestamp among the AV pairs.
    fn challenge() -> Vec<u8> {
        let mut pairs = Vec::new();
        for (id, value) in [(2_u16, b"D\0".as_slice()), (1, b"H\0"), (7, &[1; 8]), (0, b"")] {
            pairs.extend(id.to_le_bytes());
            pairs.extend((value.len() as u16).to_le_bytes());
            pairs.extend(value);
        }
        let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
        message.extend([2, 0, 2, 0, 56, 0, 0, 0]);
        message.extend(0xe289_8235_u32.to_le_bytes());
        message.extend(*b"12345678");
        message.extend([0; 8]);
        message.extend((pairs.len() as u16).to_le_bytes());
        message.extend((pairs.len() as u16).to_le_bytes());
        message.extend(58_u32.to_le_bytes());
        message.extend([10, 0, 0x63, 0x45, 0, 0, 0, 15]);
        message.extend(b"D\0");
        message.extend(pairs);
        message
    }

    #[test]
    fn sends_the_md5_of_the_channel_binding() {
        let mut context = with("u", Windows::ntlm).expect("context");
        assert!(
            context
                .step(None)
                .expect("first")
                .leg()
                .expect("a leg")
                .token
                .expect("token")
                .starts_with(b"NTLMSSP\0\x01")
        );
        context.bind(ChannelBinding::of_hash(digest(&SHA256, b"certificate").as_ref()));
        let step = context.step(Some(&challenge())).expect("second").leg().expect("a leg");
        let token = step.token.expect("token");
        let md5 = [0xa8, 0x39, 0x8e, 0x96, 0x47, 0x31, 0x63, 0xfe, 0xf6, 0xca, 0xe7, 0x60, 0x13, 0xe8, 0xab, 0x5a];
        let pair = [[10, 0, 16, 0].as_slice(), &md5].concat();
        assert!(token.windows(pair.len()).any(|part| part == pair), "no MsvAvChannelBindings");
        assert!(step.ready && !context.wants_token());
    }

    #[test]
    fn spnego_can_seal_with_its_second_token() {
        let mut context = with("D\\u", Windows::negotiate).expect("context");
        let first = context.step(None).expect("first").leg().expect("a leg");
        assert!(!first.ready && first.token.is_some_and(|token| token.starts_with(&[0x60])));
        assert!(context.wants_token());
    }

    #[test]
    fn takes_the_usual_forms_of_user_names() {
        for user in ["u", "D\\u", "u@d.example", ".\\u"] {
            assert!(with(user, Windows::ntlm).is_ok(), "{user}");
            assert!(with(user, Windows::negotiate).is_ok(), "{user}");
        }
        assert!(with("a\\b\\c", Windows::ntlm).is_err());
    }

    #[test]
    fn refuses_a_foreign_token() {
        let mut context = with("u", Windows::ntlm).expect("context");
        context.step(None).expect("first");
        assert!(context.step(Some(b"hello")).is_err());
    }
}
