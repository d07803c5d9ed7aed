//! Why targets failed, those that failed alike together.

use std::sync::Arc;

use crate::event::{Finished, Outcome, Reason, RunEvent, RunEventKind, RunHeader};
use crate::target::Target;

/// Stands for a target's own name and address where several targets share a message.
const HOST: &str = "<host>";

/// The targets of a run that did not end well, grouped by cause.
#[derive(Debug, Default)]
pub struct Causes {
    header: Option<Arc<RunHeader>>,
    causes: Vec<Cause>,
}

/// One cause and the targets that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The outcome of all of them.
    pub outcome: Outcome,
    /// The stable code of the cause.
    pub reason: Option<Reason>,
    /// The hosts' names, in the order in which they ended.
    pub hosts: Vec<Arc<str>>,
    /// What the first of them says, without its name in front.
    first: Said,
    /// The same with the target's name and address taken out.
    common: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    message: String,
    hint: Option<String>,
}

impl Cause {
    /// The cause in words, without the host in front; `<host>` stands for each host's own name if there are several.
    pub fn message(&self) -> &str {
        &self.said().message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.said().hint.as_deref()
    }

    fn said(&self) -> &Said {
        if self.hosts.len() == 1 { &self.first } else { &self.common }
    }
}

impl Causes {
    /// Takes the next event.
    pub fn apply(&mut self, event: &RunEvent) {
        match &event.kind {
            RunEventKind::RunStarted(header) => self.header = Some(Arc::clone(header)),
            RunEventKind::TargetFinished(finished) if !matches!(finished.outcome, Outcome::Ok) => self.add(finished),
            _ => {}
        }
    }

    fn add(&mut self, finished: &Finished) {
        let Some(header) = &self.header else { return };
        let target = &header.targets[finished.target.index()];
        let message = without_name(&finished.message, &target.name);
        let first = Said { message: message.to_owned(), hint: finished.hint.clone() };
        let hint = finished.hint.as_deref().map(|hint| common(hint, target));
        let common = Said { message: common(message, target), hint };
        let (outcome, reason) = (finished.outcome, finished.reason);
        let host = Arc::clone(&target.name);
        let mut causes = self.causes.iter_mut();
        match causes.find(|cause| (cause.outcome, cause.reason) == (outcome, reason) && cause.common == common) {
            Some(cause) => cause.hosts.push(host),
            None => self.causes.push(Cause { outcome, reason, hosts: vec![host], first, common }),
        }
    }

    /// The causes, worst outcome first as [`Outcome::ALL`] lists them, then those with most hosts.
    pub fn groups(&self) -> Vec<&Cause> {
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|cause| (cause.outcome, std::cmp::Reverse(cause.hosts.len())));
        causes
    }
}

/// The message without the host in front, which the reader of a group is told anyway.
fn without_name<'a>(message: &'a str, name: &str) -> &'a str {
    message.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message)
}

fn common(message: &str, target: &Target) -> String {
    let endpoint = target.endpoint.to_string();
    let authority = endpoint.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let address = authority.rsplit_once(':').map_or(authority, |(address, _)| address);
    [endpoint.as_str(), authority, &target.name, address]
        .into_iter()
        .fold(message.to_owned(), |message, own| replace_word(&message, own))
}

/// Replaces a name where it stands alone: `web1` in `web1:` but not in `web10`.
fn replace_word(text: &str, word: &str) -> String {
    if word.is_empty() || !text.contains(word) {
        return text.to_owned();
    }
    let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, _) in text.match_indices(word) {
        let end = start + word.len();
        let alone = !text[..start].ends_with(inside) && !text[end..].starts_with(inside);
        if alone {
            out.push_str(&text[done..start]);
            out.push_str(HOST);
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::{Causes, replace_word};
    use crate::event::{Finished, Outcome, Reason, RunEventKind};
    use crate::output::testing::Script;

    fn causes(messages: &[(&str, Outcome)]) -> Causes {
        let names: Vec<_> = (0..messages.len()).map(|place| format!("web{place:02}")).collect();
        let mut script = Script::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut causes = Causes::default();
        causes.apply(&script.started());
        for (place, (message, outcome)) in messages.iter().enumerate() {
            let mut event = script.finished(place as u32, *outcome);
            if let RunEventKind::TargetFinished(Finished { message: text, reason, hint, .. }) = &mut event.kind {
                *text = message.replace('@', &names[place]);
                *reason = Some(Reason::Refused);
                *hint = Some(format!("start WinRM on {}", names[place]));
            }
            causes.apply(&event);
        }
        causes
    }

    #[test]
    fn equal_causes_are_one() {
        let causes = causes(&[
            ("@: nobody listens on @:5985", Outcome::Unreachable),
            ("", Outcome::Ok),
            ("@: the script threw: no", Outcome::Failed),
            ("@: nobody listens on @:5985", Outcome::Unreachable),
        ]);
        let seen: Vec<_> = causes
            .groups()
            .iter()
            .map(|cause| (cause.hosts.join(","), cause.message().to_owned(), cause.hint().unwrap().to_owned()))
            .collect();
        assert_eq!(
            seen,
            [
                ("web02".into(), "the script threw: no".into(), "start WinRM on web02".into()),
                ("web00,web03".into(), "nobody listens on <host>:5985".into(), "start WinRM on <host>".into()),
            ]
        );
    }

    #[test]
    fn names_are_replaced_as_words() {
        assert_eq!(replace_word("web1 web10 (web1)", "web1"), "<host> web10 (<host>)");
        assert_eq!(replace_word("x", ""), "x");
    }
}
