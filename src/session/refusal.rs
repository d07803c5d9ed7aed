//! Endpoints that allow no script text (JEA, `NoLanguage`): what they answer to it.

use super::run::{Ending, RunReport};
use crate::clixml::{Document, Value};

/// The error id of the refusal, the same since PowerShell 2.
const REFUSAL: &str = "ScriptsNotAllowed";

/// That of a command that there is not, or that the endpoint does not show.
const NO_COMMAND: &str = "CommandNotFoundException";

impl RunReport {
    /// Whether a pipeline was refused for its text, before anything of it ran.
    ///
    /// The host makes this error before there is a command, so it names none: an error with the same id that a script
    /// has caught elsewhere and thrown again names where it was thrown.
    pub fn refuses_text(&self) -> bool {
        let Some(root) = self.failure() else { return false };
        id(root) == Some(REFUSAL) && root.member("InvocationInfo").is_none_or(|invocation| *invocation == Value::Null)
    }

    /// Whether a pipeline has ended at a command that its endpoint does not have.
    pub fn lacks_command(&self) -> bool {
        self.failure().and_then(id) == Some(NO_COMMAND)
    }

    fn failure(&self) -> Option<&Value> {
        match &self.ending {
            Ending::Failed(Some(Document { root, .. })) => Some(root),
            _ => None,
        }
    }
}

fn id(error: &Value) -> Option<&str> {
    error.member("FullyQualifiedErrorId").and_then(Value::as_text).and_then(|id| id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::Object;

    #[test]
    fn only_the_refusal_of_the_host_itself_counts() {
        let report = |id: &str, invocation: Value| {
            let notes = vec![("FullyQualifiedErrorId".into(), Value::str(id)), ("InvocationInfo".into(), invocation)];
            let error = Document::new(Object { notes, ..Object::default() }.into());
            RunReport::of(Ending::Failed(Some(error)))
        };
        assert!(report("ScriptsNotAllowed", Value::Null).refuses_text());
        assert!(!report("ScriptsNotAllowed", Object::default().into()).refuses_text());
        assert!(!report("ScriptsNotAllowed,Thrower", Value::Null).refuses_text());
        assert!(!RunReport::of(Ending::Completed).refuses_text());
        assert!(report("CommandNotFoundException", Value::Null).lacks_command());
        assert!(!report("ScriptsNotAllowed", Value::Null).lacks_command());
        assert!(!RunReport::of(Ending::Completed).lacks_command());
    }
}
