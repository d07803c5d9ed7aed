//! The first task: scripts with their arguments.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::attempt_end::AttemptEnd;
use super::commands::{Commands, NoCommands};
use super::native;
use super::no_language::{Belief, NoLanguage};
use super::task::{Site, Task, TaskEnd};
use crate::outcome::{Outcome, Reason};
use crate::session::{self, DeckIds, Ending, Left};

/// What to do where an endpoint does not show a command.
const NOT_OFFERED: &str = "the endpoint takes no script text, only the commands that it offers: run Get-Command there to \
                           see which, if it offers that";

/// Runs scripts on every target, one after the other in its session: as text, or as commands where an endpoint takes
/// nothing else.
pub struct Script {
    /// Scripts that run before the last one.
    before: Vec<Arc<dyn Commands>>,
    last: Arc<dyn Commands>,
    native_errors: bool,
    /// It is left running, kept for so long while nobody attaches to it.
    keep_for: Option<Duration>,
    /// What is known of endpoints.
    no_language: Arc<NoLanguage>,
}

impl Script {
    /// The script in its commands.
    pub fn new(commands: Arc<dyn Commands>) -> Self {
        Self { before: Vec::new(), last: commands, native_errors: false, keep_for: None, no_language: Arc::default() }
    }

    /// Another script, which runs on a target when those before it have run to their ends there.
    pub fn then(mut self, commands: Arc<dyn Commands>) -> Self {
        self.before.push(std::mem::replace(&mut self.last, commands));
        self
    }

    /// Whether a script whose last native program gave an exit code other than 0 has failed with it; not unless set.
    pub fn native_errors(self, native_errors: bool) -> Self {
        Self { native_errors, ..self }
    }

    /// Knows which endpoints take no text, and learns it for whoever else has this.
    pub fn knowing(self, no_language: Arc<NoLanguage>) -> Self {
        Self { no_language, ..self }
    }

    /// Leaves the script running on its hosts, each of which keeps it for so long while nobody attaches to it.
    pub fn left_running(self, keep_for: Duration) -> Self {
        Self { keep_for: Some(keep_for), ..self }
    }

    /// Starts the script, and leaves it.
    async fn leave(&self, keep_for: Duration, site: &mut Site<'_>) -> Result<AttemptEnd, session::Error> {
        let command = self.last.command(site.id, site.session.server());
        let options = site.options();
        let left = if site.session.needs_deck() {
            let ids = DeckIds { relay: Uuid::new_v4(), pool: Uuid::new_v4(), pipeline: Uuid::new_v4() };
            let limits = (keep_for, site.target.timeouts.open);
            site.session.leave_on_deck(&command, ids, &options, limits).await?
        } else {
            site.session.leave_running(&command, Uuid::new_v4(), &options, keep_for).await?
        };
        Ok(match left {
            Left::Running(left) => AttemptEnd::detached(left),
            Left::Not(report) => site.ended(report).await,
        })
    }

    /// The end of a script that has run in the form of text.
    async fn ended(&self, report: session::RunReport, site: &mut Site<'_>) -> AttemptEnd {
        match self.native_errors {
            true => native::ended(report, site).await,
            false => site.ended(report).await,
        }
    }

    /// Runs it on an endpoint that has just refused its text, and nothing of it has run: sending it in another form
    /// repeats nothing.
    async fn without_text(
        &self,
        commands: &dyn Commands,
        refusal: session::RunReport,
        site: &mut Site<'_>,
    ) -> Result<AttemptEnd, session::Error> {
        if self.native_errors {
            return Ok(native::unreadable());
        }
        match commands.without_text(site.id, site.session.server()) {
            Ok(command) => {
                let report = site.run(&command).await?;
                Ok(ended_as_commands(report, site).await)
            }
            Err(NoCommands { message, hint }) => {
                let message = format!(
                    "the endpoint allows no script text, and this script cannot be sent as commands: {message}"
                );
                let end = site.ended(refusal).await;
                Ok(AttemptEnd { reason: Some(Reason::NoLanguage), message, hint: Some(hint), ..end })
            }
        }
    }

    /// Runs one of the scripts.
    async fn run(&self, commands: &dyn Commands, site: &mut Site<'_>) -> Result<AttemptEnd, session::Error> {
        let endpoint = &site.target.endpoint;
        let known = match self.no_language.belief(endpoint) {
            Some(Belief::Here) if self.native_errors => return Ok(native::unreadable()),
            // What was so earlier keeps nothing from being tried.
            Some(Belief::Before) if self.native_errors => None,
            Some(_) => commands.without_text(site.id, site.session.server()).ok(),
            None => None,
        };
        let is_text = known.is_none();
        let command = known.unwrap_or_else(|| commands.command(site.id, site.session.server()));
        let before = site.forward.came();
        let report = site.run(&command).await?;
        let came = site.forward.came() != before;
        if is_text && report.refuses_text() && !came {
            self.no_language.refused(endpoint);
            return self.without_text(commands, report, site).await;
        }
        if is_text && (came || report.ending == Ending::Completed) {
            self.no_language.took(endpoint);
        }
        Ok(match is_text {
            true => self.ended(report, site).await,
            false => ended_as_commands(report, site).await,
        })
    }
}

/// The end of commands on an endpoint that takes no text: there, a command that is not found may well exist.
async fn ended_as_commands(report: session::RunReport, site: &mut Site<'_>) -> AttemptEnd {
    let hint = report.lacks_command().then(|| NOT_OFFERED.to_owned());
    let end = site.ended(report).await;
    AttemptEnd { hint: end.hint.or(hint), ..end }
}

/// The end of an attempt whose session gave out at a script after the first: what ran before it is not repeated.
fn gave_out(error: &session::Error, place: usize, count: usize) -> AttemptEnd {
    let end = AttemptEnd::broken_off(error);
    let outcome = match end.outcome {
        // The host was reached, and has done something.
        Outcome::Unreachable | Outcome::Auth => Outcome::Failed,
        outcome => outcome,
    };
    let message = format!("script {place} of {count}: {}", end.message);
    AttemptEnd { outcome, message, retryable: false, ..end }
}

#[async_trait]
impl Task for Script {
    async fn perform(&self, mut site: Site<'_>) -> Result<TaskEnd, session::Error> {
        if let Some(keep_for) = self.keep_for {
            return Ok(TaskEnd::Ended(self.leave(keep_for, &mut site).await?));
        }
        // The slot of a pipeline that another one follows is given back.
        let is_kept = std::mem::replace(&mut site.reuse, true);
        let count = self.before.len() + 1;
        for (place, commands) in (1..).zip(&self.before) {
            let end = match self.run(&**commands, &mut site).await {
                Err(error) if place > 1 => return Ok(TaskEnd::Ended(gave_out(&error, place, count))),
                end => end?,
            };
            if !matches!(end.outcome, Outcome::Ok | Outcome::OkWithErrors) {
                let message = format!("script {place} of {count}: {}", end.message);
                return Ok(TaskEnd::Ended(AttemptEnd { message, ..end }));
            }
        }
        site.reuse = is_kept;
        match self.run(&*self.last, &mut site).await {
            Err(error) if count > 1 => Ok(TaskEnd::Ended(gave_out(&error, count, count))),
            end => Ok(TaskEnd::Ended(end?)),
        }
    }

    /// A script that may have started is never repeated.
    fn is_repeatable(&self) -> bool {
        false
    }
}
