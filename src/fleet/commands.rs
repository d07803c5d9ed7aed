//! The commands of a script, in the form that each target takes.

use crate::psrp::{Command, ServerInfo};
use crate::target::TargetId;

/// What to run on each target of a run.
pub trait Commands: Send + Sync {
    /// The command for a target, in the form that its server takes. Called when the pool is open, once an attempt;
    /// targets with equal arguments and servers get the same serialized command.
    fn command(&self, target: TargetId, server: &ServerInfo) -> Command;

    /// The command for a target whose endpoint allows no script text. Called when the endpoint has refused the text and
    /// run nothing of it, or is known to refuse it.
    ///
    /// # Errors
    /// The script is more than commands.
    fn without_text(&self, target: TargetId, server: &ServerInfo) -> Result<Command, NoCommands>;
}

/// Why a script cannot go to an endpoint that allows no script text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoCommands {
    /// What stands in the way, and where in the script.
    pub message: String,
    /// What the user can do about it.
    pub hint: String,
}

/// One command for all targets.
impl Commands for Command {
    fn command(&self, _target: TargetId, _server: &ServerInfo) -> Command {
        self.clone()
    }

    fn without_text(&self, _target: TargetId, _server: &ServerInfo) -> Result<Command, NoCommands> {
        Err(NoCommands {
            message: "it is serialized as text already".to_owned(),
            hint: "use an endpoint that allows script text".to_owned(),
        })
    }
}
