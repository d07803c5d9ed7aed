//! `$using:` values: one list for all scripts of a run, and for its gates.

use std::collections::BTreeMap;

use anyhow::bail;

use super::{Call, ScriptArgument, ScriptInput};
use crate::clixml::Value;
use crate::config::System;
use crate::script::using::Definitions;

/// `$using:` values that scripts share.
#[derive(Debug, Clone, Default)]
pub struct Using {
    pub(super) values: Vec<ScriptArgument>,
    /// Unknown names inside nested blocks are left to the script.
    pub(super) lenient: bool,
}

impl From<&Call> for Using {
    fn from(call: &Call) -> Self {
        Self { values: call.using.clone(), lenient: call.lenient }
    }
}

impl Using {
    /// Reads another script that may use them: a text or a `FILE.ps1`.
    ///
    /// # Errors
    /// Those of [`Call::read`].
    pub(in crate::job) fn call(&self, code: &str, around: &mut dyn System) -> anyhow::Result<Call> {
        if code == "-" {
            bail!("it is not read from stdin: give its text, or a FILE.ps1");
        }
        let given = ScriptInput { code: Some(code.to_owned()), ..ScriptInput::default() };
        let call = Call::unchecked(&given, around)?;
        Call { using: self.values.clone(), lenient: self.lenient, ..call }.checked(&given, around)
    }
}

impl Call {
    /// The names of `$using:` values that it does not take.
    pub(super) fn unused(&self) -> Vec<String> {
        let names = self.using.iter().filter_map(|entry| Some((entry.name.clone()?, Value::Null))).collect();
        let given = Definitions { values: &names, environment: &BTreeMap::new(), lenient: self.lenient };
        given.unused(&self.source).into_iter().map(str::to_owned).collect()
    }
}
