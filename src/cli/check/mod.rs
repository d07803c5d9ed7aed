//! `psfleet check`: health checks on the hosts.

mod find;
mod sink;

use std::sync::Arc;

use super::args::check::{CheckArgs, CheckFormat};
use super::keeping::{Keeping, Line, Story};
use super::rollout::{self, Hosts, Rollout};
use super::sandbox_on_demand::OnDemand;
use super::sinks::Sinks;
use super::terminal::{self, Console, ProgressLine};
use super::{args, targets};
use crate::check::{Definition, Form, State, explain};
use crate::config::Machine;
use crate::exit::{SIGINT_CODE, SIGTERM_CODE, USAGE};
use crate::hostlist::fold;
use crate::inventory::Request;
use crate::job::checks::{Checks, Confirm, Planned};
use crate::job::script::Using;
use crate::output::sanitize_line;

use sink::{Verdicts, Worst};

/// The exit code of what keeps checks from being run: nobody knows how the hosts are.
pub(super) const UNKNOWN: u8 = 3;

/// Checks the hosts and returns the process's exit code: the number of the worst state.
///
/// # Errors
/// Whatever stops the run before its first connection, and the failure of an output.
pub(super) fn run(args: &CheckArgs, mut machine: Machine, line: Line) -> anyhow::Result<u8> {
    let definitions = find::definitions(&args.checks, &args.check_path, &mut machine)?;
    if args.execute.explain {
        terminal::say(&definitions.iter().map(explain).collect::<Vec<_>>().join("\n"))?;
        return Ok(0);
    }
    let console = Console::detect(&args.output.of_run());
    let mut sandbox = OnDemand::default();
    let request = Request { provenance: !args.store.no_store, ..args::request(&args.targets, &args.connect) };
    if args.execute.plan {
        let (settings, _) = targets::rehearse(&request, &mut sandbox, &mut machine)?;
        let hosts: Vec<&str> = settings.iter().map(|host| &*host.name).collect();
        terminal::say(&plan(&definitions, &hosts, args))?;
        return Ok(0);
    }
    let resolved = targets::resolve(&request, &mut sandbox, &mut machine)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let keeping = Keeping::new(&args.store, &machine, || {
        let names: Vec<&str> = definitions.iter().map(|definition| &*definition.name).collect();
        let title = format!("check {}", names.join(" "));
        Ok(Story {
            label: args.store.label.clone(),
            hash: title.clone(),
            title,
            command: "check",
            work: serde_json::json!({ "checks": names }),
            settings: serde_json::to_value(&resolved.settings)?,
            stdin: args.targets.stdin_of(&machine),
            line,
        })
    })?;
    let no_input = args.connect.no_input;
    let planned = definitions.into_iter().map(|check| Planned::new(check, &resolved.targets, no_input, &mut machine));
    let planned = Arc::new(planned.collect::<anyhow::Result<Vec<_>>>()?);
    let how = &args.execute.rollout;
    let hosts = Hosts { targets: &resolved.targets, done: 0, no_input };
    let rollout = Rollout::prepare(how, &hosts, &Using::default(), &mut machine)?;
    let worst = Worst::default();
    let verdicts = Verdicts::open(Arc::clone(&planned), form(args, &console), args, &console, &worst)?;
    let progress = ProgressLine::new(&console, None);
    let sinks = Sinks { data: Box::new(verdicts), followers: vec![Box::new(progress)] };
    let confirm = Confirm { times: args.execute.confirm, wait: args.execute.confirm_wait };
    let work = Arc::new(Checks::new(planned, confirm));
    let code = rollout::run(work, (&resolved, &sandbox), (rollout, &args.store), &console, (sinks, keeping))?;
    Ok(match code {
        // Who stopped it knows why there is no verdict.
        SIGINT_CODE | SIGTERM_CODE => code,
        USAGE => UNKNOWN,
        _ if how.exit_zero => 0,
        _ => worst.state().unwrap_or(State::Unknown).number(),
    })
}

fn form(args: &CheckArgs, console: &Console) -> Form {
    match args.output.output {
        CheckFormat::Chosen(form) => form,
        CheckFormat::Auto if console.stdout_is_terminal() => Form::Table,
        CheckFormat::Auto => Form::Jsonl,
    }
}

fn plan(definitions: &[Definition], hosts: &[&str], args: &CheckArgs) -> String {
    let mut page = format!(
        "Hosts: {} ({})\nChecks, one after the other in one session of each host:\n",
        sanitize_line(&fold(hosts.iter().copied())),
        hosts.len()
    );
    for check in definitions {
        let timeout = crate::config::show_duration(check.timeout);
        page.push_str(&format!("  {}: {}, at most {timeout} on each host\n", check.name, check.title));
    }
    if args.execute.confirm > 0 {
        let wait = crate::config::show_duration(args.execute.confirm_wait);
        page.push_str(&format!(
            "A state other than OK is asked for {} more times, {wait} apart, before it counts\n",
            args.execute.confirm
        ));
    }
    page
}
