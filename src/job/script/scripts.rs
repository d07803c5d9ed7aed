//! The scripts of a run: each host runs them in their order, in one session.

use std::sync::Arc;

use super::{Call, CommandSets, HostVariables, ScriptInput, Secrets, Using};
use crate::config::System;
use crate::fleet::Script;
use crate::target::Target;

/// The scripts of a run, the first with its arguments and its input; `$using:` values are for all.
#[derive(Debug, Clone)]
pub struct Scripts {
    pub(super) first: Call,
    pub(super) then: Vec<Call>,
}

impl Scripts {
    /// Reads them: the first one as given, then each of `then`, a text or a `FILE.ps1`.
    ///
    /// # Errors
    /// Those of [`Call::read`], with the script that they are in.
    pub fn read(given: &ScriptInput, then: &[String], around: &mut dyn System) -> anyhow::Result<Self> {
        let first = Call::read(given, around)?;
        let using = Using::from(&first);
        let then = then.iter().map(|code| using.next(code, around)).collect::<anyhow::Result<_>>()?;
        Ok(Self { first, then })
    }

    /// Scripts that were read before.
    pub(super) fn new(first: Call, then: Vec<Call>) -> Self {
        Self { first, then }
    }

    /// The first one.
    pub fn first(&self) -> &Call {
        &self.first
    }

    /// Those after the first.
    pub fn then(&self) -> &[Call] {
        &self.then
    }

    /// All of them, in their order.
    pub fn all(&self) -> impl Iterator<Item = &Call> {
        std::iter::once(&self.first).chain(&self.then)
    }

    /// Gates that use the same values. What is wrong with one is told by whoever has the hosts pass it.
    pub fn gates(&self, codes: &[String], around: &mut dyn System) -> Vec<Call> {
        let using = Using::from(self);
        codes.iter().filter_map(|code| using.call(code, around).ok()).collect()
    }

    /// What the user should know of how they were read, and of values that neither they nor the run's gates take.
    pub fn notes(&self, gates: &[Call]) -> Vec<String> {
        let read = self.all().filter_map(Call::note);
        let others = || self.then.iter().chain(gates);
        let unused = self.first.unused().into_iter().filter(|name| others().all(|call| call.unused().contains(name)));
        let unused = unused.map(|name| format!("--using {name}: nothing in the script is called $using:{name}"));
        read.chain(unused).collect()
    }

    /// The task that runs them on these targets: with their own variables, and with secrets from the environment or from
    /// whoever can be asked (nobody with `no_input`).
    ///
    /// # Errors
    /// Variables and secrets that are missing, and values that a script cannot take; each with the hosts concerned.
    pub fn task(self, targets: &[Arc<Target>], no_input: bool, around: &mut dyn System) -> anyhow::Result<Script> {
        let hosts: Vec<HostVariables> = targets.iter().map(|target| HostVariables::from(&**target)).collect();
        let secrets = Secrets::find(self.all(), targets, no_input, around)?;
        let commands = |call: Call| anyhow::Ok(Arc::new(CommandSets::new(call, &secrets, &hosts)?));
        let first = Script::new(commands(self.first)?);
        self.then.into_iter().try_fold(first, |script, call| Ok(script.then(commands(call)?)))
    }

    /// Whether [`task`](Self::task) could be had for these hosts, as far as nobody is asked for anything.
    ///
    /// # Errors
    /// Those of it.
    pub fn rehearse(self, hosts: &[HostVariables]) -> anyhow::Result<()> {
        let mut calls = std::iter::once(self.first).chain(self.then);
        calls.try_for_each(|call| CommandSets::new(call, &Secrets::default(), hosts).map(drop))
    }
}

impl From<&Scripts> for Using {
    fn from(scripts: &Scripts) -> Self {
        Self::from(scripts.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Machine;

    fn read(code: &str, then: &[&str], using: &[&str]) -> Result<Scripts, String> {
        let using = using.iter().map(|text| (*text).to_owned()).collect();
        let given = ScriptInput { code: Some(code.to_owned()), using, ..ScriptInput::default() };
        let then: Vec<String> = then.iter().map(|text| (*text).to_owned()).collect();
        Scripts::read(&given, &then, &mut Machine::default()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn values_are_for_all_of_them() {
        let notes = |then: &[&str]| read("$using:a", then, &["a=1", "b=2"]).expect("scripts").notes(&[]);
        assert_eq!(notes(&["$using:b"]), [""; 0]);
        assert_eq!(notes(&["1", "{ 2 }"]).len(), 2, "a body, and a value for nothing");
        let gated = read("$using:a", &[], &["a=1", "b=2"]).expect("scripts");
        let gates = gated.gates(&["$true".to_owned(), "$using:b".to_owned()], &mut Machine::default());
        assert_eq!(gated.notes(&gates), [""; 0], "a gate takes them, too");
        assert_eq!(gated.notes(&gates[..1]).len(), 1);
        let wrong = read("1", &["$using:c"], &[]).expect_err("no value");
        assert!(wrong.starts_with("--then $using:c: ") && wrong.contains("$using:c"), "{wrong}");
    }

    #[test]
    fn what_cannot_run_is_told_with_its_place() {
        for (then, what) in
            [("missing.ps1", "--then missing.ps1: "), ("", "the script is empty"), ("-", "not read from stdin")]
        {
            let error = read("1", &["2", then], &[]).expect_err(then);
            assert!(error.contains(what), "{error}");
        }
    }
}
