//! Splatting: what `@name` gives to a command, and which texts of `$args` are names of parameters.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::super::ast::{Scope, Variable};
use super::super::convert::text;
use super::super::value::Val;
use super::{Evaluator, RawArg, Run};

/// The least number of names after which those that no script holds any more are forgotten.
const LEAST: usize = 64;

/// The texts that are names of parameters, by where they are in memory: PowerShell marks them with a hidden property,
/// which goes with the very object and not with its text.
#[derive(Debug, Default)]
pub(super) struct ParameterNames {
    known: HashMap<usize, Weak<str>>,
    limit: usize,
}

fn address(text: &Arc<str>) -> usize {
    Arc::as_ptr(text).cast::<u8>().addr()
}

impl ParameterNames {
    /// The name as `$args` has it; one that its value followed behind a colon keeps the colon.
    pub(super) fn make(&mut self, name: &str, has_colon: bool) -> Val {
        let text: Arc<str> = format!("-{name}{}", if has_colon { ":" } else { "" }).into();
        if self.known.len() >= self.limit {
            self.known.retain(|_, known| known.strong_count() > 0);
            self.limit = self.known.len().saturating_mul(2).max(LEAST);
        }
        self.known.insert(address(&text), Arc::downgrade(&text));
        Val::Str(text)
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
        // While it is known here, no other text can be in its place.
        self.known.get(&address(text))?;
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
