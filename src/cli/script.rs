//! The script as typed: text, file or stdin; its arguments and `$using:` values.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};

use super::args::run::ExecuteArgs;
use crate::clixml::{Value, value_from_json};
use crate::psrp::{Argument, Invocation};
use crate::script::using::{Definitions, Form, Sent};
use crate::script::{Given, Parameters, ScriptError, Source};

/// Puts together what is to be run.
///
/// # Errors
/// A missing or unreadable script, or an argument that cannot be understood; each says which one.
pub fn invocation(code: Option<&str>, args: &ExecuteArgs) -> anyhow::Result<Invocation> {
    let mut arguments = Vec::new();
    for text in &args.argument_list {
        let value = value(text).with_context(|| format!("--argument-list {text}"))?;
        arguments.push(Argument { name: None, value });
    }
    for text in &args.param {
        arguments.push(parameter(text).with_context(|| format!("--param {text}"))?);
    }
    let source = Source::new(script(code)?)?;
    check_arguments(&source, &arguments)?;
    let sent = using(&source, &args.using)?;
    arguments.extend(sent.arguments);
    Ok(Invocation { script: sent.script, arguments, input: false })
}

/// Compares the arguments with the script's `param()` block, before any connection.
fn check_arguments(source: &Source, arguments: &[Argument]) -> anyhow::Result<()> {
    let parameters = Parameters::read(source)?;
    let mut given = Given::default();
    for argument in arguments {
        match &argument.name {
            Some(name) => given.named.push((name, Some(&argument.value))),
            None => given.positional.push(&argument.value),
        }
    }
    crate::script::check(&parameters, &given).map_err(joined)
}

/// The script and the arguments that carry its `$using:` values, in the form that PowerShell 5 and later take.
fn using(source: &Source, definitions: &[String]) -> anyhow::Result<Sent> {
    let mut values = BTreeMap::new();
    for text in definitions {
        let (name, text) = text.split_once('=').with_context(|| format!("--using {text}: expected NAME=VALUE"))?;
        values.insert(name.to_owned(), value(text).with_context(|| format!("--using {name}"))?);
    }
    let text = |text: OsString| text.into_string().ok();
    let environment = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
    let definitions = Definitions { values: &values, environment: &environment, lenient: false };
    definitions.send(source, Form::Dictionary).map_err(joined)
}

/// All mistakes, one on each line.
fn joined(errors: Vec<ScriptError>) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    anyhow::anyhow!(lines.join("\n"))
}

/// The script's text.
fn script(code: Option<&str>) -> anyhow::Result<String> {
    let text = match code {
        None => bail!("nothing to run: give script text in quotes, a FILE.ps1, or - to read the script from stdin"),
        Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read the script from stdin")?;
            decode(&bytes).context("the script on stdin")?
        }
        Some(code) if is_file_name(code) => {
            let bytes = std::fs::read(code).with_context(|| format!("cannot read the script file {code}"))?;
            decode(&bytes).with_context(|| format!("the script file {code}"))?
        }
        Some(code) => code.to_owned(),
    };
    if text.trim().is_empty() {
        bail!("the script is empty");
    }
    Ok(text)
}

/// A single word that ends in `.ps1` names a file; code that ends so would be a call, with an operator or a space.
fn is_file_name(code: &str) -> bool {
    let is_script = Path::new(code).extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("ps1"));
    is_script && (Path::new(code).exists() || !code.contains(['\n', '|', ';', '{', '&', ' ']))
}

/// Script text in any encoding that editors on Windows write.
fn decode(bytes: &[u8]) -> anyhow::Result<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|&pair| unit(pair)).collect();
        String::from_utf16(&units).context("is not valid UTF-16")
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok(std::str::from_utf8(rest).context("is not valid UTF-8")?.to_owned()),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => Ok(std::str::from_utf8(bytes).context("is not valid UTF-8: save it as UTF-8")?.to_owned()),
    }
}

/// A value as typed: `@FILE.json`, JSON, else a string.
fn value(text: &str) -> anyhow::Result<Value> {
    let json = match text.strip_prefix('@').filter(|file| file.ends_with(".json")) {
        Some(file) => {
            let content = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
            serde_json::from_str(&content).with_context(|| format!("{file} is not valid JSON"))?
        }
        None => match serde_json::from_str(text) {
            Ok(json) => json,
            Err(_) => return Ok(Value::str(text)),
        },
    };
    Ok(value_from_json(&json))
}

fn parameter(text: &str) -> anyhow::Result<Argument> {
    let (name, value) = match text.split_once('=') {
        Some((name, text)) => (name, value(text)?),
        // A bare name is a switch.
        None => (text, Value::Bool(true)),
    };
    let name = name.trim_start_matches('-');
    if name.is_empty() {
        bail!("expected NAME=VALUE, or the name of a switch");
    }
    Ok(Argument { name: Some(name.to_owned()), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str, arguments: &[Argument], definitions: &[&str]) -> Result<Vec<Argument>, String> {
        let source = Source::new(text).expect("scans");
        let definitions: Vec<String> = definitions.iter().map(|text| (*text).to_owned()).collect();
        check_arguments(&source, arguments).map_err(|error| error.to_string())?;
        using(&source, &definitions).map(|sent| sent.arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn using_values_are_for_the_expressions_of_the_script() {
        assert_eq!(arguments("$using:x.Length", &[], &["X=ab", "y=1"]).expect("sent").len(), 1);
        assert_eq!(arguments("1", &[], &["x=1"]).expect("sent"), []);
        let error = arguments("1\n$using:cuont", &[], &["count=1"]).expect_err("undefined");
        assert!(error.starts_with("line 2, column 1: $using:cuont: there is no value for `cuont`"), "{error}");
    }

    #[test]
    fn arguments_are_checked_before_any_connection() {
        let script = "param([Parameter(Mandatory)][int]$Count)";
        let count = |text: &str| parameter(text).expect("a parameter");
        assert!(arguments(script, &[count("Count=3")], &[]).is_ok());
        let error = arguments(script, &[count("Cuont=3")], &[]).expect_err("unknown and missing");
        assert_eq!(error.lines().count(), 2, "{error}");
    }

    #[test]
    fn tells_files_from_code() {
        assert!(is_file_name("check.ps1"));
        assert!(is_file_name("./a/Check.PS1"));
        assert!(!is_file_name("& ./check.ps1"));
        assert!(!is_file_name("Get-Date"));
    }

    #[test]
    fn reads_scripts_in_the_encodings_of_windows() {
        assert_eq!(decode(b"\xEF\xBB\xBF1").expect("UTF-8"), "1");
        assert_eq!(decode(b"\xFF\xFE\xE4\x00").expect("UTF-16"), "ä");
        assert_eq!(decode(b"\xFE\xFF\x00\xE4").expect("UTF-16"), "ä");
        assert!(decode(b"\xE4").is_err());
    }

    #[test]
    fn values_are_json_or_strings() {
        assert_eq!(value("7").expect("JSON"), Value::I32(7));
        assert_eq!(value("web07").expect("string"), Value::str("web07"));
        assert_eq!(value("\"7\"").expect("JSON"), Value::str("7"));
        assert_eq!(parameter("Force").expect("switch").value, Value::Bool(true));
        assert!(parameter("=1").is_err());
    }
}
