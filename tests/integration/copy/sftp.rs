//! Over SSH, the bytes of large files travel by SFTP where it is of use, and over the session where it is not.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use psfleet::copy::name;
use psfleet::fleet::{Interrupt, Task};
use psfleet::outcome::Outcome;
use tokio::sync::mpsc;

use super::driver::{HOST, noise, perform, perform_until, perform_within, pull, push};
use crate::matrix::route::Route;
use crate::support::folder::Folder;
use crate::support::skip;

/// Longer than what travels in one frame.
const LARGE: usize = 5_000_001;

/// OpenSSH's SFTP server behind a script of the test's, with a log of every file that it opens and closes.
struct Server {
    folder: Folder,
    route: Route,
}

impl Server {
    /// A server that is started by a line of shell, in which `$sftp` is the command.
    fn start(line: &str) -> Option<Self> {
        let places = ["/usr/lib/openssh", "/usr/libexec/openssh", "/usr/lib/ssh", "/usr/libexec"];
        let program = places.map(|place| Path::new(place).join("sftp-server")).into_iter().find(|path| path.is_file());
        let Some(program) = program else {
            skip("no sftp-server of OpenSSH");
            return None;
        };
        let folder = Folder::new("sftp");
        let (script, log) = (folder.path().join("server"), folder.path().join("log"));
        let sftp = format!("{} -e -l INFO", program.display());
        let text = format!("#!/bin/sh\nexec 2>>'{}'\nexport sftp='{sftp}'\n{line}\n", log.display());
        fs::write(&script, text).expect("a script");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).expect("a program");
        let route = Route::ssh_with(&format!("Subsystem sftp {}\n", script.display()))?;
        Some(Self { folder, route })
    }

    /// One that sees something else where a folder is: `mount` is the command that puts it there, with the folder as
    /// `$1`. It runs in a namespace of its own, as anybody may.
    fn elsewhere(folder: &Path, mount: &str) -> Option<Self> {
        let server = Self::start(&format!("exec unshare -rm sh -c '{mount} && exec $sftp' - '{}'", folder.display()))?;
        if !Command::new("unshare").args(["-rm", "true"]).status().is_ok_and(|status| status.success()) {
            skip("no right to mount in a namespace");
            return None;
        }
        Some(server)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits until it has ended, and gives the bytes that it has read and written, by path.
    async fn moved(&self) -> BTreeMap<String, (u64, u64)> {
        let Route::Ssh(sshd, _) = &self.route else { panic!("a route over SSH") };
        let start = Instant::now();
        while !sshd.children().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(20), "still running: {:?}", sshd.children());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let log = self.log();
        let mut moved = BTreeMap::new();
        for line in log.lines() {
            let Some((_, closed)) = line.split_once("close \"") else { continue };
            let (path, rest) = closed.split_once("\" bytes read ").expect("the form of OpenSSH's log");
            let (read, written) = rest.split_once(" written ").expect("the form of OpenSSH's log");
            let sums: &mut (u64, u64) = moved.entry(path.to_owned()).or_default();
            sums.0 += read.trim().parse::<u64>().expect("a number");
            sums.1 += written.trim().parse::<u64>().expect("a number");
        }
        moved
    }

    async fn end(self) {
        self.route.assert_nothing_remains().await;
    }
}

/// A file to copy, where it shall be, and its bytes.
struct Files {
    folder: Folder,
    here: PathBuf,
    there: PathBuf,
    bytes: Vec<u8>,
}

impl Files {
    fn new(length: usize) -> Self {
        let folder = Folder::new("copy-sftp");
        let (here, there) = (folder.path().join("here/großes \"file\" [1]"), folder.path().join("there"));
        fs::create_dir_all(&there).expect("a folder");
        fs::create_dir_all(folder.path().join("here")).expect("a folder");
        let bytes = noise(length, 7);
        fs::write(&here, &bytes).expect("a file");
        Self { folder, here, there, bytes }
    }

    fn name(&self) -> &str {
        self.here.file_name().and_then(|name| name.to_str()).expect("a name")
    }

    /// Where it grows when it is sent.
    fn part(&self) -> PathBuf {
        self.there.join(name::temporary_on(HOST, self.name()))
    }

    fn push(&self) -> Arc<dyn Task> {
        push(std::slice::from_ref(&self.here), &self.there.display().to_string(), true, false)
    }

    fn pull(&self) -> Arc<dyn Task> {
        pull(&[&self.here.display().to_string()], &self.back())
    }

    fn back(&self) -> PathBuf {
        self.folder.path().join("back")
    }

    fn assert_pushed(&self) {
        assert!(fs::read(self.there.join(self.name())).expect("a file") == self.bytes);
        assert!(!self.part().exists());
    }

    fn assert_pulled(&self) {
        assert!(fs::read(self.back().join(HOST).join(self.name())).expect("a file") == self.bytes);
        assert_eq!(fs::read_dir(self.back().join(HOST)).expect("a folder").count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_go_beside_the_session_and_small_ones_with_it() {
    let Some(server) = Server::start("exec $sftp") else { return };
    let files = Files::new(LARGE);
    let small = files.folder.path().join("here/small");
    fs::create_dir(&small).expect("a folder");
    for number in 0..100 {
        fs::write(small.join(number.to_string()), noise(number * 1000, 1)).expect("a file");
    }
    let sources = [files.here.clone(), small];
    let copied = perform(&server.route, push(&sources, &files.there.display().to_string(), true, false)).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 101)]));
    files.assert_pushed();
    let moved = server.moved().await;
    assert_eq!(moved.values().copied().collect::<Vec<_>>(), [(0, LARGE as u64)], "{moved:?}");

    let source = files.here.parent().expect("a folder").display().to_string();
    let copied = perform(&server.route, pull(&[&source], &files.back())).await;
    assert_eq!(copied.counts(), BTreeMap::from([("copied", 101)]));
    assert!(fs::read(files.back().join(HOST).join("here").join(files.name())).expect("a file") == files.bytes);
    let read: Vec<u64> = server.moved().await.values().map(|(read, _)| *read).filter(|read| *read > 0).collect();
    assert_eq!(read, [LARGE as u64]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_transfer_is_gone_on_with() {
    let Some(server) = Server::start("exec $sftp") else { return };
    let files = Files::new(96 << 20);
    let length = files.bytes.len() as u64;
    let part = files.part();
    let back = files.back().join(HOST).join(name::temporary(files.name()));
    for (task, part) in [(files.push(), &part), (files.pull(), &back)] {
        let (interrupt, interrupts) = mpsc::channel(1);
        let watch = async {
            while fs::metadata(part).map_or(0, |part| part.len()) < 1 << 20 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            interrupt.send(Interrupt::Stop).await.expect("the run listens");
        };
        let (copied, ()) = tokio::join!(perform_until(&server.route, task, interrupts), watch);
        assert_eq!(copied.end.outcome, Outcome::Cancelled);
    }
    let before = server.moved().await;
    let (kept, kept_back) = (part.metadata().expect("a part").len(), back.metadata().expect("a part").len());
    assert!(kept < length && kept_back < length);
    assert_eq!(perform(&server.route, files.push()).await.counts(), BTreeMap::from([("resumed", 1)]));
    assert_eq!(perform(&server.route, files.pull()).await.counts(), BTreeMap::from([("resumed", 1)]));
    files.assert_pushed();
    files.assert_pulled();
    // Only what was missing was sent.
    let sum = |moved: &BTreeMap<String, (u64, u64)>| {
        moved.values().fold((0, 0), |sum, (read, written)| (sum.0 + read, sum.1 + written))
    };
    let ((read_before, written_before), (read, written)) = (sum(&before), sum(&server.moved().await));
    assert_eq!(written - written_before, length - kept);
    assert_eq!(read - read_before, length - kept_back);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_does_not_outlast_the_time_of_the_run() {
    // It takes what is sent, and after a while says so no more.
    let Some(server) = Server::start("$sftp | dd bs=64k count=20; exec sleep 600") else { return };
    let files = Files::new(64 << 20);
    let copied = perform_within(&server.route, files.push(), Duration::from_secs(10)).await;
    assert_eq!(copied.end.outcome, Outcome::Timeout, "{}", copied.end.message);
    // One answer alone is waited for longer.
    assert!(copied.end.duration < Duration::from_secs(50), "{:?}", copied.end);
    assert!(files.part().exists() && !files.there.join(files.name()).exists());
    server.end().await;
}

/// Copies both ways over a server whose SFTP is of no use: it carries nothing to the end, and says why.
async fn goes_over_the_session(server: Server, files: &Files, said: &[&str]) {
    assert_eq!(perform(&server.route, files.push()).await.counts(), BTreeMap::from([("copied", 1)]));
    files.assert_pushed();
    assert_eq!(perform(&server.route, files.pull()).await.counts(), BTreeMap::from([("copied", 1)]));
    files.assert_pulled();
    let (moved, log) = (server.moved().await, server.log());
    assert!(moved.values().all(|(_, written)| *written == 0), "{log}");
    said.iter().for_each(|said| assert!(log.contains(said), "{said} is not in {log}"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sees_no_such_files_is_left_alone() {
    let files = Files::new(LARGE);
    let Some(server) = Server::elsewhere(files.folder.path(), "mount -t tmpfs tmpfs \"$1\"") else { return };
    goes_over_the_session(server, &files, &["sent status No such file"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sees_other_files_is_left_alone() {
    let files = Files::new(LARGE);
    // The same names: the part that is sent has another length there, the file that is fetched has the same.
    let other = Folder::new("copy-other");
    for folder in ["here", "there"] {
        fs::create_dir(other.path().join(folder)).expect("a folder");
    }
    let other_part = other.path().join("there").join(name::temporary_on(HOST, files.name()));
    fs::write(&other_part, "other").expect("a file");
    fs::write(other.path().join("here").join(files.name()), noise(LARGE, 8)).expect("a file");
    let mount = format!("mount --bind \"{}\" \"$1\"", other.path().display());
    let Some(server) = Server::elsewhere(files.folder.path(), &mount) else { return };
    goes_over_the_session(server, &files, &["flags WRITE", &format!("bytes read {LARGE}")]).await;
    assert_eq!(fs::read(other_part).expect("a file"), b"other");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_nothing_is_left_alone() {
    let Some(server) = Server::start("exec $sftp -R") else { return };
    let files = Files::new(LARGE);
    assert_eq!(perform(&server.route, files.push()).await.counts(), BTreeMap::from([("copied", 1)]));
    files.assert_pushed();
    assert!(server.log().contains("sent status Permission denied"), "{}", server.log());
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_server_is_left_alone() {
    for line in ["exit 1", "echo hello, this is no SFTP"] {
        let Some(server) = Server::start(line) else { return };
        goes_over_the_session(server, &Files::new(LARGE), &[]).await;
    }
    // One that says nothing at all is waited for, but not for ever.
    let Some(server) = Server::start("exec sleep 600") else { return };
    let files = Files::new(LARGE);
    assert_eq!(perform(&server.route, files.push()).await.counts(), BTreeMap::from([("copied", 1)]));
    files.assert_pushed();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_half_way_is_replaced_by_the_session() {
    // Writing beyond the limit kills it.
    let Some(server) = Server::start("ulimit -f 4000; exec $sftp") else { return };
    let files = Files::new(LARGE);
    assert_eq!(perform(&server.route, files.push()).await.counts(), BTreeMap::from([("copied", 1)]));
    files.assert_pushed();
    server.end().await;
    // What had come is gone on with.
    let Some(server) = Server::start("$sftp | dd bs=64k count=60") else { return };
    assert_eq!(perform(&server.route, files.pull()).await.counts(), BTreeMap::from([("resumed", 1)]));
    files.assert_pulled();
    server.end().await;
}
