//! What another user of this machine has put into a destination never leads a pull elsewhere.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use psfleet::copy::name;
use psfleet::outcome::{Outcome, Reason};

use super::driver::{Copied, HOST, perform, pull};
use crate::matrix::route::Route;
use crate::support::folder::Folder;
use crate::support::pwsh;

fn assert_refused(copied: &Copied, parts: &[&str]) {
    let Copied { end, errors, .. } = copied;
    assert_eq!((end.outcome, end.reason), (Outcome::Failed, Some(Reason::CopyFailed)), "{}", end.message);
    for part in parts {
        assert!(errors.iter().any(|error| error.contains(part)), "{part:?} is not in {errors:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_others_have_put_there_are_refused_by_name() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-planted");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("source")).expect("a folder");
    for file in ["linked", "twice", "piped", "taken", "good"] {
        fs::write(at("source").join(file), "theirs").expect("a file");
    }
    let there = at("back").join(HOST).join("source");
    fs::create_dir_all(&there).expect("folders");
    fs::write(at("victim"), "mine").expect("a file");
    fs::set_permissions(at("victim"), fs::Permissions::from_mode(0o600)).expect("a mode");
    let part = |file: &str| there.join(name::temporary(file));
    symlink(at("victim"), part("linked")).expect("a link");
    fs::hard_link(at("victim"), part("twice")).expect("a link");
    assert!(Command::new("mkfifo").arg(part("piped")).status().expect("mkfifo").success());
    fs::create_dir(part("taken")).expect("a folder");

    let copied = perform(&route, pull(&[&at("source").display().to_string()], &at("back"))).await;
    assert_refused(&copied, &["a symbolic link", "hard links", "a pipe", "a folder", "linked.", "twice.", "taken."]);
    assert!(copied.end.message.contains("4 of 5 files"), "{}", copied.end.message);
    assert!(copied.end.hint.as_deref().is_some_and(|hint| hint.contains("remove it")), "{:?}", copied.end.hint);
    assert_eq!(copied.actions.keys().collect::<Vec<_>>(), ["good"]);
    let victim = fs::metadata(at("victim")).expect("a file");
    assert_eq!(
        (fs::read_to_string(at("victim")).expect("a file").as_str(), victim.permissions().mode() & 0o777),
        ("mine", 0o600)
    );
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_out_of_no_destination() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-links");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("source/sub")).expect("folders");
    fs::write(at("source/sub/file"), "theirs").expect("a file");
    fs::create_dir(at("outside")).expect("a folder");
    let source = at("source").display().to_string();
    for link in ["one/host", "two/host/source", "three/host/source/sub"] {
        fs::create_dir_all(at(link).parent().expect("a parent")).expect("folders");
        symlink(at("outside"), at(link)).expect("a link");
        let destination = at(link.split('/').next().expect("a name"));
        let copied = perform(&route, pull(&[&source], &destination)).await;
        assert_refused(&copied, &[link, "a symbolic link is in the way"]);
    }
    assert_eq!(fs::read_dir(at("outside")).expect("a folder").count(), 0);

    // A link that the user names is the user's own; one under the name of a file is replaced.
    symlink(at("outside"), at("named")).expect("a link");
    fs::create_dir_all(at("outside/host/source/sub")).expect("folders");
    fs::write(at("victim"), "theirs").expect("a file");
    symlink(at("victim"), at("outside/host/source/sub/file")).expect("a link");
    assert_eq!(
        perform(&route, pull(&[&source], &at("named"))).await.counts().into_keys().collect::<Vec<_>>(),
        ["copied"]
    );
    assert!(fs::symlink_metadata(at("outside/host/source/sub/file")).expect("a file").is_file());
    route.assert_nothing_remains().await;
}

#[test]
fn the_umask_of_the_program_holds() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("copy-umask");
    let at = |name: &str| folder.path().join(name);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
    for (file, given) in [("open", 0o4777), ("shared", 0o664), ("closed", 0o600)] {
        fs::write(at(file), "x").expect("a file");
        fs::set_permissions(at(file), fs::Permissions::from_mode(given)).expect("a mode");
    }
    let mut command = Command::new("sh");
    command.args(["-c", "umask 027; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_psfleet"), "copy", "pull"]);
    command.args([at("open"), at("shared"), at("closed"), at("back")]).arg("--pwsh").arg(pwsh);
    command.args(["-t", "localhost", "--transport", "local", "--no-input", "-o", "none"]);
    let output = command.env("PSFLEET_STATE_DIR", folder.path()).current_dir(folder.path()).output().expect("sh runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let modes = ["", "open", "shared", "closed"].map(|file| mode(&at("back/localhost").join(file)));
    assert_eq!(modes, [0o750, 0o750, 0o640, 0o600]);
}
