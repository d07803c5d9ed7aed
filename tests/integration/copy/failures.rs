//! What cannot be copied is said clearly, and leaves no half file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use psfleet::copy::name;
use psfleet::fleet::Interrupt;
use psfleet::outcome::{Outcome, Reason};
use tokio::sync::mpsc;

use super::driver::{Copied, HOST, harvest, noise, perform, perform_until, pull, push};
use crate::matrix::route::Route;
use crate::support::folder::Folder;
use crate::support::skip;

fn assert_failed(copied: &Copied, parts: &[&str]) {
    let Copied { end, errors, .. } = copied;
    assert_eq!((end.outcome, end.reason), (Outcome::Failed, Some(Reason::CopyFailed)), "{}", end.message);
    for part in parts {
        assert!(end.message.contains(part), "{part:?} is not in {:?}", end.message);
    }
    assert!(!errors.is_empty());
}

fn names(folder: &Path) -> Vec<String> {
    harvest(folder).into_keys().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_folders_and_files_are_named() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-missing");
    let file = folder.path().join("file");
    fs::write(&file, "x").expect("a file");
    let inside = folder.path().join("no/such/folder/file").display().to_string();
    let copied = perform(&route, push(std::slice::from_ref(&file), &inside, false, false)).await;
    assert_failed(&copied, &["no/such/folder"]);
    assert!(copied.end.hint.as_deref().is_some_and(|hint| hint.contains("ends in /")), "{:?}", copied.end.hint);

    // The rest is copied whatever becomes of one.
    let back = folder.path().join("back");
    let there = file.display().to_string();
    let copied = perform(&route, pull(&["/no/such/file", &there, "/no/such/*.log"], &back)).await;
    assert_failed(&copied, &["2 of 3 files", "/no/such/file"]);
    assert_eq!(names(&back.join(HOST)), ["file"]);
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_the_way_stays() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-way");
    let file = folder.path().join("name");
    fs::write(&file, "x").expect("a file");
    let there = folder.path().join("there");
    fs::create_dir_all(there.join("name")).expect("folders");
    let copied = perform(&route, push(&[file], &there.display().to_string(), true, false)).await;
    assert_failed(&copied, &["a folder is in the way", "there/name"]);
    assert_eq!(names(&there), ["name"]);
    route.assert_nothing_remains().await;
}

/// That somebody may not do something is said with what to do about it.
fn assert_denied(copied: &Copied, parts: &[&str]) {
    assert_failed(copied, parts);
    let hint = copied.end.hint.as_deref().unwrap_or_default();
    // Containers often have these places on a file system that nobody may write.
    assert!(hint.contains("is not allowed to do that") || hint.contains("read-only"), "{:?}", copied.end);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_even_root_may_not_do_is_said() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-denied");
    let file = folder.path().join("file");
    fs::write(&file, "x").expect("a file");
    // The kernel lets nobody make files there, and nobody read this one.
    let copied = perform(&route, push(std::slice::from_ref(&file), "/sys/psfleet", false, false)).await;
    assert_denied(&copied, &["/sys/psfleet"]);
    let copied = perform(&route, push(std::slice::from_ref(&file), "/sys/psfleet/", true, false)).await;
    assert_denied(&copied, &["/sys/psfleet"]);
    let there = file.display().to_string();
    let copied = perform(&route, pull(&[&there, "/proc/sys/vm/compact_memory"], folder.path())).await;
    assert_denied(&copied, &["compact_memory"]);
    assert_eq!(names(&folder.path().join(HOST)), ["file"]);
    let copied = perform(&route, pull(&[&there], Path::new("/sys/psfleet"))).await;
    assert_denied(&copied, &["/sys/psfleet", "on this machine"]);
    assert!(!Path::new("/sys/psfleet").exists());
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_permissions_forbid_is_said() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-modes");
    let at = |name: &str| folder.path().join(name);
    for closed in ["closed", "back"] {
        fs::create_dir(at(closed)).expect("a folder");
    }
    fs::create_dir(at("back").join(HOST)).expect("a folder");
    for file in ["file", "secret"] {
        fs::write(at(file), "x").expect("a file");
    }
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    set_mode(&at("closed"), 0o500);
    set_mode(&at("back").join(HOST), 0o500);
    set_mode(&at("secret"), 0);
    if fs::read(at("secret")).is_ok() {
        skip("permissions forbid nothing to this user");
        return;
    }
    let (file, secret) = (at("file").display().to_string(), at("secret").display().to_string());
    let copied = perform(&route, push(&[at("file")], &at("closed").display().to_string(), true, false)).await;
    assert_denied(&copied, &["closed/file"]);
    let copied = perform(&route, pull(&[&secret, &file], &at("there"))).await;
    assert_denied(&copied, &["secret"]);
    assert_eq!(names(&at("there").join(HOST)), ["file"]);
    let copied = perform(&route, pull(&[&file], &at("back"))).await;
    assert_denied(&copied, &["on this machine"]);
    for closed in [at("closed"), at("back").join(HOST)] {
        assert_eq!(names(&closed), Vec::<String>::new());
        set_mode(&closed, 0o700);
    }
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_no_half_file() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-full");
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    let mounted =
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        skip("no right to mount a small disk");
        return;
    }
    let unmount = || std::process::Command::new("umount").arg(&disk).status();
    let file = folder.path().join("file");
    fs::write(&file, noise(3 << 20, 4)).expect("a file");
    let small = folder.path().join("small");
    fs::write(&small, "fits").expect("a file");
    let pushed = perform(&route, push(&[file.clone(), small], &disk.display().to_string(), true, false)).await;
    let after_push = names(&disk);
    let pulled = perform(&route, pull(&[&file.display().to_string()], &disk)).await;
    let after_pull = names(&disk);
    assert!(unmount().expect("umount").success());
    assert_failed(&pushed, &["disk/file"]);
    assert!(pushed.end.hint.as_deref().is_some_and(|hint| hint.contains("space")), "{:?}", pushed.end);
    assert_eq!(after_push, ["small"]);
    assert_failed(&pulled, &["file", "on this machine"]);
    assert!(pulled.end.hint.as_deref().is_some_and(|hint| hint.contains("space")), "{:?}", pulled.end);
    assert_eq!(after_pull, ["host", "small"]);
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_use_says_so() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-use");
    let file = folder.path().join("file");
    fs::write(&file, "x").expect("a file");
    let there = folder.path().join("there");
    fs::create_dir(&there).expect("a folder");
    // As a second copy to the same place at the same time would hold it.
    let held = fs::File::create(there.join(name::temporary_on(HOST, "file"))).expect("a file");
    held.lock().expect("a lock");
    let copied = perform(&route, push(&[file], &there.display().to_string(), true, false)).await;
    assert_failed(&copied, &["there/", "used by another process"]);
    assert!(copied.end.hint.as_deref().is_some_and(|hint| hint.contains("another program")), "{:?}", copied.end);
    assert!(!there.join("file").exists());
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_stay_outside() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-hostile");
    let source = folder.path().join("source");
    fs::create_dir(&source).expect("a folder");
    for file in ["good", "..\\..\\evil", "escape\u{1b}[2J", "C:\\evil"] {
        fs::write(source.join(file), "x").expect("a file");
    }
    let copied = perform(&route, pull(&[&source.display().to_string()], &folder.path().join("back"))).await;
    assert_failed(&copied, &["3 of 4 files", "its name cannot be used here"]);
    assert_eq!(names(&folder.path().join("back")), ["host", "host/source", "host/source/good"]);
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_keeps_what_has_begun_for_the_next_try() {
    let Some(route) = Route::local() else { return };
    let folder = Folder::new("copy-stop");
    let (file, there) = (folder.path().join("file"), folder.path().join("there"));
    fs::create_dir(&there).expect("a folder");
    fs::write(&file, noise(64 << 20, 5)).expect("a file");
    let destination = there.display().to_string();
    let part = there.join(name::temporary_on(HOST, "file"));
    let (interrupt, interrupts) = mpsc::channel(1);
    let watch = async {
        while fs::metadata(&part).map_or(0, |part| part.len()) < 1 << 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        interrupt.send(Interrupt::Stop).await.expect("the run listens");
    };
    let push = || push(std::slice::from_ref(&file), &destination, true, false);
    let (copied, ()) = tokio::join!(perform_until(&route, push(), interrupts), watch);
    assert_eq!((copied.end.outcome, copied.end.reason), (Outcome::Cancelled, Some(Reason::Interrupted)));
    assert!(part.exists() && !there.join("file").exists());
    let copied = perform(&route, push()).await;
    assert_eq!(copied.counts().keys().copied().collect::<Vec<_>>(), ["resumed"]);
    assert!(fs::read(there.join("file")).expect("a file") == fs::read(&file).expect("a file"));
    assert!(!part.exists());
    route.assert_nothing_remains().await;
}

#[test]
fn the_sandbox_says_at_once_that_its_own_engine_cannot() {
    let folder = Folder::new("copy-sandbox");
    let inventory = concat!(env!("CARGO_MANIFEST_DIR"), "/inventories/sandbox.toml");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["copy", "push", "Cargo.toml", "there/", "-i", inventory, "-t", "web001", "-o", "none"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).env("HOME", folder.path()).output().expect("psfleet");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr
            .contains("error: web001: The sandbox does not know file streams ([IO.FileStream]), which copying needs."),
        "{stderr}"
    );
}
