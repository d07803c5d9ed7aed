//! Properties as Select-Object, Sort-Object and Group-Object take them: names, wildcards, script blocks, hashtables.

use std::sync::Arc;

use super::super::ast::Script;
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::pattern::has_wildcards;
use super::super::value::Val;

/// One property of a `-Property` parameter.
pub(super) struct Property {
    /// What to call it.
    pub(super) label: Arc<str>,
    pub(super) source: Source,
    /// `Descending` or `Ascending` in the hashtable.
    pub(super) descending: Option<bool>,
}

pub(super) enum Source {
    Name(Arc<str>),
    Script(Arc<Script>),
}

/// What the hashtable of a property may say, for whichever cmdlet.
const KEYS: [&str; 9] =
    ["name", "label", "expression", "ascending", "descending", "formatstring", "width", "alignment", "depth"];

impl Property {
    /// Reads the parameter.
    pub(super) fn all_of(values: Vec<Val>) -> Run<Vec<Self>> {
        values.into_iter().map(Self::of).collect()
    }

    fn of(value: Val) -> Run<Self> {
        match value {
            Val::Script(script) => {
                let label = text(&Val::Script(script.clone())).into();
                Ok(Self { label, source: Source::Script(script), descending: None })
            }
            Val::Hash(hash) => {
                let entries = hash.entries();
                let is_known = |key: &Val| {
                    let key = text(key).to_lowercase();
                    !key.is_empty() && KEYS.iter().any(|known| known.starts_with(&key))
                };
                if let Some((key, _)) = entries.iter().find(|(key, _)| !is_known(key)) {
                    let message = format!("The {} key is not valid.", text(key));
                    return Err(
                        ErrorRecord::new("System.NotSupportedException", message, "DictionaryKeyUnknown", 5).into()
                    );
                }
                let find = |names: &[&str]| {
                    let is_it = |key: &Val| {
                        let key = text(key).to_lowercase();
                        names.iter().any(|name| !key.is_empty() && name.starts_with(&key))
                    };
                    entries.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value.clone())
                };
                let source = match find(&["expression"]) {
                    Some(Val::Script(script)) => Source::Script(script),
                    Some(other) => Source::Name(text(&other).into()),
                    None => {
                        let message = "The hashtable of a property needs an Expression.";
                        return Err(
                            ErrorRecord::new("System.ArgumentException", message, "DictionaryKeyMissing", 5).into()
                        );
                    }
                };
                let label = match (find(&["name"]).or_else(|| find(&["label"])), &source) {
                    (Some(label), _) => text(&label).into(),
                    (None, Source::Name(name)) => name.clone(),
                    (None, Source::Script(script)) => text(&Val::Script(script.clone())).into(),
                };
                let flag = |name| find(&[name]).map(|value| super::super::convert::truth(&value));
                let descending = flag("descending").or_else(|| flag("ascending").map(|ascending| !ascending));
                Ok(Self { label, source, descending })
            }
            other => {
                let name: Arc<str> = text(&other).into();
                Ok(Self { label: name.clone(), source: Source::Name(name), descending: None })
            }
        }
    }

    /// Whether the name stands for several properties.
    pub(super) fn wildcard(&self) -> Option<&str> {
        match &self.source {
            Source::Name(name) if has_wildcards(name) => Some(name),
            _ => None,
        }
    }

    /// The property of an object; `None` if it has none of this name. Errors of script blocks give null.
    pub(super) fn of_object(&self, evaluator: &mut Evaluator<'_>, object: &Val) -> Run<Option<Val>> {
        match &self.source {
            Source::Name(name) => Ok(evaluator.member(object, name)),
            Source::Script(script) => {
                let around = std::mem::replace(&mut evaluator.item, object.clone());
                let value = evaluator.run_quietly(script);
                evaluator.item = around;
                value.map(Some)
            }
        }
    }
}
