//! What arrives is what was sent, whatever the transport.

use std::collections::BTreeMap;
use std::fs;

use psfleet::copy::name;
use psfleet::target::AuthMethod;

use super::driver::{HOST, harvest, noise, perform, plant, pull, push};
use crate::matrix::route::Route;
use crate::support::folder::Folder;

/// A tree there and back, three times: as new, as the same, and going on after a broken try.
async fn goes_there_and_back(route: Option<Route>) {
    let Some(route) = route else { return };
    let folder = Folder::new("copy");
    let at = |name: &str| folder.path().join(name);
    let tree = plant(folder.path());
    let there = at("there it is");
    let remote = there.display().to_string();
    let sources = [tree.clone()];

    let copied = perform(&route, push(&sources, &format!("{remote}/"), true, false)).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 7)]));
    let planted = harvest(&tree);
    assert_eq!(harvest(&there.join("tree [1]")), planted);

    // Once more: nothing to do; then a changed file, and one of which a part is there already.
    assert_eq!(perform(&route, push(&sources, &remote, true, false)).await.counts(), BTreeMap::from([("same", 7)]));
    fs::write(tree.join("a b.txt"), "HELLO").expect("a file");
    let large = fs::read(tree.join("sub/large")).expect("a file");
    let remote_large = there.join("tree [1]/sub/large");
    fs::remove_file(&remote_large).expect("removed");
    fs::write(remote_large.with_file_name(name::temporary_on(HOST, "large")), &large[..1_000_000]).expect("a part");
    let copied = perform(&route, push(&sources, &remote, true, false)).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 1), ("resumed", 1), ("same", 5)]), "{:?}", copied.actions);
    assert_eq!(harvest(&there.join("tree [1]")), harvest(&tree));

    // A part of another file is not gone on with.
    fs::remove_file(&remote_large).expect("removed");
    fs::write(remote_large.with_file_name(name::temporary_on(HOST, "large")), noise(1_000_000, 2)).expect("a part");
    let copied =
        perform(&route, push(&[tree.join("sub/large")], &remote_large.display().to_string(), false, false)).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 1)]));

    // And back, the same way. The name with brackets is itself, not a pattern.
    let back = at("back");
    let source = there.join("tree [1]").display().to_string();
    assert_eq!(perform(&route, pull(&[&source], &back)).await.counts(), BTreeMap::from([("copied", 7)]));
    let arrived = back.join(HOST).join("tree [1]");
    assert_eq!(harvest(&arrived), harvest(&tree));
    fs::rename(arrived.join("sub/large"), arrived.join("sub").join(name::temporary("large"))).expect("renamed");
    fs::write(arrived.join("x[1].txt"), "BRACKETS").expect("a file");
    let copied = perform(&route, pull(&[&source], &back)).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 1), ("resumed", 1), ("same", 5)]), "{:?}", copied.actions);
    assert_eq!(harvest(&arrived), harvest(&tree));

    // Patterns are the host's to expand.
    let pattern = there.join("tree ?1?/*.txt").display().to_string();
    let copied = perform(&route, pull(&[&pattern], &at("texts"))).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 3)]), "{:?}", copied.actions);
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn local() {
    goes_there_and_back(Route::local()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_without_sftp() {
    goes_there_and_back(Route::ssh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_with_sftp() {
    goes_there_and_back(Route::ssh_with("Subsystem sftp internal-sftp\n")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_ntlm_sealed_over_http() {
    goes_there_and_back(Route::winrm("copy, NTLM sealed over HTTP", AuthMethod::Ntlm, false).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_basic_over_tls() {
    goes_there_and_back(Route::winrm("copy, Basic over TLS", AuthMethod::Basic, true).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_larger_than_one_pipeline_takes_goes_through_several() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-large");
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let bytes = noise(35 << 20, 3);
    fs::write(&here, &bytes).expect("a file");
    let copied = perform(&route, push(&[here], &there.display().to_string(), false, false)).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 1)]));
    assert!(fs::read(&there).expect("a file") == bytes);
    route.assert_nothing_remains().await;
}
