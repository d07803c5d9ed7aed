//! Copies as runs of one target, and trees of files to copy and compare.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use psfleet::copy::{Pull, Push, Selection};
use psfleet::event::Finished;
use psfleet::fleet::Task;
use psfleet::outcome::Outcome;
use psfleet::stream::Stream;
use psfleet::target::{Target, Timeouts};
use tokio::sync::mpsc;

use crate::matrix::route::Route;
use crate::support::run::{self, Ran, plain};

/// The name of the one host.
pub(super) const HOST: &str = "host";

/// Longer than any copy takes here on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Bytes that nobody guesses, the same for the same seed.
pub(super) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// What a copy has given.
pub(super) struct Copied {
    /// `action` by the last part of the path.
    pub actions: BTreeMap<String, String>,
    /// Messages of error records.
    pub errors: Vec<String>,
    /// How it ended.
    pub end: Finished,
}

impl Copied {
    fn new(ran: Ran) -> Self {
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let object = |object: serde_json::Value| {
            let text = |key: &str| object[key].as_str().expect("a text").to_owned();
            assert_eq!(text("Sha256").len(), 64);
            (name(&text("Path")), text("Action"))
        };
        let errors = ran.records.iter().filter(|(_, stream, _)| *stream == Stream::Error);
        let errors = errors.map(|(_, _, record)| plain(record)["Exception"]["Message"].to_string()).collect();
        let actions = ran.objects().into_iter().map(object).collect();
        Self { actions, errors, end: ran.ends.into_iter().next().expect("one end") }
    }

    /// Asserts that it went well, and says how many files had each action.
    pub(super) fn counts(&self) -> BTreeMap<&str, usize> {
        assert_eq!(self.end.outcome, Outcome::Ok, "{} {:?}", self.end.message, self.errors);
        let mut counts = BTreeMap::new();
        self.actions.values().for_each(|action| *counts.entry(action.as_str()).or_default() += 1);
        counts
    }
}

/// Does it on the route's host.
pub(super) async fn perform(route: &Route, task: Arc<dyn Task>) -> Copied {
    let (_interrupt, interrupts) = mpsc::channel(1);
    perform_until(route, task, interrupts).await
}

/// Does it until an interrupt.
pub(super) async fn perform_until(
    route: &Route,
    task: Arc<dyn Task>,
    interrupts: mpsc::Receiver<psfleet::fleet::Interrupt>,
) -> Copied {
    attempt(route, task, 0, PATIENCE, interrupts).await
}

/// Does it in so much time.
pub(super) async fn perform_within(route: &Route, task: Arc<dyn Task>, time: Duration) -> Copied {
    let (_interrupt, interrupts) = mpsc::channel(1);
    attempt(route, task, 0, time, interrupts).await
}

/// Does it, and once more if the link breaks.
pub(super) async fn perform_twice(route: &Route, task: Arc<dyn Task>) -> Copied {
    let (_interrupt, interrupts) = mpsc::channel(1);
    attempt(route, task, 1, PATIENCE, interrupts).await
}

/// Does it on hosts of these names that are one machine, so that they share its folders.
pub(super) async fn perform_on(route: &Route, hosts: &[&str], task: Arc<dyn Task>) -> Ran {
    let (_interrupt, interrupts) = mpsc::channel(1);
    let targets = hosts.iter().map(|host| target(route, host, PATIENCE)).collect();
    let mut spec = run::spec(targets, "");
    spec.work = task;
    run::run_over(spec, route.connector(), interrupts).await
}

async fn attempt(
    route: &Route,
    task: Arc<dyn Task>,
    retries: u32,
    time: Duration,
    interrupts: mpsc::Receiver<psfleet::fleet::Interrupt>,
) -> Copied {
    let mut spec = run::spec(vec![target(route, HOST, time)], "");
    spec.work = task;
    spec.retry.retries = retries;
    Copied::new(run::run_over(spec, route.connector(), interrupts).await)
}

fn target(route: &Route, name: &str, time: Duration) -> Target {
    Target {
        name: name.into(),
        endpoint: route.endpoint(),
        credential: route.credential(),
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts { run: time, connect: Duration::from_secs(60), open: Duration::from_secs(120) },
    }
}

/// A push of names below a folder here.
pub(super) fn push(names: &[PathBuf], destination: &str, folder: bool, force: bool) -> Arc<dyn Task> {
    let names: Vec<String> = names.iter().map(|name| name.display().to_string()).collect();
    let selection = Selection::find(&names, true).expect("the files are there");
    Arc::new(Push::new(selection, destination, folder, force, 1))
}

/// A pull of names on the host into a folder here.
pub(super) fn pull(names: &[&str], folder: &Path) -> Arc<dyn Task> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Arc::new(Pull::new(names, folder, true, false, &[HOST]))
}

/// A tree with everything that is special about files.
pub(super) fn plant(root: &Path) -> PathBuf {
    let tree = root.join("tree [1]");
    fs::create_dir_all(tree.join("sub/it's \"deep\"")).expect("folders");
    fs::create_dir_all(tree.join("sub/empty folder")).expect("folders");
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("a b.txt", b"hello".to_vec()),
        ("x[1].txt", b"brackets".to_vec()),
        ("it's $(this) `that` \"quoted\"", b"quotes".to_vec()),
        ("äöü 日本.txt", "unicode".into()),
        ("sub/large", noise(3_000_001, 1)),
        ("sub/it's \"deep\"/.hidden", b"dots".to_vec()),
    ] {
        fs::write(tree.join(name), bytes).expect("a file");
    }
    fs::set_permissions(tree.join("a b.txt"), fs::Permissions::from_mode(0o750)).expect("a mode");
    let then = std::time::UNIX_EPOCH + Duration::new(1_600_000_000, 123_456_700);
    fs::File::options().write(true).open(tree.join("sub/large")).expect("open").set_modified(then).expect("a time");
    tree
}

/// Everything below a folder: relative path, content, permissions, time of files.
pub(super) fn harvest(root: &Path) -> BTreeMap<String, Option<(Vec<u8>, u32, i64)>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below").display().to_string();
            let metadata = entry.metadata().expect("metadata");
            if metadata.is_dir() {
                found.insert(name, None);
                open.push(path);
            } else {
                // .NET keeps 100 ns.
                let time = metadata.mtime() * 10_000_000 + metadata.mtime_nsec() / 100;
                let content = fs::read(&path).expect("a file");
                found.insert(name, Some((content, metadata.mode() & 0o777, time)));
            }
        }
    }
    found
}
