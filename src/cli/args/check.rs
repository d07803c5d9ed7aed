//! What to check, how often to ask, and how to say it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{BoolishValueParser, PossibleValue};
use clap::{ArgAction, Args, ValueEnum};

use super::connect::ConnectArgs;
use super::log::LogArgs;
use super::number;
use super::output::{ColorMode, OutputArgs, OutputFormat, ProgressMode};
use super::rollout::RolloutArgs;
use super::store::StoreArgs;
use super::targets::TargetArgs;
use crate::check::Form;
use crate::config;
use crate::output::SelectedStreams;

/// The arguments of `psfleet check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Checks: files, folders of them, or names that are looked for in ./checks, in inventories/checks beside psfleet.toml, and
    /// in --check-path
    #[arg(value_name = "FILE|DIR|NAME", required = true)]
    pub checks: Vec<String>,

    /// A folder in which checks are looked for by name, before the usual ones
    #[arg(long, env = "PSFLEET_CHECK_PATH", value_name = "DIR", value_delimiter = '\n')]
    pub check_path: Vec<PathBuf>,

    /// Which hosts.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// How they are reached.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// How checks are run.
    #[command(flatten)]
    pub execute: CheckExecuteArgs,

    /// What is shown.
    #[command(flatten)]
    pub output: CheckOutputArgs,

    /// What is kept of the run.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// How checks are run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Execute")]
pub struct CheckExecuteArgs {
    /// Ask again, so many times in the same session, before a state other than OK counts
    #[arg(long, env = "PSFLEET_CONFIRM", value_name = "N", default_value_t = 0, value_parser = number::whole::<u32>)]
    pub confirm: u32,

    /// Time between two of these, such as 5s
    #[arg(long, env = "PSFLEET_CONFIRM_WAIT", value_name = "TIME", default_value = "2s", value_parser = config::parse_duration)]
    pub confirm_wait: Duration,

    /// Say what the files of the checks compare with what, and where; no host is asked, and limits of single hosts are not shown
    #[arg(long, env = "PSFLEET_EXPLAIN", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub explain: bool,

    /// Show which checks would run on which hosts, and connect to none
    #[arg(long, env = "PSFLEET_PLAN", aliases = ["dry-run", "what-if"], action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub plan: bool,

    /// How the run goes over the hosts.
    #[command(flatten)]
    pub rollout: RolloutArgs,
}

/// What is shown of checks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct CheckOutputArgs {
    /// Format of stdout
    #[arg(short, long, env = "PSFLEET_OUTPUT", value_enum, default_value_t = CheckFormat::Auto, value_name = "FORMAT")]
    pub output: CheckFormat,

    /// Write a file, too, in the format of its suffix: .xml (JUnit) .prom .json .jsonl .csv .txt (table); repeatable
    #[arg(long, env = "PSFLEET_OUT", value_delimiter = '\n', value_name = "FILE", value_parser = out_file)]
    pub out: Vec<CheckFile>,

    /// Progress on stderr
    #[arg(long, env = "PSFLEET_PROGRESS", value_enum, default_value_t = ProgressMode::Auto, value_name = "MODE")]
    pub progress: ProgressMode,

    /// Colours
    #[arg(long, env = "PSFLEET_COLOR", value_enum, default_value_t = ColorMode::Auto, value_name = "WHEN")]
    pub color: ColorMode,

    /// No progress and no totals on stderr, as with -o nagios unless --progress asks for it
    #[arg(short, long, env = "PSFLEET_QUIET", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub quiet: bool,

    /// Say more: in the table, what was found on hosts that are in order
    #[arg(short, long, env = "PSFLEET_VERBOSE", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub verbose: bool,

    /// What is logged.
    #[command(flatten)]
    pub log: LogArgs,
}

/// The format of verdicts on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckFormat {
    /// Table on a terminal, jsonl otherwise.
    Auto,
    /// A format that was asked for.
    Chosen(Form),
}

impl ValueEnum for CheckFormat {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [CheckFormat; Form::ALL.len() + 1] = {
            let mut all = [CheckFormat::Auto; Form::ALL.len() + 1];
            let mut place = 0;
            while place < Form::ALL.len() {
                all[place + 1] = CheckFormat::Chosen(Form::ALL[place]);
                place += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => PossibleValue::new("auto").help("Table on a terminal, jsonl otherwise"),
            Self::Chosen(form) => PossibleValue::new(form.name()).help(form.about()),
        })
    }
}

/// A file that verdicts go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFile {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub form: Form,
}

/// The suffixes that name a format.
const SUFFIXES: [(&str, Form); 6] = [
    ("xml", Form::Junit),
    ("prom", Form::Prom),
    ("json", Form::Json),
    ("jsonl", Form::Jsonl),
    ("csv", Form::Csv),
    ("txt", Form::Table),
];

fn out_file(text: &str) -> Result<CheckFile, String> {
    let path = PathBuf::from(text);
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_ascii_lowercase();
    match SUFFIXES.iter().find(|(known, _)| *known == suffix) {
        Some((_, form)) => Ok(CheckFile { path, form: *form }),
        None => {
            let known: Vec<String> = SUFFIXES.iter().map(|(suffix, _)| format!(".{suffix}")).collect();
            Err(format!("the suffix names the format: {}", known.join(" ")))
        }
    }
}

impl CheckOutputArgs {
    /// The same for those who show a run: no objects, and none of the other streams.
    pub fn of_run(&self) -> OutputArgs {
        // Cron mails what else is written, and a monitoring system takes one line.
        let is_line = self.output == CheckFormat::Chosen(Form::Nagios) && self.progress == ProgressMode::Auto;
        OutputArgs {
            output: OutputFormat::Auto,
            out: Vec::new(),
            streams: SelectedStreams::none(),
            filter: None,
            select: Vec::new(),
            sort_by: Vec::new(),
            csv_delimiter: b',',
            csv_bom: false,
            csv_raw: false,
            types: false,
            progress: self.progress,
            color: self.color,
            quiet: self.quiet || is_line,
            verbose: self.verbose,
            log: self.log.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, out_file};

    #[test]
    fn files_take_their_format_from_the_suffix() {
        let form = |text| out_file(text).map(|file| file.form);
        assert_eq!((form("a/junit.XML"), form("x.prom")), (Ok(Form::Junit), Ok(Form::Prom)));
        assert!(form("x.html").unwrap_err().contains(".prom"));
    }
}
