//! `psfleet config show`.

use std::ffi::OsString;

use anyhow::bail;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches};
use serde_json::json;

use super::keys::{Key, keys};
use crate::cli::args::connect::ConnectArgs;
use crate::cli::args::runs::PageFormat;
use crate::cli::defaults::RUN_KEYS;
use crate::cli::{Cli, environment, refusal, terminal};
use crate::config::{Config, Machine, Source, System};
use crate::exit;
use crate::inventory::Errors;
use crate::nearest::did_you_mean;
use crate::output::sanitize_line;

/// Flags of `config show`.
#[derive(Debug, Default, Args)]
pub(super) struct ShowArgs {
    /// Only these keys
    #[arg(value_name = "KEY")]
    keys: Vec<String>,

    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: PageFormat,

    /// Flags of `psfleet run`, to see what holds with them
    #[arg(last = true, value_name = "FLAGS")]
    flags: Vec<OsString>,
}

/// A key as shown: name, value, where that is from.
struct Row<'k> {
    key: &'k str,
    value: Option<String>,
    source: String,
}

/// Prints the keys.
pub(super) fn run(args: &ShowArgs, machine: &mut Machine) -> anyhow::Result<u8> {
    let cli = Cli::command();
    let all = keys(&cli);
    let names: Vec<&str> = all.iter().map(|key| key.name).collect();
    if let Some(unknown) = args.keys.iter().find(|key| !names.contains(&key.as_str())) {
        let hint = did_you_mean(unknown, names.iter().copied()).map(|hint| format!("; {hint}"));
        bail!("there is no key '{}'{}", sanitize_line(unknown), hint.unwrap_or_default());
    }
    let words: Vec<OsString> =
        ["psfleet", "run"].iter().map(OsString::from).chain(args.flags.iter().cloned()).collect();
    let mistakes = environment::mistakes(&cli, &words);
    if !mistakes.is_empty() {
        bail!("{}", mistakes.join("\n"));
    }
    let matches = environment::without_empty(cli).try_get_matches_from(words);
    let matches = matches.map_err(|error| anyhow::anyhow!(refusal::reason(&error)))?;
    let Some(("run", matches)) = matches.subcommand() else { bail!("these are no flags of psfleet run") };
    let config = Config::load(machine, &RUN_KEYS).map_err(Errors::from)?;
    config.warnings.iter().for_each(|warning| machine.warn(warning));
    let wanted = all.iter().filter(|key| args.keys.is_empty() || args.keys.iter().any(|name| name == key.name));
    let mut rows = wanted.map(|key| row(key, matches, &config)).collect::<anyhow::Result<Vec<_>>>()?;
    if args.keys.is_empty() && machine.env("PSFLEET_PASSWORD").is_some() {
        let value = Some("<secret>".to_owned());
        rows.push(Row { key: "password", value, source: "PSFLEET_PASSWORD".to_owned() });
    }
    terminal::print(&match args.output {
        PageFormat::Text => table(&rows),
        PageFormat::Json => {
            let object = |row: &Row<'_>| json!({ "key": row.key, "value": row.value, "source": row.source });
            format!("{:#}\n", json!(rows.iter().map(object).collect::<Vec<_>>()))
        }
    })?;
    Ok(exit::OK)
}

/// What holds for a key: the strongest of flags, environment, files, and the default.
fn row<'k>(key: &'k Key, matches: &ArgMatches, config: &Config) -> anyhow::Result<Row<'k>> {
    let row = |value: String, source: String| Row { key: key.name, value: Some(value), source };
    let mut connection = ConnectArgs::from_arg_matches(matches)?.settings;
    connection.fill(&config.connection);
    if let Some((_, value, source)) = connection.shown().into_iter().find(|(name, ..)| *name == key.name) {
        return Ok(row(value, source.to_string()));
    }
    let given = match matches.try_contains_id(key.name) {
        Ok(true) => matches.value_source(key.name),
        _ => None,
    };
    let source = match given {
        Some(ValueSource::CommandLine) => Some(format!("--{}", key.name.replace('_', "-"))),
        Some(ValueSource::EnvVariable) => Some(format!("PSFLEET_{}", key.name.to_ascii_uppercase())),
        _ => None,
    };
    if let Some(source) = source {
        let values = matches.get_raw(key.name).into_iter().flatten();
        return Ok(row(values.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(","), source));
    }
    if let Some(given) = config.others.get(key.name) {
        let value = given.value.as_text().map_or_else(|| given.value.to_json(), |text| text.to_string());
        return Ok(row(value, given.source.to_string()));
    }
    if let ("inventory", [first, ..]) = (key.name, &config.inventories[..]) {
        let paths = config.inventories.iter().map(|inventory| inventory.path.display().to_string());
        return Ok(row(paths.collect::<Vec<_>>().join(", "), format!("{}:{}", first.file.display(), first.at.line)));
    }
    Ok(Row { key: key.name, value: key.default.clone(), source: Source::BuiltIn.to_string() })
}

fn table(rows: &[Row<'_>]) -> String {
    let cells = |row: &Row<'_>| {
        let value = row.value.as_deref().unwrap_or("-");
        [row.key, value, &row.source].map(|cell| sanitize_line(cell).into_owned())
    };
    terminal::settings(&rows.iter().map(cells).collect::<Vec<_>>(), 0, terminal::page_columns())
}
