//! What a run would do, with the source of every value. No connection is made.

use std::fmt::Write;

use serde::Serialize;

use super::connections::{self, ConnectionGroup, connections};
use super::rollout::Rollout;
use crate::cli::args::run::ExecuteArgs;
use crate::clixml::{Document, Value, write_plain};
use crate::hostlist::fold;
use crate::inventory::{HostSettings, Logon};
use crate::job::script::{Call, HostVariables, Origins, ScriptArgument, Scripts};
use crate::script::using::{Path, same_name};
use crate::script::{ArgumentValue, Position};
use crate::target::Variable;

/// What a run would do. Its JSON form is versioned by `v`.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    v: u32,
    target_count: usize,
    targets: Vec<ConnectionGroup>,
    rollout: Rollout,
    script: Script,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    then: Vec<Script>,
    arguments: Vec<Item>,
    using: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Fed>,
}

#[derive(Debug, Serialize)]
struct Script {
    source: String,
    lines: usize,
}

impl From<&Call> for Script {
    fn from(call: &Call) -> Self {
        Self { source: call.place.clone(), lines: call.source.text().lines().count() }
    }
}

/// A value that the script gets; several for one name where hosts have different ones.
#[derive(Debug, Serialize)]
struct Item {
    name: Option<String>,
    /// Null for a secret.
    value: Variable,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hosts: Option<String>,
    /// Where the script uses it first; null where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Fed {
    objects: usize,
    source: String,
}

impl Plan {
    /// The plan of a call that was found to be right; `logons` has one for each of the `settings`.
    ///
    /// # Errors
    /// Steps that there cannot be.
    pub(crate) fn new(
        (scripts, gates): (&Scripts, &[Call]),
        (settings, logons): (&[HostSettings], &[Logon]),
        hosts: &[HostVariables],
        origins: &Origins,
        args: &ExecuteArgs,
    ) -> anyhow::Result<Self> {
        let call = scripts.first();
        Ok(Self {
            v: 1,
            target_count: settings.len(),
            targets: connections(settings, logons),
            rollout: Rollout::new(&args.rollout, settings)?,
            script: Script::from(call),
            then: scripts.then().iter().map(Script::from).collect(),
            arguments: call.arguments.iter().flat_map(|entry| items(entry, hosts, origins, None)).collect(),
            using: using((scripts, gates), hosts, origins),
            input: call.input.as_ref().map(|objects| Fed {
                objects: objects.len(),
                source: match args.input.as_deref() {
                    Some("-") => "stdin".to_owned(),
                    Some(source) => source.to_owned(),
                    None => "the earlier run".to_owned(),
                },
            }),
        })
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).map(|json| json + "\n").unwrap_or_default()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = "Plan: no connection is made, nothing runs.\n\n".to_owned();
        text.push_str(&connections::text(self.target_count, &self.targets));
        text.push_str(&self.rollout.text());
        for (name, Script { source: place, lines }) in
            [("Script", &self.script)].into_iter().chain(self.then.iter().map(|script| ("Then", script)))
        {
            let _ = writeln!(text, "{name}: {place}, {lines} {}", if *lines == 1 { "line" } else { "lines" });
        }
        let mut position = 0;
        for item in &self.arguments {
            let name = match &item.name {
                Some(name) => format!("-{name}"),
                None if item.hosts.is_none() => {
                    position += 1;
                    format!("argument {position}")
                }
                None => "argument".to_owned(),
            };
            text.push_str(&item.line(&name));
        }
        for item in &self.using {
            text.push_str(&item.line(&format!("$using:{}", item.name.as_deref().unwrap_or_default())));
        }
        if let Some(input) = &self.input {
            let _ = writeln!(text, "Input: {} objects from {}", input.objects, input.source);
        }
        if !self.using.is_empty() {
            text.push_str(
                "Using values go to PowerShell 5 and later as a dictionary, to 3 and 4 as an array, to 2 as parameters of a \
                 rewritten script.\n",
            );
        }
        text
    }
}

impl Item {
    fn line(&self, name: &str) -> String {
        const WIDTH: usize = 80;
        let value = match &self.value {
            null if null.json() == "null"
                && (self.source.starts_with("secret") || self.source.starts_with("credential")) =>
            {
                "***".to_owned()
            }
            value => value.json().to_owned(),
        };
        let mut shown: String = value.chars().take(WIDTH).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let hosts = self.hosts.as_ref().map(|hosts| format!(" on {hosts}")).unwrap_or_default();
        let used = self.used_at.as_ref().map(|at| format!(", {at}")).unwrap_or_default();
        format!("  {name} = {shown}{hosts}  ({}{used})\n", self.source)
    }
}

/// A value with its source; a host variable once for each of its values.
fn items(entry: &ScriptArgument, hosts: &[HostVariables], origins: &Origins, used_at: Option<Position>) -> Vec<Item> {
    let item = |value: Variable, source: String, hosts: Option<String>| Item {
        name: entry.name.clone(),
        value,
        source,
        hosts,
        used_at: used_at.map(|at| at.to_string()),
    };
    match &entry.value {
        ArgumentValue::Literal(value) => vec![item(plain(value), entry.origin.clone(), None)],
        ArgumentValue::Secret(name) => {
            vec![item(null(), format!("secret {name}, {}: {}", entry.origin, origins.secret(name)), None)]
        }
        ArgumentValue::Credential(name) => {
            vec![item(null(), format!("credential {name}, {}: {}", entry.origin, origins.credential(name)), None)]
        }
        ArgumentValue::Host(name) => {
            let mut values: Vec<(Variable, Vec<&str>)> = Vec::new();
            for host in hosts {
                let value = host.variable(name).cloned().unwrap_or_else(null);
                match values.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, names)) => names.push(&host.name),
                    None => values.push((value, vec![&host.name])),
                }
            }
            let source = format!("host variable {name}, {}", entry.origin);
            values.into_iter().map(|(value, names)| item(value, source.clone(), Some(fold(names)))).collect()
        }
    }
}

/// The values of using expressions, then those given that no expression asks for.
fn using((scripts, gates): (&Scripts, &[Call]), hosts: &[HostVariables], origins: &Origins) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let given = &scripts.first().using;
    for (call, occurrence) in
        scripts.all().chain(gates).flat_map(|call| call.source.occurrences().iter().map(move |one| (call, one)))
    {
        let path = Path::parse(&occurrence.variable);
        let key = occurrence.variable.to_lowercase();
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let given = given.iter().rfind(|entry| entry.name.as_deref().is_some_and(|name| same_name(name, path.name)));
        match (path.drive, given) {
            (None, Some(entry)) => found.extend(items(entry, hosts, origins, Some(occurrence.position))),
            (Some(_), _) => found.push(Item {
                name: Some(occurrence.variable.clone()),
                value: call.environment.get(path.name).map_or_else(null, |value| Variable::text(value)),
                source: "environment".to_owned(),
                hosts: None,
                used_at: Some(occurrence.position.to_string()),
            }),
            // $true, $false and $null have no source.
            (None, None) => {}
        }
    }
    let is_used = |entry: &&ScriptArgument| {
        found
            .iter()
            .any(|item| same_name(item.name.as_deref().unwrap_or_default(), entry.name.as_deref().unwrap_or_default()))
    };
    let unused: Vec<Item> =
        given.iter().filter(|entry| !is_used(entry)).flat_map(|entry| items(entry, hosts, origins, None)).collect();
    found.extend(
        unused.into_iter().map(|item| Item { source: format!("{}, not used by the script", item.source), ..item }),
    );
    found
}

fn null() -> Variable {
    Variable::of_json("null")
}

fn plain(value: &Value) -> Variable {
    let mut json = Vec::new();
    write_plain(&Document::new(value.clone()), &mut json);
    String::from_utf8(json).map_or_else(|_| null(), Variable::of_json)
}
