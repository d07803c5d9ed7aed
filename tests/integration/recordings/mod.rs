//! What real Windows answered, replayed through the real session code.
//!
//! The recordings are exchanges of pypsrp with Windows hosts (builds 14393 to 26236). Each is replayed by a server that
//! gives Windows' answers byte for byte, except for ids, to our carrier and session; what we send is compared message
//! by message with what pypsrp had sent, what comes out with what the recorded answers say.
//!
//! Not replayed, for what psfleet does not do:
//! `psrp_get_command_metadata` (GET_COMMAND_METADATA), `psrp_set_runspaces` (SET_MAX_RUNSPACES, SET_MIN_RUNSPACES and
//! GET_AVAILABLE_RUNSPACES: our pools have one runspace) and `psrp_pshost_raw_ui_mocked_methods` (calls of a host with
//! a screen, which ours refuses).
//!
//! Replayed in part: `psrp_disconnect_runspaces` without Reconnect (psfleet returns to no shell, it attaches); of `client_copy_file` the two PowerShell shells, not the two of cmd; of `psrp_is_alive_*` the
//! opening, not Get as a probe; of `psrp_reset_runspace_state` the commands, not RESET_RUNSPACE_STATE and its answer.

mod channel;
mod recording;
mod replay;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use psfleet::clixml::{Document, Value};
use psfleet::left_shell::LeftShell;
use psfleet::psrp::{Argument, Command, Invocation, Opening, SecretArgument};
use psfleet::secret::Secret;
use psfleet::session::{Ending, Error, Records, RunOptions, RunReport, Session};
use psfleet::stream::Stream;
use psfleet::transport::http::TlsCache;
use psfleet::transport::wsman::{HostShells, WsmanCarrier};
use psfleet::transport::{Admission, Carrier};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::channel::{Message, kinds};
use self::recording::{RecordedCommand, Recording};
use self::replay::Replay;
use crate::support::skip;
use crate::support::winrm::envelope;

/// The folder of recordings, from `PSFLEET_TEST_RECORDINGS`; says so loudly where there is none.
fn folder() -> Option<PathBuf> {
    let found = std::env::var_os("PSFLEET_TEST_RECORDINGS").map(PathBuf::from);
    if found.is_none() {
        skip("no recordings of Windows; set PSFLEET_TEST_RECORDINGS to a folder of pypsrp's *.yml");
    }
    found
}

/// Longer than anything takes here.
const MINUTE: Duration = Duration::from_secs(60);

/// What one command brought.
struct Ran {
    report: RunReport,
    records: Vec<(Stream, Document)>,
}

impl Ran {
    fn on(&self, stream: Stream) -> Vec<&Document> {
        self.records.iter().filter(|(found, _)| *found == stream).map(|(_, document)| document).collect()
    }

    fn output(&self) -> Vec<&Document> {
        self.on(Stream::Output)
    }

    fn texts(&self) -> Vec<String> {
        self.output().into_iter().map(|document| text(&document.root)).collect()
    }

    fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.records.iter().fold(BTreeMap::new(), |mut counts, (stream, _)| {
            *counts.entry(stream.name()).or_default() += 1;
            counts
        })
    }
}

/// The text of a value: its string, or the text it was given.
fn text(value: &Value) -> String {
    let given = value.as_object().and_then(|object| object.to_string.as_ref());
    value.as_text().or(given).map(|text| text.to_str_lossy().into_owned()).unwrap_or_default()
}

#[derive(Default)]
struct Kept(Vec<(Stream, Document)>);

impl Records for Kept {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        self.0.push((stream, value));
        ControlFlow::Continue(())
    }
}

/// Replays a recording: opens a session, runs its commands, closes, and compares all that can be compared.
///
/// `scripts` replaces commands that pypsrp had built of cmdlets, which we send as text.
async fn play(name: &str, scripts: &[&str]) -> Option<(Vec<Ran>, Replay)> {
    let recording = Recording::load(&file(name)?);
    Some(play_shell(name, &recording, scripts).await)
}

fn file(name: &str) -> Option<PathBuf> {
    Some(folder()?.join(format!("{name}.yml")))
}

/// Opens a session with a replaying server, over TLS.
async fn open(replay: &Replay) -> Session {
    open_as(replay, Uuid::new_v4()).await
}

async fn open_as(replay: &Replay, pool: Uuid) -> Session {
    let stop = CancellationToken::new();
    let opening = Session::open(Opening::of_a_run(), carrier(replay), pool, MINUTE, &stop);
    opening.await.expect("the session opens")
}

fn carrier(replay: &Replay) -> Arc<dyn Carrier> {
    Arc::new(WsmanCarrier::new(&replay.target(), &TlsCache::new()).expect("carrier"))
}

async fn play_shell(name: &str, recording: &Recording, scripts: &[&str]) -> (Vec<Ran>, Replay) {
    let replay = Replay::start(recording).await;
    let mut session = open(&replay).await;
    let mut all = Vec::new();
    for (index, recorded) in recording.commands.iter().enumerate() {
        let command = recorded.command(scripts.get(index).copied());
        let options = RunOptions::within(MINUTE, CancellationToken::new(), recorded.signalled);
        let mut kept = Kept::default();
        let running = session.run(&command, Uuid::new_v4(), &options, &mut kept);
        let report = running.await.unwrap_or_else(|error| panic!("command {index} of {name}: {error}"));
        let ran = Ran { report, records: kept.0 };
        compare_results(name, recorded, &ran);
        all.push(ran);
    }
    let carrier = Arc::clone(session.carrier());
    session.close().await;
    assert!(!carrier.shell_may_remain(), "{name}");
    compare_requests(name, recording, &replay, scripts);
    (all, replay)
}

/// What came out of the session is what the recorded answers say, decoded on another way.
fn compare_results(name: &str, recorded: &RecordedCommand, ran: &Ran) {
    let expected = recorded.records();
    assert_eq!(ran.records.len(), expected.len(), "{name}: number of records");
    for (found, expected) in ran.records.iter().zip(&expected) {
        assert_eq!(found, expected, "{name}");
    }
    match (&ran.report.ending, recorded.end_state()) {
        (Ending::Completed, 4) | (Ending::Failed(_), 5) | (Ending::HostStopped(_), 3) => {}
        (ending, state) => panic!("{name}: {ending:?} of state {state}"),
    }
}

/// What we sent is what pypsrp had sent, as messages: the same kinds in the same order, the same script, arguments
/// and input.
fn compare_requests(name: &str, recording: &Recording, replay: &Replay, scripts: &[&str]) {
    assert_eq!(kinds(&replay.pool_messages()), kinds(&recording.to_pool), "{name}: messages to the pool");
    let live = replay.command_messages();
    assert_eq!(live.len(), recording.commands.len(), "{name}: commands");
    for (index, (live, recorded)) in live.iter().zip(&recording.commands).enumerate() {
        assert_eq!(kinds(live), kinds(&recorded.sent), "{name}: messages to command {index}");
        for (ours, theirs) in live.iter().zip(&recorded.sent).skip(1) {
            assert_eq!(ours.document(), theirs.document(), "{name}: input of command {index}");
        }
        if scripts.get(index).is_none() {
            assert_eq!(essence(&live[0]), essence(&recorded.sent[0]), "{name}: CREATE_PIPELINE of command {index}");
        }
    }
    let actions = replay.actions();
    assert_eq!(actions.iter().filter(|action| *action == "Delete").count(), 1, "{name}: {actions:?}");
    assert_eq!(replay.unread(), 0, "{name}: answers that we did not ask for");
}

/// What of a CREATE_PIPELINE decides what is run: whether input follows, the script, its arguments.
fn essence(message: &Message) -> (Option<bool>, String, Vec<(String, Value)>) {
    let document = message.document().expect("CLIXML");
    let no_input = document.root.member("NoInput").and_then(Value::as_bool);
    let invocation = recording::invocation(&document);
    let arguments =
        invocation.arguments.into_iter().map(|argument| (argument.name.unwrap_or_default(), argument.value));
    (no_input, invocation.script, arguments.collect())
}

#[tokio::test]
async fn opening_a_runspace_and_closing_it() {
    let Some((ran, replay)) = play("psrp_open_runspace", &[]).await else { return };
    assert!(ran.is_empty());
    assert_eq!(replay.actions(), ["Create", "Receive", "Delete"]);
}

#[tokio::test]
async fn a_shell_is_left_and_attached_to() {
    let Some(file) = file("psrp_disconnect_runspaces") else { return };
    let shells = Recording::load_all(&file);
    assert_eq!(shells.len(), 2);
    for recording in &shells {
        left_and_attached(recording).await;
    }
}

async fn left_and_attached(recording: &Recording) {
    let replay = Replay::start(recording).await;
    let pool = Uuid::new_v4();
    let session = open_as(&replay, pool).await;
    let month = 31 * 24 * 60 * MINUTE;
    let kept_for = session.carrier().leave(month).await.expect("left");
    assert_eq!(kept_for, Duration::from_millis(2_147_483_647), "no longer than the host allows");
    session.close().await;
    // How many Receives it takes to open is up to the host.
    let actions = || {
        let mut actions = replay.actions();
        actions.dedup();
        actions
    };
    assert_eq!(actions(), ["Create", "Receive", "Disconnect"], "what is left is not deleted");
    let host = HostShells::connect(&replay.target(), &TlsCache::new(), &Admission::free()).await.expect("connected");
    let listed = host.list(&Admission::free()).await.expect("a list");
    let ours = listed.iter().find(|shell| pool.to_string().eq_ignore_ascii_case(&shell.shell_id)).expect("ours");
    assert_eq!((&*ours.state, ours.idle_timeout), ("Disconnected", Some(120 * MINUTE)));
    assert_eq!(host.commands(ours).await, Ok(Vec::new()));
    let (shell, command) = (pool.hyphenated().to_string().to_uppercase(), "C".to_owned());
    let left =
        LeftShell { pool, shell, pipeline: Uuid::new_v4(), command, wrapped: false, keep_for: 60, process: None };
    let stop = CancellationToken::new();
    let session = Session::attach(carrier(&replay), &left, MINUTE, &stop).await.expect("attached");
    assert_eq!(session.server().protocol.as_deref(), Some("2.3"));
    session.close().await;
    assert_eq!(actions(), ["Create", "Receive", "Disconnect", "Enumerate", "Connect", "Delete"]);
    let sent = kinds(&replay.pool_messages());
    assert_eq!(sent, ["SESSION_CAPABILITY", "INIT_RUNSPACEPOOL", "SESSION_CAPABILITY", "CONNECT_RUNSPACEPOOL"]);
}

#[tokio::test]
async fn several_commands_in_one_session() {
    let Some((ran, replay)) = play("psrp_multiple_invocations", &[]).await else { return };
    for one in &ran {
        assert_eq!(one.output().iter().map(|document| document.root.as_i64()).collect::<Vec<_>>(), [Some(2)]);
    }
    let expected = ["Create", "Receive", "Command", "Receive", "Signal", "Command", "Receive", "Signal", "Delete"];
    assert_eq!(replay.actions(), expected);
}

#[tokio::test]
async fn all_streams_with_an_error_record_and_a_warning() {
    let Some((ran, replay)) = play("psrp_stream_output_invocation", &[]).await else { return };
    let streams = ["debug", "error", "information", "output", "progress", "verbose", "warning"];
    assert_eq!(ran[0].counts(), streams.map(|stream| (stream, 1)).into());
    let errors = ran[0].on(Stream::Error);
    assert_eq!(text(&errors[0].root), "error stream");
    let id = errors[0].root.member("FullyQualifiedErrorId").map(text);
    assert_eq!(id.as_deref(), Some("Microsoft.PowerShell.Commands.WriteErrorException"));
    assert_eq!(text(&ran[0].on(Stream::Warning)[0].root), "warning stream");
    assert_eq!(ran[0].texts(), ["output stream"]);
    assert_eq!(replay.actions(), ["Create", "Receive", "Command", "Receive", "Delete"]);
}

#[tokio::test]
async fn input_over_protocol_2_3_and_2_2() {
    for name in ["psrp_run_protocol_version_2.3", "psrp_run_protocol_version_2.2", "psrp_with_input"] {
        let Some((ran, replay)) = play(name, &[]).await else { return };
        assert_eq!(ran[0].output().len(), 4, "{name}");
        assert_eq!(beside_one_send(&replay), ["Create", "Receive", "Command", "Receive", "Delete"], "{name}");
    }
}

#[tokio::test]
async fn a_terminating_error() {
    let Some((ran, _)) = play("client_fetch_file_fail_missing", &[]).await else { return };
    let Ending::Failed(Some(error)) = &ran[0].report.ending else { panic!("{:?}", ran[0].report) };
    assert_eq!(text(&error.root), r"The path at 'C:\fakefile.txt' does not exist");
}

#[tokio::test]
async fn output_larger_than_an_envelope() {
    let Some((ran, replay)) = play("client_fetch_file", &[]).await else { return };
    let output = ran[0].texts();
    assert_eq!(output.len(), 2);
    assert!(output[0].len() > 300_000 && output[1].len() == 40, "{} {}", output[0].len(), output[1]);
    let receives = ["Create", "Receive", "Command", "Receive", "Receive", "Receive", "Delete"];
    assert_eq!(replay.actions(), receives);
}

#[tokio::test]
async fn quiet_polls_of_a_long_running_command() {
    let script = "Start-Sleep -Seconds 25; echo hi; Start-Sleep -Seconds 20";
    let Some((ran, replay)) = play("psrp_long_running_cmdlet", &[script]).await else { return };
    assert_eq!(ran[0].texts(), ["hi"]);
    let receives = replay.actions().iter().filter(|action| *action == "Receive").count();
    assert_eq!(receives, 1 + 3);
}

#[tokio::test]
async fn a_script_larger_than_an_envelope() {
    let Some((ran, replay)) = play("psrp_small_msg_size", &[]).await else { return };
    assert_eq!(ran[0].texts()[0], "input");
    assert_eq!(beside_one_send(&replay), ["Create", "Receive", "Command", "Receive", "Receive", "Delete"]);
}

/// The actions without the one Send of the input, which goes out while a Receive waits.
fn beside_one_send(replay: &Replay) -> Vec<String> {
    let (sends, others): (Vec<_>, Vec<_>) = replay.actions().into_iter().partition(|action| action == "Send");
    assert_eq!(sends.len(), 1);
    others
}

#[tokio::test]
async fn an_exit_code() {
    let Some((ran, _)) = play("psrp_pshost_methods", &[]).await else { return };
    assert_eq!(ran[0].report.exit_code, Some(1));
    assert_eq!(ran[0].texts(), ["en-US"]);
}

#[tokio::test]
async fn commands_of_other_shapes() {
    for (name, scripts, expected) in [
        ("client_execute_ps", &["Invoke-Expression x | Out-String -Stream"][..], &["winrm", "Running"][..]),
        ("psrp_no_profile", &[], &[r"C:\WINDOWS\SYSTEM32\CONFIG\SYSTEMPROFILE"]),
        ("psrp_application_args", &[], &[""]),
        ("psrp_with_no_history", &[], &["", ""]),
    ] {
        let Some((ran, _)) = play(name, scripts).await else { return };
        assert_eq!(ran[0].texts()[..expected.len()], *expected, "{name}");
    }
}

#[tokio::test]
async fn a_copied_file_goes_in_by_two_shells() {
    let Some(file) = file("client_copy_file") else { return };
    let shells = Recording::load_all(&file);
    assert_eq!(shells.len(), 2);
    for shell in &shells {
        let (ran, replay) = play_shell("client_copy_file", shell, &[]).await;
        assert_eq!(ran[0].texts().len(), 1);
        assert_eq!(beside_one_send(&replay), ["Create", "Receive", "Command", "Receive", "Delete"]);
    }
}

#[tokio::test]
async fn commands_around_a_reset() {
    let Some((ran, replay)) = play("psrp_reset_runspace_state", &[]).await else { return };
    assert_eq!(ran.iter().map(|ran| ran.output().len()).collect::<Vec<_>>(), [1, 0]);
    // The first command's slot is given back as there is another one; the last one's goes with the shell.
    let expected = ["Create", "Receive", "Command", "Receive", "Signal", "Command", "Receive", "Delete"];
    assert_eq!(replay.actions(), expected);
}

#[tokio::test]
async fn a_shell_that_is_gone_or_disconnected_is_closed_without_a_complaint() {
    for (name, probed) in [
        ("psrp_is_alive_invalid_selectors", "Code=\"2150858843\""),
        ("psrp_is_alive_state_disconnected", "Disconnected"),
    ] {
        let Some(file) = file(name) else { return };
        let mut recording = Recording::load(&file);
        assert!(recording.probed.contains(probed), "{name}");
        // Whoever asks for a shell that is gone gets the fault that the probe got; a disconnected one can be deleted.
        let is_gone = recording.probed.contains("Fault>");
        recording.deleted = if is_gone { recording.probed.clone() } else { envelope("") };
        let replay = Replay::start(&recording).await;
        let session = open(&replay).await;
        let carrier = Arc::clone(session.carrier());
        carrier.close().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!carrier.shell_may_remain(), "{name}");
        assert_eq!(replay.actions(), ["Create", "Receive", "Delete"], "{name}");
    }
}

#[tokio::test]
async fn a_server_that_gives_no_key_is_given_up() {
    let Some(file) = file("psrp_key_exchange_timeout") else { return };
    let recording = Recording::load(&file);
    let replay = Replay::start(&recording).await;
    let mut session = open(&replay).await;
    let secret = SecretArgument::new(Uuid::new_v4(), Secret::new("never sent".into()));
    let argument = Argument { name: None, value: secret.secure_string() };
    let invocation = Invocation { script: "param($s)".into(), arguments: vec![argument], input: false };
    let command = Command::new(&invocation, &[]).with_secrets(&[secret]);
    let options = RunOptions::within(Duration::from_secs(5), CancellationToken::new(), true);
    let begin = Instant::now();
    let ran = session.run(&command, Uuid::new_v4(), &options, &mut Kept::default()).await;
    let Err(Error::NoKey(reason)) = ran else { panic!("{ran:?}") };
    assert_eq!(reason, "no answer within 5 s");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(!session.is_reusable());
    let carrier = Arc::clone(session.carrier());
    session.close().await;
    assert!(!carrier.shell_may_remain());
    assert_eq!(kinds(&replay.pool_messages()), kinds(&recording.to_pool));
    assert!(replay.command_messages().is_empty());
    assert_eq!(replay.actions(), ["Create", "Receive", "Receive", "Send", "Receive", "Delete"]);
}
