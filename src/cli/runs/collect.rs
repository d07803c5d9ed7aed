//! `psfleet runs collect`.

use std::sync::Arc;

use anyhow::{Context, bail};

use crate::cli::args::ramp::RampArgs;
use crate::cli::args::run::RunArgs;
use crate::cli::args::runs::CollectArgs;
use crate::cli::directories::Asked;
use crate::cli::earlier::Earlier;
use crate::cli::rollout::{self, Hosts, Rollout};
use crate::cli::sandbox_on_demand::OnDemand;
use crate::cli::terminal::{Console, TerminalPrompter};
use crate::cli::{Command, args, command_of, keeping, known_runs, targets};
use crate::collect::{Collect, TAKEN_OVER};
use crate::config::{Given, Machine, Source, Transport};
use crate::fleet::Task;
use crate::hostlist::fold;
use crate::inventory::{Request, Resolved};
use crate::job::script::Using;
use crate::output::sanitize_line;
use crate::store::Store;
use crate::target::{Endpoint, TargetId};

/// Collects what a run left running.
pub(super) fn run(args: &CollectArgs, machine: Machine) -> anyhow::Result<u8> {
    args.fold.check(&args.output)?;
    let output = args.output.anchored().context("cannot find the files of --out")?;
    // It stands where it stands, wherever the run was made.
    let state = std::path::absolute(keeping::folder(&machine)?).context("the store cannot be found")?;
    let (earlier, left) = Earlier::left(Store::open(&state)?, args.run.as_deref())?;
    let header = earlier.header.clone();
    let Command::Run(run) = command_of(&header)? else {
        bail!("the run {} is of a command that leaves nothing running", header.run);
    };
    let (runs, _) = known_runs(Some(state.clone()), header.names.clone());
    let mut machine = Machine::new(TerminalPrompter).with_runs(runs).with_directories(Asked::new(Some(state.clone())));
    let request = request(args, &run, &earlier);
    // Whoever names other sources means those of today.
    if args.inventory.is_empty() && !earlier.is_imported() {
        std::env::set_current_dir(&header.folder)
            .with_context(|| format!("cannot go to the folder of the run, {}", header.folder.display()))?;
        if let Some(text) = header.stdin {
            machine = machine.with_stdin(text);
        }
    }
    let console = Console::detect(&output);
    let mut sandbox = OnDemand::default();
    let resolved = targets::resolve(&request, &mut sandbox, &mut machine).inspect_err(|_| {
        if earlier.is_imported() && args.inventory.is_empty() {
            let run = earlier.header.run;
            console.note(&format!(
                "note: the run {run} was imported, which brings no passwords: -i FILE names the inventory"
            ));
        }
    })?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let resolved = Resolved { targets: earlier.as_they_were(&resolved.targets), ..resolved };
    args.fold.check_hosts(resolved.targets.iter().map(|target| &*target.name))?;
    let wait = args.connect.settings.timeout.as_ref().map(|timeout| timeout.value);
    let (records, unclear, was_killed) = (earlier.records()?, earlier.left_unclear()?, earlier.was_killed()?);
    let keeping = earlier.keeping();
    let mut how = run.execute.rollout.clone();
    how.ramp = RampArgs { yes: true, ..RampArgs::default() };
    (how.deadline, how.throttle) = (None, args.throttle.unwrap_or(how.throttle));
    let hosts = Hosts { targets: &resolved.targets, done: keeping.done().len(), no_input: args.connect.no_input };
    let rollout = Rollout::prepare(&how, &hosts, &Using::default(), &mut machine)?;
    let sinks = output.open_for_script(&console, run.execute.depth, &args.fold)?;
    let work = Arc::new(Collect::new(left, (&records, &unclear), wait, was_killed));
    let task = Arc::clone(&work) as Arc<dyn Task>;
    let code = rollout::run(task, (&resolved, &sandbox), (rollout, &run.store), &console, (sinks, keeping))?;
    let name = |target: &TargetId| &*resolved.targets[target.index()].name;
    console.note_shells_left(&work.shells_left().iter().map(name).collect::<Vec<_>>());
    let taken_over = work.taken_over();
    if !taken_over.is_empty() {
        let names = fold(taken_over.iter().map(name));
        console.note(&format!("{} on {}: {TAKEN_OVER}", console.warning(), sanitize_line(&names)));
    }
    Ok(code)
}

/// What to ask of the inventory: whose passwords the hosts have on which something was left running.
fn request(args: &CollectArgs, run: &RunArgs, earlier: &Earlier) -> Request {
    let names: Vec<String> = earlier.left_targets().map(|target| target.name.clone()).collect();
    let only = Some(names.iter().cloned().collect());
    let (ask_pass, no_input) = (args.connect.ask_pass, args.connect.no_input);
    if args.inventory.is_empty() && !earlier.is_imported() {
        let asked = earlier.request(args::request(&run.targets, &run.connect));
        // What is typed today counts; what the environment says of every command does not.
        let mut settings = args.connect.settings.clone();
        settings.keep(&args.connect.typed().collect::<Vec<_>>());
        settings.fill(&asked.settings);
        let (ask_pass, no_input) = (asked.ask_pass || ask_pass, asked.no_input || no_input);
        return Request { only, settings, ask_pass, no_input, ..asked };
    }
    let mut settings = args.connect.settings.clone();
    let mut users = earlier.left_targets().map(|target| target.user.as_deref());
    if let (None, Some(Some(user))) = (&settings.user, users.next())
        && users.all(|other| other == Some(user))
    {
        // Nobody else may have what it left running.
        settings.user = Some(Given::new(user.to_owned(), Source::Flag("--user")));
    }
    if (settings.transport.is_none() && args.inventory.is_empty())
        && let Some(transport) = transport(earlier)
    {
        settings.transport = Some(Given::new(transport, Source::Flag("--transport")));
    }
    let all = args::targets::TargetArgs {
        targets: names,
        inventory: args.inventory.clone(),
        ..args::targets::TargetArgs::default()
    };
    let asked = args::request(&all, &args.connect);
    Request { only, settings, ..asked }
}

/// The one transport that all hosts were left over, if it is another one than that of hosts of which nothing is said.
fn transport(earlier: &Earlier) -> Option<Transport> {
    let mut all = earlier.left_targets().map(|target| match target.endpoint {
        Endpoint::Winrm(_) => None,
        Endpoint::Ssh(_) => Some(Transport::Ssh),
        Endpoint::Local(_) => Some(Transport::Local),
    });
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}
