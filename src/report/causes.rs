//! Why targets failed: those that failed alike are grouped.

use std::sync::Arc;

use crate::event::{Finished, RunEvent, RunEventKind, RunHeader};
use crate::outcome::{Outcome, Reason};

use super::alike;

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
    /// What they all say, with the target's own name and address taken out; `None` once one says it differently.
    common: Option<Said>,
    /// What the first says, with all addresses and ports taken out: what makes causes equal.
    general: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    message: String,
    hint: Option<String>,
}

impl Said {
    fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self { message: change(&self.message), hint: self.hint.as_deref().map(change) }
    }
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
        if self.hosts.len() == 1 { &self.first } else { self.common.as_ref().unwrap_or(&self.general) }
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
        let common = first.map(|text| alike::without_own_names(text, target));
        let general = common.map(alike::without_addresses);
        let (outcome, reason) = (finished.outcome, finished.reason);
        let host = Arc::clone(&target.name);
        let mut causes = self.causes.iter_mut();
        match causes.find(|cause| (cause.outcome, cause.reason) == (outcome, reason) && cause.general == general) {
            Some(cause) => {
                cause.hosts.push(host);
                cause.common.take_if(|known| *known != common);
            }
            None => {
                let common = Some(common);
                self.causes.push(Cause { outcome, reason, hosts: vec![host], first, common, general });
            }
        }
    }

    /// The causes, worst outcome first as [`Outcome::ALL`] lists them, then those with most hosts.
    pub fn groups(&self) -> Vec<&Cause> {
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|cause| (cause.outcome, std::cmp::Reverse(cause.hosts.len())));
        causes
    }
}

/// The message without the host in front, which the reader of a group sees anyway.
fn without_name<'a>(message: &'a str, name: &str) -> &'a str {
    message.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::Causes;
    use crate::event::{Finished, RunEventKind};
    use crate::outcome::{Outcome, Reason};
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
    fn ports_and_addresses_make_no_difference() {
        let said = |messages: &[(&str, Outcome)]| {
            let causes = causes(messages);
            let groups = causes.groups();
            groups.iter().map(|cause| (cause.hosts.len(), cause.message().to_owned())).collect::<Vec<_>>()
        };
        let unreachable = Outcome::Unreachable;
        let ports = [("nothing answers on port 5985", unreachable), ("nothing answers on port 43121", unreachable)];
        assert_eq!(said(&ports), [(2, "nothing answers on port <port>".to_owned())]);
        assert_eq!(said(&[ports[0], ports[0]]), [(2, ports[0].0.to_owned())]);
        let sockets = [("@: [fe80::1%2]:5985 reset it", unreachable), ("@: 10.0.0.7:5986 reset it", unreachable)];
        assert_eq!(said(&sockets), [(2, "<address> reset it".to_owned())]);
        let exits = [("exit code 3", Outcome::Failed), ("exit code 4", Outcome::Failed)];
        assert_eq!(said(&exits).len(), 2, "other numbers do");
    }
}
