//! The script matrix: the same script blocks through every transport, with the same objects, streams and outcomes.
//!
//! The blocks stand in `*.toml` beside this file, each with what it covers and everything it must bring; [`block`]
//! reads them. [`driver`] runs one on one target through the run side and the jsonl writer, [`route`] is a way to a
//! real PowerShell. Equal to the expectation on every route means equal to one another.

mod block;
mod driver;
pub(crate) mod route;
mod secrets;

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;

use futures::StreamExt;
use psfleet::target::AuthMethod;

use block::Block;
use route::Route;

/// Sessions at the same time: each is a PowerShell process of its own.
const PARALLEL: usize = 3;

/// Runs every block over one route and compares each with its expectation.
async fn agrees(route: Option<Route>) {
    let Some(route) = route else { return };
    let blocks = block::all();
    let ran: Vec<Vec<String>> = futures::stream::iter(&blocks)
        .map(|block| async { driver::run(block, &route).await.differences(block) })
        .buffer_unordered(PARALLEL)
        .collect()
        .await;
    note(ran.len(), route.name());
    route.assert_nothing_remains().await;
    let differences = ran.concat();
    assert!(differences.is_empty(), "{} differences\n\n{}", differences.len(), differences.join("\n\n"));
}

/// Adds a line to the file of `PSFLEET_TEST_MATRIX`, which continuous integration reads: every route must have run,
/// each with as many blocks as the others.
fn note(blocks: usize, route: &str) {
    let Some(file) = std::env::var_os("PSFLEET_TEST_MATRIX") else { return };
    let mut file = OpenOptions::new().append(true).create(true).open(file).expect("PSFLEET_TEST_MATRIX can be written");
    writeln!(file, "{blocks} blocks x {route}").expect("PSFLEET_TEST_MATRIX can be written");
}

#[test]
fn every_block_covers_something_of_its_own() {
    let blocks = block::all();
    assert!(blocks.len() >= 40, "{} blocks", blocks.len());
    let mut covers = HashSet::new();
    let mut skeletons = HashSet::new();
    for Block { covers: text, script, .. } in &blocks {
        assert!(covers.insert(text.as_str()), "two blocks cover the same: {text}");
        assert!(skeletons.insert(block::skeleton(script)), "differs from another block only in literals: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn local() {
    agrees(Route::local()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh() {
    agrees(Route::ssh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_basic_over_tls() {
    agrees(Route::winrm("winrm, Basic over TLS", AuthMethod::Basic, true).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_ntlm_sealed_over_http() {
    agrees(Route::winrm("winrm, NTLM sealed over HTTP", AuthMethod::Ntlm, false).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_negotiate_over_https() {
    agrees(Route::winrm("winrm, Negotiate over HTTPS", AuthMethod::Negotiate, true).await).await;
}
