//! `psfleet runs diff`.

mod page;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, IsTerminal};

use anyhow::bail;

use crate::cli::args::compare::{DiffArgs, DiffFormat};
use crate::cli::terminal;
use crate::clixml::{Document, encode};
use crate::outcome::Outcome;
use crate::output::{Delta, Select, Side, Unmet, compare, sanitize_line};
use crate::record::{Record, error_message};
use crate::store::{ByTarget, Error, Header, Run, Store};
use crate::stream::Stream;
use crate::target::TargetId;

/// Objects of a host that are compared; a host of more is compared as far as that.
const OBJECTS: usize = 20_000;

/// Bytes of their CLIXML.
const BYTES: usize = 64 << 20;

/// Changes that are held at once, those of hosts with the same ones counted once.
const CHANGES: usize = 200_000;

/// What two runs have otherwise.
struct Diff {
    before: Run,
    after: Run,
    /// Hosts of the run after that the one before had not, and the other way round.
    new: Vec<String>,
    gone: Vec<String>,
    /// Hosts by what became of them before and after.
    outcomes: BTreeMap<(&'static str, &'static str), Vec<String>>,
    /// Hosts of the same changes, each change an object of its own, in the order in which they came.
    changes: Vec<(Vec<Document>, Vec<String>)>,
    /// Hosts that both runs have and that are the same in both.
    same: usize,
    notes: Vec<String>,
}

/// Shows what is different between two runs.
pub(super) fn run(args: &DiffArgs, store: &Store) -> anyhow::Result<u8> {
    let after = store.find(args.after.as_deref().unwrap_or("last"))?;
    let two = store.header(&after)?;
    let before = args.before.as_ref().map(|name| store.find(name)).transpose()?;
    let before = match before.filter(|before| before.id != after.id || args.after.is_some()) {
        Some(before) => before,
        None => same_before(store, &after, &two)?,
    };
    let one = store.header(&before)?;
    if one.hash != two.hash && !args.force {
        bail!(
            "these runs did different things, '{}' and '{}': --force compares them all the same",
            sanitize_line(&one.title),
            sanitize_line(&two.title)
        );
    }
    let mut unmet = Unmet::of("--select", &args.select);
    let diff = Diff::of(store, before, after, &Select::new(&args.select), &mut unmet)?;
    let is_read = io::stdout().is_terminal();
    match args.output {
        DiffFormat::Text => terminal::print(&page::text(&diff)),
        DiffFormat::Auto if is_read => terminal::print(&page::text(&diff)),
        DiffFormat::Auto | DiffFormat::Json => terminal::print_json(&page::json(&diff)),
        DiffFormat::Csv => terminal::print(&page::csv(&diff, is_read)),
    }?;
    unmet.sentences().for_each(|said| anstream::eprintln!("warning: {}", sanitize_line(&said)));
    diff.notes.iter().for_each(|note| anstream::eprintln!("note: {}", sanitize_line(note)));
    Ok(0)
}

/// The last run before another one that did the same.
fn same_before(store: &Store, after: &Run, header: &Header) -> anyhow::Result<Run> {
    // Those that were imported stand where they were taken over, and not where they began.
    let mut earlier = store.runs()?;
    earlier.retain(|run| run.begun < after.begun);
    earlier.sort_by_key(|run| std::cmp::Reverse(run.begun));
    for run in earlier {
        if store.header(&run)?.hash == header.hash {
            return Ok(run);
        }
    }
    bail!(
        "no run before {} did the same, '{}': name two runs (psfleet runs ls), and --force where they did different things",
        after.id,
        sanitize_line(&header.title)
    )
}

impl Diff {
    fn of(store: &Store, before: Run, after: Run, select: &Select, unmet: &mut Unmet) -> Result<Self, Error> {
        let (was, is) = (store.targets(&before)?, store.targets(&after)?);
        let (ends_before, ends_after) = (store.ends(&before)?, store.ends(&after)?);
        let (mut records_before, mut records_after) = (store.by_target(&before)?, store.by_target(&after)?);
        let mut places: HashMap<&str, TargetId> =
            was.iter().zip(0..).map(|(target, place)| (target.name.as_str(), TargetId(place))).collect();
        let (mut new, mut outcomes) = (Vec::new(), BTreeMap::<_, Vec<String>>::new());
        let (mut found, mut same) = (Changes::default(), 0);
        for (target, place) in is.iter().zip(0..) {
            let Some(earlier) = places.remove(target.name.as_str()) else {
                new.push(target.name.clone());
                continue;
            };
            let later = TargetId(place);
            let code = |outcome: Option<&Outcome>| outcome.copied().unwrap_or(Outcome::NotStarted).code();
            let ended = (code(ends_before.get(&earlier)), code(ends_after.get(&later)));
            let is_changed = ended.0 != ended.1;
            if is_changed {
                outcomes.entry(ended).or_default().push(target.name.clone());
            }
            let (one, is_cut) = side(&mut records_before, earlier)?;
            let (two, is_cut_too) = side(&mut records_after, later)?;
            one.objects.iter().chain(&two.objects).for_each(|object| unmet.look_at(object));
            let deltas = compare(&one, &two, select);
            if is_cut || is_cut_too {
                found.cut.push(target.name.clone());
            }
            match deltas.is_empty() {
                true => same += usize::from(!is_changed),
                false => found.add(deltas, &target.name),
            }
        }
        let is_gone = |name: &&str| places.contains_key(*name);
        let gone = was.iter().map(|target| target.name.as_str()).filter(is_gone).map(str::to_owned).collect();
        let notes = found.notes();
        Ok(Self { before, after, new, gone, outcomes, changes: found.groups, same, notes })
    }
}

/// What a host has sent, and whether that is only a part.
fn side(records: &mut ByTarget<'_>, target: TargetId) -> Result<(Side, bool), Error> {
    let mut side = Side::default();
    let (mut is_cut, mut held) = (false, 0);
    records.of(target, &[Stream::Output, Stream::Error], |Record { stream, value, .. }, bytes| {
        held += bytes;
        is_cut = side.objects.len() + side.errors.len() >= OBJECTS || held > BYTES;
        match stream {
            _ if is_cut => {}
            Stream::Error => side.errors.extend(error_message(&value).map(|message| message.into_owned())),
            _ => side.objects.push(value),
        }
        !is_cut
    })?;
    Ok((side, is_cut))
}

/// Changes by their hosts.
#[derive(Default)]
struct Changes {
    groups: Vec<(Vec<Document>, Vec<String>)>,
    /// The groups by a text of their changes.
    places: HashMap<String, usize>,
    held: usize,
    /// Hosts of which not everything was compared.
    cut: Vec<String>,
    /// Hosts whose changes are too many to be held.
    left_out: Vec<String>,
}

impl Changes {
    fn add(&mut self, deltas: Vec<Delta>, host: &str) {
        let deltas: Vec<Document> = deltas.into_iter().map(Delta::into_document).collect();
        let key: String = deltas.iter().map(encode).collect();
        if let Some(place) = self.places.get(&key) {
            self.groups[*place].1.push(host.to_owned());
        } else if self.held + deltas.len() > CHANGES {
            self.left_out.push(host.to_owned());
        } else {
            self.held += deltas.len();
            self.places.insert(key, self.groups.len());
            self.groups.push((deltas, vec![host.to_owned()]));
        }
    }

    fn notes(&self) -> Vec<String> {
        let fold = |hosts: &Vec<String>| crate::hostlist::fold(hosts.iter().map(String::as_str));
        let mut notes = Vec::new();
        if !self.cut.is_empty() {
            notes.push(format!(
                "only the first {OBJECTS} objects, or {} MiB, were compared of {}",
                BYTES >> 20,
                fold(&self.cut)
            ));
        }
        if !self.left_out.is_empty() {
            let hosts = fold(&self.left_out);
            notes.push(format!("there are more than {CHANGES} changes; those of {hosts} are left out"));
        }
        notes
    }
}
