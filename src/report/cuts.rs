//! Which members PowerShell cut at its depth, and on which hosts.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::clixml::CutFinder;
use crate::event::{RunEvent, RunEventKind, RunHeader};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// Members that are kept by name. A script that makes up names cannot fill the memory.
const KEPT_MEMBERS: usize = 128;
/// Bytes of a member's path; longer ones are counted only.
const LONGEST_PATH: usize = 512;
/// Up to this many more are counted, by their hash.
const COUNTED_MEMBERS: usize = 4096;

/// The members that came cut in a run's objects.
#[derive(Debug)]
pub struct Cuts {
    finder: CutFinder,
    header: Option<Arc<RunHeader>>,
    members: Vec<Member>,
    /// The hashes of members beyond those that are kept.
    others: HashSet<u64>,
    hashes: RandomState,
}

#[derive(Debug)]
struct Member {
    /// The names of the way to it, with dots between them.
    path: String,
    hosts: BTreeSet<TargetId>,
}

/// Members that were cut on the same hosts.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut<'c> {
    /// Their paths, in the order in which they were met.
    pub members: Vec<&'c str>,
    /// The names of the hosts, in inventory order.
    pub hosts: Vec<&'c str>,
}

impl Cuts {
    /// For objects that hosts serialize down to this depth.
    pub fn new(depth: u32) -> Self {
        Self {
            finder: CutFinder::new(depth),
            header: None,
            members: Vec::new(),
            others: HashSet::new(),
            hashes: RandomState::new(),
        }
    }

    /// Takes the next event.
    pub fn apply(&mut self, event: &RunEvent) {
        match &event.kind {
            RunEventKind::RunStarted(header) => self.header = Some(Arc::clone(header)),
            RunEventKind::Record(record) if record.stream == Stream::Output => self.record(record),
            _ => {}
        }
    }

    fn record(&mut self, record: &Record) {
        self.finder.find(&record.value, |path| {
            if let Some(known) = self.members.iter_mut().find(|known| is_joined(&known.path, path)) {
                known.hosts.insert(record.target);
                return;
            }
            let length = path.iter().map(|name| name.len() + 1).sum::<usize>();
            if self.members.len() < KEPT_MEMBERS && length <= LONGEST_PATH {
                self.members.push(Member { path: path.join("."), hosts: BTreeSet::from([record.target]) });
            } else if self.others.len() < COUNTED_MEMBERS {
                self.others.insert(self.hashes.hash_one(path));
            }
        });
    }

    /// The depth at which they were cut.
    pub fn depth(&self) -> u32 {
        self.finder.depth()
    }

    /// The cut members whose first name is wanted, those of equal hosts together, those on most hosts first.
    pub fn groups(&self, wanted: impl Fn(&str) -> bool) -> Vec<Cut<'_>> {
        let Some(header) = &self.header else { return Vec::new() };
        let mut groups: Vec<(&BTreeSet<TargetId>, Vec<&str>)> = Vec::new();
        for Member { path, hosts } in &self.members {
            if !wanted(path.split('.').next().unwrap_or(path)) {
                continue;
            }
            match groups.iter_mut().find(|(known, _)| *known == hosts) {
                Some((_, members)) => members.push(path),
                None => groups.push((hosts, vec![path])),
            }
        }
        groups.sort_by_key(|(hosts, _)| std::cmp::Reverse(hosts.len()));
        let names = |hosts: &BTreeSet<TargetId>| hosts.iter().map(|&host| header.host(host)).collect();
        groups.into_iter().map(|(hosts, members)| Cut { members, hosts: names(hosts) }).collect()
    }

    /// How many members there are besides those in [`groups`](Self::groups): more than are kept by name. Counted up to
    /// 4096.
    pub fn other_members(&self) -> usize {
        self.others.len()
    }
}

/// Whether a text is these names with dots between them.
fn is_joined(text: &str, names: &[&str]) -> bool {
    let mut rest = Some(text);
    for (place, name) in names.iter().enumerate() {
        rest = rest.and_then(|rest| if place == 0 { Some(rest) } else { rest.strip_prefix('.') });
        rest = rest.and_then(|rest| rest.strip_prefix(name));
    }
    rest == Some("")
}

#[cfg(test)]
mod tests {
    use super::{COUNTED_MEMBERS, Cuts, KEPT_MEMBERS, is_joined};
    use crate::clixml::{Object, TypeNames, Value};
    use crate::output::testing::Script;
    use crate::stream::Stream;

    fn process(members: &[&str]) -> Object {
        let cut = |name: &&str| ((**name).into(), Value::str("System.Diagnostics.ProcessModule (pwsh)"));
        Object {
            type_names: TypeNames::new(["System.Diagnostics.Process"]),
            props: members.iter().map(cut).collect(),
            ..Object::default()
        }
    }

    fn cuts(hosts: &[&str], records: Vec<(u32, Stream, Object)>) -> Cuts {
        let mut script = Script::new(hosts);
        let mut cuts = Cuts::new(1);
        cuts.apply(&script.started());
        for (host, stream, object) in records {
            cuts.apply(&script.record(host, stream, object));
        }
        cuts
    }

    fn seen(cuts: &Cuts) -> Vec<(String, String)> {
        cuts.groups(|_| true).iter().map(|cut| (cut.members.join(","), cut.hosts.join(","))).collect()
    }

    #[test]
    fn members_of_equal_hosts_are_told_together() {
        let cuts = cuts(
            &["web1", "web2", "web3"],
            vec![
                (2, Stream::Output, process(&["Rare", "Modules"])),
                (0, Stream::Output, process(&["Modules", "MainModule"])),
                (2, Stream::Output, process(&["MainModule"])),
                (1, Stream::Error, process(&["Modules"])),
            ],
        );
        assert_eq!(seen(&cuts), [("Modules,MainModule".into(), "web1,web3".into()), ("Rare".into(), "web3".into())]);
        let wanted = cuts.groups(|name| name == "Rare");
        assert_eq!(wanted.iter().map(|cut| cut.members.join(",")).collect::<Vec<_>>(), ["Rare"]);
        assert_eq!(cuts.other_members(), 0);
    }

    #[test]
    fn names_without_end_take_no_memory_without_end() {
        let names: Vec<String> = (0..10_000).map(|number| format!("Module{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let object = process(&names);
        let cuts = cuts(&["web1"], vec![(0, Stream::Output, object.clone()), (0, Stream::Output, object)]);
        assert_eq!(seen(&cuts)[0].0.split(',').count(), KEPT_MEMBERS);
        assert_eq!(cuts.other_members(), COUNTED_MEMBERS);
        let long = "Module".repeat(1000);
        let cuts = self::cuts(&["web1"], vec![(0, Stream::Output, process(&[&long]))]);
        assert_eq!((seen(&cuts).len(), cuts.other_members()), (0, 1));
    }

    #[test]
    fn paths_are_compared_without_being_joined() {
        assert!(is_joined("A.B", &["A", "B"]) && is_joined("A", &["A"]));
        assert!(!is_joined("A.B", &["A"]) && !is_joined("AB", &["A", "B"]) && !is_joined("A", &["A", "B"]));
    }
}
