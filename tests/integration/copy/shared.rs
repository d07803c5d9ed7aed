//! Hosts that share the folder of the destination: homes on NFS, a share of Windows, a sandbox.

use std::fs;
use std::path::{Path, PathBuf};

use psfleet::outcome::Outcome;

use super::driver::{harvest, noise, perform_on, plant, push};
use crate::matrix::route::Route;
use crate::support::folder::Folder;

const HOSTS: [&str; 3] = ["web1", "web2", "web3"];

/// Names in a folder, those of parts too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    names.into_iter().map(|name| name.into_string().expect("UTF-8")).collect()
}

async fn push_from_all(route: &Route, source: PathBuf, destination: &str, folder: bool, force: bool) {
    let ran = perform_on(route, &HOSTS, push(&[source], destination, folder, force)).await;
    for end in &ran.ends {
        assert_eq!(end.outcome, Outcome::Ok, "{destination}: {end:?}");
    }
}

async fn every_host_puts_it_there(route: Option<Route>) {
    let Some(route) = route else { return };
    let folder = Folder::new("copy-shared");
    let at = |name: &str| folder.path().join(name);
    let file = at("file");
    fs::write(&file, noise(3 << 20, 3)).expect("a file");
    let there = |name: &str| at(name).display().to_string();

    // A small and a large one, into a folder that is not there yet, and once more over what is there.
    fs::write(at("small"), "small").expect("a file");
    for force in [false, true] {
        push_from_all(&route, at("small"), &there("into"), true, force).await;
        push_from_all(&route, file.clone(), &there("into"), true, force).await;
        assert_eq!(names(&at("into")), ["file", "small"]);
        assert!(fs::read(at("into/file")).expect("a file") == fs::read(&file).expect("a file"));
    }
    // Under another name.
    push_from_all(&route, file.clone(), &there("other"), false, false).await;
    assert!(fs::read(at("other")).expect("a file") == fs::read(&file).expect("a file"));
    // A tree, with folders of which each host may be the first to make one.
    let tree = plant(folder.path());
    push_from_all(&route, tree.clone(), &there("trees"), true, false).await;
    assert_eq!(harvest(&at("trees/tree [1]")), harvest(&tree));
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_children() {
    every_host_puts_it_there(Route::local()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_ssh() {
    every_host_puts_it_there(Route::ssh()).await;
}
