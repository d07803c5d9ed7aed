//! Checks with the scripts that their hosts get.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::check::{Body, Definition, Setting, concerns_checks, overridden};
use crate::config::{Origin, Source, System};
use crate::fleet::Commands;
use crate::job::script::{Call, ScriptInput};
use crate::target::{Target, TargetId};

/// Runs a file of Pester tests on a host, and returns an object for each test.
const PESTER: &str = include_str!("pester.ps1");

/// A check as the hosts of a run have it: groups and hosts may have limits and parameters of their own.
pub struct Planned {
    /// The check as its file says it.
    pub definition: Arc<Definition>,
    variants: Vec<Variant>,
    /// Which variant a host has, by its place; none where the check is switched off.
    of_target: Vec<Option<usize>>,
}

/// A check as some hosts have it.
pub(super) struct Variant {
    pub definition: Arc<Definition>,
    pub commands: Arc<dyn Commands>,
}

impl Planned {
    /// Reads the script of a check for these hosts.
    ///
    /// # Errors
    /// A script that cannot be read, or parameters that it cannot take, with the check.
    pub fn new(
        definition: Definition,
        targets: &[Arc<Target>],
        no_input: bool,
        around: &mut dyn System,
    ) -> anyhow::Result<Self> {
        let mut variants = Vec::new();
        let mut known: HashMap<Vec<(&str, &str)>, Option<usize>> = HashMap::new();
        let mut of_target = Vec::with_capacity(targets.len());
        let mut mistakes: Vec<String> = Vec::new();
        for target in targets {
            let variables = variables(target);
            if let Some(variant) = known.get(&variables) {
                of_target.push(*variant);
                continue;
            }
            let variant = match overridden(&definition, &settings(target, &variables)) {
                Ok(None) => None,
                Ok(Some(definition)) => {
                    variants.push(variant(definition, (targets, no_input), around)?);
                    Some(variants.len() - 1)
                }
                Err(wrong) => {
                    mistakes.extend(wrong);
                    None
                }
            };
            of_target.push(variant);
            known.insert(variables, variant);
        }
        if !mistakes.is_empty() {
            bail!(mistakes.join("\n"));
        }
        Ok(Self { definition: Arc::new(definition), variants, of_target })
    }

    /// The check as a host has it; none where it is switched off.
    pub(super) fn of(&self, target: TargetId) -> Option<&Variant> {
        self.variants.get((*self.of_target.get(target.index())?)?)
    }
}

/// The variables of a host that may say something of checks.
fn variables(target: &Target) -> Vec<(&str, &str)> {
    let own = target.vars.iter().filter(|(name, _)| concerns_checks(name));
    own.map(|(name, value)| (name.as_str(), value.json())).collect()
}

fn settings<'v>(target: &Target, variables: &[(&'v str, &'v str)]) -> Vec<Setting<'v>> {
    let origin = Origin { file: Path::new("the inventory").into(), line: 0, entry: Arc::clone(&target.name) };
    let setting = |(name, json): &(&'v str, &'v str)| Setting { name, json, source: Source::Host(origin.clone()) };
    variables.iter().map(setting).collect()
}

fn variant(
    definition: Definition,
    (targets, no_input): (&[Arc<Target>], bool),
    around: &mut dyn System,
) -> anyhow::Result<Variant> {
    let commands = call(&definition, around)?.commands(targets, no_input, around);
    let commands = commands.with_context(|| format!("the check {}", definition.name))?;
    Ok(Variant { definition: Arc::new(definition), commands: Arc::new(commands) })
}

/// The script of a check with its parameters.
///
/// # Errors
/// Those of [`Call::read`], with the check.
fn call(definition: &Definition, around: &mut dyn System) -> anyhow::Result<Call> {
    let mut param: Vec<String> =
        definition.parameters.iter().map(|(name, given)| format!("{name}={}", written(&given.value))).collect();
    let code = match &definition.body {
        Body::File(file) => file.display().to_string(),
        Body::Code(code) => code.clone(),
        Body::Pester(file) => {
            let bytes = around.read(file).with_context(|| format!("cannot read {}", file.display()))?.bytes;
            let tests = String::from_utf8_lossy(&bytes);
            param.push(format!("PsfleetTests={}", serde_json::Value::from(&*tests)));
            PESTER.to_owned()
        }
    };
    let given = ScriptInput { code: Some(code), param, ..ScriptInput::default() };
    Call::read(&given, around).with_context(|| format!("the check {}", definition.name))
}

/// A parameter as `--param` takes it: what names a variable of the host or a secret is no text of its own.
fn written(json: &str) -> String {
    match serde_json::from_str::<String>(json) {
        Ok(text) if text.starts_with("host.") || text.starts_with("secret:") => text,
        _ => json.to_owned(),
    }
}
