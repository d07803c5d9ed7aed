//! What our AUTHENTICATE says on the wire, by keys that another implementation computed.

use std::sync::{Arc, Mutex};

use futures::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use psfleet::outcome::Reason;
use psfleet::secret::Secret;
use psfleet::target::{AuthMethod, Credential, Target, Workstation};
use psfleet::transport::Error;

use crate::support::http::{Act, HttpServer};
use crate::support::ntlm::{challenge, message, neg_token_resp, negotiate, token};
use crate::support::winrm::{connect, target_with};

/// User as typed, user and domain as sent, and NTOWFv2 for the password `password`: by Python's `hmac` over the upper
/// case that Windows has.
const USERS: [(&str, &str, &str, &str); 9] = [
    ("wei\u{df}", "wei\u{df}", "", "b0db5858726d7cff63505760fcb96f25"),
    ("\u{10428}", "\u{10428}", "", "2aaa202d7e56e20c88c7faa088a424c7"),
    ("\u{fb01}n", "\u{fb01}n", "", "e3a85f5062239dca1ba9f9108ed6a350"),
    ("gir\u{130}\u{15f}", "gir\u{130}\u{15f}", "", "37da2225f00543f790803e50a717010b"),
    ("DOM\\alice", "alice", "DOM", "0a5bd72a3cc064bba2cca2f8be9d4d12"),
    ("DOM\\a@b.c", "a@b.c", "DOM", "a5488a986382253a0fa90628e744542b"),
    ("DOM\\ALICE", "ALICE", "DOM", "0a5bd72a3cc064bba2cca2f8be9d4d12"),
    ("alice@dom.test", "alice@dom.test", "", "5686a96919a027e06d0def79ea13d143"),
    ("\u{10d2}\u{10d8}", "\u{10d2}\u{10d8}", "", "68899476a99a24a68420158f2b382205"),
];

/// What a server sees: our AUTHENTICATE, and our error after its 401.
async fn seen(target: impl FnOnce(u16) -> Target, answer: Vec<u8>) -> (Option<Vec<u8>>, Error) {
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let server = HttpServer::start(None, move |request| {
        let token = token(&request).unwrap_or_default();
        let header = match message(&token, 3) {
            Some(message) => {
                *keep.lock().expect("no panic") = Some(message.to_vec());
                "WWW-Authenticate: Negotiate\r\n".to_owned()
            }
            None => negotiate(&answer),
        };
        async move { Act::Answer(401, header, String::new()) }.boxed()
    })
    .await;
    let error = connect(&target(server.port)).await.expect_err("401");
    let message = seen.lock().expect("no panic").take();
    (message, error)
}

fn target(port: u16, auth: AuthMethod, user: &str, workstation: Workstation) -> Target {
    let password = Some(Secret::new("password".to_owned()));
    let mut target = target_with(port, |endpoint| (endpoint.auth, endpoint.workstation) = (auth, workstation));
    target.credential = Some(Arc::new(Credential::of(user, password)));
    target
}

fn field(message: &[u8], at: usize) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([message[at], message[at + 1]]));
    let begin = usize::from(u16::from_le_bytes([message[at + 4], message[at + 5]]));
    &message[begin..begin + length]
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).expect("UTF-16")
}

fn proof(key: &str, temp: &[u8]) -> Vec<u8> {
    let key = u128::from_str_radix(key, 16).expect("hex").to_be_bytes();
    let mut mac = Hmac::<Md5>::new_from_slice(&key).expect("a key");
    mac.update(b"12345678");
    mac.update(temp);
    mac.finalize().into_bytes().to_vec()
}

#[tokio::test]
async fn names_are_sent_as_typed_and_hashed_as_windows_does() {
    for (auth, answer) in
        [(AuthMethod::Ntlm, challenge()), (AuthMethod::Negotiate, neg_token_resp(&[(2, &challenge())]))]
    {
        for (typed, user, domain, key) in USERS {
            let (message, _) = seen(|port| target(port, auth, typed, Workstation::default()), answer.clone()).await;
            let message = message.expect("an AUTHENTICATE");
            assert_eq!((utf16(field(&message, 36)).as_str(), utf16(field(&message, 28)).as_str()), (user, domain));
            let nt = field(&message, 20);
            assert_eq!(nt[..16], proof(key, &nt[16..]), "{auth} {typed}");
        }
    }
}

#[tokio::test]
async fn the_workstation_is_named() {
    let other = Workstation::parse("ADMIN-PC07").expect("a name");
    for (workstation, name) in [(Workstation::default(), "psfleet"), (other, "ADMIN-PC07")] {
        let (message, _) = seen(|port| target(port, AuthMethod::Ntlm, "u", workstation), challenge()).await;
        let message = message.expect("an AUTHENTICATE");
        assert_eq!(utf16(field(&message, 44)), name);
        assert_eq!(message[61] & 0x20, 0x20, "NTLMSSP_NEGOTIATE_OEM_WORKSTATION_SUPPLIED");
    }
}

#[tokio::test]
async fn a_copy_of_the_token_is_not_taken_for_a_signature() {
    let target = |port| target(port, AuthMethod::Negotiate, "u", Workstation::default());
    let copied = neg_token_resp(&[(2, &challenge()), (3, &challenge())]);
    let (message, error) = seen(target, copied).await;
    assert!(message.is_some() && error.reason == Reason::LogonDenied, "{error}");
    let (message, error) = seen(target, neg_token_resp(&[(2, &challenge()), (3, &[7; 16])])).await;
    assert!(message.is_none(), "a wrong signature is none to answer");
    assert_eq!(error.message, "the server's Negotiate token is wrong: its signature is wrong");
}

#[tokio::test]
async fn tokens_that_cannot_be_answered_are_told_in_plain_words() {
    let cut = &challenge()[..30];
    let kerberos =
        [0xa1, 0x14, 0x30, 0x12, 0xa0, 3, 0x0a, 1, 1, 0xa1, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
    for (answer, text) in [
        (vec![0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, 2], "the server refuses NTLM: it accepts only Kerberos"),
        (kerberos.to_vec(), "the server refuses NTLM: it accepts only Kerberos"),
        (neg_token_resp(&[]), "the server refuses NTLM: it accepts only Kerberos"),
        (b"hello".to_vec(), "the server's Negotiate token is wrong: it is not SPNEGO"),
        (neg_token_resp(&[(2, cut)]), "the server's Negotiate token is wrong: "),
        (neg_token_resp(&[(2, b"hello")]), "the server's Negotiate token is wrong: "),
    ] {
        let target = |port| target(port, AuthMethod::Negotiate, "u", Workstation::default());
        let (message, error) = seen(target, answer).await;
        assert!(message.is_none() && error.message.starts_with(text), "{error:?}");
        assert!(!error.message.contains(['{', '[', '(']), "{error:?}");
    }
}
