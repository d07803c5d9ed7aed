//! Properties as Select-Object, Sort-Object and Group-Object take them: names, wildcards, script blocks, hashtables.

use std::sync::Arc;

use super::super::ast::Script;
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Flow, Run};
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

/// What the hashtable of a property may say: its keys, and the id of the error about another one.
pub(super) struct Keys {
    pub(super) known: &'static [&'static str],
    pub(super) unknown: &'static str,
    /// The id of the error about a table without an expression; else the name stands for it.
    pub(super) missing: Option<&'static str>,
}

impl Keys {
    /// Of Select-Object, and of commands that take their columns as it does.
    pub(super) const SELECT: Self = Self::of(&["name", "label", "expression"]);
    /// Of Sort-Object.
    pub(super) const SORT: Self = Self::of(&["name", "label", "expression", "ascending", "descending"]);
    /// Of Group-Object and Compare-Object.
    pub(super) const GROUP: Self = Self::of(&["name", "label", "expression"]);
    /// Of Format-Table.
    pub(super) const TABLE: Self =
        Self::of_format(&["name", "label", "expression", "formatstring", "width", "alignment", "depth"]);
    /// Of Format-List, and of `-GroupBy`.
    pub(super) const LIST: Self = Self::of_format(&["name", "label", "expression", "formatstring"]);
    /// Of Format-Wide.
    pub(super) const WIDE: Self = Self::of_format(&["expression", "formatstring"]);

    const fn of(known: &'static [&'static str]) -> Self {
        Self { known, unknown: "DictionaryKeyUnknown", missing: None }
    }

    const fn of_format(known: &'static [&'static str]) -> Self {
        Self { known, unknown: "DictionaryKeyIllegal", missing: Some("DictionaryKeyMandatoryEntry") }
    }

    /// What a key of a script stands for: keys may be shortened to one letter.
    pub(super) fn named(&self, key: &Val) -> Option<&'static str> {
        let key = text(key).to_lowercase();
        self.known.iter().find(|known| !key.is_empty() && known.starts_with(&key)).copied()
    }
}

fn bad_key(message: String, id: &'static str) -> Flow {
    ErrorRecord::new("System.NotSupportedException", message, id, 5).into()
}

impl Property {
    /// Reads the parameter.
    pub(super) fn all_of(values: Vec<Val>, keys: &Keys) -> Run<Vec<Self>> {
        values.into_iter().map(|value| Self::of(value, keys)).collect()
    }

    fn of(value: Val, keys: &Keys) -> Run<Self> {
        match value {
            Val::Script(script) => {
                let label = text(&Val::Script(script.clone())).into();
                Ok(Self { label, source: Source::Script(script), descending: None })
            }
            Val::Hash(hash) => Self::of_table(&hash.entries(), keys),
            other => {
                let name: Arc<str> = text(&other).into();
                Ok(Self { label: name.clone(), source: Source::Name(name), descending: None })
            }
        }
    }

    fn of_table(entries: &[(Val, Val)], keys: &Keys) -> Run<Self> {
        if let Some((key, _)) = entries.iter().find(|(key, _)| keys.named(key).is_none()) {
            return Err(bad_key(format!("The {} key is not valid.", text(key)), keys.unknown));
        }
        let find =
            |name: &str| entries.iter().find(|(key, _)| keys.named(key) == Some(name)).map(|(_, value)| value.clone());
        if keys.missing.is_some() && find("name").is_some() && find("label").is_some() {
            return Err(bad_key(
                "The key Name and its other name Label are both there.".to_owned(),
                "DictionaryKeyDuplicate",
            ));
        }
        let label = find("label").or_else(|| find("name")).filter(|label| !label.is_null()).map(|label| text(&label));
        let source = match (find("expression"), keys.missing) {
            (Some(Val::Script(script)), _) => Source::Script(script),
            (Some(other), _) => Source::Name(text(&other).into()),
            (None, None) if label.is_some() => Source::Name(label.clone().unwrap_or_default().into()),
            (None, missing) => {
                let message = "The hashtable of a property needs an Expression.";
                return Err(bad_key(message.to_owned(), missing.unwrap_or("DictionaryKeyMissing")));
            }
        };
        let label = match (label, &source) {
            (Some(label), _) if label.is_empty() => {
                return Err(bad_key("The name of a property cannot be empty.".to_owned(), "Argument"));
            }
            (Some(label), _) => label.into(),
            (None, Source::Name(name)) => name.clone(),
            (None, Source::Script(script)) => text(&Val::Script(script.clone())).into(),
        };
        let flag = |name| find(name).map(|value| super::super::convert::truth(&value));
        let descending = flag("descending").or_else(|| flag("ascending").map(|ascending| !ascending));
        Ok(Self { label, source, descending })
    }

    /// Whether it is called as the property of the object is; else a table gave it a name.
    pub(super) fn is_bare(&self) -> bool {
        matches!(&self.source, Source::Name(name) if *name == self.label)
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
            Source::Name(name) => Ok(evaluator.own_member(object, name)),
            Source::Script(script) => {
                let around = std::mem::replace(&mut evaluator.item, object.clone());
                let value = evaluator.run_quietly(script);
                evaluator.item = around;
                value.map(Some)
            }
        }
    }
}
