//! `psfleet version`: what this program is, for people and for programs, and the formats that it writes.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::output;

/// Print the version, and the JSON Schemas of the output
#[derive(Debug, Args)]
pub(super) struct VersionArgs {
    /// One JSON object: name, version, versions of the formats
    #[arg(long, conflicts_with = "schema")]
    json: bool,

    /// The JSON Schema of a format instead
    #[arg(long, value_enum, value_name = "FORMAT")]
    schema: Option<SchemaOf>,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaOf {
    /// A line of jsonl
    Events,
    /// An object's data in json and jsonl without --types
    Plain,
}

/// Prints what was asked for.
///
/// # Errors
/// Stdout cannot be written.
pub(super) fn run(args: &VersionArgs) -> anyhow::Result<u8> {
    let text = match args.schema {
        Some(SchemaOf::Events) => output::SCHEMA.to_owned(),
        Some(SchemaOf::Plain) => output::PLAIN_SCHEMA.to_owned(),
        None if args.json => {
            let formats = json!({ "events": output::VERSION, "plain": output::PLAIN_VERSION });
            json!({ "name": "psfleet", "version": env!("CARGO_PKG_VERSION"), "formats": formats }).to_string()
        }
        None => format!("psfleet {}", env!("CARGO_PKG_VERSION")),
    };
    match writeln!(io::stdout().lock(), "{}", text.trim_end()) {
        // A reader that has enough of it is no mistake.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(0),
    }
}
