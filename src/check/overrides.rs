//! Limits and parameters that groups and hosts have of their own, by variables of the inventory.
//!
//! A variable `check` holds tables by the names of checks: `warn`, `crit`, `enabled`, `timeout`, `parameters`, and a table for
//! each named rule. The flat form, for inventories without tables, is `check_disk_space_warn`: the name of the check with
//! `_`, then the key; a parameter is `check_disk_space_param_MinimumMB`.

use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::config::{Given, Source, parse_duration};
use crate::nearest::did_you_mean;

use super::definition::Definition;
use super::rule::{Alarms, Judge, Rule};

/// The keys of a check.
const KEYS: [&str; 5] = ["warn", "crit", "enabled", "timeout", "parameters"];

/// What a flat variable of a parameter has before its name.
const PARAM: &str = "param_";

/// A variable of a host.
#[derive(Debug, Clone)]
pub struct Setting<'v> {
    /// Its name.
    pub name: &'v str,
    /// Its value as JSON.
    pub json: &'v str,
    /// Where it stands.
    pub source: Source,
}

/// Whether a variable may say something of checks.
pub fn concerns_checks(variable: &str) -> bool {
    variable == "check" || variable.starts_with("check_")
}

/// The check as a host with these variables has it; none where it is switched off.
///
/// # Errors
/// What the variables say and the check has not, one line each.
pub fn overridden(check: &Definition, settings: &[Setting<'_>]) -> Result<Option<Definition>, Vec<String>> {
    let mut host = Host { check: check.clone(), enabled: true, mistakes: Vec::new() };
    for setting in settings {
        match serde_json::from_str::<Json>(setting.json) {
            Ok(Json::Object(checks)) if setting.name == "check" => host.nested(&checks, &setting.source),
            Ok(value) => host.flat(setting.name, &value, &setting.source),
            Err(_) => {}
        }
    }
    match host.mistakes.is_empty() {
        true => Ok(host.enabled.then_some(host.check)),
        false => Err(host.mistakes),
    }
}

/// A check on its way to what a host has.
struct Host {
    check: Definition,
    enabled: bool,
    mistakes: Vec<String>,
}

/// A name as variables have it.
fn flat(name: &str) -> String {
    name.replace(['-', '.', ' '], "_").to_ascii_lowercase()
}

impl Host {
    /// What the table of this check says.
    fn nested(&mut self, checks: &Map<String, Json>, source: &Source) {
        let own = flat(&self.check.name);
        for (_, table) in checks.iter().filter(|(name, _)| flat(name) == own) {
            let Json::Object(table) = table else {
                self.mistake("check", &format!("the variable of {} is no table", self.check.name), source);
                continue;
            };
            table.iter().for_each(|(key, value)| self.entry(key, value, source));
        }
    }

    fn entry(&mut self, key: &str, value: &Json, source: &Source) {
        match (key, value) {
            ("parameters", Json::Object(parameters)) => {
                parameters.iter().for_each(|(name, value)| self.parameter(name, value, source));
            }
            (_, Json::Object(limits)) if self.rule(key).is_some() => {
                limits.iter().for_each(|(limit, value)| self.limit(Some(key), limit, value, source));
            }
            _ if self.own(key, value, source) => {}
            _ => {
                let rules = self.check.rules.iter().filter_map(|rule| rule.name.as_deref());
                let hint = did_you_mean(key, KEYS.into_iter().chain(rules));
                let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                self.mistake(key, &format!("the check {} has nothing of this name{hint}", self.check.name), source);
            }
        }
    }

    /// What a variable with the check in its name says. Others may belong to a check whose name is longer.
    fn flat(&mut self, variable: &str, value: &Json, source: &Source) {
        let prefix = format!("check_{}_", flat(&self.check.name));
        let begins = variable.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(&prefix));
        let Some(rest) = variable.get(prefix.len()..).filter(|_| begins) else { return };
        if let Some(parameter) = rest.strip_prefix(PARAM) {
            return self.parameter(parameter, value, source);
        }
        if self.own(rest, value, source) {
            return;
        }
        let named = ["warn", "crit"].into_iter().find_map(|limit| {
            let rule = rest.strip_suffix(limit)?.strip_suffix('_')?;
            Some((self.rule(rule)?.name.clone()?, limit))
        });
        if let Some((rule, limit)) = named {
            self.limit(Some(&rule), limit, value, source);
        }
    }

    /// A key of the check itself; `false` for another.
    fn own(&mut self, key: &str, value: &Json, source: &Source) -> bool {
        match key {
            "warn" | "crit" => self.limit(None, key, value, source),
            "enabled" => match boolean(value) {
                Some(enabled) => self.enabled = enabled,
                None => self.mistake(key, &format!("expected true or false, found {value}"), source),
            },
            "timeout" => match parse_duration(&text(value)) {
                Ok(timeout) => self.check.timeout = timeout.max(Duration::from_millis(1)),
                Err(why) => self.mistake(key, &why, source),
            },
            _ => return false,
        }
        true
    }

    fn parameter(&mut self, name: &str, value: &Json, source: &Source) {
        let given = Given::new(value.to_string(), source.clone());
        let parameters = &mut self.check.parameters;
        match parameters.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => *known = given,
            None => parameters.push((name.to_owned(), given)),
        }
    }

    fn rule(&self, name: &str) -> Option<&Rule> {
        self.check.rules.iter().find(|rule| rule.name.as_deref().is_some_and(|known| flat(known) == flat(name)))
    }

    /// A limit of a rule; of the only one where none is named.
    fn limit(&mut self, rule: Option<&str>, limit: &str, value: &Json, source: &Source) {
        if !matches!(limit, "warn" | "crit") {
            let message = format!("a rule has warn and crit, and no '{limit}'");
            return self.mistake(limit, &message, source);
        }
        let is_crit = limit == "crit";
        let found = match (rule, &mut self.check.rules[..]) {
            (None, [only]) => Ok(only),
            (None, _) => Err(format!("the check {} has several rules: name the rule, too", self.check.name)),
            (Some(name), rules) => rules
                .iter_mut()
                .find(|rule| rule.name.as_deref().is_some_and(|known| flat(known) == flat(name)))
                .ok_or_else(|| format!("no rule is called '{name}'")),
        };
        let set = found.and_then(|rule| match &mut rule.judge {
            Judge::Number(_, alarms) | Judge::Count(_, alarms) => set(alarms, is_crit, value, source),
            Judge::Holds(alarms) => set(alarms, is_crit, value, source),
            Judge::Matches(_, alarms) | Judge::Misses(_, alarms) => set(alarms, is_crit, value, source),
        });
        if let Err(why) = set {
            self.mistake(limit, &why, source);
        }
    }

    fn mistake(&mut self, key: &str, message: &str, source: &Source) {
        self.mistakes.push(format!("{source}: check variable {key}: {message}"));
    }
}

/// Sets an alarm; `false` and null take it away.
fn set<T: FromStr<Err = String>>(
    alarms: &mut Alarms<T>,
    is_crit: bool,
    value: &Json,
    source: &Source,
) -> Result<(), String> {
    let given = match value {
        Json::Null | Json::Bool(false) => None,
        value => Some(Given::new(text(value).parse()?, source.clone())),
    };
    *(if is_crit { &mut alarms.crit } else { &mut alarms.warn }) = given;
    Ok(())
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// True or false, also as CSV and INI write it.
fn boolean(value: &Json) -> Option<bool> {
    match text(value).to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "on" => Some(true),
        "false" | "no" | "0" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Setting, overridden};
    use crate::check::{Definition, explain, read};
    use crate::config::Source;

    const ONE: &str = "title = 'Disk'\ncode = 'x'\n[parameters]\nMinimumMB = 500\n[[rules]]\nproperty = 'Free'\nwarn = '10:'\ncrit = '5:'\n";

    fn with(text: &str, variables: &[(&str, &str)]) -> Result<Option<Definition>, Vec<String>> {
        let check = read(Path::new("disk-space.toml"), text).expect("a check");
        let source = Source::Env("web.toml:7".to_owned());
        let settings: Vec<Setting<'_>> =
            variables.iter().map(|(name, json)| Setting { name, json, source: source.clone() }).collect();
        overridden(&check, &settings)
    }

    #[test]
    fn limits_and_parameters_are_a_hosts_own() {
        let nested = r#"{"disk-space": {"warn": "20:", "timeout": "5m", "parameters": {"MinimumMB": 100, "Role": "db"}}, "cpu": {"warn": 1}}"#;
        let page = explain(&with(ONE, &[("check", nested)]).expect("right").expect("enabled"));
        for line in [
            "  parameter   MinimumMB = 100  (web.toml:7)\n",
            "  parameter   Role = \"db\"  (web.toml:7)\n",
            "  timeout     5m on each host\n",
            "  rule 1      CRITICAL if Free is below 5  (disk-space.toml:8)\n",
            "  rule 1      WARNING if Free is below 20  (web.toml:7)\n",
        ] {
            assert!(page.contains(line), "{line} is not in\n{page}");
        }
        let flat =
            [("check_disk_space_crit", "\"1:\""), ("check_disk_space_param_MinimumMB", "7"), ("check_disk_other", "1")];
        let page = explain(&with(ONE, &flat).expect("right").expect("enabled"));
        assert!(page.contains("CRITICAL if Free is below 1  (web.toml:7)") && page.contains("MinimumMB = 7"), "{page}");
        for off in [("check", r#"{"disk_space": {"enabled": false}}"#), ("check_disk_space_enabled", "\"no\"")] {
            assert_eq!(with(ONE, &[off]), Ok(None), "{off:?}");
        }
        let page = explain(&with(ONE, &[("check_disk_space_warn", "false")]).expect("right").expect("enabled"));
        assert!(!page.contains("WARNING"), "{page}");
    }

    #[test]
    fn several_rules_are_told_apart_by_name() {
        let two = format!("{ONE}name = 'free'\n[[rules]]\nname = 'gone'\nwarn_if = 'Gone'\n");
        let page = |variable: (&str, &str)| explain(&with(&two, &[variable]).expect("right").expect("enabled"));
        assert!(page(("check_disk_space_free_warn", "\"30:\"")).contains("WARNING if Free is below 30"));
        assert!(
            page(("check", r#"{"disk-space": {"gone": {"crit": "Gone -eq 2"}}}"#)).contains("CRITICAL if Gone -eq 2")
        );
        let wrong = with(&two, &[("check", r#"{"disk-space": {"warn": "1"}}"#)]).expect_err("ambiguous");
        assert_eq!(
            wrong,
            ["web.toml:7: check variable warn: the check disk-space has several rules: name the rule, too"]
        );
    }

    #[test]
    fn mistakes_name_their_place() {
        for (json, expected) in [
            (r#"{"disk-space": {"wran": "1"}}"#, "has nothing of this name; did you mean 'warn'?"),
            (r#"{"disk-space": {"warn": "1x"}}"#, "is not a range"),
            (r#"{"disk-space": {"enabled": "maybe"}}"#, "expected true or false"),
            (r#"{"disk-space": {"timeout": "soon"}}"#, "is not a duration"),
            (r#"{"disk-space": 5}"#, "is no table"),
        ] {
            let wrong = with(ONE, &[("check", json)]).expect_err(json);
            assert!(
                wrong.len() == 1 && wrong[0].starts_with("web.toml:7: ") && wrong[0].contains(expected),
                "{wrong:?}"
            );
        }
    }
}
