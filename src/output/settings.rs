//! What a sink knows besides the events.

use super::{Groups, Losses};
use crate::stream::Stream;

/// The format of a run's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Columns for people.
    Table,
    /// One property per line.
    List,
    /// As PowerShell prints it.
    Text,
    /// One document.
    Json,
    /// One event per line.
    Jsonl,
    /// The union of all properties.
    Csv,
    /// No data.
    None,
}

impl Format {
    /// All of them, as a list for people shows them.
    pub const ALL: [Self; Self::None as usize + 1] =
        [Self::Table, Self::List, Self::Text, Self::Json, Self::Jsonl, Self::Csv, Self::None];

    /// The name that `--output` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::List => "list",
            Self::Text => "text",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::None => "none",
        }
    }

    /// What it shows, in one line of help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Table => "Columns for people, as wide as the terminal",
            Self::List => "One property per line, as Format-List shows it",
            Self::Text => {
                "As PowerShell itself prints it: texts and numbers without their host, which table and list name"
            }
            Self::Json => "One document: counts, targets, records",
            Self::Jsonl => "One event per line, as it happens",
            Self::Csv => "The union of all properties, one row per object",
            Self::None => "No data",
        }
    }

    /// The suffixes of files, each with the format that it asks for.
    pub const SUFFIXES: [(&str, Self); 6] = [
        ("json", Self::Json),
        ("jsonl", Self::Jsonl),
        ("ndjson", Self::Jsonl),
        ("csv", Self::Csv),
        ("tsv", Self::Csv),
        ("txt", Self::Text),
    ];

    /// The format of files with this suffix, whatever its case.
    pub fn of_suffix(suffix: &str) -> Option<Self> {
        Self::SUFFIXES.iter().find(|(known, _)| known.eq_ignore_ascii_case(suffix)).map(|(_, format)| *format)
    }
}

/// How to write, whatever the format.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The streams that become events of json and jsonl; output is always among them.
    pub streams: SelectedStreams,
    /// Show only these properties, in this order, with `*` for any characters; empty for all.
    pub select: Vec<String>,
    /// Lossless JSON.
    pub types: bool,
    /// Details of CSV.
    pub csv: CsvSettings,
    /// Columns of text that a line may fill.
    pub width: usize,
    /// Whether the reader wants colours.
    pub color: bool,
    /// Whether the reader is a terminal, which must not see control characters.
    pub terminal: bool,
    /// Where to note what plain JSON and CSV cannot show.
    pub losses: Losses,
    /// The targets are groups of hosts that [`Folded`](super::Folded) hands on.
    pub groups: Option<Groups>,
}

impl Default for Settings {
    /// For a program that reads: all properties, every stream but progress, no colours.
    fn default() -> Self {
        let streams = [Stream::Error, Stream::Warning, Stream::Verbose, Stream::Debug, Stream::Information];
        Self {
            streams: streams.into_iter().fold(SelectedStreams::none(), SelectedStreams::with),
            select: Vec::new(),
            types: false,
            csv: CsvSettings { delimiter: b',', bom: false, raw: false },
            width: 120,
            color: false,
            terminal: false,
            losses: Losses::default(),
            groups: None,
        }
    }
}

/// Details of CSV.
#[derive(Debug, Clone, Copy)]
pub struct CsvSettings {
    /// Between cells.
    pub delimiter: u8,
    /// Begin with a byte order mark.
    pub bom: bool,
    /// Leave cells that a spreadsheet would run as formulas.
    pub raw: bool,
}

/// A set of streams; output is always in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectedStreams(u8);

impl SelectedStreams {
    const NAMED: [Stream; 6] =
        [Stream::Error, Stream::Warning, Stream::Verbose, Stream::Debug, Stream::Information, Stream::Progress];

    /// Output alone.
    pub fn none() -> Self {
        Self(0)
    }

    /// Every stream.
    pub fn all() -> Self {
        Self::NAMED.into_iter().fold(Self::none(), Self::with)
    }

    /// This set and one more.
    pub fn with(self, stream: Stream) -> Self {
        Self(self.0 | 1 << stream as u8)
    }

    /// Whether a stream is wanted.
    pub fn contains(self, stream: Stream) -> bool {
        stream == Stream::Output || self.0 & 1 << stream as u8 != 0
    }

    /// Reads a list such as `error,warning`, or `all`, or `none`.
    ///
    /// # Errors
    /// The name that is not a stream, with those that are.
    pub fn parse(list: &str) -> Result<Self, String> {
        list.split(',').map(str::trim).try_fold(Self::none(), |set, name| match name {
            "all" => Ok(Self::all()),
            "none" | "output" => Ok(set),
            _ => match Self::NAMED.into_iter().find(|stream| stream.name().eq_ignore_ascii_case(name)) {
                Some(stream) => Ok(set.with(stream)),
                None => Err(format!(
                    "no stream is named '{name}'; use error, warning, verbose, debug, information, progress, all or none"
                )),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SelectedStreams;
    use crate::stream::Stream;

    #[test]
    fn reads_lists() {
        let set = SelectedStreams::parse("error, Warning").unwrap();
        assert!(set.contains(Stream::Error) && set.contains(Stream::Warning) && set.contains(Stream::Output));
        assert!(!set.contains(Stream::Progress));
        assert_eq!(SelectedStreams::parse("all"), Ok(SelectedStreams::all()));
        assert_eq!(SelectedStreams::parse("none"), Ok(SelectedStreams::none()));
        assert!(SelectedStreams::parse("errors").is_err());
    }
}
