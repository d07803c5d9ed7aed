//! A script with what it is given: its text, its arguments, its `$using:` values.
//!
//! [`Call::read`] reads it and reports what is wrong without knowing any target; [`CommandSets::new`] puts in what each
//! target has of its own, reports what is wrong with that, and serializes on demand.

mod again;
mod args_file;
mod argument;
mod commands;
mod input;
mod kept;
mod scripts;
mod secrets;
mod text;
mod using;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;

use crate::clixml::Value;
use crate::config::System;
use crate::psrp::Input;
use crate::script::using::{Definitions, Path, same_name};
use crate::script::{Given, Offer, Parameters, ScriptError, Source, check, parameters_of};
use crate::target::Target;

use text::located;

pub use argument::ScriptArgument;
pub use commands::{CommandSets, HostVariables};
pub use input::InputFormat;
pub use kept::KeptCall;
pub use scripts::Scripts;
pub use secrets::{Origins, Secrets};
pub use text::{Text, is_file_name};
pub use using::Using;

/// What is given for a script, each value as people write it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptInput {
    /// The script: its text, a `FILE.ps1`, or `-` for stdin.
    pub code: Option<String>,
    /// Positional arguments: JSON where it parses as JSON, `@FILE.json`, `host.NAME`, `secret:NAME`, else text.
    pub argument_list: Vec<String>,
    /// Named arguments: `NAME=VALUE`, or the name alone for a switch.
    pub param: Vec<String>,
    /// A JSON file with further arguments.
    pub args_file: Option<PathBuf>,
    /// Values of `$using:` expressions: `NAME=VALUE`.
    pub using: Vec<String>,
    /// Unknown names inside nested blocks are left to the script.
    pub using_lenient: bool,
    /// A file with objects for `$input`, or `-` for stdin.
    pub input: Option<String>,
    /// What that file holds, where neither suffix nor content tells.
    pub input_format: Option<InputFormat>,
    /// How deep members of the output shall come, if not as PowerShell cuts them.
    pub depth: Option<u32>,
}

/// A script with what it was given.
#[derive(Debug, Clone)]
pub struct Call {
    /// Where the script is from.
    pub place: String,
    /// The script.
    pub source: Source,
    /// Its `param()` block.
    pub parameters: Parameters,
    /// Its arguments, those of the file first.
    pub arguments: Vec<ScriptArgument>,
    /// Values of its `$using:` expressions.
    pub using: Vec<ScriptArgument>,
    /// What the script names of our environment (`$using:env:NAME`), and nothing else of it: it may hold secrets.
    pub environment: BTreeMap<String, String>,
    /// Unknown names inside nested blocks are left to the script.
    pub lenient: bool,
    /// Its input, if there is any: shared by all targets.
    pub input: Option<Arc<Input>>,
    /// How deep members of its output shall come, if not as PowerShell cuts them.
    pub depth: Option<u32>,
    /// The script was one `{ }`, and this is its body.
    pub is_body: bool,
}

impl Call {
    /// Reads the script and everything it is given.
    ///
    /// # Errors
    /// A missing or unreadable script or file, or arguments that the script cannot take; each says which one.
    pub fn read(given: &ScriptInput, around: &mut dyn System) -> anyhow::Result<Self> {
        Self::unchecked(given, around)?.checked(given, around)
    }

    /// What to run on each of these targets: with their own variables, and with secrets from the environment or from
    /// whoever can be asked (nobody with `no_input`).
    ///
    /// # Errors
    /// Variables and secrets that are missing, and values that the script cannot take; each with the hosts concerned.
    pub fn commands(
        self,
        targets: &[Arc<Target>],
        no_input: bool,
        around: &mut dyn System,
    ) -> anyhow::Result<CommandSets> {
        let hosts: Vec<HostVariables> = targets.iter().map(|target| HostVariables::from(&**target)).collect();
        let secrets = Secrets::find([&self], targets, no_input, around)?;
        CommandSets::new(self, &secrets, &hosts)
    }

    /// What the user should know of how the script was read.
    pub fn note(&self) -> Option<String> {
        let body = "the script is one { }, which PowerShell would only return: its body is run instead";
        let file = || text::file_meant(self.source.text()).filter(|_| text::is_typed(&self.place));
        if self.is_body { Some(body.to_owned()) } else { file() }
    }

    /// The script with what it is given, whatever it can take.
    fn unchecked(args: &ScriptInput, around: &mut dyn System) -> anyhow::Result<Self> {
        let Text { text, place } = Text::read(args.code.as_deref(), around)?;
        let source = Source::new(text).map_err(|error| anyhow::anyhow!(located(&place, error)))?;
        let (source, is_body) = match source.body()? {
            Some(body) => (body, true),
            None => (source, false),
        };
        if source.is_blank() {
            bail!("the script is empty");
        }
        let parameters = Parameters::read(&source).map_err(|error| anyhow::anyhow!(located(&place, error)))?;
        let mut arguments = arguments(&parameters, args, around)?;
        declare(&parameters, &mut arguments);
        let using = args.using.iter().map(|text| ScriptArgument::using(text)).collect::<anyhow::Result<_>>()?;
        let lenient = args.using_lenient;
        let environment = named_variables(&source, around);
        let depth = args.depth;
        let input = None;
        Ok(Self { place, source, parameters, arguments, using, environment, lenient, input, depth, is_body })
    }

    /// The call, if the script can take what it is given; with its input, where that is given.
    fn checked(mut self, args: &ScriptInput, around: &mut dyn System) -> anyhow::Result<Self> {
        let all = |errors: Vec<ScriptError>| joined(errors.iter().map(|error| located(&self.place, error)));
        self.check().map_err(all)?;
        self.check_using().map_err(all)?;
        if let Some(file) = &args.input {
            self.input = Some(Arc::new(input::read(file, args.input_format, around)?));
        }
        Ok(self)
    }

    /// Looks for using expressions without a value, unless they hang on what differs between targets.
    fn check_using(&self) -> Result<(), Vec<ScriptError>> {
        let literal = |entry: &ScriptArgument| Some((entry.name.clone()?, entry.value.literal()?.clone()));
        let values: BTreeMap<String, Value> = self.using.iter().filter_map(literal).collect();
        if values.len() < self.using.len() {
            return Ok(());
        }
        let definitions = Definitions { values: &values, environment: &self.environment, lenient: self.lenient };
        definitions.evaluate(&self.source).map(|_| ())
    }

    /// Compares the arguments with the `param()` block as far as they are known already.
    fn check(&self) -> Result<(), Vec<ScriptError>> {
        check(&self.parameters, &given(self.arguments.iter().map(|entry| (entry, entry.value.literal()))))
    }
}

/// The arguments that are given, in a file and by flags.
fn arguments(
    parameters: &Parameters,
    args: &ScriptInput,
    around: &mut dyn System,
) -> anyhow::Result<Vec<ScriptArgument>> {
    let positional = args.argument_list.iter().map(|text| ScriptArgument::positional(text));
    let named = args.param.iter().map(|text| ScriptArgument::parameter(text));
    let flags = positional.chain(named).collect::<anyhow::Result<_>>()?;
    let file = args.args_file.as_deref().map(|file| args_file::read(file, around)).transpose()?.unwrap_or_default();
    Ok(merged(parameters, file, flags))
}

/// Makes of each argument what the type of its parameter wants.
fn declare(parameters: &Parameters, arguments: &mut [ScriptArgument]) {
    let names: Vec<Option<&str>> = arguments.iter().map(|entry| entry.name.as_deref()).collect();
    let types: Vec<Option<String>> = parameters_of(parameters, &names)
        .into_iter()
        .map(|parameter| parameter.and_then(|parameter| parameter.type_name.clone()))
        .collect();
    for (entry, declared) in arguments.iter_mut().zip(types) {
        if let Some(declared) = declared {
            entry.declare(&declared);
        }
    }
}

/// The arguments as the check wants them, each with its value as far as it is known.
fn given<'v>(entries: impl Iterator<Item = (&'v ScriptArgument, Option<&'v Value>)>) -> Given<'v> {
    let mut given = Given::default();
    for (entry, value) in entries {
        let offer = match value {
            _ if entry.bare => Offer::Bare,
            Some(value) => Offer::Value(value),
            None => Offer::Later,
        };
        match &entry.name {
            Some(name) => given.named.push((name, offer)),
            None => given.positional.push(offer),
        }
    }
    given
}

/// The arguments of the file and of the flags; a flag replaces the file's argument for the same parameter.
fn merged(parameters: &Parameters, file: Vec<ScriptArgument>, flags: Vec<ScriptArgument>) -> Vec<ScriptArgument> {
    let parameter = |entry: &ScriptArgument| {
        let name = entry.name.as_deref()?;
        Some(parameters.find(name).map_or(name, |parameter| &parameter.name).to_lowercase())
    };
    let typed: Vec<String> = flags.iter().filter_map(parameter).collect();
    let kept = file.into_iter().filter(|entry| parameter(entry).is_none_or(|name| !typed.contains(&name)));
    let mut arguments: Vec<ScriptArgument> = kept.collect();
    arguments.extend(flags);
    arguments
}

/// The variables of our environment that a script names.
fn named_variables(source: &Source, around: &dyn System) -> BTreeMap<String, String> {
    let paths: Vec<Path<'_>> = source.occurrences().iter().map(|found| Path::parse(&found.variable)).collect();
    if paths.iter().all(|path| path.drive.is_none()) {
        return BTreeMap::new();
    }
    let mut variables = around.variables();
    variables.retain(|name, _| paths.iter().any(|path| path.drive.is_some() && same_name(path.name, name)));
    variables
}

/// All mistakes, one on each line.
fn joined(mistakes: impl Iterator<Item = String>) -> anyhow::Error {
    anyhow::anyhow!(mistakes.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Machine;
    use crate::script::ArgumentValue;

    /// A call of a script with flags of `run`.
    pub(super) fn call(script: &str, flags: &[&str]) -> Result<Call, String> {
        let mut given = ScriptInput::default();
        let mut flags = flags.iter().map(|flag| (*flag).to_owned());
        while let Some(flag) = flags.next() {
            if flag == "--using-lenient" {
                given.using_lenient = true;
                continue;
            }
            let value = flags.next().expect("a value");
            match flag.as_str() {
                "-a" => given.argument_list.push(value),
                "-p" => given.param.push(value),
                "--using" => given.using.push(value),
                "--depth" => given.depth = value.parse().ok(),
                _ => panic!("{flag}"),
            }
        }
        given.code = Some(script.to_owned());
        Call::read(&given, &mut Machine::default()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn arguments_are_checked_before_any_connection() {
        let script = "param([Parameter(Mandatory)][int]$Count)";
        assert!(call(script, &["-p", "Count=3"]).is_ok());
        assert!(call(script, &["-p", "Count=host.count"]).is_ok());
        let error = call(script, &["-p", "Cuont=3"]).expect_err("unknown and missing");
        assert_eq!(error.lines().count(), 2, "{error}");
    }

    #[test]
    fn only_named_variables_are_kept() {
        for (script, kept) in [
            ("$using:env:PATH", &["PATH"][..]),
            ("Invoke-Command x { \"${using:env:path}\" }; $using:env:PATH", &["PATH"]),
            ("$using:x; $env:PATH", &[]),
            ("1", &[]),
        ] {
            let call = call(script, &["--using", "x=1"]).expect(script);
            assert_eq!(call.environment.keys().map(String::as_str).collect::<Vec<_>>(), kept, "{script}");
        }
    }

    #[test]
    fn only_nested_names_may_be_left_to_the_script() {
        let script = "Invoke-Command x { $using:there }";
        assert!(call(script, &[]).is_err());
        assert!(call(script, &["--using-lenient"]).is_ok());
        assert!(call("$using:here", &["--using-lenient"]).is_err());
    }

    #[test]
    fn values_that_nothing_takes_are_noted() {
        for (script, given, unused) in [
            ("$using:used", "used=1", None),
            ("\"$Using:USED\"", "used=1", None),
            ("1 | % -Parallel { ${using:used} }", "used=1", None),
            ("$using:env:HOME", "env:home=1", None),
            ("'$using:used'", "used=1", Some("used")),
            ("$used", "used=1", Some("used")),
            ("$using:env:HOME", "home=1", Some("home")),
        ] {
            let found = call(script, &["--using", given]).expect(script).unused();
            assert_eq!(found, Vec::from_iter(unused), "{script}");
        }
    }

    #[test]
    fn one_block_is_run_as_its_body() {
        for script in ["{ 1 }", " # why\n{\n1 }\n;", "{ param($n) 1 }", "{ { 1 } }", "{ '}' } # end"] {
            let call = call(script, &[]).expect(script);
            assert!(call.is_body && call.note().is_some(), "{script}");
            assert_eq!(call.source.text().len(), script.len(), "places stay");
        }
        for script in
            ["1", "{ 1 } { 2 }", "& { 1 }", "{ 1 }.Invoke()", "{ 1 } | foreach { 2 }", "@{ a = 1 }", "$x = { 1 }"]
        {
            assert!(!call(script, &[]).expect(script).is_body, "{script}");
        }
        assert!(call("{ }", &[]).expect_err("empty").contains("empty"));
        let named = call("{ param([string]$Name) $Name }", &["-p", "Name=1.10"]).expect("a call");
        assert_eq!(named.arguments[0].value, ArgumentValue::Literal(Value::str("1.10")));
    }

    #[test]
    fn values_are_what_their_parameters_declare() {
        let value = |script: &str, flags: &[&str]| {
            let call = call(script, flags).expect("a call");
            call.arguments.iter().chain(&call.using).map(|entry| entry.value.literal().cloned()).collect::<Vec<_>>()
        };
        let text = |text: &str| Some(Value::str(text));
        assert_eq!(value("param([string]$V)", &["-p", "V=12e5678"]), [text("12e5678")]);
        assert_eq!(
            value("param([int]$N, [version]$V)", &["-a", "3", "-a", "1.10"]),
            [Some(Value::I32(3)), text("1.10")]
        );
        assert_eq!(value("$args", &["-a", "1.10", "-a", "007"]), [text("1.10"), text("007")]);
        assert_eq!(value("$using:x", &["--using", "x=12e5678"]), [text("12e5678")]);
    }

    #[test]
    fn flags_win_over_the_file() {
        let entry = |name: Option<&str>, value: i32, origin: &str| ScriptArgument {
            name: name.map(str::to_owned),
            value: ArgumentValue::Literal(Value::I32(value)),
            written: None,
            declared: None,
            bare: false,
            origin: origin.to_owned(),
        };
        let parameters =
            Parameters::read(&Source::new("param($Name, [Alias('n')]$Number)").expect("scans")).expect("a block");
        let file = vec![entry(None, 1, "f"), entry(Some("n"), 2, "f"), entry(Some("name"), 3, "f")];
        let merged = merged(&parameters, file, vec![entry(Some("NUMBER"), 4, "-p"), entry(None, 5, "-a")]);
        let found: Vec<_> = merged.iter().map(|entry| (entry.name.as_deref(), &entry.value, &*entry.origin)).collect();
        let literal = |value| ArgumentValue::Literal(Value::I32(value));
        assert_eq!(
            found,
            [
                (None, &literal(1), "f"),
                (Some("name"), &literal(3), "f"),
                (Some("NUMBER"), &literal(4), "-p"),
                (None, &literal(5), "-a"),
            ]
        );
    }
}
