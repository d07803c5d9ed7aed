//! The checks that come with the program: each finds the seeded faults of the sandbox and nothing else, says UNKNOWN where
//! a host lacks what it asks for, and keeps to what Windows PowerShell 5.1 has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use psfleet::check::{Body, Definition, Judgement, State, Verdict};
use psfleet::clixml::{Document, Value, value_from_json};
use psfleet::sandbox::engine::{Argument, EndState, Invocation, Runspace, Runtime as _};
use psfleet::sandbox::machine::{Host, Machine};
use psfleet::stream::Stream;

use crate::support::pwsh;
use crate::support::recorder::Recorder;

mod syntax;

/// Where they are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/inventories/checks");

/// Each check with the fault that it finds, by its name in `sandbox --faults`.
const FINDS: [(&str, &str); 16] = [
    ("antivirus-age", "old-signatures"),
    ("backup-age", "old-backup"),
    ("certificate-expiry", "certificate-expiring"),
    ("clock-skew", "clock-skewed"),
    ("cpu-load", "busy-cpu"),
    ("dirty-volumes", "dirty-volume"),
    ("disk-space", "disk-full"),
    ("event-log-errors", "event-errors"),
    ("hotfix-age", "old-patches"),
    ("legacy-protocols", "legacy-protocols"),
    ("local-administrators", "odd-administrator"),
    ("memory", "low-memory"),
    ("pending-reboot", "reboot-pending"),
    ("scheduled-tasks", "task-failed"),
    ("services", "service-stopped"),
    ("uptime", "long-uptime"),
];

/// Hosts of a fleet, as many as those of the inventory `sandbox.toml`.
const HOSTS: u32 = 200;

/// A check with its script.
struct Check {
    definition: Arc<Definition>,
    script: String,
}

/// All checks of the folder, by name.
fn checks() -> Vec<Check> {
    let files = std::fs::read_dir(FOLDER).expect("the folder of checks").map(|entry| entry.expect("an entry").path());
    let mut definitions: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|suffix| suffix == "toml")).collect();
    definitions.sort();
    definitions.iter().map(|path| Check::read(path)).collect()
}

impl Check {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("readable");
        let definition = psfleet::check::read(path, &text).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        });
        let Body::File(file) = &definition.body else { panic!("{}: no file", definition.name) };
        let script = std::fs::read_to_string(file).expect("the script lies beside its check");
        Self { definition: Arc::new(definition), script }
    }

    fn invocation(&self) -> Invocation {
        let mut invocation = Invocation::script(&*self.script, []);
        let arguments = self.definition.parameters.iter().map(|(name, json)| {
            let value = serde_json::from_str(&json.value).expect("JSON");
            Argument { name: Some(name.clone()), value: value_from_json(&value) }
        });
        invocation.commands[0].arguments.extend(arguments);
        invocation
    }

    /// What it finds on a host of the sandbox. The script must not write errors.
    fn verdict(&self, seed: u64, index: u32) -> Verdict {
        let mut recorder = Recorder::default();
        let machine = Machine::draw(seed, index, recorder.now()).among(HOSTS);
        let host = machine.host().name().to_owned();
        let ended = Runspace::new(Arc::new(machine)).invoke(&self.invocation(), &mut recorder);
        let errors: Vec<&Value> = recorder.of(Stream::Error).collect();
        let name = &self.definition.name;
        assert!(errors.is_empty() && matches!(ended.state, EndState::Completed), "{name} on {host}: {errors:?}");
        let mut judgement = Judgement::new(Arc::clone(&self.definition), host.as_str().into());
        for value in recorder.of(Stream::Output) {
            judgement.object(&Document::with_refs(value.clone(), false));
        }
        judgement.finish(None)
    }
}

/// The names of the hosts that the program itself lists with each fault.
fn faults(seed: u64) -> BTreeMap<String, BTreeSet<String>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["sandbox", "--faults", "--hosts", &HOSTS.to_string(), "--seed", &seed.to_string()]);
    let output = command.output().expect("psfleet starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let (host, fault) = line.split_once('\t').expect("a host and a fault");
        listed.entry(fault.to_owned()).or_default().insert(host.to_owned());
    }
    listed
}

fn finds_the_seeded_faults(seed: u64) {
    let listed = faults(seed);
    assert_eq!(listed.len(), FINDS.len(), "{:?}", listed.keys());
    for (check, (_, fault)) in checks().iter().zip(FINDS) {
        let name = &check.definition.name;
        let verdicts: Vec<(String, Verdict)> =
            (0..HOSTS).map(|index| (Host::draw(seed, index).name().to_owned(), check.verdict(seed, index))).collect();
        let in_state = |states: &[State]| -> BTreeSet<String> {
            let with = verdicts.iter().filter(|(_, verdict)| states.contains(&verdict.state));
            with.map(|(host, _)| host.clone()).collect()
        };
        let unknown: Vec<_> = verdicts.iter().filter(|(_, verdict)| verdict.state == State::Unknown).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
        assert_eq!(in_state(&[State::Warning, State::Critical]), listed[fault], "{name}");
        assert!(!in_state(&[State::Ok]).is_empty(), "{name} finds no host in order");
    }
}

#[test]
fn there_is_one_for_each_fault() {
    let names: Vec<String> = checks().into_iter().map(|check| check.definition.name.clone()).collect();
    assert_eq!(names, FINDS.map(|(check, _)| check));
}

#[test]
fn each_finds_the_seeded_faults_and_nothing_else() {
    finds_the_seeded_faults(7);
}

#[test]
fn each_finds_the_faults_of_another_seed() {
    finds_the_seeded_faults(20_261);
}

/// What a script takes when nobody gives it anything is what its check gives.
#[test]
fn a_script_alone_finds_the_same() {
    for mut check in checks().into_iter().filter(|check| check.definition.name != "local-administrators") {
        let with = (0..20).map(|index| check.verdict(7, index).state).collect::<Vec<_>>();
        Arc::make_mut(&mut check.definition).parameters.clear();
        let without = (0..20).map(|index| check.verdict(7, index).state).collect::<Vec<_>>();
        assert_eq!(with, without, "{}", check.definition.name);
    }
}

/// PowerShell on Linux lacks what they ask for: they say so in a sentence, and nothing fails.
#[cfg(target_os = "linux")]
#[test]
fn each_says_unknown_where_the_host_lacks_the_thing() {
    let Some(pwsh) = pwsh() else { return };
    for check in checks() {
        let Body::File(file) = &check.definition.body else { unreachable!("read above") };
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["run", "-t", "localhost", "--transport", "local", "--no-store", "-o", "jsonl", "--pwsh"]);
        let output = command.arg(&pwsh).arg(file).output().expect("psfleet starts");
        let (name, stderr) = (&check.definition.name, String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{name}: {stderr}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let events: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let of = |kind: &'static str| events.iter().filter(move |event| event["type"] == kind);
        assert_eq!(of("error").count(), 0, "{name}: {events:?}");
        let objects: Vec<_> = of("object").map(|event| &event["data"]).collect();
        let [object] = objects[..] else { panic!("{name}: {objects:?}") };
        let reason = object["Unknown"].as_str().unwrap_or_else(|| panic!("{name}: {object}"));
        assert!(reason.ends_with('.') && reason.contains(' '), "{name}: {reason}");
    }
}
