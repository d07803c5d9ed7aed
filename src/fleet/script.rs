//! The first task: a script with its arguments.

use std::sync::Arc;

use async_trait::async_trait;

use super::attempt_end::AttemptEnd;
use super::commands::{Commands, NoCommands};
use super::native;
use super::no_language::NoLanguage;
use super::task::{Site, Task, TaskEnd};
use crate::outcome::Reason;
use crate::session;

/// Runs a script on every target: its text, or its commands where an endpoint takes nothing else.
pub struct Script {
    commands: Arc<dyn Commands>,
    native_errors: bool,
    /// What targets have learned of endpoints.
    no_language: NoLanguage,
}

impl Script {
    /// The script in its commands.
    pub fn new(commands: Arc<dyn Commands>) -> Self {
        Self { commands, native_errors: false, no_language: NoLanguage::default() }
    }

    /// Whether a script whose last native program gave an exit code other than 0 has failed with it; not unless set.
    pub fn native_errors(self, native_errors: bool) -> Self {
        Self { native_errors, ..self }
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
        refusal: session::RunReport,
        site: &mut Site<'_>,
    ) -> Result<AttemptEnd, session::Error> {
        if self.native_errors {
            return Ok(native::unreadable());
        }
        match self.commands.without_text(site.id, site.session.server()) {
            Ok(command) => {
                let report = site.run(&command).await?;
                Ok(site.ended(report).await)
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
}

#[async_trait]
impl Task for Script {
    async fn perform(&self, mut site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let endpoint = &site.target.endpoint;
        let known = match self.no_language.contains(endpoint) {
            true if self.native_errors => return Ok(TaskEnd::Ended(native::unreadable())),
            true => self.commands.without_text(site.id, site.session.server()).ok(),
            false => None,
        };
        let is_text = known.is_none();
        let command = known.unwrap_or_else(|| self.commands.command(site.id, site.session.server()));
        let report = site.run(&command).await?;
        let end = if is_text && report.refuses_text() && site.forward.is_untouched() {
            self.no_language.insert(endpoint);
            self.without_text(report, &mut site).await?
        } else {
            self.ended(report, &mut site).await
        };
        Ok(TaskEnd::Ended(end))
    }

    /// A script that may have started is never repeated.
    fn is_repeatable(&self) -> bool {
        false
    }
}
