//! Properties that were asked for and that no object has had.

use std::collections::BTreeSet;

use super::host_column::COLUMN;
use super::out_string::format;
use super::select::matches;
use super::{SortKey, Where};
use crate::clixml::{self, Document};
use crate::event::{RunEvent, RunEventKind};
use crate::nearest::did_you_mean;
use crate::stream::Stream;

/// Names of properties that are remembered, to find one that is near.
const NAMES: usize = 512;

/// Looks for the properties that flags name.
#[derive(Debug, Default)]
pub struct Unmet {
    wanted: Vec<Wanted>,
    names: BTreeSet<String>,
    objects: u64,
}

/// A property that a flag names.
#[derive(Debug)]
struct Wanted {
    flag: &'static str,
    name: String,
}

impl Unmet {
    /// For what `--select`, `--sort-by` and `--where` name.
    pub fn new(select: &[String], sort: &[SortKey], filter: Option<&Where>) -> Self {
        let select = select.iter().map(|name| ("--select", name.trim()));
        let sort = sort.iter().map(|key| ("--sort-by", key.property()));
        let filter = filter.map(Where::properties).unwrap_or_default();
        let filter = filter.into_iter().map(|name| ("--where", name));
        Self::wanting(select.chain(filter).chain(sort))
    }

    /// For the properties that another flag names.
    pub fn of(flag: &'static str, names: &[String]) -> Self {
        Self::wanting(names.iter().map(|name| (flag, name.trim())))
    }

    fn wanting<'n>(all: impl Iterator<Item = (&'static str, &'n str)>) -> Self {
        let all = all.filter(|(_, name)| !name.is_empty() && !name.eq_ignore_ascii_case(COLUMN));
        Self { wanted: all.map(|(flag, name)| Wanted { flag, name: name.to_owned() }).collect(), ..Self::default() }
    }

    /// Takes the next event.
    pub fn apply(&mut self, event: &RunEvent) {
        match &event.kind {
            RunEventKind::Record(record) if record.stream == Stream::Output => self.look_at(&record.value),
            _ => {}
        }
    }

    /// Takes the next object.
    pub fn look_at(&mut self, document: &Document) {
        if self.wanted.is_empty() || format::is_order(document) {
            return;
        }
        self.objects += 1;
        let fields = clixml::properties(document).or_else(|| clixml::members_of(&document.root)).unwrap_or_default();
        let is_single = fields.is_empty();
        self.wanted.retain(|Wanted { name, .. }| {
            let is_whole = is_single && name.eq_ignore_ascii_case("Value");
            !is_whole && !fields.iter().any(|(field, _)| matches(name, field))
        });
        for (field, _) in fields {
            if self.names.len() < NAMES && !self.names.contains(field) {
                self.names.insert(field.to_owned());
            }
        }
    }

    /// A sentence for each property that no object has had; none where there was no object at all.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.wanted.iter().filter(|_| self.objects > 0).map(|Wanted { flag, name }| {
            let hint = did_you_mean(name, self.names.iter().map(String::as_str));
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{flag}: no object has a property '{name}'{hint}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Unmet;
    use crate::clixml::Value;
    use crate::output::testing::{Script, bag};
    use crate::output::{SortKey, Where};
    use crate::stream::Stream;

    fn unmet(select: &[&str], sort: &str, filter: &str, objects: Vec<Value>) -> Vec<String> {
        let select: Vec<String> = select.iter().map(|name| (*name).to_owned()).collect();
        let sort: SortKey = sort.parse().expect("a key");
        let filter: Where = filter.parse().expect("an expression");
        let mut unmet = Unmet::new(&select, &[sort], Some(&filter));
        let mut script = Script::new(&["web01"]);
        unmet.apply(&script.started());
        objects.into_iter().for_each(|object| unmet.apply(&script.record(0, Stream::Output, object)));
        unmet.sentences().map(|said| said.replace(": no object has a property", "")).collect()
    }

    #[test]
    fn what_some_object_has_is_met() {
        let objects = || {
            let other = bag(vec![("Status", Value::I32(1))]);
            vec![bag(vec![("Name", Value::str("a")), ("Id", Value::I32(1))]).into(), other.into()]
        };
        let filter = "Status -eq 1 -or (Sttaus.Value -eq 2 -and -not Id)";
        assert_eq!(
            unmet(&["n*", "Nmae", "PSComputerName"], "ID:desc", filter, objects()),
            ["--select 'Nmae'; did you mean 'Name'?", "--where 'Sttaus'; did you mean 'Status'?"]
        );
        assert_eq!(unmet(&["x"], "y", "z", Vec::new()), [""; 0], "nothing came that could have had it");
        assert_eq!(unmet(&["Value"], "Value", "Value -eq 1", vec![Value::I32(1)]), [""; 0]);
    }
}
