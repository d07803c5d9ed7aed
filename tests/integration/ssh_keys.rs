//! Keys over SSH: files of every format, agents, and under which name a server's own key is known.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use psfleet::outcome::Reason;
use psfleet::secret::Secret;
use psfleet::target::{AddressFamily, Credential, SshAgent, SshEndpoint, SshServer};
use psfleet::transport::ssh::{Client, connect};
use psfleet::transport::{Admission, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::agent::Agent;
use crate::support::sshd::{Setup, Sshd, user};

const TIMEOUT: Duration = Duration::from_secs(20);
const PASSPHRASE: &str = "correct horse";

/// A server that takes keys. What runs behind its subsystem does not matter here.
fn server() -> Option<Sshd> {
    Sshd::start(&Setup { subsystem: Some("/bin/cat".to_owned()), ..Setup::with_powershell(Path::new("")) })
}

/// How a logon ends.
async fn log_on(server: &Sshd, password: Option<&str>, change: impl FnOnce(&mut SshServer)) -> Result<(), Error> {
    let endpoint: SshEndpoint = server.endpoint_with(change);
    let credential = password.map(|password| Credential::of(user(), Some(Secret::new(password.to_owned()))));
    let client = Client::new(Some(server.file("")), Some(user()), None);
    connect(&endpoint, credential.as_ref(), TIMEOUT, &client, &Admission::free()).await.map(drop)
}

/// Writes a key anew with other tools.
fn rewrite(program: &str, arguments: &[&str]) -> bool {
    match Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
    {
        Ok(status) => status.success(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn encrypted_keys_of_every_format_log_on() {
    let Some(server) = server() else { return };
    let password = format!("pass:{PASSPHRASE}");
    let mut tried = 0;
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let plain = server.add_key(&format!("plain_{kind}"), kind, "", true).display().to_string();
        let locked = |format: &str| format!("{plain}_{format}");
        // What openssl writes: PBES2 with AES-256-CBC and HMAC-SHA-256.
        let pem = locked("pem");
        std::fs::copy(&plain, &pem).expect("a copy");
        let as_pem = rewrite("ssh-keygen", &["-q", "-p", "-m", "PEM", "-N", "", "-f", &pem]);
        let openssl = locked("openssl");
        let written = as_pem
            && rewrite(
                "openssl",
                &["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", &pem, "-out", &openssl, "-passout", &password],
            );
        // What ssh-keygen writes.
        let pkcs8 = locked("pkcs8");
        std::fs::copy(&plain, &pkcs8).expect("a copy");
        let keygen = rewrite("ssh-keygen", &["-q", "-p", "-m", "PKCS8", "-N", PASSPHRASE, "-f", &pkcs8]);
        let old = locked("old");
        std::fs::copy(&plain, &old).expect("a copy");
        let old_pem =
            kind != "ed25519" && rewrite("ssh-keygen", &["-q", "-p", "-m", "PEM", "-N", PASSPHRASE, "-f", &old]);
        let own = server.add_key(&format!("own_{kind}"), kind, PASSPHRASE, true).display().to_string();
        // What openssl has written since.
        let long = locked("long");
        let program = if kind == "rsa" { "rsa" } else { "ec" };
        let longer = as_pem
            && rewrite("openssl", &[program, "-aes256", "-in", &pem, "-out", &long, "-passout", &password])
            && (kind == "ecdsa"
                || rewrite(
                    "openssl",
                    &[program, "-aes256", "-traditional", "-in", &pem, "-out", &long, "-passout", &password],
                ));
        let all = [(openssl, written), (pkcs8, keygen), (old, old_pem), (long, longer), (own, true)];
        for (file, there) in all {
            if !there {
                continue;
            }
            tried += 1;
            let key = PathBuf::from(&file);
            let head: String = std::fs::read_to_string(&key).expect("a key").lines().take(3).collect();
            let named = |at: &mut SshServer| at.identities = Some(vec![key.clone()]);
            let right = log_on(&server, Some(PASSPHRASE), named).await;
            assert!(right.is_ok(), "{file} ({head}): {right:?}");
            let none = log_on(&server, None, named).await.expect_err("the key is locked");
            assert!(none.message.contains("(needs a passphrase)"), "{file}: {none}");
            assert!(none.hint.as_ref().is_some_and(|hint| hint.contains("--ask-pass")), "{none:?}");
            let wrong = log_on(&server, Some("battery staple"), named).await.expect_err("another passphrase");
            assert_eq!(wrong.reason, Reason::AuthMethod, "{wrong}");
            assert!(wrong.message.contains("(the passphrase is wrong)"), "{file}: {wrong}");
            assert!(wrong.message.contains("never sent"), "{file}: {wrong}");
        }
    }
    assert!(tried >= 9, "only {tried} kinds of files were written");
}

#[tokio::test]
async fn an_old_cipher_is_named() {
    let Some(server) = server() else { return };
    let key = server.file("old");
    let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: \
                DES-EDE3-CBC,0011223344556677\n\nAAAA\n\
                -----END RSA PRIVATE KEY-----\n";
    std::fs::write(&key, text).expect("a key");
    let error = log_on(&server, Some(PASSPHRASE), |at| at.identities = Some(vec![key])).await.expect_err("a cipher");
    assert!(error.message.contains("encrypted with DES-EDE3-CBC, which is not supported; ssh-keygen -p"), "{error}");
}

#[tokio::test]
async fn only_the_named_key_of_an_agent_is_offered() {
    let Some(server) = server() else { return };
    // More than MaxAuthTries, which is 6.
    let mut keys: Vec<_> = (0..8).map(|n| server.add_key(&format!("other{n}"), "ed25519", "", false)).collect();
    keys.push(server.add_key("right", "ed25519", "", true));
    let agent = Agent::start(server.file("agent.sock"), &keys);
    let elsewhere = server.file("only_the_public_half.pub");
    std::fs::rename(server.file("right.pub"), &elsewhere).expect("moved");
    std::fs::remove_file(server.file("right")).expect("removed");

    let at_agent = |at: &mut SshServer| at.agent = SshAgent::At(agent.socket.clone());
    let all = log_on(&server, None, |at| {
        at_agent(at);
        at.identities = None;
    });
    let error = all.await.expect_err("too many keys");
    assert!(error.message.contains("Too many authentication failures"), "{error}");
    for identities_only in [true, false] {
        let one = log_on(&server, None, |at| {
            at_agent(at);
            at.identities = Some(vec![elsewhere.clone()]);
            at.identities_only = identities_only;
        });
        one.await.expect("the agent signs with the named key");
    }
    // A private key that is gone or locked is asked for by its public half.
    std::fs::copy(&elsewhere, server.file("gone.pub")).expect("a public half");
    let gone = log_on(&server, None, |at| {
        at_agent(at);
        at.identities = Some(vec![server.file("gone")]);
        at.identities_only = true;
    });
    gone.await.expect("the agent has it");

    let off = log_on(&server, None, |at| {
        at.agent = SshAgent::Off;
        at.identities = Some(vec![elsewhere.clone()]);
    });
    let error = off.await.expect_err("nobody signs");
    assert!(error.message.contains("only the public half, and no agent has the other one"), "{error}");
    let nobody = log_on(&server, None, |at| {
        at.agent = SshAgent::At(server.file("nobody.sock"));
        at.identities = None;
    });
    let error = nobody.await.expect_err("nobody signs");
    assert!(error.message.contains("nobody.sock (it does not answer)"), "{error}");
}

#[tokio::test]
async fn a_password_in_an_agents_company_is_still_a_password() {
    let Some(server) = server() else { return };
    let key = server.add_key("held", "ed25519", "", false);
    let agent = Agent::start(server.file("agent.sock"), std::slice::from_ref(&key));
    assert!(rewrite("ssh-keygen", &["-q", "-p", "-N", PASSPHRASE, "-f", &key.display().to_string()]));
    let refused = log_on(&server, Some("my password"), |at| {
        at.agent = SshAgent::At(agent.socket.clone());
        at.identities = Some(vec![key.clone()]);
    });
    let error = refused.await.expect_err("the server takes no passwords");
    assert!(!error.message.contains("passphrase"), "{error}");
}

#[tokio::test]
async fn methods_that_are_switched_off_are_not_used() {
    let Some(server) = server() else { return };
    let error = log_on(&server, None, |at| at.methods.public_key = false).await.expect_err("no method is left");
    assert_eq!(error.reason, Reason::AuthMethod, "{error}");
    assert!(error.message.contains("nothing could be tried"), "{error}");
}

#[tokio::test]
async fn algorithms_are_those_of_the_lists() {
    let Some(server) = server() else { return };
    let rsa = server.add_key("big", "rsa", "", true);
    log_on(&server, None, |at| {
        at.algorithms.ciphers = Some("aes128-ctr".to_owned());
        at.algorithms.macs = Some("hmac-sha2-256".to_owned());
        at.algorithms.key_exchange = Some("^diffie-hellman-group16-sha512".to_owned());
        at.algorithms.user_keys = Some("-ssh-ed25519".to_owned());
        at.identities = Some(vec![server.user_key(), rsa.clone()]);
    })
    .await
    .expect("the RSA key is taken, and the other one was not offered");
    assert!(server.log().contains("Accepted publickey") && server.log().contains("RSA SHA256:"), "{}", server.log());
    let error = log_on(&server, None, |at| at.algorithms.ciphers = Some("arcfour".to_owned())).await;
    let error = error.expect_err("nobody has this cipher");
    assert_eq!(error.reason, Reason::Protocol, "{error}");
    assert!(error.message.starts_with("Ciphers arcfour leaves nothing"), "{error}");
    let short = log_on(&server, None, |at| {
        at.algorithms.rsa_bits = Some(16_384);
        at.identities = Some(vec![rsa]);
    });
    let error = short.await.expect_err("the key is too short");
    assert!(error.message.contains("nothing could be tried"), "{error}");
}

#[tokio::test]
async fn an_address_family_leaves_the_others_out() {
    let Some(server) = server() else { return };
    log_on(&server, None, |at| at.family = AddressFamily::V4).await.expect("127.0.0.1 is IPv4");
    let error = log_on(&server, None, |at| at.family = AddressFamily::V6).await.expect_err("no IPv6 address");
    assert_eq!(error.reason, Reason::Dns, "{error}");
    assert!(error.message.contains("has no IPv6 address"), "{error}");
}

#[tokio::test]
async fn a_host_key_alias_stands_in_known_hosts_without_a_port() {
    let Some(server) = server() else { return };
    let key = server.host_lines().split_once(' ').expect("a line").1.to_owned();
    std::fs::write(server.known_hosts(), format!("alias3 {key}")).expect("known_hosts");
    let alias = |name: &str| Some(name.to_owned());
    log_on(&server, None, |at| at.host_key_alias = alias("Alias3")).await.expect("the alias is known");
    for other in [None, alias("alias4")] {
        let error = log_on(&server, None, |at| at.host_key_alias = other).await.expect_err("another name");
        assert_eq!(error.reason, Reason::HostKey, "{error}");
    }
    let error = log_on(&server, None, |at| at.host_key_alias = alias("alias4")).await.expect_err("another name");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains(": alias4 ssh-ed25519 ")), "{error:?}");
}

/// A security key of ed25519 behind an agent, as its firmware would sign: PROTOCOL.u2f and the agent's draft.
struct SecurityKey {
    pair: Ed25519KeyPair,
}

/// The name of its kind.
const SK: &[u8] = b"sk-ssh-ed25519@openssh.com";
const APPLICATION: &[u8] = b"ssh:";

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("short").to_be_bytes(), bytes].concat()
}

impl SecurityKey {
    fn blob(&self) -> Vec<u8> {
        [string(SK), string(self.pair.public_key().as_ref()), string(APPLICATION)].concat()
    }

    /// What the device signs: that somebody touched it, how often it has signed, and both sides by their hashes.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let hash = |bytes: &[u8]| digest(&SHA256, bytes).as_ref().to_vec();
        let (touched, count) = ([1u8], 7u32.to_be_bytes());
        let signed = [&hash(APPLICATION), touched.as_slice(), &count, &hash(message)].concat();
        [string(SK), string(self.pair.sign(&signed).as_ref()), touched.to_vec(), count.to_vec()].concat()
    }

    /// Answers one question of an agent's client.
    fn answer(&self, question: &[u8]) -> Vec<u8> {
        match question.split_first() {
            Some((11, _)) => [&[12, 0, 0, 0, 1][..], &string(&self.blob()), &string(b"on a device")].concat(),
            Some((13, rest)) => {
                let message = rest.get(string(&self.blob()).len() + 4..rest.len() - 4).expect("a key and data");
                [&[14][..], &string(&self.sign(message))].concat()
            }
            _ => vec![5],
        }
    }

    async fn serve(self, listener: tokio::net::UnixListener) -> std::io::Result<()> {
        loop {
            let (mut stream, _) = listener.accept().await?;
            // Until its client leaves.
            while let Ok(length) = stream.read_u32().await {
                let mut question = vec![0; length as usize];
                stream.read_exact(&mut question).await?;
                stream.write_all(&string(&self.answer(&question))).await?;
            }
        }
    }
}

#[tokio::test]
async fn a_security_key_signs_through_its_agent() {
    let Some(server) = server() else { return };
    let key = SecurityKey { pair: Ed25519KeyPair::generate().expect("a key") };
    let line = format!("{} {} sk\n", String::from_utf8_lossy(SK), base64_simd::STANDARD.encode_to_string(key.blob()));
    std::fs::write(server.file("authorized_keys"), &line).expect("authorized_keys");
    std::fs::write(server.file("id_sk.pub"), &line).expect("the public half");
    let socket = server.file("device.sock");
    let listener = tokio::net::UnixListener::bind(&socket).expect("a socket");
    tokio::spawn(key.serve(listener));
    for identities in [None, Some(vec![server.file("id_sk.pub")])] {
        let end = log_on(&server, None, |at| {
            at.agent = SshAgent::At(socket.clone());
            at.identities = identities;
        });
        end.await.expect("the device signs");
    }
}
