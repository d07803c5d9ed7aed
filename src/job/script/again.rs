//! A script that was read before, with some of what it was given replaced.

use std::collections::HashSet;

use anyhow::Context;

use super::{Call, ScriptArgument, ScriptInput, Scripts, Using, arguments, declare};
use crate::config::System;
use crate::script::using::same_name;
use crate::script::{Parameters, parameters_of};

impl Scripts {
    /// The scripts with what is `given` in place of what they had: a named value replaces the one of its name, positional
    /// ones and input replace all of their kind, and so do the scripts of `then`. What is not given stays.
    ///
    /// # Errors
    /// Those of [`Scripts::read`].
    pub fn changed(self, given: &ScriptInput, then: &[String], around: &mut dyn System) -> anyhow::Result<Self> {
        let first = self.first.changed(given, around)?;
        let using = Using::from(&first);
        let again = |call: Call| {
            let Using { values, lenient } = using.clone();
            Call { using: values, lenient, ..call }.checked(&ScriptInput::default(), around)
        };
        let then = match then {
            [] => self.then.into_iter().map(again).collect::<anyhow::Result<_>>()?,
            codes => codes.iter().map(|code| using.next(code, around)).collect::<anyhow::Result<_>>()?,
        };
        Ok(Self { first, then })
    }
}

impl Using {
    /// Reads a script that follows the first one of a run.
    pub(super) fn next(&self, code: &str, around: &mut dyn System) -> anyhow::Result<Call> {
        self.call(code, around).with_context(|| format!("--then {code}"))
    }
}

impl Call {
    fn changed(self, given: &ScriptInput, around: &mut dyn System) -> anyhow::Result<Self> {
        let typed = arguments(&self.parameters, given, around)?;
        let mut arguments = replaced(&self.parameters, self.arguments, typed);
        declare(&self.parameters, &mut arguments);
        let typed: Vec<ScriptArgument> =
            given.using.iter().map(|text| ScriptArgument::using(text)).collect::<anyhow::Result<_>>()?;
        let is_typed = |entry: &ScriptArgument| typed.iter().any(|typed| is_same(typed, entry));
        let mut using = self.using;
        using.retain(|entry| !is_typed(entry));
        using.extend(typed);
        let lenient = self.lenient || given.using_lenient;
        let depth = given.depth.or(self.depth);
        Self { arguments, using, lenient, depth, ..self }.checked(given, around)
    }
}

fn is_same(one: &ScriptArgument, other: &ScriptArgument) -> bool {
    let name = |entry: &ScriptArgument| entry.name.clone().unwrap_or_default();
    same_name(&name(one), &name(other))
}

/// The arguments from before, without those that are replaced, and then the new ones. A new one replaces what its
/// parameter had, however either was given.
fn replaced(parameters: &Parameters, before: Vec<ScriptArgument>, new: Vec<ScriptArgument>) -> Vec<ScriptArgument> {
    let bound = |entries: &[ScriptArgument]| -> Vec<Option<String>> {
        let names: Vec<Option<&str>> = entries.iter().map(|entry| entry.name.as_deref()).collect();
        let found = parameters_of(parameters, &names).into_iter().zip(&names);
        found.map(|(found, name)| found.map(|found| &*found.name).or(*name).map(str::to_lowercase)).collect()
    };
    let taken: HashSet<String> = bound(&new).into_iter().flatten().collect();
    let is_positional = new.iter().any(|entry| entry.name.is_none());
    let of_before = bound(&before);
    let kept = before.into_iter().zip(of_before).filter(|(entry, parameter)| {
        !(is_positional && entry.name.is_none()) && parameter.as_ref().is_none_or(|name| !taken.contains(name))
    });
    let mut arguments: Vec<ScriptArgument> = kept.map(|(entry, _)| entry).collect();
    arguments.extend(new);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Machine;
    use crate::job::script::KeptCall;

    fn given(flags: &[(&str, &str)]) -> (ScriptInput, Vec<String>) {
        let (mut given, mut then) = (ScriptInput::default(), Vec::new());
        for &(flag, value) in flags {
            let value = value.to_owned();
            match flag {
                "-a" => given.argument_list.push(value),
                "-p" => given.param.push(value),
                "--using" => given.using.push(value),
                "--then" => then.push(value),
                "--depth" => given.depth = value.parse().ok(),
                _ => panic!("{flag}"),
            }
        }
        (given, then)
    }

    /// What a script is given that was given something else before.
    fn again(code: &str, before: &[(&str, &str)], today: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let mut machine = Machine::default();
        let (first, then) = given(before);
        let first = ScriptInput { code: Some(code.to_owned()), ..first };
        let scripts = Scripts::read(&first, &then, &mut machine).expect("scripts");
        // As they are read from the store.
        let scripts = KeptCall::from(&scripts).scripts(&mut machine).expect("what was kept");
        let (today, then) = given(today);
        let scripts = scripts.changed(&today, &then, &mut machine).map_err(|error| format!("{error:#}"))?;
        let kept = KeptCall::from(&scripts);
        let then = kept.then().iter().map(|then| format!("then {} {}", then.text(), then.given().join(", ")));
        Ok(kept.given().into_iter().chain(then).collect())
    }

    #[test]
    fn what_is_given_today_counts() {
        let code = "param($A, [Alias('n')]$B) $A, $B, $using:u";
        let using = ("--using", "u=1");
        for (before, today, expected) in [
            (&[][..], &[("-p", "A=5")][..], &["-A 5"][..]),
            (&[("-a", "1")], &[("-p", "a=5")], &["-a 5"]),
            (&[("-a", "1"), ("-a", "2")], &[("-p", "A=5")], &["2", "-A 5"]),
            (&[("-a", "1"), ("-a", "2")], &[("-a", "3")], &["3"]),
            (&[("-p", "A=1")], &[("-a", "3")], &["3"]),
            (&[("-p", "n=1")], &[("-p", "B=2"), ("-a", "3")], &["3", "-B 2"]),
            (&[("-p", "B=1")], &[("-a", "3")], &["-B 1", "3"]),
            (&[("-p", "B=1")], &[], &["-B 1"]),
        ] {
            let found = again(code, &[before, &[using]].concat(), today);
            let expected: Vec<String> = expected.iter().copied().chain(["$using:u = 1"]).map(str::to_owned).collect();
            assert_eq!(found, Ok(expected), "{before:?} {today:?}");
        }
    }

    #[test]
    fn values_and_scripts_of_today_are_for_all() {
        let before = [("--using", "u=1"), ("--using", "v=2"), ("--then", "$using:v")];
        let found = again("$using:u", &before, &[("--using", "V=3")]).expect("scripts");
        assert_eq!(found, ["$using:u = 1", "$using:V = 3", "then $using:v $using:u = 1, $using:V = 3"]);
        let found = again("$using:u", &before, &[("--then", "$using:u + 1")]).expect("scripts");
        assert_eq!(found[2..], ["then $using:u + 1 $using:u = 1, $using:v = 2"]);
    }

    #[test]
    fn what_the_script_cannot_take_is_refused() {
        let error = again("param($A) $A", &[], &[("-p", "Nope=3")]).expect_err("no such parameter");
        assert!(error.contains("Nope"), "{error}");
        let error = again("1", &[], &[("--then", "$using:w")]).expect_err("no value");
        assert!(error.starts_with("--then $using:w: "), "{error}");
    }
}
