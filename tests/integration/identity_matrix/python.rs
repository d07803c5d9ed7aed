//! Acceptors that we did not write: NTLM, SPNEGO and CredSSP by pyspnego, before a host of the sandbox.

use std::path::Path;

use psfleet::sandbox::Options;
use psfleet::target::AuthMethod;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::cell::{Place, Row, inventory, of, psfleet};
use crate::credssp::{Front, count, has};
use crate::support::folder::Folder;
use crate::support::program::Running;
use crate::support::sandbox::fleet;
use crate::winrm_auth::{Acceptor, Certificate, PASSWORD, USER, python};

pub(super) fn rows(runtime: &Handle, _: Option<&Path>) -> Option<Vec<Row>> {
    let python = python()?;
    if !has("spnego", "pyspnego") {
        return None;
    }
    let basic = Options { hosts: 1, auth: vec![AuthMethod::Basic], ..Options::default() };
    let fleet = runtime.block_on(fleet(basic));
    let (_, address, _) = fleet.hosts().next().expect("a host");
    let (user, password) = (fleet.user().to_owned(), fleet.password().expose().clone());
    let upstream = format!("{address} {user} {password}");
    let folder = Folder::new("matrix-python");
    let mut rows = Vec::new();
    for (security, tls) in [("HTTP, sealed", false), ("HTTPS, channel binding insisted on", true)] {
        for (mechanism, given, password) in [
            ("NTLM", "good", PASSWORD),
            ("NTLM", "wrong", "wrong"),
            ("Negotiate", "good: a local account", PASSWORD),
            ("Negotiate", "wrong: a local account", "wrong"),
        ] {
            let auth = mechanism.to_lowercase();
            let certificate = tls.then(|| Certificate::new("matrix"));
            let ca = certificate.as_ref().map(|made| format!("tls = true\nca = '{}'", made.file("cert.pem").display()));
            let acceptor = Acceptor::before(&python, &auth, certificate, Some(&upstream));
            let file = folder.path().join("hosts.toml");
            inventory(&file, &ca.unwrap_or_default(), ["h1", "h2", "h3"].map(|name| (name, acceptor.port)));
            let mut command = psfleet(&[], folder.path(), &file, &["--auth", &auth, "-u", USER]);
            let ended = Running::start(command.env("PSFLEET_PASSWORD", password)).end();
            let failed = acceptor.events().iter().filter(|(event, _)| event == "denied").count();
            rows.push(of(Place { mechanism, security, peer: "pyspnego" }, given, &ended, failed));
        }
    }
    let job = |more: Value| {
        let mut job = json!({ "user": user, "password": password, "upstream": address.to_string() });
        job.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        job
    };
    let status = |number: u32| json!({ "refuses": number });
    let place = Place { mechanism: "CredSSP", security: "HTTP, sealed", peer: "pyspnego" };
    for (given, more, password, arguments) in [
        ("good", json!({}), password.as_str(), &[][..]),
        ("wrong", json!({}), "wrong", &[]),
        ("wrong, by version 5", json!({ "version": 5 }), "wrong", &[]),
        ("expired", status(0xC000_0071), &password, &[]),
        ("locked", status(0xC000_0234), &password, &[]),
        ("skewed clock", status(0xC000_0133), &password, &[]),
        ("good, and it is not switched on", json!({ "offers": ["Negotiate", "Kerberos"] }), &password, &[]),
        ("good, and the host is too old", json!({ "version": 3 }), &password, &[]),
        ("good, and somebody is in between", json!({ "lies": true }), &password, &[]),
        ("delegation", json!({}), &password, &["--delegate"]),
        ("no ticket: a cache alone", json!({}), "", &["--ccache", "FILE:nowhere"]),
    ] {
        let front = Front::start(job(more));
        let arguments = [&["--retries", "0", "--no-store", "-u", user.as_str()], arguments, &["1"]].concat();
        let mut command = front.command("run", 3, &arguments);
        if !password.is_empty() {
            command.env("PSFLEET_PASSWORD", password);
        }
        let ended = Running::start(&mut command).end();
        let failed = count(&front.events(), "denied");
        rows.push(of(place, given, &ended, failed));
    }
    runtime.block_on(fleet.shutdown());
    Some(rows)
}
