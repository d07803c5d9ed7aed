//! A worker that panics: a bug, and still one outcome, no shell left, nothing lost from the other hosts.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use psfleet::fleet::{Site, Task, TaskEnd};
use psfleet::outcome::{Outcome, Reason};
use psfleet::psrp::{Command, Invocation};
use psfleet::sandbox::Options;
use psfleet::session::{self, RunOptions};
use psfleet::target::AuthMethod;
use uuid::Uuid;

use crate::support::run::{run, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};

/// Panics on the first host, with its session open; runs a script on the others.
struct Panics;

#[async_trait]
impl Task for Panics {
    async fn perform(&self, site: Site<'_>) -> Result<TaskEnd, session::Error> {
        assert_ne!(site.id.index(), 0, "a bug in a task");
        let command = Command::new(&Invocation { script: "42".into(), arguments: Vec::new(), input: false }, &[]);
        let options = RunOptions::within(site.target.timeouts.run, site.stop.clone(), false);
        site.session.run(&command, Uuid::new_v4(), &options, site.forward).await.map(TaskEnd::Ran)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_leaves_no_shell_behind() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let mut spec = spec(targets(&fleet, AuthMethod::Negotiate, None), "");
    spec.work = Arc::new(Panics);
    let ran = run(spec).await;
    let outcomes: Vec<_> = ran.ends.iter().map(|end| (end.outcome, end.reason, end.shell_may_remain)).collect();
    let (failed, ok) = ((Outcome::Failed, Some(Reason::Internal), false), (Outcome::Ok, None, false));
    assert_eq!(outcomes, [failed, ok, ok]);
    assert_eq!(ran.objects().len(), 2);
    assert_eq!(fleet.stats().open_shells, 0, "the run ends when its shells are deleted");
    assert_clean(fleet).await;
}

/// Panics with all that it knows of its host.
struct Tells;

#[async_trait]
impl Task for Tells {
    async fn perform(&self, site: Site<'_>) -> Result<TaskEnd, session::Error> {
        panic!("a bug that tells of {:?}", site.target)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_shows_no_secret() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let told = Arc::new(Mutex::new(String::new()));
    let hears = Arc::clone(&told);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        hears.lock().expect("no panic within one").push_str(&info.to_string());
        usual(info);
    }));
    let mut spec = spec(targets(&fleet, AuthMethod::Negotiate, None), "");
    spec.work = Arc::new(Tells);
    let ran = run(spec).await;
    let told = told.lock().expect("no panic within one").clone();
    assert!(told.contains("a bug that tells of Target") && told.contains("<secret>"), "{told}");
    assert_eq!(ran.ends[0].reason, Some(Reason::Internal));
    for shown in [told, format!("{:?}", ran.ends)] {
        assert!(!shown.contains(fleet.password().expose()), "a panic shows the password");
    }
    assert_clean(fleet).await;
}
