//! A link that breaks in the middle of a copy is opened again, and the copy resumes where it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use psfleet::copy::name;
use psfleet::target::AuthMethod;

use super::driver::{HOST, noise, perform_twice, pull, push};
use crate::matrix::route::Route;
use crate::support::folder::Folder;
use crate::support::processes::{self, Process};
use crate::support::sandbox;

/// Ends what serves the route's host, as a crash would.
fn cut(route: &Route) {
    match route {
        Route::Ssh(server, _) => processes::kill(&server.sessions()),
        Route::Local(marked) => processes::kill(&marked.processes()),
        Route::Winrm { fleet, .. } => {
            let below = sandbox::processes_below(fleet.folder());
            let is_below = |process: &Process| below.contains(&PathBuf::from(format!("/proc/{}", process.id)));
            processes::kill(&processes::all().into_iter().filter(is_below).collect::<Vec<_>>());
        }
    }
}

/// Waits until a mebibyte of the large file has arrived in a folder, and all of the small one.
async fn half_way(folder: &Path, part: &Path) {
    let start = Instant::now();
    while fs::metadata(part).map_or(0, |part| part.len()) < 1 << 20 || !folder.join("a small one").exists() {
        assert!(start.elapsed() < Duration::from_secs(120), "the copy does not get half way");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Copies a large file of so many mebibytes and a small one, and cuts the link once each way.
async fn goes_on_after_a_break(route: Option<Route>, mebibytes: usize) {
    let Some(route) = route else { return };
    let folder = Folder::new("copy-broken");
    let (source, there, back) = (folder.path().join("source"), folder.path().join("there"), folder.path().join("back"));
    fs::create_dir(&source).expect("a folder");
    let large = noise(mebibytes << 20, 9);
    fs::write(source.join("a small one"), "small").expect("a file");
    fs::write(source.join("large"), &large).expect("a file");
    let pushed = push(std::slice::from_ref(&source), &there.display().to_string(), true, false);
    let pulled = pull(&[&source.display().to_string()], &back);
    let (pushed, pulled) = (
        (pushed, there.join("source"), name::temporary_on(HOST, "large")),
        (pulled, back.join(HOST).join("source"), name::temporary("large")),
    );
    for (task, place, part) in [pushed, pulled] {
        let part = place.join(part);
        let breaks = async {
            half_way(&place, &part).await;
            cut(&route);
        };
        let (copied, ()) = tokio::join!(perform_twice(&route, task), breaks);
        // The first attempt has copied the small one, and said so.
        assert_eq!(copied.counts(), BTreeMap::from([("resumed", 1), ("same", 1)]));
        assert_eq!(copied.end.attempts, 2);
        assert!(fs::read(place.join("large")).expect("a file") == large);
        assert!(!part.exists());
    }
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_winrm() {
    goes_on_after_a_break(Route::winrm("copy, broken", AuthMethod::Ntlm, false).await, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_ssh() {
    goes_on_after_a_break(Route::ssh(), 24).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_sftp() {
    goes_on_after_a_break(Route::ssh_with("Subsystem sftp internal-sftp\n"), 80).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_a_child() {
    goes_on_after_a_break(Route::local(), 24).await;
}
