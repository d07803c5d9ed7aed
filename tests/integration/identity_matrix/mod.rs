//! Identity, cell by cell: mechanism, security of the transport, and what is given, through the real program and
//! against real peers. What is found stands in `src/docs/identity_matrix.md`; `PSFLEET_TEST_BLESS=1` writes it anew, to
//! be read before it is kept.

mod cell;
mod domain;
mod page;
mod python;
mod ssh;
mod winrm;

use std::thread;

use tokio::runtime::Handle;

use crate::support::{pwsh, skip};

use cell::Row;

/// Hosts of a cell: more than one, so that it shows whether others are tried after a refusal.
const HOSTS: u32 = 3;

/// Cells that loopback has no peer for, and those that cannot be: mechanism, security, what is given, and why.
const ABSENT: [(&str, &str, &str, &str); 13] = [
    ("Basic", "any", "expired, locked", "a host answers 401 and nothing else, as to a wrong password"),
    ("Basic", "any", "skewed clock, unknown SPN, no ticket", "there is neither a clock nor a ticket in it"),
    ("NTLM", "any", "expired, locked", "a host answers 401 and nothing else, as to a wrong password"),
    ("NTLM", "any", "unknown SPN, no ticket", "there is no ticket in it"),
    ("NTLM", "HTTPS without channel binding", "good", "every certificate gives a binding, so each logon has one"),
    (
        "Kerberos",
        "in the clear",
        "any",
        "it always seals; nothing of ours sends a message in the clear behind a ticket",
    ),
    ("Negotiate", "in the clear", "any", "it always seals"),
    ("CredSSP", "HTTPS", "any", "the acceptor of the tests speaks plain HTTP; CredSSP has a TLS of its own in both"),
    ("CredSSP", "HTTP, sealed", "unknown SPN", "as with Negotiate, which is the logon inside"),
    ("Certificate", "any", "locked", "no listener on loopback maps certificates to accounts that can be locked"),
    ("Certificate", "HTTPS", "skewed clock", "a host's clock that is wrong shows as an expired certificate"),
    ("SSH: keyboard-interactive", "SSH", "a code besides the password", "OpenSSH's server needs a module for that"),
    ("SSH: agent", "SSH", "expired", "as with keys; an agent drops keys by itself when their time is over"),
];

/// What a part of the matrix has found, unless this machine lacks a peer of it.
type Part = fn(&Handle, Option<&std::path::Path>) -> Option<Vec<Row>>;

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_is_as_the_page_says() {
    let (runtime, pwsh) = (Handle::current(), pwsh());
    let parts: [Part; 4] = [domain::rows, winrm::rows, python::rows, ssh::rows];
    let found: Vec<Option<Vec<Row>>> = thread::scope(|scope| {
        let (runtime, pwsh) = (&runtime, pwsh.as_deref());
        let threads = parts.map(|part| scope.spawn(move || part(runtime, pwsh)));
        threads.into_iter().map(|thread| thread.join().expect("a part of the matrix")).collect()
    });
    let is_whole = found.iter().all(Option::is_some);
    if !is_whole {
        skip("a part of the identity matrix has no peer here");
    }
    let absent =
        ABSENT.into_iter().map(|(mechanism, security, given, why)| Row::absent(mechanism, security, given, why));
    let rows: Vec<Row> = found.into_iter().flatten().flatten().chain(absent).collect();
    page::check(&rows, is_whole);
}
