//! Facts: what the latest run that knows says of a property of each host.

use std::collections::{HashMap, HashSet};

use rusqlite::params;

use crate::clixml::{self, Decoder, Document, Limits, Object, Value, write_plain};
use crate::stream::Stream;
use crate::target::{TargetId, Variable};

use super::attempts::Attempts;
use super::chunk::Opened;
use super::error::Error;
use super::{Run, Store};

/// So many runs are searched, the latest ones: a fact that is older says little of a host today.
const RUNS_SEARCHED: usize = 200;

/// The values that are kept of one host, and the characters of each.
const MOST_VALUES: usize = 4096;
const LONGEST: usize = 1024;

/// The bytes of the values of all hosts together.
const MOST_BYTES: usize = 256 << 20;

/// What a run says of one host.
#[derive(Debug, Clone, PartialEq)]
pub struct HostFacts {
    /// The host, by the name that the run had for it.
    pub host: String,
    /// The different values of the property, in the order in which they came.
    pub values: Vec<String>,
    /// The run.
    pub run: Run,
}

impl Store {
    /// What hosts have of a property of the objects of a type, each by the latest run that has such objects from it. A type
    /// is named with its namespace or without. With `only`, no other hosts are looked for; with `until`, no run that began
    /// later is searched.
    ///
    /// Runs that were imported say nothing: where they come from decides nothing here.
    ///
    /// One chunk of records is in memory at a time, and the values that are found.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn facts(
        &self,
        kind: &str,
        property: &str,
        only: Option<&HashSet<String>>,
        until: &Run,
    ) -> Result<Vec<HostFacts>, Error> {
        let mut search = Search { kind, property, decoder: Decoder::new(Limits::OF_KEPT) };
        let mut known: HashSet<String> = HashSet::new();
        let mut facts = Vec::new();
        let mut held = 0;
        for run in
            self.runs()?.into_iter().filter(|run| run.row <= until.row && run.imported.is_none()).take(RUNS_SEARCHED)
        {
            if only.is_some_and(|only| known.len() >= only.len()) {
                break;
            }
            let targets = self.targets(&run)?;
            let wanted: HashMap<usize, String> = targets
                .into_iter()
                .enumerate()
                .map(|(place, target)| (place, target.name))
                .filter(|(_, name)| {
                    let lower = name.to_lowercase();
                    !known.contains(&lower) && only.is_none_or(|only| only.contains(&lower))
                })
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let mut found: Vec<(usize, Vec<String>)> =
                self.search(&run, &wanted, &mut search, &mut held)?.into_iter().collect();
            found.sort_unstable_by_key(|(place, _)| *place);
            for (place, values) in found {
                let Some(host) = wanted.get(&place) else { continue };
                known.insert(host.to_lowercase());
                facts.push(HostFacts { host: host.clone(), values, run: run.clone() });
            }
        }
        Ok(facts)
    }

    fn search(
        &self,
        run: &Run,
        wanted: &HashMap<usize, String>,
        search: &mut Search<'_>,
        held: &mut usize,
    ) -> Result<HashMap<usize, Vec<String>>, Error> {
        let mut found: HashMap<usize, Vec<String>> = HashMap::new();
        let begins = self.begins(run, Attempts::Last)?;
        let mut chunks = self.db.prepare("SELECT first, target, data FROM chunks WHERE run = ? ORDER BY first")?;
        let mut rows = chunks.query(params![run.row])?;
        while let Some(row) = rows.next()? {
            let (first, id) = (row.get(0)?, TargetId(row.get(1)?));
            let target = id.index();
            if !wanted.contains_key(&target) || !begins.is_last(id, first) {
                continue;
            }
            let mut chunk = Opened::new(first, &row.get::<_, Vec<u8>>(2)?)?;
            while let Some(entry) = chunk.next()? {
                if entry.stream != Stream::Output || !search.may_have(entry.xml) {
                    continue;
                }
                let document = search.decoder.decode(entry.xml).map_err(Error::damaged)?;
                let Some(value) = search.value(&document) else { continue };
                let values = found.entry(target).or_default();
                for value in texts(&value) {
                    if values.len() < MOST_VALUES && !values.contains(&value) {
                        *held += value.len() + size_of::<String>();
                        if *held > MOST_BYTES {
                            return Err(Error::TooMany(format!(
                                "the hosts have more different values of {}.{} than fit into {} MiB",
                                search.kind,
                                search.property,
                                MOST_BYTES >> 20
                            )));
                        }
                        values.push(value);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// A property that is looked for.
struct Search<'a> {
    kind: &'a str,
    property: &'a str,
    decoder: Decoder,
}

impl Search<'_> {
    /// Whether the text of a record could have the type's name in it: most records of most runs do not, and need not be
    /// decoded.
    fn may_have(&self, xml: &[u8]) -> bool {
        let name = self.kind.as_bytes();
        let Some(&first) = name.first() else { return false };
        let is_first = |byte: &u8| byte.eq_ignore_ascii_case(&first);
        let mut rest = xml;
        while let Some(at) = rest.iter().position(is_first) {
            rest = &rest[at..];
            if rest.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name)) {
                return true;
            }
            rest = &rest[1..];
        }
        false
    }

    fn value(&self, document: &Document) -> Option<Value> {
        let object = document.root.as_object().filter(|object| self.is_kind(object))?;
        match object.member(self.property)? {
            Value::Ref(id) => document.find(*id).cloned(),
            value => Some(value.clone()),
        }
    }

    fn is_kind(&self, object: &Object) -> bool {
        object.type_names.iter().any(|name| is_called(name, self.kind))
    }
}

/// Whether a type has this name: in full, or without what stands before it. CIM puts the class behind `#` and its namespace.
fn is_called(name: &str, wanted: &str) -> bool {
    let name = clixml::first_name(name);
    let class = name.rsplit(['#', '/', '\\']).next().unwrap_or(name);
    let short = class.rsplit('.').next().unwrap_or(class);
    [name, class, short].iter().any(|name| name.eq_ignore_ascii_case(wanted))
}

/// The texts of a value, or of each item of a list, as plain JSON has them.
fn texts(value: &Value) -> Vec<String> {
    let items = value.as_list().map_or(std::slice::from_ref(value), |items| items);
    let text = |item: &Value| {
        let mut json = Vec::new();
        write_plain(&Document::new(item.clone()), &mut json);
        let text = Variable::of_json(String::from_utf8_lossy(&json)).single()?;
        Some(text.chars().take(LONGEST).collect())
    };
    items.iter().take(MOST_VALUES).filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn types_have_short_names() {
        for (name, wanted) in [
            (
                "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_OperatingSystem",
                "win32_operatingsystem",
            ),
            ("Deserialized.System.Management.ManagementObject#root\\cimv2\\Win32_BIOS", "Win32_BIOS"),
            ("Selected.System.Diagnostics.Process", "Process"),
            ("Deserialized.System.ServiceProcess.ServiceController", "System.ServiceProcess.ServiceController"),
            ("System.Management.Automation.PSCustomObject", "PSCustomObject"),
        ] {
            assert!(is_called(name, wanted), "{name} {wanted}");
        }
        for (name, wanted) in [("System.Diagnostics.Process", "Proc"), ("A.Win32_BIOSX", "Win32_BIOS"), ("", "X")] {
            assert!(!is_called(name, wanted), "{name} {wanted}");
        }
    }
}
