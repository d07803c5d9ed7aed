//! Input that is sent while a pipeline runs, and answered before more is sent.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use psfleet::clixml::{Document, Value};
use psfleet::psrp::{Command, Invocation, Opening};
use psfleet::sandbox::{Engine, Options};
use psfleet::session::{Ending, Records, RunOptions, RunReport, Session};
use psfleet::stream::Stream;
use psfleet::target::{AuthMethod, Endpoint, LocalEndpoint, Target};
use psfleet::transport::network::Network;
use psfleet::transport::{Admission, Connector};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{pwsh, run, sandbox, winrm};

/// Hands the texts of the output on.
struct Texts(mpsc::UnboundedSender<String>);

impl Records for Texts {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream == Stream::Output {
            let text = value.root.as_text().expect("a text").to_string();
            self.0.send(text).expect("the test listens");
        }
        ControlFlow::Continue(())
    }
}

async fn open(target: &Target) -> Session {
    let carrier = Network::default().connect(target, &Admission::free()).await.expect("carrier");
    let stop = CancellationToken::new();
    Session::open(Opening::of_a_run(), carrier.into(), Uuid::new_v4(), Duration::from_secs(60), &stop)
        .await
        .expect("session")
}

/// Runs a script with input, and a conversation beside it.
async fn converse<F: Future>(
    session: &mut Session,
    script: &str,
    talk: impl FnOnce(mpsc::Sender<Document>, mpsc::UnboundedReceiver<String>) -> F,
) -> RunReport {
    let command = Command::new(&Invocation { script: script.into(), arguments: Vec::new(), input: true }, &[]);
    let options = RunOptions::within(Duration::from_secs(60), CancellationToken::new(), true);
    let (input, objects) = mpsc::channel(1);
    let (texts, heard) = mpsc::unbounded_channel();
    let mut records = Texts(texts);
    let ran = session.converse(&command, Uuid::new_v4(), &options, &mut records, objects);
    tokio::join!(ran, talk(input, heard)).0.expect("runs")
}

async fn talks(target: &Target) {
    let mut session = open(target).await;
    let report =
        converse(&mut session, "foreach ($x in $input) { \"got $x\" }; 'end'", |input, mut heard| async move {
            for word in ["a", "b", "c"] {
                input.send(Document::new(Value::str(word))).await.expect("taken");
                assert_eq!(heard.recv().await, Some(format!("got {word}")));
            }
            drop(input);
            assert_eq!(heard.recv().await.as_deref(), Some("end"));
        })
        .await;
    assert_eq!(report.ending, Ending::Completed);

    // A script that ends by itself takes no more, and the session is good for another.
    let script = "$null = $input.MoveNext(); throw 'enough'";
    let report = converse(&mut session, script, |input, _heard| async move {
        let large = || Document::new(Value::Bytes(vec![7; 300_000].into()));
        while input.send(large()).await.is_ok() {}
    })
    .await;
    assert!(matches!(report.ending, Ending::Failed(Some(_))), "{report:?}");
    assert!(session.is_reusable());
    session.close().await;
}

/// A message for the end of an empty input arrived before the script had started in one of 200 runs, which then had no
/// input.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_input_never_runs_a_process_block() {
    let Some(pwsh) = pwsh() else { return };
    let mut target = winrm::target(0);
    target.endpoint = Endpoint::Local(LocalEndpoint { pwsh });
    let mut session = open(&target).await;
    let script = "begin { \"$($MyInvocation.ExpectingInput)\" } process { 'object' } end { \"$(@($input).Count)\" }";
    let invocation = Invocation { script: script.into(), arguments: Vec::new(), input: true };
    let command = Command::with_input(&invocation, Arc::default());
    let options = RunOptions::within(Duration::from_secs(60), CancellationToken::new(), true);
    for _ in 0..400 {
        let (texts, mut heard) = mpsc::unbounded_channel();
        let report = session.run(&command, Uuid::new_v4(), &options, &mut Texts(texts)).await.expect("runs");
        assert_eq!(report.ending, Ending::Completed);
        let said: Vec<_> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
        assert_eq!(said, ["True", "0"]);
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn local_scripts_answer_while_input_comes() {
    let Some(pwsh) = pwsh() else { return };
    let mut target = winrm::target(0);
    target.endpoint = Endpoint::Local(LocalEndpoint { pwsh });
    talks(&target).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_scripts_answer_while_input_comes() {
    let Some(pwsh) = pwsh() else { return };
    let fleet = sandbox::fleet(Options { engine: Engine::Pwsh, hosts: 1, pwsh, ..Options::default() }).await;
    let target = Arc::new(run::targets(&fleet, AuthMethod::Ntlm, None).remove(0));
    talks(&target).await;
    sandbox::assert_clean(fleet).await;
}
