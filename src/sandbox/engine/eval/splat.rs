//! Splatting: what `@name` gives to a command, and which texts of `$args` are names of parameters.

use std::sync::Arc;

use super::super::ast::{Scope, Variable};
use super::super::convert::text;
use super::super::value::Val;
use super::marks::Marks;
use super::{Evaluator, RawArg, Run};

/// The texts that are names of parameters, by where they are in memory: PowerShell marks them with a hidden property,
/// which goes with the very object and not with its text.
#[derive(Debug, Default)]
pub(super) struct ParameterNames(Marks<()>);

impl ParameterNames {
    /// The name as `$args` has it; one that its value followed behind a colon keeps the colon.
    pub(super) fn make(&mut self, name: &str, has_colon: bool) -> Val {
        self.0.make(&format!("-{name}{}", if has_colon { ":" } else { "" }), ())
    }

    /// The value as any other text.
    pub(super) fn unmarked(&self, value: Val) -> Val {
        match (&value, self.name(&value)) {
            (Val::Str(text), Some(_)) => Val::str(&**text),
            _ => value,
        }
    }

    /// The parameter that a value names.
    fn name(&self, value: &Val) -> Option<Arc<str>> {
        let Val::Str(text) = value else { return None };
        self.0.of(value)?;
        Some(text.strip_prefix('-')?.trim_end_matches(':').into())
    }
}

impl Evaluator<'_> {
    /// The arguments that `@name` stands for.
    pub(super) fn splat(&mut self, name: &Arc<str>) -> Run<Vec<RawArg>> {
        let (scope, name) = match name.strip_prefix("using:") {
            Some(name) => (Scope::Using, name.into()),
            None => (Scope::Nearest, name.clone()),
        };
        Ok(match self.splatted(&Variable { scope, name })? {
            Val::Hash(hash) => {
                let named = |(key, value): (Val, Val)| RawArg::Parameter(text(&key).into(), Some(value));
                hash.entries().into_iter().map(named).collect()
            }
            other => {
                let names = &self.state.parameter_names;
                let argument = |value: Val| match names.name(&value) {
                    Some(name) => RawArg::Parameter(name, None),
                    None => RawArg::Value(value),
                };
                other.into_items().into_iter().map(argument).collect()
            }
        })
    }
}
