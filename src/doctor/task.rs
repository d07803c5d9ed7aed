//! The task: one stage after the other, up to the first that is not passed.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::cause::Cause;
use super::finding::Finding;
use super::inspection::{Answer, QUOTAS, WHO};
use super::seen;
use super::stage::Stage;
use crate::fleet::{Approach, AttemptEnd, Forward, Refusal, Site, Task, TaskEnd};
use crate::outcome::{Outcome, Reason};
use crate::psrp::{Command, Invocation};
use crate::session::{self, Records, RunReport};
use crate::stream::Stream;
use crate::target::{AuthMethod, Endpoint, SshServer, Target};
use crate::transport::{Error, Halt, Scout};

/// Examines each target.
pub struct Doctor {
    scout: Scout,
    who: Command,
    quotas: Command,
}

impl Default for Doctor {
    fn default() -> Self {
        let command = |script: &str| {
            Command::new(&Invocation { script: script.to_owned(), arguments: Vec::new(), input: false }, &[])
        };
        Self { scout: Scout::default(), who: command(WHO), quotas: command(QUOTAS) }
    }
}

impl Doctor {
    /// The way without a logon; `Some` where it ends.
    async fn look(&self, target: &Target, forward: &mut Forward) -> Option<AttemptEnd> {
        let (sights, halt) = self.scout.look(target).await;
        for (sight, took) in &sights.seen {
            tell(forward, target, seen::finding(sight, *took)).await;
        }
        let Halt { stage, took, error } = halt?;
        let stage = Stage::Way(stage);
        let found = Finding::new(stage, took, &error.message);
        let cause = Cause::of(error.reason, &target.endpoint, stage);
        tell(forward, target, found.fails(error.reason, error.hint.clone(), cause)).await;
        Some(once(AttemptEnd::not_opened(&error.into())))
    }

    /// What is known of a session once it is open.
    async fn opened(site: &mut Site<'_>) {
        let took = site.session.took();
        let Site { target, session, forward, proved_by, .. } = site;
        passed_bastions(forward, target).await;
        if let Endpoint::Winrm(_) | Endpoint::Ssh(_) = &target.endpoint {
            if let Some(found) = ticket(*proved_by, session.carrier().no_kerberos(), &target.endpoint) {
                tell(forward, target, found).await;
            }
            let by = proved_by.map(|by| format!(" by {by}")).unwrap_or_default();
            let user = user(target).map(|user| format!("as {user}")).unwrap_or_else(|| "as the local user".to_owned());
            tell(forward, target, Finding::new(Stage::Logon, took.connecting, format!("{user}{by}"))).await;
        }
        let what = match &target.endpoint {
            Endpoint::Winrm(endpoint) => endpoint.configuration_name.clone(),
            endpoint => endpoint.to_string(),
        };
        tell(forward, target, Finding::new(Stage::Shell, took.opening, what)).await;
        if let Some(by) = session.carrier().started_by().map(str::to_owned) {
            let found = Finding::new(Stage::Subsystem, Duration::ZERO, &*by);
            let found = match by.starts_with("subsystem ") {
                true => found,
                false => {
                    let detail = format!("there is no such subsystem: started by {by}");
                    Finding { detail, ..found.warns(Some(Cause::NoSubsystem), None) }
                }
            };
            tell(forward, target, found).await;
        }
    }

    /// Runs a script of ours; the answer, or the end of the way.
    async fn ask(
        &self,
        site: &mut Site<'_>,
        (stage, command): (Stage, &Command),
    ) -> Result<(RunReport, Answer, Duration), AttemptEnd> {
        let begin = Instant::now();
        let mut answer = Answer::default();
        match site.run_for(command, &mut answer).await {
            Ok(report) => Ok((report, answer, begin.elapsed())),
            Err(error) => {
                // It has changed nothing there, whatever became of it.
                let end = once(AttemptEnd::not_opened(&error));
                let found = Finding::new(stage, begin.elapsed(), &end.message);
                let cause = Cause::of(error.reason(), &site.target.endpoint, stage);
                tell(site.forward, site.target, found.fails(error.reason(), end.hint.clone(), cause)).await;
                Err(end)
            }
        }
    }

    /// Asks the host what it is.
    async fn examine(&self, site: &mut Site<'_>) -> Result<AttemptEnd, AttemptEnd> {
        let is_winrm = matches!(site.target.endpoint, Endpoint::Winrm(_));
        let reuse = site.reuse;
        site.reuse |= is_winrm;
        let (report, answer, took) = self.ask(site, (Stage::Pipeline, &self.who)).await?;
        if report.refuses_text() {
            let text = "the endpoint takes no script text, only the commands that it offers (JEA)";
            let found = Finding::new(Stage::Pipeline, took, text);
            let next =
                "scripts of commands and their parameters run there; --configuration-name names another endpoint";
            tell(site.forward, site.target, found.warns(None, Some(next))).await;
            return Ok(AttemptEnd::new(Outcome::Ok, None, ""));
        }
        let end = site.ended(report).await;
        if !matches!(end.outcome, Outcome::Ok | Outcome::OkWithErrors) {
            let reason = end.reason.unwrap_or(Reason::ScriptError);
            let found = Finding::new(Stage::Pipeline, took, &end.message);
            tell(site.forward, site.target, found.fails(reason, end.hint.clone(), None)).await;
            return Err(end);
        }
        tell(site.forward, site.target, answer.who(took)).await;
        site.reuse = reuse;
        if is_winrm {
            // Who may not read them is told so.
            let (_, answer, took) = self.ask(site, (Stage::Quotas, &self.quotas)).await?;
            tell(site.forward, site.target, answer.quotas(took)).await;
        }
        Ok(AttemptEnd::new(Outcome::Ok, None, ""))
    }
}

#[async_trait]
impl Task for Doctor {
    async fn approach(&self, approach: Approach<'_>) -> Option<TaskEnd> {
        let Approach { target, forward, stop, .. } = approach;
        let looked = stop.run_until_cancelled(self.look(target, forward)).await;
        let end = looked.unwrap_or_else(|| Some(AttemptEnd::not_opened(&session::Error::Stopped)));
        end.map(TaskEnd::Ended)
    }

    async fn not_opened(&self, refusal: Refusal<'_>, end: AttemptEnd) -> AttemptEnd {
        let Refusal { target, forward, error, took } = refusal;
        let reason = error.reason();
        let stage = Stage::of_session(reason);
        let cause = Cause::of(reason, &target.endpoint, stage);
        let found = Finding::new(stage, took, &end.message).fails(reason, end.hint.clone(), cause);
        if stage != Stage::Bastion && reason != Reason::CredentialTripped {
            passed_bastions(forward, target).await;
        }
        tell(forward, target, found).await;
        once(end)
    }

    async fn perform(&self, mut site: Site<'_>) -> Result<TaskEnd, session::Error> {
        Self::opened(&mut site).await;
        let end = self.examine(&mut site).await;
        Ok(TaskEnd::Ended(end.unwrap_or_else(|end| end)))
    }
}

/// What there is to say of the ticket of a session that is open: why there is none is worth mending, because hosts may
/// insist on Kerberos one day.
fn ticket(proved_by: Option<&str>, no_kerberos: Option<Error>, endpoint: &Endpoint) -> Option<Finding> {
    let found = |detail: &str| Finding::new(Stage::Ticket, Duration::ZERO, detail);
    if let Some(error) = no_kerberos {
        let cause = Cause::of(error.reason, endpoint, Stage::Ticket);
        let found = found(&format!("no Kerberos, so NTLM: {}", error.message));
        return Some(found.warns(cause, error.hint.as_deref()));
    }
    let by_ticket = proved_by == Some(AuthMethod::Kerberos.name());
    by_ticket.then(|| found("the KDC knows the host, and gave a ticket for it"))
}

/// The user of a target.
fn user(target: &Target) -> Option<&str> {
    target.credential.as_ref().and_then(|credential| credential.user())
}

/// Says of a host behind bastions what was not looked at: only who has logged on to them gets there.
async fn passed_bastions(forward: &mut Forward, target: &Target) {
    let (jump, unseen) = match &target.endpoint {
        Endpoint::Winrm(winrm) => (&winrm.jump, "DNS, port, TLS, mechanisms and clock"),
        Endpoint::Ssh(ssh) => (&ssh.jump, "DNS, port, host key and methods"),
        Endpoint::Local(_) => return,
    };
    if let Some(last) = jump.last() {
        let SshServer { address, port, .. } = &last.server;
        let detail = format!("{unseen} behind {address}:{port} are not looked at one by one");
        tell(forward, target, Finding::new(Stage::Bastion, Duration::ZERO, detail)).await;
    }
}

/// Hands a finding to the readers.
async fn tell(forward: &mut Forward, target: &Target, finding: Finding) {
    // Whoever reads no more still wants the outcome.
    let _ = forward.take(Stream::Output, finding.into_document(user(target))).await;
}

/// An end that is not tried again: the doctor says what is, not what may be in a moment.
fn once(end: AttemptEnd) -> AttemptEnd {
    AttemptEnd { retryable: false, ..end }
}
