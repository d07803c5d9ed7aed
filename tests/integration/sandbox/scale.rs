//! A thousand hosts in one process.

use std::num::NonZeroUsize;

use psfleet::outcome::Outcome;
use psfleet::sandbox::Options;
use psfleet::target::AuthMethod;

use crate::support::run::{run, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_hosts_answer() {
    let fleet = fleet(Options { hosts: 1000, ..Options::default() }).await;
    let mut spec = spec(targets(&fleet, AuthMethod::Basic, None), "$env:COMPUTERNAME");
    spec.limits = psfleet::fleet::Limits::new(NonZeroUsize::new(128).expect("not 0"));
    let ran = run(spec).await;
    assert_eq!(ran.summary.counts.of(Outcome::Ok), 1000);
    let names: std::collections::HashSet<_> = ran.objects().iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), 1000);
    let stats = assert_clean(fleet).await;
    assert_eq!((stats.failed_logons, stats.hosts), (0, 1000));
}
