//! Prefixes of namespaces for XPath.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::super::super::eval::Evaluator;
use super::super::super::value::Val;
use super::super::{Instance, Outcome, arg_text};

/// `[System.Xml.XmlNamespaceManager]`
#[derive(Debug, Default)]
pub(super) struct Manager(Mutex<HashMap<String, String>>);

impl Instance for Manager {
    fn type_names(&self) -> Vec<Cow<'static, str>> {
        vec!["System.Xml.XmlNamespaceManager".into(), "System.Object".into()]
    }

    fn text(&self) -> String {
        "System.Xml.XmlNamespaceManager".into()
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().map(|name| name.as_str().into()).collect()
    }

    fn get(&self, name: &str, _now: Option<Timestamp>) -> Option<Val> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(|space| Val::str(space.as_str()))
    }

    fn call(&self, evaluator: &mut Evaluator<'_>, _me: &Val, name: &str, args: &[Val]) -> Outcome {
        evaluator.step(1)?;
        match name {
            "addnamespace" => {
                let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if known.len() < 1000 {
                    known.insert(arg_text(args, 0), arg_text(args, 1));
                }
                Ok(Some(Val::Void))
            }
            "lookupnamespace" => Ok(Some(self.get(&arg_text(args, 0), None).unwrap_or(Val::Null))),
            _ => Ok(None),
        }
    }
}
