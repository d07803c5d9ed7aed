//! The task: one check after the other in the session of a host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::mark::Mark;
use super::planned::{Planned, Variant};
use super::verdict_records::VerdictRecords;
use crate::check::{Judgement, State};
use crate::fleet::{AttemptEnd, Site, Task, TaskEnd};
use crate::outcome::{Outcome, Reason};
use crate::psrp::Command;
use crate::session::{self, Records, RunOptions, RunReport};
use crate::target::TargetId;

/// Runs checks on every target. One that fails or hangs takes no other along: where it costs the session, the others
/// get a new one, as often as the run allows attempts.
pub struct Checks {
    planned: Arc<Vec<Planned>>,
    confirm: Confirm,
    /// How far each host is.
    progress: Mutex<HashMap<TargetId, Progress>>,
}

/// How often a state other than OK is asked for again before it counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Confirm {
    /// So many times.
    pub times: u32,
    /// With so much time in between.
    pub wait: Duration,
}

/// How far a host is.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// The check that is next.
    next: usize,
    /// Checks whose script did not come to its end.
    broken: u32,
}

/// How one asking ended.
struct Asked {
    /// Why the script did not come to its end.
    failure: Option<String>,
    /// What the session is worth now.
    session: Session,
}

/// What a session is worth after a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    /// It takes the next check.
    Fine,
    /// Something may still run in it.
    Spoiled,
    /// Nobody wants more: the run is being stopped.
    Stopped,
}

impl Checks {
    /// These checks, on the hosts that they were planned for.
    pub fn new(planned: Arc<Vec<Planned>>, confirm: Confirm) -> Self {
        Self { planned, confirm, progress: Mutex::default() }
    }

    fn progress(&self, target: TargetId, change: impl FnOnce(&mut Progress)) -> Progress {
        let mut all = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = all.entry(target).or_default();
        change(progress);
        *progress
    }

    /// Runs a check until its state counts.
    async fn check(&self, variant: &Variant, site: &mut Site<'_>) -> Result<Asked, session::Error> {
        let mut times = 0;
        loop {
            times += 1;
            let mut judgement = Judgement::new(Arc::clone(&variant.definition), Arc::from(&*site.target.name));
            let asked = ask(variant, times, &mut judgement, site).await?;
            let state = judgement.finish(asked.failure.as_deref()).state;
            if state == State::Ok || times > self.confirm.times || asked.session != Session::Fine {
                return Ok(asked);
            }
            tokio::select! {
                () = tokio::time::sleep(self.confirm.wait) => {}
                () = site.stop.cancelled() => return Ok(Asked { session: Session::Stopped, ..asked }),
            }
        }
    }

    /// What becomes of the host when it has been asked for everything.
    fn end(&self, target: TargetId) -> AttemptEnd {
        let broken = self.progress(target, |_| ()).broken;
        match broken {
            0 => AttemptEnd::new(Outcome::Ok, None, ""),
            1 => AttemptEnd::new(Outcome::Failed, Some(Reason::ScriptError), "1 check did not come to its end"),
            _ => {
                let message = format!("{broken} checks did not come to their ends");
                AttemptEnd::new(Outcome::Failed, Some(Reason::ScriptError), message)
            }
        }
    }
}

/// Runs the script of a check once.
async fn ask(
    variant: &Variant,
    times: u32,
    judgement: &mut Judgement,
    site: &mut Site<'_>,
) -> Result<Asked, session::Error> {
    let name = &variant.definition.name;
    mark(site, name, times, None).await;
    let command = variant.commands.command(site.id, site.session.server());
    let mut ran = run(&command, variant.definition.timeout, judgement, site).await;
    if ran.as_ref().is_ok_and(RunReport::refuses_text)
        && let Ok(command) = variant.commands.without_text(site.id, site.session.server())
    {
        ran = run(&command, variant.definition.timeout, judgement, site).await;
    }
    let asked = match ran {
        // Nothing has run, and another session may take it.
        Err(error) if error.ran_nothing() => return Err(error),
        Err(error) => Asked { failure: Some(error.to_string()), session: Session::Spoiled },
        Ok(report) => {
            let spoils = report.unconfirmed.is_some();
            let end = site.forward.ended(report, variant.definition.timeout).await;
            let failure = !matches!(end.outcome, Outcome::Ok | Outcome::OkWithErrors);
            let session = match (end.outcome, spoils) {
                (Outcome::Cancelled, _) => Session::Stopped,
                (_, true) => Session::Spoiled,
                (_, false) => Session::Fine,
            };
            Asked { failure: failure.then_some(end.message), session }
        }
    };
    mark(site, name, times, Some(asked.failure.clone())).await;
    Ok(asked)
}

async fn run(
    command: &Command,
    timeout: Duration,
    judgement: &mut Judgement,
    site: &mut Site<'_>,
) -> Result<RunReport, session::Error> {
    let options = RunOptions::within(timeout, site.stop.clone(), true);
    let mut records = VerdictRecords { forward: &mut *site.forward, judgement };
    site.session.run(command, Uuid::new_v4(), &options, &mut records).await
}

async fn mark(site: &mut Site<'_>, check: &str, asked: u32, end: Option<Option<String>>) {
    let mark = Mark { check: check.to_owned(), asked, end };
    // Readers that are gone need no marks.
    let _ = site.forward.take(Mark::STREAM, mark.document()).await;
}

#[async_trait]
impl Task for Checks {
    async fn perform(&self, mut site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let first = self.progress(site.id, |_| ()).next;
        for (place, planned) in self.planned.iter().enumerate().skip(first) {
            let Some(variant) = planned.of(site.id) else { continue };
            let asked = self.check(variant, &mut site).await?;
            let broken = u32::from(asked.failure.is_some());
            self.progress(site.id, |progress| {
                *progress = Progress { next: place + 1, broken: progress.broken + broken };
            });
            let is_last = !self.planned.iter().skip(place + 1).any(|next| next.of(site.id).is_some());
            match asked.session {
                Session::Stopped => {
                    let message = "stopped while it was being checked";
                    return Ok(TaskEnd::Ended(AttemptEnd::new(Outcome::Cancelled, Some(Reason::Interrupted), message)));
                }
                Session::Spoiled if !is_last => {
                    let message = asked.failure.unwrap_or_default();
                    let message = format!("the check {} cost the session: {message}", planned.definition.name);
                    let end = AttemptEnd::new(Outcome::Lost, Some(Reason::LinkBroken), message);
                    return Ok(TaskEnd::Ended(AttemptEnd { retryable: true, ..end }));
                }
                Session::Spoiled | Session::Fine => {}
            }
        }
        Ok(TaskEnd::Ended(self.end(site.id)))
    }
}
