//! `$foreach` and `$switch`: where a loop is in what it goes through.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::value::{Val, Walk};
use super::{Instance, Outcome};

/// A loop's own enumerator, which scripts may move, too.
#[derive(Debug)]
pub(in super::super) struct Enumerator(Mutex<(Walk, Val)>);

impl Enumerator {
    pub(in super::super) fn through(value: Val) -> Arc<Self> {
        Arc::new(Self(Mutex::new((Walk::through(value), Val::Null))))
    }

    /// Goes on to the next item; nothing at the end.
    pub(in super::super) fn next(&self) -> Result<Option<Val>, ErrorRecord> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = state.0.next().map_err(ErrorRecord::modified)?;
        // At the end it stays where it was.
        if let Some(next) = &next {
            state.1 = next.clone();
        }
        Ok(next)
    }
}

impl Instance for Enumerator {
    fn type_names(&self) -> Vec<Cow<'static, str>> {
        vec!["System.Array+ArrayEnumerator".into(), "System.Object".into()]
    }

    fn text(&self) -> String {
        "System.Array+ArrayEnumerator".into()
    }

    fn names(&self) -> Vec<Arc<str>> {
        vec!["Current".into()]
    }

    fn get(&self, name: &str, _now: Option<Timestamp>) -> Option<Val> {
        let state = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (name == "current").then(|| state().1.clone())
    }

    fn call(&self, _evaluator: &mut Evaluator<'_>, _me: &Val, name: &str, _args: &[Val]) -> Outcome {
        match name {
            "movenext" => Ok(Some(Val::Bool(self.next()?.is_some()))),
            _ => Ok(None),
        }
    }
}
