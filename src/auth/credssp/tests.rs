//! Against the server of `sspi`, behind a TLS of rustls: another's reading of the same document. NTLM is bare here, for
//! that server does not send SPNEGO's last token when the proof of the key has come with the one before.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use sspi::credssp::{CredSspServer, CredentialsProxy, ServerMode, ServerState, TsRequest};
use sspi::ntlm::NtlmConfig;
use sspi::{AuthIdentity, Username};

use super::{CredSsp, CredSspFault};
use crate::auth::mechanism::Logon;
use crate::auth::sealed::{self, CREDSSP};
use crate::auth::windows::Windows;
use crate::auth::{Error, Mechanism, Step};
use crate::certificate::Certificate;
use crate::secret::Secret;

const USER: &str = "ada";
const PASSWORD: &str = "p\u{e4}ssword";

struct Users;

impl CredentialsProxy for Users {
    type AuthenticationData = AuthIdentity;

    fn auth_data_by_user(&mut self, username: &Username) -> io::Result<AuthIdentity> {
        Ok(AuthIdentity { username: username.clone(), password: PASSWORD.to_owned().into() })
    }

    fn auth_data(&mut self) -> io::Result<Vec<AuthIdentity>> {
        let username = Username::parse(USER).map_err(io::Error::other)?;
        Ok(vec![AuthIdentity { username, password: PASSWORD.to_owned().into() }])
    }
}

struct Server {
    tls: ServerConnection,
    logons: CredSspServer<Users>,
    /// What it was handed over.
    given: Option<AuthIdentity>,
}

impl Server {
    fn new(version: u32, protocols: &[&'static rustls::SupportedProtocolVersion]) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["host".to_owned()]).expect("a certificate");
        let der = made.cert.der().clone();
        let key = Certificate::of_der(&der).expect("readable").public_key().to_vec();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(protocols).expect("versions");
        let config = config.with_no_client_auth().with_single_cert(vec![der], secret).expect("a key");
        let mode = ServerMode::Ntlm(NtlmConfig::new("HOST".to_owned()));
        let logons = CredSspServer::new_with_version(key, Users, version, mode).expect("a server");
        Self { tls: ServerConnection::new(Arc::new(config)).expect("TLS"), logons, given: None }
    }

    /// What it answers to a leg; nothing where it has no more to say.
    fn answer(&mut self, leg: &[u8]) -> Option<Vec<u8>> {
        let plain = self.open(leg);
        if let Some(plain) = plain.filter(|plain| !plain.is_empty()) {
            let request = TsRequest::from_buffer(&plain).expect("a TSRequest");
            let reply = match self.logons.process(request).resolve_to_result() {
                Ok(ServerState::ReplyNeeded(reply)) => reply,
                Ok(ServerState::Finished(identity)) => {
                    self.given = Some(identity);
                    return None;
                }
                Err(error) => *error.ts_request.expect("a reply"),
            };
            let mut written = Vec::new();
            reply.encode_ts_request(&mut written).expect("written");
            self.tls.writer().write_all(&written).expect("taken");
        }
        Some(self.records())
    }

    /// What records hold; nothing where TLS breaks off.
    fn open(&mut self, mut records: &[u8]) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        while !records.is_empty() {
            self.tls.read_tls(&mut records).expect("memory");
            let state = self.tls.process_new_packets().ok()?;
            let mut room = vec![0; state.plaintext_bytes_to_read()];
            self.tls.reader().read_exact(&mut room).expect("there");
            plain.extend(room);
        }
        Some(plain)
    }

    fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).expect("memory");
        }
        records
    }

    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        self.tls.writer().write_all(plain).expect("taken");
        self.records()
    }
}

fn new_server() -> Server {
    Server::new(6, &[&rustls::version::TLS12, &rustls::version::TLS13])
}

fn client(password: &str) -> CredSsp {
    let password = Secret::new(password.to_owned());
    let logon = Logon { user: USER, password: &password, host: "host", workstation: "here" };
    CredSsp::new(Box::new(Windows::ntlm(&logon).expect("NTLM")), &logon).expect("CredSSP")
}

/// Goes on until the client has no more to say, or cannot; the number of its legs up to the proof, and of all.
fn log_on(client: &mut CredSsp, server: &mut Server) -> Result<(usize, usize), Error> {
    let (mut token, mut proof) = (None, None);
    for legs in 1..10 {
        let Step::Send(leg) = client.step(token.as_deref())? else { panic!("nothing to wait for") };
        proof = proof.or(leg.ready.then_some(legs));
        token = server.answer(&leg.token.expect("a token"));
        if !client.wants_token() {
            assert_eq!(token, None, "the server is content");
            return Ok((proof.expect("a proof"), legs));
        }
    }
    panic!("no end")
}

#[test]
fn hands_the_password_over_and_seals_by_its_tls() {
    let (mut client, mut server) = (client(PASSWORD), new_server());
    assert_eq!(log_on(&mut client, &mut server), Ok((4, 5)));
    let given = server.given.take().expect("an identity");
    assert_eq!((given.username.account_name(), given.password.as_ref().as_str()), (USER, PASSWORD));

    for (size, lengths) in
        [(1, vec![1]), (16_384, vec![16_384]), (16_385, vec![16_384, 1]), (40_000, vec![16_384, 16_384, 7232])]
    {
        let text: Vec<u8> = (0..size).map(|index| index as u8).collect();
        let body = client.seal(&text).expect("sealed");
        let parts = sealed::read_records(&body).expect("parts");
        assert_eq!(parts.iter().map(|part| part.length).collect::<Vec<_>>(), lengths);
        assert!(parts.iter().all(|part| part.signature.len() == 16 && part.ciphertext.len() == part.length + 13));
        let records: Vec<_> = parts.iter().map(|part| [part.signature, part.ciphertext].concat()).collect();
        assert_eq!(server.open(&records.concat()), Some(text.clone()));

        let records: Vec<_> = text.chunks(16_384).map(|chunk| (chunk.len(), server.seal(chunk))).collect();
        let parts = records.iter().map(|(length, record)| sealed::Sealed {
            length: *length,
            signature: &record[..16],
            ciphertext: &record[16..],
        });
        let body = sealed::write_all(CREDSSP, &parts.collect::<Vec<_>>());
        assert_eq!(client.unseal(&body), Ok(text));
    }
}

#[test]
fn an_answer_that_is_altered_cut_or_longer_than_it_says_is_refused() {
    let write = |length: usize, record: &[u8]| {
        sealed::write(CREDSSP, sealed::Sealed { length, signature: &record[..16], ciphertext: &record[16..] })
    };
    for spoil in
        [|record: &mut Vec<u8>| record[20] ^= 1, |record: &mut Vec<u8>| record.truncate(30), |_: &mut Vec<u8>| {}]
    {
        let (mut client, mut server) = (client(PASSWORD), new_server());
        log_on(&mut client, &mut server).expect("a logon");
        let mut record = server.seal(b"<s:Envelope/>");
        spoil(&mut record);
        let refused = client.unseal(&write(12, &record));
        assert!(matches!(refused, Err(Error::Sealed(_) | Error::CredSsp(CredSspFault::Tls(_)))), "{refused:?}");
    }
}

#[test]
fn a_wrong_password_is_what_the_host_says_it_is() {
    let (mut client, mut server) = (client("wrong"), new_server());
    let refused = log_on(&mut client, &mut server);
    assert!(matches!(refused, Err(Error::CredSsp(CredSspFault::Status(_)))), "{refused:?}");
    assert!(server.given.is_none());
}

#[test]
fn hosts_open_to_a_passed_on_logon_get_no_proof() {
    for version in [2, 3, 4] {
        let (mut client, mut server) = (client(PASSWORD), Server::new(version, &[&rustls::version::TLS12]));
        let refused = log_on(&mut client, &mut server);
        assert_eq!(refused, Err(Error::CredSsp(CredSspFault::OldVersion(version))));
    }
    let (mut client, mut server) = (client(PASSWORD), Server::new(5, &[&rustls::version::TLS12]));
    assert_eq!(log_on(&mut client, &mut server), Ok((4, 5)));
}

#[test]
fn a_host_without_tls_1_2_is_told() {
    let (mut client, mut server) = (client(PASSWORD), Server::new(6, &[&rustls::version::TLS13]));
    assert_eq!(log_on(&mut client, &mut server), Err(Error::CredSsp(CredSspFault::NoTls)));
}

/// Somebody in between has a TLS with each side, and passes on what is in it.
#[test]
fn a_logon_that_is_passed_on_ends_before_the_password() {
    let (mut client, mut server, mut between) = (client(PASSWORD), new_server(), new_server());
    let mut token = None;
    let end = loop {
        let leg = match client.step(token.as_deref()) {
            Ok(step) => step.leg().expect("a leg").token.expect("a token"),
            Err(error) => break error,
        };
        let plain = between.open(&leg).expect("records");
        if !plain.is_empty() {
            let request = TsRequest::from_buffer(&plain).expect("a TSRequest");
            let reply = match server.logons.process(request).resolve_to_result() {
                Ok(ServerState::ReplyNeeded(reply)) => reply,
                Ok(ServerState::Finished(_)) => panic!("the password is out"),
                Err(error) => *error.ts_request.expect("a reply"),
            };
            let mut written = Vec::new();
            reply.encode_ts_request(&mut written).expect("written");
            between.tls.writer().write_all(&written).expect("taken");
        }
        token = Some(between.records());
    };
    assert!(matches!(end, Error::CredSsp(CredSspFault::Status(_))), "{end:?}");
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_it_panic(legs in 0..5_usize, bytes: Vec<u8>, at in 0..2000_usize, value: u8, alters: bool) {
        let (mut client, mut server) = (client(PASSWORD), new_server());
        let mut token = None;
        for _ in 0..legs {
            let leg = client.step(token.as_deref()).expect("a step").leg().expect("a leg");
            token = server.answer(&leg.token.expect("a token"));
        }
        let mut foreign = token.filter(|_| alters).unwrap_or(bytes);
        if let Some(byte) = foreign.get_mut(at) {
            *byte = value;
        }
        let _ = client.step(Some(&foreign));
        let _ = client.unseal(&foreign);
    }
}
