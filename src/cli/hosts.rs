//! `psfleet hosts`: which targets, with which settings, from where; names folded and expanded.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::args::connect::ConnectArgs;
use super::args::request;
use super::args::targets::TargetArgs;
use super::plan::identity;
use super::terminal;
use crate::config::{Config, FileKey, Source, System};
use crate::hostlist::fold;
use crate::inventory::{
    Effective, Errors, HostSettings, PasswordSource, Request, SandboxStarter, names, rehearse, select,
};
use crate::nearest::nearest;
use crate::output::{safe_json, sanitize_line};
use crate::target::Variable;

/// Show which hosts an expression means and how they would be reached
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HostsArgs {
    #[command(subcommand)]
    command: Option<HostsCommand>,

    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum HostsCommand {
    /// Print the names, one per line (the default)
    List(ListArgs),
    /// Show every setting of every host, with the place it comes from
    Show(ListArgs),
    /// Fold names to their short form: web01 web02 web03 -> web[01-03]
    Fold(NameArgs),
    /// Expand expressions to names, one per line and each only once; needs no inventory
    Expand(NameArgs),
}

#[derive(Debug, Args)]
#[command(mut_arg("ask_pass", |arg| arg.hide(true).env(None::<&str>).value_parser(nobody_asks)))]
#[command(mut_arg("no_input", |arg| arg.hide(true)))]
struct ListArgs {
    /// Hosts to show, as for --targets; all of the inventory without it
    #[arg(value_name = "EXPR")]
    expressions: Vec<String>,

    #[command(flatten)]
    targets: TargetArgs,

    #[command(flatten)]
    connect: ConnectArgs,

    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    output: Format,
}

/// Nothing is asked for by a command that logs on nowhere; `false` is what an absent flag means.
fn nobody_asks(given: &str) -> Result<bool, String> {
    match given {
        "false" => Ok(false),
        _ => Err("`psfleet hosts` does not log on anywhere, so it needs no password".to_owned()),
    }
}

#[derive(Debug, Args)]
struct NameArgs {
    /// Names and ranges, as for --targets or separated by spaces: 'web[01-40]!web07'; - reads a list from stdin
    #[arg(value_name = "NAMES", required = true, allow_hyphen_values = true)]
    names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl HostsArgs {
    /// Runs the command; `config_keys` are the configuration keys of other commands.
    ///
    /// # Errors
    /// [`Errors`] with its exit code, or what stdout said.
    pub fn run(
        self,
        config_keys: &[FileKey],
        machine: &mut dyn System,
        sandbox: &mut SandboxStarter<'_>,
    ) -> anyhow::Result<()> {
        let word = self.command.is_none().then(|| self.list.expressions.first().cloned()).flatten();
        let text = match self.command.unwrap_or(HostsCommand::List(self.list)) {
            HostsCommand::List(args) => args.list(config_keys, machine, sandbox)?,
            HostsCommand::Show(args) => args.show(config_keys, machine, sandbox)?,
            HostsCommand::Fold(args) => format!("{}\n", fold(args.names(machine)?.iter().map(String::as_str))),
            HostsCommand::Expand(args) => args.names(machine)?.iter().map(|name| format!("{name}\n")).collect(),
        };
        terminal::print(&text)?;
        if let Some(word) = word
            && text.lines().any(|line| line == word)
            && let Some(meant) = nearest(&word, ["list", "show", "fold", "expand"])
        {
            machine.warn(&format!("'{word}' is taken as a host; did you mean psfleet hosts {meant}?"));
        }
        Ok(())
    }
}

impl ListArgs {
    fn list(
        self,
        keys: &[FileKey],
        machine: &mut dyn System,
        sandbox: &mut SandboxStarter<'_>,
    ) -> anyhow::Result<String> {
        let format = self.output;
        let (hosts, _) = self.select(keys, machine, sandbox)?;
        Ok(match format {
            Format::Text => hosts.iter().map(|host| format!("{}\n", sanitize_line(&host.name))).collect(),
            Format::Json => pretty(&hosts.iter().map(brief).collect::<Vec<_>>()),
        })
    }

    fn show(
        self,
        keys: &[FileKey],
        machine: &mut dyn System,
        sandbox: &mut SandboxStarter<'_>,
    ) -> anyhow::Result<String> {
        let format = self.output;
        let (hosts, request) = self.select(keys, machine, sandbox)?;
        // Settings that no run could use are shown all the same, without what they would come to.
        let logons = rehearse(&hosts, &request, machine).map(|rehearsal| rehearsal.logons).unwrap_or_default();
        let mut identities: Vec<_> = hosts.iter().zip(&logons).map(|(host, logon)| identity(host, logon)).collect();
        identities.resize(hosts.len(), None);
        let shown = hosts.iter().zip(identities.iter().map(Option::as_deref));
        Ok(match format {
            Format::Text => {
                let columns = terminal::page_columns();
                shown.map(|(host, who)| page(host, who, columns)).collect::<Vec<_>>().join("\n")
            }
            Format::Json => pretty(&shown.map(|(host, who)| full(host, who)).collect::<Vec<_>>()),
        })
    }

    fn select(
        mut self,
        keys: &[FileKey],
        machine: &mut dyn System,
        sandbox: &mut SandboxStarter<'_>,
    ) -> Result<(Vec<HostSettings>, Request), Errors> {
        // What was typed stands above the environment, and does not add to it.
        let from_env = std::env::var("PSFLEET_TARGETS").is_ok_and(|text| text.split('\n').eq(&self.targets.targets));
        if from_env && !self.expressions.is_empty() {
            self.targets.targets.clear();
        }
        self.targets.targets.extend(self.expressions);
        if self.targets.targets.is_empty() {
            self.targets.targets.push("@all".to_owned());
        }
        let config = Config::load(machine, keys)?;
        let request = request(&self.targets, &self.connect);
        Ok((select(&request, &config, machine, sandbox)?, request))
    }
}

impl NameArgs {
    fn names(&self, machine: &mut dyn System) -> Result<Vec<String>, Errors> {
        names(&self.names, machine)
    }
}

/// So many values of a fact are shown.
const VALUES_SHOWN: usize = 5;

/// A setting as shown: key, value (secrets redacted), where it comes from.
type Row = (String, String, String);

/// The rows of a host, with who logs on there where Kerberos is what does.
fn rows(host: &HostSettings, identity: Option<&str>) -> Vec<Row> {
    let effective = &host.effective;
    let mut rows = Vec::new();
    for (key, value, source) in effective.connection.shown() {
        rows.push((key.to_owned(), value, place(source)));
    }
    rows.extend(identity.map(|identity| ("logon".to_owned(), identity.to_owned(), "settled from these".to_owned())));
    match &effective.password {
        Some(PasswordSource::Inline(_)) => {
            rows.push(("password".to_owned(), "<secret>".to_owned(), "inventory".to_owned()))
        }
        Some(PasswordSource::From(given)) => {
            rows.push(("password_from".to_owned(), given.value.to_string(), place(&given.source)))
        }
        None => {}
    }
    for (key, problem) in &effective.refused {
        rows.push(((*key).to_owned(), "<not usable>".to_owned(), problem.to_string()));
    }
    for (key, given) in &effective.labels {
        rows.push((format!("labels.{key}"), given.value.clone(), place(&given.source)));
    }
    for fact in &host.facts {
        let more = fact.values.len().saturating_sub(VALUES_SHOWN);
        let mut values = fact.values.iter().take(VALUES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            values.push_str(&format!(" and {more} more"));
        }
        rows.push((format!("fact:{}", fact.name), values, fact.origin.clone()));
    }
    for (key, given) in &effective.vars {
        let value = given.value.shown();
        rows.push((format!("vars.{key}"), value, place(&given.source)));
    }
    rows
}

fn place(source: &Source) -> String {
    source.to_string()
}

fn page(host: &HostSettings, identity: Option<&str>, columns: Option<usize>) -> String {
    let groups = Some(host.groups.join(", ")).filter(|groups| !groups.is_empty());
    let groups = groups.map(|groups| ("groups".to_owned(), groups, String::new()));
    let all = groups.into_iter().chain(rows(host, identity));
    // Values come from files: what a terminal would obey is shown, not sent.
    let rows: Vec<_> =
        all.map(|(key, value, from)| [key, value, from].map(|cell| sanitize_line(&cell).into_owned())).collect();
    format!("{}\n{}", sanitize_line(&host.name), terminal::settings(&rows, 2, columns))
}

/// A host of `hosts list` for programs.
#[derive(Serialize)]
struct Brief<'h> {
    host: &'h str,
    transport: Option<String>,
    address: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    groups: &'h [String],
    labels: BTreeMap<&'h str, &'h str>,
    vars: BTreeMap<&'h str, &'h Variable>,
}

fn brief(host: &HostSettings) -> Brief<'_> {
    let Effective { connection, labels, vars, .. } = &host.effective;
    let shown =
        |wanted: &str| connection.shown().into_iter().find(|(key, ..)| *key == wanted).map(|(_, value, _)| value);
    Brief {
        host: &host.name,
        transport: shown("transport"),
        address: shown("address"),
        port: connection.port.as_ref().map(|given| given.value),
        user: shown("user"),
        groups: &host.groups,
        labels: labels.iter().map(|(key, given)| (&**key, &*given.value)).collect(),
        vars: vars.iter().map(|(key, given)| (&**key, &given.value)).collect(),
    }
}

fn full(host: &HostSettings, identity: Option<&str>) -> serde_json::Value {
    let setting = |(key, value, from): Row| json!({ "key": key, "value": value, "source": from });
    json!({
        "host": host.name.as_ref(),
        "groups": host.groups,
        "settings": rows(host, identity).into_iter().map(setting).collect::<Vec<_>>(),
    })
}

fn pretty(values: &[impl Serialize]) -> String {
    let json = serde_json::to_string_pretty(values).map(|json| json + "\n").unwrap_or_default();
    // Names and values are of files, directories and bundles.
    if io::stdout().is_terminal() { safe_json(&json).into_owned() } else { json }
}
