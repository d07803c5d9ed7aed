//! The flags that say what is shown, in which format, and where it goes.

use std::path::PathBuf;

use clap::builder::{BoolishValueParser, PossibleValue};
use clap::{ArgAction, Args, ValueEnum};

use super::log::LogArgs;
use crate::output::{Format, SelectedStreams, SortKey, Where};

/// Output flags, shared by the commands that show a run's data.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Format of the data on stdout [auto: table on a terminal, else jsonl]
    #[arg(short, long, env = "PSFLEET_OUTPUT", value_enum, default_value_t = OutputFormat::Auto, value_name = "FORMAT")]
    pub output: OutputFormat,

    /// Write the data to a file too, in the format of its suffix: .json .jsonl .ndjson .csv .tsv .txt (repeatable)
    #[arg(long, env = "PSFLEET_OUT", value_delimiter = '\n', value_name = "FILE", value_parser = out_file)]
    pub out: Vec<OutFile>,

    /// Streams to show besides the objects: all, none, or some of error,warning,verbose,debug,information,progress
    #[arg(
        long,
        env = "PSFLEET_STREAMS",
        default_value = "error,warning,verbose,debug,information",
        value_name = "LIST",
        value_parser = SelectedStreams::parse
    )]
    pub streams: SelectedStreams,

    /// Show only objects for which this holds, such as 'Status -eq Stopped -and Name -like sql*'
    #[arg(long = "where", env = "PSFLEET_WHERE", value_name = "EXPR")]
    pub filter: Option<Where>,

    /// Show only these properties, in this order; `*` stands for any characters
    #[arg(long, env = "PSFLEET_SELECT", value_delimiter = ',', value_name = "PROPS", conflicts_with = "types")]
    pub select: Vec<String>,

    /// Show the objects in the order of these properties, once the run is over; PROP:desc for the largest first
    #[arg(long, env = "PSFLEET_SORT_BY", value_delimiter = ',', value_name = "PROPS")]
    pub sort_by: Vec<SortKey>,

    /// Character between the cells of CSV
    #[arg(long, env = "PSFLEET_CSV_DELIMITER", value_name = "CHAR", default_value = ",", value_parser = delimiter)]
    pub csv_delimiter: u8,

    /// Begin CSV with a byte order mark, so that Excel reads it as UTF-8
    #[arg(long, env = "PSFLEET_CSV_BOM", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub csv_bom: bool,

    /// Leave cells of CSV as they are, even when a spreadsheet would run them as formulas
    #[arg(long, env = "PSFLEET_CSV_RAW", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub csv_raw: bool,

    /// Keep type names, enum numbers, notes and references in JSON: nothing is lost
    #[arg(long, env = "PSFLEET_TYPES", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub types: bool,

    /// How to show progress on stderr [auto: a bar on a terminal, else a line per finished host]
    #[arg(long, env = "PSFLEET_PROGRESS", value_enum, default_value_t = ProgressMode::Auto, value_name = "MODE")]
    pub progress: ProgressMode,

    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are obeyed
    #[arg(long, env = "PSFLEET_COLOR", value_enum, default_value_t = ColorMode::Auto, value_name = "WHEN")]
    pub color: ColorMode,

    /// No progress and no summary
    #[arg(short, long, env = "PSFLEET_QUIET", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub quiet: bool,

    /// Say more: positions and ids of errors, every attempt, every host of a cause
    #[arg(short, long, env = "PSFLEET_VERBOSE", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub verbose: bool,

    /// Log flags.
    #[command(flatten)]
    pub log: LogArgs,
}

impl OutputArgs {
    /// The same, with files that stay where they are if the process goes to another folder.
    ///
    /// # Errors
    /// Nobody knows in which folder the process is.
    pub fn anchored(&self) -> std::io::Result<Self> {
        let anchor = |out: &OutFile| Ok(OutFile { path: std::path::absolute(&out.path)?, ..out.clone() });
        Ok(Self { out: self.out.iter().map(anchor).collect::<std::io::Result<_>>()?, ..self.clone() })
    }

    /// Whether the format that was asked for is one of JSON.
    pub fn is_json(&self) -> bool {
        matches!(self.output, OutputFormat::Chosen(Format::Json | Format::Jsonl))
    }
}

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Table on a terminal, jsonl otherwise.
    Auto,
    /// This one.
    Chosen(Format),
}

impl ValueEnum for OutputFormat {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [OutputFormat; Format::ALL.len() + 1] = {
            let mut all = [OutputFormat::Auto; Format::ALL.len() + 1];
            let mut place = 0;
            while place < Format::ALL.len() {
                all[place + 1] = OutputFormat::Chosen(Format::ALL[place]);
                place += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => PossibleValue::new("auto").help("Table on a terminal, jsonl otherwise"),
            Self::Chosen(format) => PossibleValue::new(format.name()).help(format.about()),
        })
    }
}

/// What `--progress` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// A bar on a terminal, else a line per finished host
    Auto,
    /// A bar
    Bar,
    /// A line per finished host
    Plain,
    /// Nothing
    None,
}

/// What `--color` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorMode {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A file of `--out` and its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFile {
    /// Where to write.
    pub path: PathBuf,
    /// What its suffix asks for.
    pub format: Format,
    /// `.tsv`: tabs between the cells.
    pub tabs: bool,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [b'"' | b'\r' | b'\n'] => Err("a quote or a line end cannot separate cells".to_owned()),
            [byte] if byte.is_ascii() => Ok(*byte),
            _ => Err("expected one ASCII character, such as ; or tab".to_owned()),
        },
    }
}

fn out_file(text: &str) -> Result<OutFile, String> {
    let path = PathBuf::from(text);
    let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
    let Some(format) = Format::of_suffix(suffix) else {
        let known: Vec<String> = Format::SUFFIXES.iter().map(|(suffix, _)| format!(".{suffix}")).collect();
        return Err(format!("the suffix names the format: {}", known.join(" ")));
    };
    let tabs = suffix.eq_ignore_ascii_case("tsv");
    Ok(OutFile { path, format, tabs })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Format, OutputArgs};

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        output: OutputArgs,
    }

    fn parse(args: &[&str]) -> Result<OutputArgs, clap::Error> {
        Cli::try_parse_from([&["psfleet"], args].concat()).map(|cli| cli.output)
    }

    #[test]
    fn files_take_their_format_from_the_suffix() {
        let args = parse(&["--out", "a.CSV", "--out", "b.json", "--out=c.tsv"]).unwrap();
        let formats: Vec<_> = args.out.iter().map(|out| (out.format, out.tabs)).collect();
        assert_eq!(formats, [(Format::Csv, false), (Format::Json, false), (Format::Csv, true)]);
        assert!(parse(&["--out", "report.docx"]).unwrap_err().to_string().contains(".jsonl"));
    }

    #[test]
    fn delimiters_are_one_character() {
        assert_eq!(parse(&["--csv-delimiter", ";"]).unwrap().csv_delimiter, b';');
        assert_eq!(parse(&["--csv-delimiter", "tab"]).unwrap().csv_delimiter, b'\t');
        assert!(parse(&["--csv-delimiter", "\""]).is_err());
        assert!(parse(&["--csv-delimiter", "ab"]).is_err());
    }

    #[test]
    fn streams_are_named() {
        assert!(parse(&["--streams", "error,progress"]).is_ok());
        assert!(parse(&["--streams", "errors"]).unwrap_err().to_string().contains("information"));
    }
}
