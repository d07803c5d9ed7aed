//! What the doctor found at a stage.

use std::time::Duration;

use super::cause::Cause;
use super::stage::Stage;
use crate::clixml::{Content, Document, ListKind, Object, TypeNames, Value, text};
use crate::outcome::Reason;

/// How a stage was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As it should be.
    Ok,
    /// It works, but will not for long, or not for everybody.
    Warning,
    /// It is the end of the way.
    Failed,
    /// It was not tried, since another host has refused the credential.
    Skipped,
}

impl Status {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Ok, "ok"), (Self::Warning, "warning"), (Self::Failed, "failed"), (Self::Skipped, "skipped")];

    /// Its word in JSON.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, word)| word)
    }
}

/// What the doctor found at a stage of the way to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stage's word ([`Stage::word`]).
    pub stage: String,
    /// How it was passed.
    pub status: Status,
    /// How long it took.
    pub took: Duration,
    /// What was seen, or what is wrong.
    pub detail: String,
    /// The run's code of what is wrong, where a run fails of it.
    pub reason: Option<Reason>,
    /// What is wrong, where something can be done on the host.
    pub cause: Option<Cause>,
    /// The next step.
    pub next: Option<String>,
}

impl Finding {
    /// A stage that is passed.
    pub fn new(stage: Stage, took: Duration, detail: impl Into<String>) -> Self {
        let (stage, detail) = (stage.word().to_owned(), detail.into());
        Self { stage, status: Status::Ok, took, detail, reason: None, cause: None, next: None }
    }

    /// The same with something that will be a fault one day.
    pub fn warns(self, cause: Option<Cause>, next: Option<&str>) -> Self {
        let next = next.or(cause.map(Cause::next)).map(str::to_owned);
        Self { status: Status::Warning, cause, next, ..self }
    }

    /// The end of the way; `hint` is the run's own.
    pub fn fails(self, reason: Reason, hint: Option<String>, cause: Option<Cause>) -> Self {
        let status = if reason == Reason::CredentialTripped { Status::Skipped } else { Status::Failed };
        let next = hint.or_else(|| cause.map(|cause| cause.next().to_owned()));
        Self { status, reason: Some(reason), cause, next, ..self }
    }

    /// The object that readers get; `user` is who the commands are for.
    pub fn into_document(self, user: Option<&str>) -> Document {
        let word = |text: Option<&str>| text.map_or(Value::Null, Value::str);
        let commands = self.cause.map(|cause| cause.commands(user.as_slice())).unwrap_or_default();
        let commands = commands.into_iter().map(Value::str).collect();
        let list = Object { content: Content::List(ListKind::List, commands), ..Object::default() };
        let members = [
            ("Stage", Value::str(self.stage)),
            ("Status", Value::str(self.status.word())),
            ("Milliseconds", Value::I64(i64::try_from(self.took.as_millis()).unwrap_or(i64::MAX))),
            ("Detail", Value::str(self.detail)),
            ("Reason", word(self.reason.map(Reason::code))),
            ("Cause", word(self.cause.map(Cause::code))),
            ("Next", word(self.next.as_deref())),
            ("Commands", list.into()),
        ];
        let object = Object {
            type_names: TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]),
            notes: members.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            ..Object::default()
        };
        Document::new(object.into())
    }

    /// Reads such an object; `None` if it is another.
    pub fn of_document(document: &Document) -> Option<Self> {
        let member = |name: &str| document.root.member(name);
        let word = |name: &str| member(name).map(|value| text(value).into_owned()).filter(|word| !word.is_empty());
        let status = word("Status")?;
        let known = |code: String| Reason::ALL.iter().copied().find(|reason| reason.code() == code);
        Some(Self {
            stage: word("Stage")?,
            status: Status::ALL.iter().find(|(_, word)| *word == status)?.0,
            took: Duration::from_millis(member("Milliseconds")?.as_i64()?.max(0).unsigned_abs()),
            detail: word("Detail").unwrap_or_default(),
            reason: word("Reason").and_then(known),
            cause: word("Cause").and_then(|code| Cause::of_code(&code)),
            next: word("Next"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_an_object_and_comes_back() {
        let took = Duration::from_millis(12);
        let found = Finding::new(Stage::Logon, took, "access denied");
        let found = found.fails(Reason::LogonDenied, Some("look there".to_owned()), Some(Cause::LogonDenied));
        let document = found.clone().into_document(Some("ada"));
        assert_eq!(Finding::of_document(&document), Some(found.clone()));
        assert!(document.root.member("Commands").and_then(Value::as_list).is_some_and(|list| !list.is_empty()));
        assert_eq!(Finding::of_document(&Document::new(Value::str("no finding"))), None);
        let skipped = Finding::new(Stage::Logon, took, "").fails(Reason::CredentialTripped, None, None);
        assert_eq!(skipped.status, Status::Skipped);
        let warned = Finding::new(Stage::Quotas, took, "low").warns(Some(Cause::QuotaLow), None);
        assert_eq!(warned.next.as_deref(), Some(Cause::QuotaLow.next()));
    }
}
