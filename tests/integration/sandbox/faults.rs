//! Every fault that the sandbox can have, as our own client sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use psfleet::outcome::{Outcome, Reason};
use psfleet::sandbox::{FaultKind, Options};
use psfleet::target::AuthMethod;

use crate::support::run::{run, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};

/// What a run says about a host.
type End = (Outcome, Option<Reason>);

/// The end of a host of each fault, and of a healthy one.
async fn ends(expected: &BTreeMap<FaultKind, End>, tls: bool) -> BTreeMap<Option<FaultKind>, End> {
    let faults = expected.keys().map(|kind| kind.to_string().parse().expect("a fault")).collect();
    let hosts = expected.len() as u32 + 1;
    let fleet = fleet(Options { hosts, faults, tls, ..Options::default() }).await;
    let faults: Vec<_> = fleet.hosts().map(|(_, _, fault)| fault).collect();
    let mut targets = targets(&fleet, AuthMethod::Negotiate, None);
    for target in &mut targets {
        // Long enough for the logon on a slow host, short enough for a hung one.
        target.timeouts.connect = Duration::from_secs(6);
    }
    let mut spec = spec(targets, "'here'");
    spec.auth_fail_limit = hosts;
    let ran = run(spec).await;
    assert_clean(fleet).await;
    faults.into_iter().zip(ran.ends).map(|(fault, end)| (fault, (end.outcome, end.reason))).collect()
}

async fn each_ends(expected: &[(FaultKind, Outcome, Option<Reason>)], tls: bool) {
    let expected: BTreeMap<_, _> = expected.iter().map(|&(kind, outcome, reason)| (kind, (outcome, reason))).collect();
    let found = ends(&expected, tls).await;
    let mut wanted: BTreeMap<_, _> = expected.into_iter().map(|(kind, end)| (Some(kind), end)).collect();
    wanted.insert(None, (Outcome::Ok, None));
    assert_eq!(found, wanted);
}

/// `loss` is missing: what it does to a host depends on which request is lost.
#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_its_outcome_and_reason() {
    let expected = [
        (FaultKind::Refused, Outcome::Unreachable, Some(Reason::Refused)),
        (FaultKind::Hung, Outcome::Unreachable, Some(Reason::ConnectTimeout)),
        (FaultKind::Slow, Outcome::Ok, None),
        (FaultKind::Reset, Outcome::Ok, None),
        (FaultKind::Blocking, Outcome::Ok, None),
        (FaultKind::Crash, Outcome::Lost, Some(Reason::LinkBroken)),
        (FaultKind::Quota, Outcome::Unreachable, Some(Reason::Quota)),
        (FaultKind::Denied, Outcome::Auth, Some(Reason::EndpointDenied)),
        (FaultKind::WrongPassword, Outcome::Auth, Some(Reason::LogonDenied)),
        (FaultKind::RejectToken, Outcome::Auth, Some(Reason::LogonDenied)),
        (FaultKind::NotWinrm, Outcome::Unreachable, Some(Reason::NotWinrm)),
    ];
    each_ends(&expected, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_certificates_has_its_reason() {
    let expected = [
        (FaultKind::Expired, Outcome::Unreachable, Some(Reason::TlsExpired)),
        (FaultKind::WrongName, Outcome::Unreachable, Some(Reason::TlsName)),
    ];
    each_ends(&expected, true).await;
}
