//! pypsrp against the sandbox: every mechanism, over HTTP and HTTPS, with every engine.

use psfleet::sandbox::{Engine, Options};
use psfleet::target::AuthMethod;
use psfleet::wsman::names::code;
use serde_json::{Value, json};

use crate::support::pwsh;
use crate::support::sandbox::{assert_clean, fleet, has_pypsrp, pypsrp, pypsrp_job};

/// A fleet of one host with a real PowerShell behind it.
fn real(tls: bool) -> Option<Options> {
    let pwsh = pwsh()?;
    let auth = vec![AuthMethod::Negotiate, AuthMethod::Basic];
    Some(Options { hosts: 1, engine: Engine::Pwsh, pwsh, tls, auth, ..Options::default() })
}

/// A fleet of one host with the built-in engine behind it.
fn built_in(tls: bool) -> Option<Options> {
    Some(Options { hosts: 1, tls, ..Options::default() })
}

/// Script blocks with what a client must see of them.
const SCRIPTS: [&str; 6] = [
    "$env:COMPUTERNAME; 1..3 | ForEach-Object { $_ * 2 }",
    "Write-Warning 'careful'; Write-Error 'broken'; 'after'",
    "throw 'stop here'",
    "[pscustomobject]@{ Name = 'spooler'; Count = 3 }",
    "'x' * 300000",
    "1..2000 | ForEach-Object { \"line $_ äöü 😀\" }",
];

/// PSInvocationState of a terminating error.
const FAILED: i32 = 5;

fn check(answer: &Value) {
    let of = |index: usize, key: &str| answer[index][key].clone();
    assert_eq!(of(0, "output"), json!(["WEB001", 2, 4, 6]));
    assert_eq!(of(1, "warnings"), json!(["careful"]));
    assert_eq!((of(1, "errors"), of(1, "output")), (json!(["broken"]), json!(["after"])));
    assert_eq!((of(2, "errors"), of(2, "state")), (json!(["stop here"]), json!(FAILED)));
    assert_eq!(of(3, "output"), json!([{"Name": "spooler", "Count": 3}]));
    assert_eq!(of(4, "output")[0].as_str().map(str::len), Some(300_000));
    let lines = of(5, "output");
    assert_eq!(lines.as_array().map(Vec::len), Some(2000));
    assert_eq!(lines[1999], "line 2000 äöü 😀");
}

async fn agrees(options: Option<Options>, auth: &str) {
    let Some(options) = options else { return };
    if !has_pypsrp().await {
        return;
    }
    let fleet = fleet(options).await;
    check(&pypsrp(&fleet, auth, None, &SCRIPTS).await);
    let stats = assert_clean(fleet).await;
    assert_eq!((stats.failed_logons, stats.logons > 0), (0, true), "{stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_over_http_with_a_real_powershell() {
    agrees(real(false), "basic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_over_https_with_a_real_powershell() {
    agrees(real(true), "basic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_ntlm_with_a_real_powershell() {
    agrees(real(false), "ntlm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_negotiate_with_a_real_powershell() {
    agrees(real(false), "negotiate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn negotiate_over_https_with_a_real_powershell() {
    agrees(real(true), "negotiate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_over_http_with_the_built_in_engine() {
    agrees(built_in(false), "basic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_ntlm_with_the_built_in_engine() {
    agrees(built_in(false), "ntlm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_negotiate_with_the_built_in_engine() {
    agrees(built_in(false), "negotiate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn negotiate_over_https_with_the_built_in_engine() {
    agrees(built_in(true), "negotiate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_and_counted() {
    if !has_pypsrp().await {
        return;
    }
    for (auth, tls) in [("basic", false), ("ntlm", false), ("negotiate", false), ("ntlm", true), ("negotiate", true)] {
        let fleet = fleet(Options { hosts: 1, tls, ..Options::default() }).await;
        let answer = pypsrp(&fleet, auth, Some("wrong"), &["1"]).await;
        assert!(answer["authentication"].is_string(), "{auth}: {answer}");
        let stats = assert_clean(fleet).await;
        assert_eq!((stats.failed_logons, stats.logons), (1, 0), "{auth}, TLS {tls}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_its_client_left_is_taken_over_by_another() {
    if !has_pypsrp().await {
        return;
    }
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let script = "'first'; Start-Sleep -Milliseconds 500; 'x' * 100000; 'last'";
    let job = json!({ "password": fleet.password().expose(), "auth": "negotiate", "leave": script });
    let mut answer = pypsrp_job(&fleet, job).await;
    assert_eq!(answer["output"][1].take().as_str().map(str::len), Some(100_000));
    let expected = json!({
        "away": code::SHELL_DISCONNECTED,
        "stranger": code::CLIENT_SESSION_MISMATCH,
        "pools": 1,
        "commands": 1,
        "output": ["first", null, "last"],
        "later": ["later"],
    });
    assert_eq!(answer, expected);
    assert_clean(fleet).await;
}
