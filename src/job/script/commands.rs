//! The commands of a call: one for each distinct set of arguments and each form of using values, serialized when the
//! first server asks for it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use anyhow::bail;

use super::text::located;
use super::{Call, ScriptArgument, Secrets, given};
use crate::clixml::Value;
use crate::fleet::{self, NoCommands};
use crate::hostlist::fold;
use crate::inventory::HostSettings;
use crate::nearest::nearest;
use crate::psrp::{Argument, Command, Invocation, SecretArgument, ServerInfo};
use crate::script::using::{Definitions, Evaluation, WireForm};
use crate::script::{ArgumentValue, Inputs, ScriptError, Written, check, commands};
use crate::target::{Target, TargetId, Variable};

/// What a call has to know of a target.
#[derive(Debug, Clone)]
pub struct HostVariables {
    /// The target's name.
    pub name: Arc<str>,
    vars: BTreeMap<String, Variable>,
}

/// What to run on each target.
pub struct CommandSets {
    call: Call,
    secrets: Vec<SecretArgument>,
    /// Which set a target has, by its place.
    of_target: Vec<usize>,
    sets: Vec<Set>,
}

/// Arguments and using values without references, and the commands made of them.
struct Set {
    arguments: Vec<Argument>,
    using: Evaluation,
    dictionary: OnceLock<Command>,
    array: OnceLock<Command>,
    rewrite: OnceLock<Command>,
    /// Without script text, with the number of its statements.
    calls: OnceLock<Result<(Command, usize), NoCommands>>,
}

impl CommandSets {
    /// Puts the targets' own variables in place of `host.NAME`. Targets with equal values share a set.
    ///
    /// # Errors
    /// Variables that some targets do not have, and values that the script cannot take, each with the hosts concerned.
    pub fn new(call: Call, secrets: &Secrets, targets: &[HostVariables]) -> anyhow::Result<Self> {
        let names = call.host_variables();
        let undefined: Vec<String> = names.iter().filter_map(|name| undefined(name, targets)).collect();
        if !undefined.is_empty() {
            bail!(undefined.join("\n"));
        }
        let mut known: HashMap<Vec<Option<&Variable>>, usize> = HashMap::new();
        let mut of_target = Vec::with_capacity(targets.len());
        let mut first: Vec<&HostVariables> = Vec::new();
        for target in targets {
            let key: Vec<Option<&Variable>> = names.iter().map(|name| target.variable(name)).collect();
            of_target.push(*known.entry(key).or_insert_with(|| {
                first.push(target);
                first.len() - 1
            }));
        }
        let made: Vec<Result<Set, Vec<ScriptError>>> =
            first.iter().map(|target| Set::new(&call, secrets, target)).collect();
        if made.iter().any(Result::is_err) {
            let hosts = |set: usize| {
                targets.iter().zip(&of_target).filter(move |(_, of)| **of == set).map(|(target, _)| &*target.name)
            };
            bail!(mistakes(&made, &call.place, !names.is_empty(), |set| hosts(set).collect()));
        }
        Ok(Self { call, secrets: secrets.arguments(), of_target, sets: made.into_iter().flatten().collect() })
    }
}

impl fleet::Commands for CommandSets {
    fn command(&self, target: TargetId, server: &ServerInfo) -> Command {
        let set = &self.sets[self.of_target[target.index()]];
        let source = &self.call.source;
        let form = match source.occurrences() {
            // Without using expressions all forms are the same.
            [] => WireForm::Dictionary,
            _ => WireForm::of_server(server.ps_version.as_deref(), server.protocol.as_deref()),
        };
        let place = match form {
            WireForm::Dictionary => &set.dictionary,
            WireForm::Array => &set.array,
            WireForm::Rewrite => &set.rewrite,
        };
        let make = || {
            let sent = set.using.send(source, form);
            let arguments = set.arguments.iter().cloned().chain(sent.arguments).collect();
            let invocation = Invocation { script: sent.script, arguments, input: self.call.input.is_some() };
            let command = match (self.call.depth, &self.call.input) {
                (Some(depth), input) => Command::deep(&invocation, input.clone(), depth),
                (None, Some(input)) => Command::with_input(&invocation, Arc::clone(input)),
                (None, None) => Command::new(&invocation, &[]),
            };
            command.with_secrets(&self.secrets)
        };
        place.get_or_init(make).clone()
    }

    fn without_text(&self, target: TargetId, server: &ServerInfo) -> Result<Command, NoCommands> {
        let set = &self.sets[self.of_target[target.index()]];
        let made = set.calls.get_or_init(|| set.make_calls(&self.call, &self.secrets));
        let (command, statements) = made.as_ref().map_err(Clone::clone)?;
        let form = WireForm::of_server(server.ps_version.as_deref(), server.protocol.as_deref());
        if *statements > 1 && form == WireForm::Rewrite {
            // It would run the first one and say nothing.
            return Err(NoCommands {
                message: "PowerShell 2 takes a single statement".to_owned(),
                hint: "run one statement at a time".to_owned(),
            });
        }
        Ok(command.clone())
    }
}

impl Set {
    fn new(call: &Call, secrets: &Secrets, target: &HostVariables) -> Result<Self, Vec<ScriptError>> {
        let value = |entry: &ScriptArgument| match &entry.value {
            ArgumentValue::Host(name) => {
                // Every inventory writes JSON; what a program made of a target may have anything.
                let written = target.variable(name).and_then(|variable| Written::of_file(variable.json()).ok());
                written.map_or(Value::Null, |written| written.value(entry.declared.as_deref()))
            }
            ArgumentValue::Literal(value) => value.clone(),
            reference => secrets.value(reference).unwrap_or(Value::Null),
        };
        let argument = |entry: &ScriptArgument| Argument { name: entry.name.clone(), value: value(entry) };
        let arguments: Vec<Argument> = call.arguments.iter().map(argument).collect();
        let known = call.arguments.iter().zip(&arguments).map(|(entry, argument)| match &entry.value {
            ArgumentValue::Secret(_) | ArgumentValue::Credential(_) => (entry, None),
            ArgumentValue::Literal(_) | ArgumentValue::Host(_) => (entry, Some(&argument.value)),
        });
        check(&call.parameters, &given(known))?;
        let values = call.using.iter().filter_map(|entry| Some((entry.name.clone()?, value(entry)))).collect();
        let using = Definitions { values: &values, environment: &call.environment, lenient: call.lenient };
        let using = using.evaluate(&call.source)?;
        Ok(Self {
            arguments,
            using,
            dictionary: OnceLock::new(),
            array: OnceLock::new(),
            rewrite: OnceLock::new(),
            calls: OnceLock::new(),
        })
    }

    fn make_calls(&self, call: &Call, secrets: &[SecretArgument]) -> Result<(Command, usize), NoCommands> {
        if call.depth.is_some() {
            return Err(NoCommands {
                message: "--depth has the host run a script of its own".to_owned(),
                hint: "leave --depth out".to_owned(),
            });
        }
        let inputs = Inputs { parameters: &call.parameters, arguments: &self.arguments, using: &self.using };
        let statements = commands(&call.source, inputs).map_err(|error| NoCommands {
            message: error.to_string(),
            hint: match error {
                ScriptError::NotConstant { .. } => {
                    "give the value itself with -a, -p or --using, and name it in the script"
                }
                _ => {
                    "send pipelines of commands whose arguments are constants, parameters, $args or $using: values; what \
                     needs more must be a function that the endpoint offers"
                }
            }
            .to_owned(),
        })?;
        let command = Command::of_calls(&statements, call.input.clone()).with_secrets(secrets);
        Ok((command, statements.len()))
    }
}

impl Call {
    /// The names of the targets' variables that are asked for.
    fn host_variables<'c>(&'c self) -> BTreeSet<&'c str> {
        let name = |entry: &'c ScriptArgument| match &entry.value {
            ArgumentValue::Host(name) => Some(name.as_str()),
            ArgumentValue::Literal(_) | ArgumentValue::Secret(_) | ArgumentValue::Credential(_) => None,
        };
        self.arguments.iter().chain(&self.using).filter_map(name).collect()
    }
}

impl HostVariables {
    /// A variable; as all names in PowerShell, without regard to case if there is none with exactly this name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        let alike = || self.vars.iter().find(|(known, _)| known.to_lowercase() == name.to_lowercase());
        self.vars.get(name).or_else(|| alike().map(|(_, value)| value))
    }
}

impl From<&Target> for HostVariables {
    fn from(target: &Target) -> Self {
        Self { name: Arc::clone(&target.name), vars: target.vars.clone() }
    }
}

impl From<&HostSettings> for HostVariables {
    fn from(host: &HostSettings) -> Self {
        let vars = host.effective.vars.iter().map(|(key, given)| (key.clone(), given.value.clone()));
        Self { name: Arc::clone(&host.name), vars: vars.collect() }
    }
}

/// Says which targets lack a variable, if any do.
fn undefined(name: &str, targets: &[HostVariables]) -> Option<String> {
    let lacking: Vec<&str> =
        targets.iter().filter(|target| target.variable(name).is_none()).map(|target| &*target.name).collect();
    if lacking.is_empty() {
        return None;
    }
    let known: BTreeSet<&str> = targets.iter().flat_map(|target| target.vars.keys().map(String::as_str)).collect();
    let near = match nearest(name, known) {
        Some(near) if near != name => format!(" (the nearest variable is `{near}`)"),
        _ => String::new(),
    };
    Some(format!(
        "host.{name}: the inventory has no variable `{name}` for {}{near}; add it there, or write '\"host.{name}\"' for the text",
        fold(lacking)
    ))
}

/// The mistakes of all sets, each once, with the hosts that it concerns if values differ between hosts.
fn mistakes<'t>(
    made: &[Result<Set, Vec<ScriptError>>],
    place: &str,
    differ: bool,
    hosts: impl Fn(usize) -> Vec<&'t str>,
) -> String {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for (set, errors) in made.iter().enumerate() {
        for error in errors.as_ref().err().into_iter().flatten() {
            let message = located(place, error);
            match found.iter_mut().find(|(known, _)| *known == message) {
                Some((_, concerned)) => concerned.extend(hosts(set)),
                None => found.push((message, hosts(set))),
            }
        }
    }
    let line = |(message, concerned): (String, Vec<&str>)| match differ {
        true => format!("{}: {message}", fold(concerned)),
        false => message,
    };
    found.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::fleet::Commands as _;
    use crate::job::script::tests::call;
    use crate::target::{Endpoint, LocalEndpoint, Timeouts};

    /// Targets `h1`, `h2`, ... with these variables.
    fn targets(vars: &[Json]) -> Vec<Arc<Target>> {
        let target = |(place, vars): (usize, &Json)| {
            Arc::new(Target {
                name: format!("h{}", place + 1).into(),
                endpoint: Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() }),
                credential: None,
                vars: vars
                    .as_object()
                    .expect("an object")
                    .iter()
                    .map(|(name, json)| (name.clone(), Variable::of_json(json.to_string())))
                    .collect(),
                labels: BTreeMap::new(),
                timeouts: Timeouts::default(),
            })
        };
        vars.iter().enumerate().map(target).collect()
    }

    fn commands(script: &str, flags: &[&str], vars: &[Json]) -> Result<CommandSets, String> {
        let call = call(script, flags).expect("a call");
        CommandSets::new(
            call,
            &Secrets::default(),
            &targets(vars).iter().map(|target| HostVariables::from(&**target)).collect::<Vec<_>>(),
        )
        .map_err(|error| error.to_string())
    }

    #[test]
    fn targets_with_equal_values_share_a_set() {
        let vars = [json!({"site": "ber", "rack": 1}), json!({"Site": "ber"}), json!({"site": "fra"})];
        let commands =
            commands("$args; $using:s", &["-a", "host.site", "--using", "s=host.site"], &vars).expect("sets");
        assert_eq!(commands.of_target, [0, 0, 1]);
        let value = |set: &Set| set.arguments[0].value.clone();
        assert_eq!(commands.sets.iter().map(value).collect::<Vec<_>>(), [Value::str("ber"), Value::str("fra")]);
    }

    #[test]
    fn each_form_is_serialized_once() {
        let commands = commands("$using:s", &["--using", "s=1"], &[json!({}), json!({})]).expect("sets");
        let text = |version: &str, target| {
            let server = ServerInfo { ps_version: Some(version.to_owned()), protocol: Some("2.3".to_owned()) };
            commands.command(TargetId(target), &server).create_pipeline().as_ptr()
        };
        assert_eq!(text("5.1", 0), text("7.6", 1));
        assert_eq!(text("3.0", 0), text("4.0", 1));
        let forms = [text("2.0", 0), text("3.0", 0), text("5.0", 0)];
        assert_eq!(BTreeSet::from(forms).len(), 3);
    }

    #[test]
    fn commands_without_text_are_serialized_once_a_set() {
        let vars = [json!({"n": 1}), json!({"n": 2}), json!({"n": 1})];
        let commands = commands("f $args[0]; g", &["-a", "host.n"], &vars).expect("sets");
        let server = |version: &str| ServerInfo { ps_version: Some(version.to_owned()), protocol: None };
        let text = |target, version: &str| commands.without_text(TargetId(target), &server(version));
        let address = |target| text(target, "7.6").expect("converted").create_pipeline().as_ptr();
        assert_eq!(address(0), address(2));
        assert_ne!(address(0), address(1));
        assert_eq!(text(0, "2.0").expect_err("refused").to_string(), "PowerShell 2 takes a single statement");
        let depth = super::tests::commands("f", &["--depth", "3"], &[json!({})]).expect("sets");
        assert!(depth.without_text(TargetId(0), &server("7.6")).is_err());
    }

    #[test]
    fn undefined_variables_name_all_hosts() {
        let vars = [json!({"rack": 1}), json!({}), json!({})];
        let error = commands("$args", &["-a", "host.rack", "-a", "host.rakc"], &vars).err().expect("refused");
        assert_eq!(
            error,
            "host.rack: the inventory has no variable `rack` for h[2-3]; add it there, or write '\"host.rack\"' for the \
             text\nhost.rakc: the inventory has no variable `rakc` for h[1-3] (the nearest variable is `rack`); add it \
             there, or write '\"host.rakc\"' for the text"
        );
    }

    #[test]
    fn values_that_the_script_cannot_take_name_their_hosts() {
        let vars = [json!({"n": 1}), json!({"n": "many"}), json!({"n": "many"})];
        let error = commands("param([int]$Count)", &["-p", "Count=host.n"], &vars).err().expect("refused");
        assert_eq!(error, "h[2-3]: the parameter `Count` (line 1, column 12) takes an integer, not `many`");
    }
}
