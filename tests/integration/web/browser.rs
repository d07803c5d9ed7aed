//! A real browser reads the pages: `browser.js` says what it does there.
//!
//! `PSFLEET_TEST_SCREENSHOTS` names a folder for pictures of all pages: light, dark, at the width of a phone, printed.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use psfleet::web::Limits;

use super::sample::{RUNNING, Sample};
use super::{Server, skipped};

/// The first of these programs that there is.
fn program(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// Where `tests/run` installs what is used of npm.
fn packages() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let folder = std::env::var_os("PSFLEET_TEST_NPM")
        .map_or_else(|| target.join("test-npm"), PathBuf::from)
        .join("node_modules");
    ["playwright-core", "axe-core"].iter().all(|name| folder.join(name).is_dir()).then_some(folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_drills_down_follows_a_run_and_finds_no_fault() {
    let Some(chromium) = program(&["chromium", "chromium-browser", "google-chrome"]) else {
        return skipped("no Chromium");
    };
    let Some(node) = program(&["node", "nodejs"]) else { return skipped("no Node.js") };
    let Some(packages) = packages() else {
        return skipped("playwright-core and axe-core are not installed: tests/run does it");
    };
    let sample = Sample::fleet();
    let server = Server::start(sample.clone(), Limits::default()).await;
    let goes_on = tokio::spawn(steps(Arc::clone(&sample)));
    let mut browser = Command::new(node);
    browser.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/integration/web/browser.js"));
    browser
        .arg(format!("http://{}", server.address))
        .arg(RUNNING)
        .arg(chromium)
        .env("NODE_PATH", packages)
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || browser.output().expect("node starts")).await.expect("it ends");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.ends_with("all is well\n"), "{said}");
    goes_on.abort();
    server.end().await;
}

/// The run goes on, as fast as one does on a fleet.
async fn steps(sample: Arc<Sample>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        sample.step();
    }
}
