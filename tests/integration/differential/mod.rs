//! The differential test: the same script blocks through PowerShell's own Invoke-Command and through psfleet, against
//! the same OpenSSH server, must give the same.
//!
//! The blocks stand in `blocks/`, each with what it covers; [`block`] reads them. [`theirs`] has a real PowerShell run
//! them as a client and tell what it sees in what it got (`client.ps1`, `dump.ps1`); [`ours`] runs them through the run
//! side and the jsonl writer; [`tree`] brings both into one form. Compared are type names, properties, values, errors
//! with their invocation, every stream, and the order: of objects, errors, warnings and information records among each
//! other, of the other streams, which Invoke-Command keeps apart, each for itself.
//!
//! Not compared, because they belong to one run: times, process and thread ids of information records, the number of a
//! pipeline in its session's history, .NET's stack in exceptions, and the notes that Invoke-Command hangs on what it
//! hands out, the tag by which it marks what it hands on of Write-Host, and exit codes, which end its session.
//!
//! What a script says to its host reaches Invoke-Command as calls, beside records that tell the same; [`told`] compares
//! them with what psfleet makes of them. A script that asks its host gets a refusal from both (`host.ps1` has the user
//! who is not there); the words of the refusals are each client's own.
//!
//! [`values`] has objects that are one value, in plain JSON and CSV beside PowerShell's own ConvertTo-Csv.
//!
//! Invoke-Command sends a block of nothing but commands with constant arguments as commands, not as text: positions are
//! lost, and arguments are evaluated by the client. psfleet sends the text wherever it is allowed, so each such block
//! that could tell ends with a value. It also puts `$input |` before a block of one pipeline that objects are piped
//! into, which psfleet does not: blocks with input have `$input`, a `process` block or parameters of their own.

mod block;
mod ours;
mod theirs;
mod told;
mod tree;
mod values;

use std::collections::HashSet;

use block::{Block, skeleton};

use crate::support::pwsh;
use crate::support::sshd::{Setup, Sshd};

#[test]
fn every_block_covers_something_of_its_own() {
    let blocks = block::all();
    assert!(blocks.len() >= 470, "{} blocks", blocks.len());
    let (mut covers, mut skeletons) = (HashSet::new(), HashSet::new());
    for Block { covers: text, script, .. } in &blocks {
        assert!(covers.insert(text.as_str()), "two blocks cover the same: {text}");
        assert!(skeletons.insert(skeleton(script)), "differs from another block only in literals: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn psfleet_gives_what_invoke_command_gives() {
    let Some(pwsh) = pwsh() else { return };
    let Some(server) = Sshd::start(&Setup::with_powershell(&pwsh)) else { return };
    let blocks = block::all();
    let client = theirs::Client::start(&pwsh, &server, &blocks);
    let ours = ours::run_all(&server, &blocks).await;
    let theirs = client.results();
    assert_eq!(theirs.len(), blocks.len(), "Invoke-Command ran every block");
    let records = ours.iter().map(tree::count).sum::<usize>();
    let mut differences = String::new();
    let mut count = 0;
    for ((block, ours), theirs) in blocks.iter().zip(ours).zip(theirs) {
        let found = tree::differences(ours, theirs, block.asks);
        if !found.is_empty() {
            count += 1;
            differences.push_str(&format!("### {}\n{}\n\n", block.covers, found.join("\n")));
        }
    }
    eprintln!("differential: {} blocks, {} records", blocks.len(), records);
    assert_eq!(count, 0, "of {} blocks differ:\n\n{differences}", blocks.len());
}
