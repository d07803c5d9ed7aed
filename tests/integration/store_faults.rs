//! Stores and outputs that cannot be used: what is said of them, and when.

#![cfg(unix)]

use psfleet::sandbox::Options;

use crate::store::{Place, told};
use crate::support::sandbox::{assert_clean, fleet};

const STATE: &str = ".local/state/psfleet";

#[tokio::test(flavor = "multi_thread")]
async fn one_bundle_is_imported_by_several_at_once() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let line = ["-q", "-o", "none", "--label", "b", "foreach ($n in 1..2000) { \"$n\" }"];
    assert_eq!(told(place.run(&line).output().expect("psfleet starts")).0, Some(0));
    assert_eq!(place.output(&["runs", "export", "b"]).0, Some(0));
    let import = || {
        let mut command = place.command(&["runs", "import", "b.psfleet"]);
        let command = command.env("PSFLEET_STATE_DIR", place.path().join("there"));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("starts")
    };
    let all: Vec<_> = (0..4).map(|_| import()).collect();
    let said: Vec<_> = all.into_iter().map(|child| told(child.wait_with_output().expect("ended"))).collect();
    assert!(said.iter().all(|(code, ..)| *code == Some(0)), "{said:?}");
    assert_eq!(said.iter().filter(|(_, stdout, _)| stdout.starts_with("imported: ")).count(), 1, "{said:?}");
    assert_clean(fleet).await;
}
