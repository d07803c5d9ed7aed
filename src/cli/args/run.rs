//! What to run and how: the flags of `run` besides targets, connection and output.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};

use super::connect::ConnectArgs;
use super::fold::FoldArgs;
use super::number;
use super::output::OutputArgs;
use super::rollout::RolloutArgs;
use super::store::StoreArgs;
use super::targets::TargetArgs;
use crate::config;
use crate::job::script::{self, ScriptInput};

/// The largest `--depth`.
pub const DEEPEST: u32 = 20;

fn depth(text: &str) -> Result<u32, String> {
    number::within(text, 1, u64::from(DEEPEST)).ok_or_else(|| format!("expected a number from 1 to {DEEPEST}"))
}

/// Run a script block or file on many hosts and stream the objects back
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Script text, a FILE.ps1, or - for stdin
    #[arg(value_name = "CODE|FILE.ps1|-")]
    pub code: Option<String>,

    /// Run hosts of an earlier run again: those that were not ok, or of these outcomes (with -t, those of them that it
    /// names). Script, -t, -i and connection flags that are not typed are those of that run; so are arguments, values,
    /// --input, --then, --depth, --strict and --native-errors where its script runs again
    #[arg(long, env = "PSFLEET_RERUN", value_name = "RUN[:OUTCOME,...]")]
    pub rerun: Option<String>,

    /// Target flags.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// Connection flags.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// Execution flags.
    #[command(flatten)]
    pub execute: ExecuteArgs,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Flags of folding.
    #[command(flatten)]
    pub fold: FoldArgs,

    /// Store flags.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Arguments of the script, and how the run goes over its hosts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Execute")]
pub struct ExecuteArgs {
    /// Positional argument of the script ($args, param()); JSON if it parses as JSON, else a string; @FILE.json reads a
    /// file, host.NAME is each host's own variable, '"host.NAME"' is that text (repeatable)
    #[arg(short = 'a', long = "argument-list", value_name = "VALUE", allow_hyphen_values = true)]
    pub argument_list: Vec<String>,

    /// Another script, text or a FILE.ps1, for each host on which those before it ran to their ends: in the same session,
    /// so that it finds their variables; --using counts for it too (repeatable)
    #[arg(long, env = "PSFLEET_THEN", value_name = "CODE|FILE.ps1", value_delimiter = '\0')]
    pub then: Vec<String>,

    /// Named parameter of the script; the bare name is a switch (repeatable)
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub param: Vec<String>,

    /// Arguments from a JSON file: an array holds positional ones, which come before those of -a; an object named ones,
    /// which those of -p replace
    #[arg(long, env = "PSFLEET_ARGS_FILE", value_name = "FILE")]
    pub args_file: Option<PathBuf>,

    /// Value of $using:NAME in the script; values as for -a (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub using: Vec<String>,

    /// Leave unknown names inside nested script blocks to the script: an inner command may supply them
    #[arg(long, env = "PSFLEET_USING_LENIENT", value_parser = BoolishValueParser::new(), num_args = 0,
          default_value_t = false, default_missing_value = "true")]
    pub using_lenient: bool,

    /// Objects for $input, process blocks and pipeline parameters of the script, from a file or - for stdin: lines,
    /// JSON, JSON lines or CSV, by suffix (.txt .json .jsonl .csv .tsv) or else by content
    #[arg(long, env = "PSFLEET_INPUT", value_name = "FILE|-", allow_hyphen_values = true)]
    pub input: Option<String>,

    /// Format of --input, where neither suffix nor content shows it
    #[arg(long, env = "PSFLEET_INPUT_FORMAT", value_enum, value_name = "FORMAT", requires = "input")]
    pub input_format: Option<InputFormat>,

    /// Show the targets, the script and every value with its source, and do nothing; -o json for programs
    #[arg(long, env = "PSFLEET_PLAN", aliases = ["dry-run", "what-if"], action = ArgAction::SetTrue,
          value_parser = BoolishValueParser::new())]
    pub plan: bool,

    /// Bring members of objects down to this depth, where PowerShell cuts them at 1; the hosts serialize each object
    /// once more for it
    #[arg(long, env = "PSFLEET_DEPTH", value_name = "N", value_parser = depth)]
    pub depth: Option<u32>,

    /// A script fails with the exit code of its last native program (`$LASTEXITCODE`) unless that is 0
    #[arg(long, env = "PSFLEET_NATIVE_ERRORS", value_parser = BoolishValueParser::new(), num_args = 0,
          default_value_t = false, default_missing_value = "true")]
    pub native_errors: bool,

    /// Start the script on each host, leave it running and end; `runs collect` gets what it writes. --timeout then limits
    /// the start. Over WinRM a host buffers some of the output, and a script that writes more than that waits until it is
    /// collected; otherwise all of it goes to a file below the user's home there
    #[arg(long, env = "PSFLEET_DETACH", value_parser = BoolishValueParser::new(), num_args = 0, default_value_t = false,
          default_missing_value = "true")]
    pub detach: bool,

    /// How long hosts keep what was left running while nobody collects it; a host may allow less. A script that still
    /// runs then is stopped [default: 24h]
    #[arg(long, env = "PSFLEET_DETACH_FOR", value_name = "TIME", value_parser = config::parse_duration)]
    pub detach_for: Option<Duration>,

    /// How the run goes over its hosts.
    #[command(flatten)]
    pub rollout: RolloutArgs,
}

/// What `--input-format` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InputFormat {
    /// Each line is a string
    Lines,
    /// The items of an array, or one value after the other
    Json,
    /// Each line is a JSON value
    Jsonl,
    /// Each row is an object; the first row has the names
    Csv,
}

impl RunArgs {
    /// The script and what it is given.
    pub fn script(&self) -> ScriptInput {
        let given = self.execute.clone();
        ScriptInput {
            code: self.code.clone(),
            argument_list: given.argument_list,
            param: given.param,
            args_file: given.args_file,
            using: given.using,
            using_lenient: given.using_lenient,
            input: given.input,
            input_format: given.input_format.map(script::InputFormat::from),
            depth: given.depth,
        }
    }
}

impl From<InputFormat> for script::InputFormat {
    fn from(format: InputFormat) -> Self {
        match format {
            InputFormat::Lines => Self::Lines,
            InputFormat::Json => Self::Json,
            InputFormat::Jsonl => Self::Jsonl,
            InputFormat::Csv => Self::Csv,
        }
    }
}
