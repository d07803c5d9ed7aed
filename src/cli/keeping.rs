//! A run and the store: what is noted of it before it starts, and what is said of the store once it is over.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::args::store::StoreArgs;
use super::terminal::Console;
use crate::config::{Machine, System};
use crate::event::{RunHeader, Summary};
use crate::fleet::NoLanguage;
use crate::local_user;
use crate::outcome::{Counts, Outcome};
use crate::output::sanitize_line;
use crate::store::{self, Broken, Claim, Header, Recorder, Run, Store, TITLE_LENGTH, state_folder};
use crate::target::TargetId;

/// How a run is kept.
pub(super) enum Keeping {
    /// Not at all.
    Not,
    /// As a new one.
    New(Box<(Store, Story)>),
    /// As a part of one that is kept already.
    GoOn(Box<GoOn>),
}

/// What a new run is, as its command knows it.
pub(super) struct Story {
    pub label: Option<String>,
    pub title: String,
    pub command: &'static str,
    pub hash: String,
    pub work: Json,
    pub settings: Json,
    /// What stdin held, where it named hosts.
    pub stdin: Option<String>,
    pub line: Line,
}

/// What the names of runs among targets stood for.
pub(super) type NamesOfRuns = Rc<RefCell<BTreeMap<String, Uuid>>>;

/// What was asked for, and where else that was looked up.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The words of the command line, without the program's name.
    pub words: Vec<String>,
    /// The flags that configuration files and the environment gave beside them.
    pub given: Vec<String>,
    /// What names of earlier runs turn out to stand for.
    pub names: NamesOfRuns,
}

/// A run that goes on.
pub(super) struct GoOn {
    pub store: Store,
    pub run: Run,
    pub claim: Claim,
    /// Targets that have their outcome.
    pub done: Vec<(TargetId, Outcome)>,
    /// Those of them that have it from now on: nobody knows what became of them.
    pub lost: Vec<TargetId>,
    /// Targets that were lost before and run once more.
    pub again: Vec<TargetId>,
    /// The command that began it.
    pub command: String,
}

/// A run that is being kept.
pub(super) struct Kept {
    pub recorder: Recorder,
    pub broken: Broken,
    pub rest: Rest,
}

/// What can be done with a run that has not come to its end.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    run: Uuid,
    /// Hosts of it can be run again by `--rerun`.
    reruns: bool,
    /// It can be gone on with.
    goes_on: bool,
}

impl Keeping {
    /// Keeps a new run, unless that is not wanted.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub(super) fn new(
        args: &StoreArgs,
        around: &dyn System,
        story: impl FnOnce() -> anyhow::Result<Story>,
    ) -> anyhow::Result<Self> {
        if args.no_store {
            return Ok(Self::Not);
        }
        let store = Store::open(&folder(around)?).context(WITHOUT)?;
        Ok(Self::New(Box::new((store, story()?))))
    }

    /// The targets that are not run.
    pub(super) fn done(&self) -> Vec<(TargetId, Outcome)> {
        match self {
            Self::Not | Self::New(_) => Vec::new(),
            Self::GoOn(earlier) => earlier.done.clone(),
        }
    }

    /// Those of the others that were lost before.
    pub(super) fn again(&self) -> Vec<TargetId> {
        match self {
            Self::Not | Self::New(_) => Vec::new(),
            Self::GoOn(earlier) => earlier.again.clone(),
        }
    }

    /// The id of the run, if it has one.
    pub(super) fn run(&self) -> Option<Uuid> {
        match self {
            Self::Not | Self::New(_) => None,
            Self::GoOn(earlier) => Some(earlier.run.id),
        }
    }

    /// Begins to keep the run.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(super) fn begin(self, header: &RunHeader) -> anyhow::Result<Option<Kept>> {
        let (recorder, reruns, goes_on) = match self {
            Self::Not => return Ok(None),
            Self::New(new) => {
                let (store, story) = *new;
                let reruns = story.command == RERUN;
                let header_of_run = story.header(header);
                let recorder = store.begin(&header_of_run, &header.snapshot()).context(WITHOUT)?;
                (recorder, reruns, header_of_run.goes_on())
            }
            Self::GoOn(earlier) => {
                let mut recorder = earlier.store.go_on(&earlier.run, earlier.claim)?;
                recorder.lose(&earlier.lost)?;
                (recorder, earlier.command == RERUN, true)
            }
        };
        Ok(Some(Kept { broken: recorder.broken(), recorder, rest: Rest { run: header.run, reruns, goes_on } }))
    }
}

/// Whether a run could be kept, as far as that can be known while nothing is made or changed.
///
/// # Errors
/// Those of [`Keeping::new`].
pub(super) fn rehearse(args: &StoreArgs, around: &dyn System) -> anyhow::Result<()> {
    match args.no_store {
        true => Ok(()),
        false => Store::rehearse(&folder(around)?).context(WITHOUT),
    }
}

/// The command that has `--rerun`.
const RERUN: &str = "run";

/// Before why a run cannot be kept.
const WITHOUT: &str = "the run cannot be kept, so it was not started (--no-store runs without)";

impl Story {
    fn header(self, header: &RunHeader) -> Header {
        Header {
            run: header.run,
            begun: Timestamp::now(),
            label: self.label,
            title: sanitize_line(&self.title).chars().take(TITLE_LENGTH).collect(),
            command: self.command.to_owned(),
            hash: self.hash,
            words: self.line.words,
            given: self.line.given,
            machine: local_user::host(),
            folder: std::env::current_dir().unwrap_or_default(),
            names: self.line.names.borrow().clone(),
            stdin: self.stdin,
            work: self.work,
            settings: self.settings,
        }
    }
}

/// The state folder of this user.
///
/// # Errors
/// Nothing says where that could be.
pub(super) fn folder(around: &dyn System) -> anyhow::Result<PathBuf> {
    state_folder(around).context(
        "there is no home folder to keep runs in; PSFLEET_STATE_DIR names another one, --no-store runs without",
    )
}

impl Rest {
    /// The run.
    pub(super) fn run(&self) -> Uuid {
        self.run
    }

    /// What goes on once what broke the run's journal is mended, as the end of a sentence.
    pub(super) fn once_mended(&self) -> String {
        let run = self.run;
        match self.goes_on {
            true => format!(
                "; once that is mended, psfleet runs resume {run} goes on with the hosts that have no outcome (--lost: with \
                 those that were running, too)"
            ),
            false => String::new(),
        }
    }

    /// Says what can be done with the hosts that have not run, and with those that were stopped.
    pub(super) fn note(&self, summary: &Summary, console: &Console) {
        self.lines(&summary.counts).iter().for_each(|line| console.note(&format!("note: {line}")));
    }

    fn lines(&self, counts: &Counts) -> Vec<String> {
        let run = self.run;
        let not_run =
            counts.iter().filter(|(outcome, _)| self.goes_on && !outcome.had_turn()).map(|(_, count)| count).sum();
        let cancelled = if self.reruns { counts.of(Outcome::Cancelled) } else { 0 };
        let of = |count: u64, one: &str, many: &str, what: &dyn Fn(&str) -> String| match count {
            0 => None,
            1 => Some(format!("1 host {one}; {}", what("it"))),
            _ => Some(format!("{count} hosts {many}; {}", what("them"))),
        };
        let resume = |them: &str| format!("psfleet runs resume {run} goes on with {them}");
        let rerun = |them: &str| format!("psfleet run --rerun {run}:cancelled runs the script on {them} once more");
        let collect = |them: &str| format!("psfleet runs collect {run} gets what was written on {them}");
        let lines = [
            of(not_run, "has not run", "have not run", &resume),
            of(cancelled, "was stopped in its midst", "were stopped in their midst", &rerun),
            of(counts.of(Outcome::Detached), "was left running", "were left running", &collect),
        ];
        lines.into_iter().flatten().collect()
    }
}

/// What earlier runs know of endpoints that take no script text.
///
/// # Errors
/// The store cannot be read.
pub(super) fn no_language(args: &StoreArgs) -> anyhow::Result<NoLanguage> {
    if args.no_store {
        return Ok(NoLanguage::default());
    }
    let store = Store::open(&folder(&Machine::default())?).context(WITHOUT)?;
    Ok(NoLanguage::known(store.text_refusals(Timestamp::now()).context(WITHOUT)?))
}

/// Keeps what a run has learned of such endpoints.
pub(super) fn learn(args: &StoreArgs, no_language: &NoLanguage, console: &Console) {
    let seen = no_language.seen();
    if args.no_store || seen.is_empty() {
        return;
    }
    let noted = || -> anyhow::Result<()> {
        let mut store = Store::open(&folder(&Machine::default())?)?;
        Ok(store.note_text_refusals(&seen, Timestamp::now())?)
    };
    if let Err(error) = noted() {
        // The next run is refused once more, and tries again.
        console.note(&format!("warning: which endpoints take no script text could not be kept: {error:#}"));
    }
}

/// Removes what is kept for long enough when a run has ended, and says so.
pub(super) fn prune(args: &StoreArgs, ended: Uuid, console: &Console) {
    let pruned = || -> anyhow::Result<_> {
        let mut store = Store::open(&folder(&Machine::default())?)?;
        Ok(store.prune(args.retention.retention(), Some(ended), Timestamp::now())?)
    };
    match pruned() {
        Ok(pruned) => pruned_note(&pruned).into_iter().for_each(|note| console.note(&note)),
        // The run itself is kept; the next one tries again.
        Err(error) => console.note(&format!("warning: old runs could not be removed: {error:#}")),
    }
}

/// What was removed, in one line.
pub(super) fn pruned_note(pruned: &store::Pruned) -> Option<String> {
    let (first, last) = (pruned.runs.first()?, pruned.runs.last()?);
    let day = |run: &Run| run.begun.strftime("%Y-%m-%d").to_string();
    let runs = match pruned.runs.len() {
        1 => format!("the run of {}", day(first)),
        count => format!("{count} runs of {} to {}", day(first), day(last)),
    };
    Some(format!("note: removed {runs} from the store ({})", bytes(pruned.bytes)))
}

/// Bytes for people.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut number = bytes as f64;
    let mut unit = 0;
    while number >= 1024.0 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{number:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Rest;
    use crate::outcome::{Counts, Outcome};

    #[test]
    fn what_is_left_of_a_run_is_told_with_what_goes_on() {
        let mut counts = Counts::default();
        counts.add_many(Outcome::NotStarted, 2);
        counts.add(Outcome::Cancelled);
        let said = |reruns| Rest { run: Uuid::nil(), reruns, goes_on: true }.lines(&counts);
        let id = Uuid::nil();
        let rest = format!("2 hosts have not run; psfleet runs resume {id} goes on with them");
        let again = format!("psfleet run --rerun {id}:cancelled runs the script on it once more");
        assert_eq!(said(true), [rest.clone(), format!("1 host was stopped in its midst; {again}")]);
        assert_eq!(said(false), [rest], "a copy cannot be run again so");
        let check = Rest { run: Uuid::nil(), reruns: false, goes_on: false };
        assert_eq!(check.lines(&counts), [""; 0], "hosts are checked anew");
    }
}
