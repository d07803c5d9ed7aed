//! The state that lives as long as a runspace pool.

use std::sync::Arc;

use super::{EndState, Ended, Host, Invocation, Runtime};
use crate::clixml::{Object, TypeNames, Value};

/// One runspace: a host, and the variables and functions that scripts leave behind.
#[derive(Debug)]
pub struct Runspace {
    host: Arc<Host>,
}

impl Runspace {
    /// A fresh runspace on a host.
    pub fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    /// The host it runs on.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Runs one pipeline to its end on the calling thread, whose stack should have 2 MiB (the default of std and tokio).
    /// Blocks where the runtime blocks: in `emit` and in `sleep`.
    pub fn invoke(&mut self, _invocation: &Invocation, _runtime: &mut dyn Runtime) -> Ended {
        let message = format!("The sandbox host {} knows no commands yet.", self.host.name());
        let record = Object {
            type_names: TypeNames::new(["System.Management.Automation.ErrorRecord", "System.Object"]),
            to_string: Some(message.as_str().into()),
            notes: vec![
                ("FullyQualifiedErrorId".into(), Value::str("CommandNotFoundException")),
                ("ErrorCategory_Category".into(), Value::I32(13)),
                ("ErrorCategory_Message".into(), Value::str(message)),
            ],
            ..Object::default()
        };
        Ended { state: EndState::Failed(record.into()), exit_code: None }
    }
}
