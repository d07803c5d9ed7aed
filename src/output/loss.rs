//! What JSON and CSV cannot show, for those who report it to people.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::out_string::format;
use super::select::Select;
use crate::clixml::{DiagnosticKind, Diagnostics, Document};

/// Properties that a hint names; a table with more has been formatted for its own sake.
const NAMED: usize = 8;

/// The values that a run's sinks have shown as null, the first of each kind. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Losses(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    told: Vec<DiagnosticKind>,
    has_told_format: bool,
    new: Vec<String>,
}

impl Losses {
    /// Takes what an object of this host has lost.
    pub fn note(&self, host: &str, lost: &Diagnostics) {
        for diagnostic in &lost.items {
            let mut state = self.state();
            if !state.told.contains(&diagnostic.kind) {
                state.told.push(diagnostic.kind);
                let why = "not repeated in this run; JSON with --types keeps what it can";
                state.new.push(format!("{host}: {diagnostic} ({why})"));
            }
        }
    }

    /// Takes an object of this host as data: if Format-* has made it, it is none.
    pub fn note_format(&self, host: &str, document: &Document, select: &Select) {
        let Some((cmdlet, names)) = format::start(document) else { return };
        self.tell_format(|| match select.is_all() {
            true => formatted(host, cmdlet, &names),
            false => unselected(host, cmdlet, "there is nothing of theirs"),
        });
    }

    /// Takes an object of this host that is printed: if Format-* has made it, nothing of it can be selected.
    pub fn note_sheet(&self, host: &str, document: &Document, select: &Select) {
        let Some((cmdlet, _)) = format::start(document).filter(|_| !select.is_all()) else { return };
        self.tell_format(|| unselected(host, cmdlet, "all of it is shown"));
    }

    fn tell_format(&self, text: impl FnOnce() -> String) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.has_told_format, true) {
            state.new.push(text());
        }
    }

    /// What has come since the last time: of each kind one, once for all sinks.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state().new)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Valid after any panic: each entry is complete.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why what Format-* returns is not data, and what to do instead.
fn formatted(host: &str, cmdlet: &str, names: &[String]) -> String {
    let is_plain = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let names = match names.len() {
        1..=NAMED if names.iter().all(is_plain) => names.join(","),
        _ => "NAME,...".to_owned(),
    };
    format!(
        "{host}: the script uses {cmdlet}, which returns formatting instructions instead of objects: leave it out, and \
         choose properties with --select {names} (-o text and -o table print it as it is; not repeated in this run)"
    )
}

/// Why `--select` chooses nothing of what Format-* returns, and what comes of it.
fn unselected(host: &str, cmdlet: &str, result: &str) -> String {
    format!(
        "{host}: the script uses {cmdlet}, which returns formatting instructions instead of objects, so that --select \
         has no \
         properties to choose from, and {result}: leave {cmdlet} out (not repeated in this run)"
    )
}

#[cfg(test)]
mod tests {
    use crate::clixml::{Object, Value};
    use crate::output::testing::{Script, bag, settings, written};
    use crate::output::{Format, Losses, Settings};
    use crate::stream::Stream;

    fn hidden() -> Object {
        bag(vec![("Password", Value::SecureString([0].into())), ("Name", Value::str("a"))])
    }

    #[test]
    fn each_kind_is_told_once_by_every_format_that_loses_it() {
        for (format, select) in [(Format::Jsonl, ""), (Format::Json, ""), (Format::Csv, ""), (Format::Jsonl, "Pass*")] {
            let losses = Losses::default();
            let select = Some(select.to_owned()).filter(|select| !select.is_empty()).into_iter().collect();
            let settings = Settings { losses: losses.clone(), select, ..settings() };
            let mut script = Script::new(&["web01", "web02"]);
            let mut events = vec![script.started()];
            events.extend((0..2).map(|target| script.record(target, Stream::Output, hidden())));
            written(format, &settings, &events);
            let why = "not repeated in this run; JSON with --types keeps what it can";
            let told = format!("web01: Password is a SecureString and is shown as null ({why})");
            assert_eq!(losses.take(), [told], "{format:?}");
            assert!(losses.take().is_empty());
        }
    }

    #[test]
    fn types_lose_nothing() {
        let losses = Losses::default();
        let settings = Settings { losses: losses.clone(), types: true, ..settings() };
        let mut script = Script::new(&["web01"]);
        written(Format::Jsonl, &settings, &[script.started(), script.record(0, Stream::Output, hidden())]);
        assert!(losses.take().is_empty());
    }
}
