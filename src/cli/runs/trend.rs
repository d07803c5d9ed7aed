//! `psfleet runs trend`.

mod page;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use anyhow::{anyhow, bail};

use crate::cli::args::compare::{TrendArgs, TrendFormat};
use crate::cli::terminal;
use crate::output::{Measure, Tally, Unmet, sanitize_line};
use crate::store::{Run, Store};
use crate::stream::Stream;
use crate::target::TargetId;

/// Numbers that are held at once; more are nothing that somebody could look at.
const MOST: usize = 2_000_000;

/// The numbers of each row, a place for each run.
type Rows = BTreeMap<Vec<String>, Vec<Option<f64>>>;

/// A measure over several runs.
struct Trend<'m> {
    measure: &'m Measure,
    /// The oldest first.
    runs: Vec<Run>,
    rows: Rows,
    /// What `--by` names and no object has.
    unmet: Unmet,
    notes: Vec<String>,
}

/// Shows how a number went from run to run.
pub(super) fn run(args: &TrendArgs, store: &Store) -> anyhow::Result<u8> {
    let measure = Measure::new(&args.measure, &args.by).map_err(|error| anyhow!(error))?;
    let (runs, unmet) = (runs(args, store)?, Unmet::of("--by", &args.by));
    let mut trend = Trend { measure: &measure, runs, rows: Rows::new(), unmet, notes: Vec::new() };
    let mut without = 0;
    for place in 0..trend.runs.len() {
        without += trend.add(store, place)?;
    }
    if trend.rows.is_empty() {
        let runs = trend.runs.len();
        let which = if runs == 1 { "the run".to_owned() } else { format!("the {runs} runs") };
        bail!("no object of {which} has a number '{}' ({without} objects were looked at)", args.measure);
    }
    match args.output {
        TrendFormat::Table => terminal::print(&page::table(&trend, page::is_unicode())),
        TrendFormat::Csv => terminal::print(&page::csv(&trend, io::stdout().is_terminal())),
        TrendFormat::Json => terminal::print_json(&page::json(&trend)),
    }?;
    trend.unmet.sentences().for_each(|said| anstream::eprintln!("warning: {}", sanitize_line(&said)));
    trend.notes.iter().for_each(|note| anstream::eprintln!("note: {}", sanitize_line(note)));
    Ok(0)
}

/// The runs that are looked at, the oldest first.
fn runs(args: &TrendArgs, store: &Store) -> anyhow::Result<Vec<Run>> {
    let mut found: Vec<Run> = Vec::new();
    for name in &args.runs {
        let run = store.find(name)?;
        if !found.iter().any(|other| other.id == run.id) {
            found.push(run);
        }
    }
    if args.runs.is_empty() {
        let last = match &args.label {
            None => store.find("last")?,
            Some(label) => match store.runs()?.into_iter().find(|run| run.label.as_ref() == Some(label)) {
                Some(run) => run,
                None => bail!("no run has the label '{}' (psfleet runs ls)", sanitize_line(label)),
            },
        };
        let hash = store.header(&last)?.hash;
        for run in store.runs()? {
            let is_labelled = args.label.is_none() || run.label == args.label;
            if is_labelled && store.header(&run)?.hash == hash {
                found.push(run);
            }
            if found.len() == args.last.get() {
                break;
            }
        }
    }
    found.sort_by_key(|run| run.begun);
    Ok(found)
}

impl Trend<'_> {
    /// Adds the numbers of a run; how many objects had none.
    fn add(&mut self, store: &Store, place: usize) -> anyhow::Result<u64> {
        let run = &self.runs[place];
        let targets = store.targets(run)?;
        let mut records = store.by_target(run)?;
        let mut tally = Tally::new(self.measure);
        let most = MOST / self.runs.len();
        for (target, number) in targets.iter().zip(0..) {
            records.of(TargetId(number), &[Stream::Output], |record, _| {
                self.unmet.look_at(&record.value);
                tally.add(&record.value, &target.name);
                tally.len() <= most
            })?;
            if tally.len() > most {
                bail!("more than {MOST} numbers: fewer runs (--last) or another --by give fewer");
            }
        }
        let ambiguous = tally.ambiguous();
        if ambiguous > 0 && self.notes.is_empty() {
            self.notes.push(format!(
                "several objects of a run differ in this number (in {ambiguous} rows of the run {}): the last one is \
                 shown; max(...), sum(...) or another --by tell them apart",
                run.id
            ));
        }
        let without = tally.without;
        for (key, number) in tally.into_rows() {
            let row = self.rows.entry(key).or_insert_with(|| vec![None; self.runs.len()]);
            row[place] = Some(number);
        }
        if self.rows.len() > most {
            bail!("more than {MOST} numbers: fewer runs (--last) or another --by give fewer");
        }
        Ok(without)
    }
}
