//! The main job over WinRM: our client, the sandbox's endpoint, a real PowerShell behind it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use psfleet::event::RunEventKind;
use psfleet::fleet::{Emission, Interrupt};
use psfleet::outcome::{Outcome, Reason};
use psfleet::sandbox::{Engine, Options};
use psfleet::target::AuthMethod;
use psfleet::transport::network::Network;
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::pwsh;
use crate::support::run::{run, run_until, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};

fn options(hosts: u32, tls: bool) -> Option<Options> {
    Some(Options { hosts, tls, engine: Engine::Pwsh, pwsh: pwsh()?, ..Options::default() })
}

async fn objects_come_back(auth: AuthMethod, tls: bool) {
    let Some(options) = options(2, tls) else { return };
    let fleet = fleet(options).await;
    let ran = run(spec(targets(&fleet, auth, None), "1..3; [pscustomobject]@{Name = 'ä'; Id = 7}")).await;
    assert_eq!(ran.summary.counts.of(Outcome::Ok), 2, "{:?}", ran.ends);
    let mut objects = ran.objects();
    objects.sort_by_key(ToString::to_string);
    let object = json!({"Name": "ä", "Id": 7});
    assert_eq!(objects, [json!(1), json!(1), json!(2), json!(2), json!(3), json!(3), object.clone(), object]);
    let stats = assert_clean(fleet).await;
    assert_eq!(stats.failed_logons, 0);
}

#[tokio::test]
async fn ntlm_sealed_over_http() {
    objects_come_back(AuthMethod::Ntlm, false).await;
}

#[tokio::test]
async fn negotiate_sealed_over_http() {
    objects_come_back(AuthMethod::Negotiate, false).await;
}

#[tokio::test]
async fn negotiate_over_https() {
    objects_come_back(AuthMethod::Negotiate, true).await;
}

#[tokio::test]
async fn basic_over_https() {
    objects_come_back(AuthMethod::Basic, true).await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    for auth in [AuthMethod::Basic, AuthMethod::Ntlm, AuthMethod::Negotiate] {
        let Some(options) = options(20, false) else { return };
        let fleet = fleet(options).await;
        let ran = run(spec(targets(&fleet, auth, Some("wrong")), "1")).await;
        assert_eq!(ran.summary.counts.of(Outcome::Auth), 1, "{auth}: {:?}", ran.ends);
        assert_eq!(ran.summary.counts.of(Outcome::Skipped), 19);
        assert_eq!(ran.summary.exit_code(), 3);
        let refused = ran.ends.iter().find(|end| end.outcome == Outcome::Auth).expect("one");
        assert_eq!(refused.reason, Some(Reason::LogonDenied));
        assert_eq!(assert_clean(fleet).await.failed_logons, 1, "{auth}");
    }
}

#[tokio::test]
async fn ctrl_c_leaves_no_shell() {
    let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
    let mut spec = spec(targets(&fleet, AuthMethod::Ntlm, None), "Start-Sleep 600");
    spec.limits = psfleet::fleet::Limits::new(NonZeroUsize::new(3).expect("not 0"));
    let (interrupt, interrupts) = mpsc::channel(1);
    let interrupt = async {
        while fleet.stats().open_shells < 3 {
            tokio::task::yield_now().await;
        }
        interrupt.send(Interrupt::Stop).await.expect("the run listens");
    };
    let (ran, ()) = tokio::join!(run_until(spec, interrupts), interrupt);
    let counts = ran.summary.counts;
    assert_eq!((counts.of(Outcome::Cancelled), counts.of(Outcome::NotStarted)), (3, 3), "{:?}", ran.ends);
    assert_eq!(ran.summary.exit_code(), 130);
    assert_clean(fleet).await;
}

#[tokio::test]
async fn a_failing_sink_leaves_no_shell() {
    let fleet = fleet(Options { hosts: 4, ..Options::default() }).await;
    let spec = spec(targets(&fleet, AuthMethod::Ntlm, None), "foreach ($n in 1..100000) { $n }");
    let (events, mut received) = mpsc::channel::<Emission>(4);
    let sink = async {
        while !matches!(received.recv().await.expect("events come").kind, RunEventKind::Record(_)) {}
        drop(received);
    };
    let run = psfleet::fleet::run(spec, Arc::new(Network::default()), events, mpsc::channel(1).1);
    let (summary, ()) = tokio::join!(run, sink);
    assert_eq!((summary.counts.total(), summary.exit_code()), (4, 5), "{:?}", summary.counts);
    assert_clean(fleet).await;
}
