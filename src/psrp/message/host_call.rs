//! Host calls and their answers (MS-PSRP 2.2.2.15, 2.2.2.27): the remote script speaks to our host.

use crate::clixml::{Document, Object, TypeNames, Value};
use crate::psrp::ProtocolError;

use super::build;

/// `SetShouldExit`: the script called `exit N`.
pub const SET_SHOULD_EXIT: i64 = 6;

/// The call id of a call that wants no answer.
const VOID: i64 = -100;

/// A call of the remote host interface.
#[derive(Debug, Clone, PartialEq)]
pub struct HostCall {
    /// Names the call in its answer.
    pub id: i64,
    /// `RemoteHostMethodId`.
    pub method: i64,
    /// The method's name as the server sent it.
    pub name: String,
    /// The arguments.
    pub parameters: Vec<Value>,
}

impl HostCall {
    /// Reads a call.
    ///
    /// # Errors
    /// A call without an id or a method.
    pub fn read(document: &Document) -> Result<Self, ProtocolError> {
        let property = |property| ProtocolError::Property { message: "HOST_CALL", property };
        let method = document.root.member("mi").ok_or(property("mi"))?;
        let name = method.as_object().and_then(|method| method.to_string.as_ref());
        Ok(Self {
            id: document.root.member("ci").and_then(Value::as_i64).ok_or(property("ci"))?,
            method: method.as_i64().ok_or(property("mi"))?,
            name: name.map(ToString::to_string).unwrap_or_default(),
            parameters: document.root.member("mp").and_then(Value::as_list).unwrap_or_default().to_vec(),
        })
    }

    /// Whether the server waits for an answer. An unanswered call would hang the pipeline.
    pub fn wants_answer(&self) -> bool {
        self.id != VOID
    }

    /// The exit code, if this is `SetShouldExit`.
    pub fn exit_code(&self) -> Option<i32> {
        if self.method != SET_SHOULD_EXIT {
            return None;
        }
        self.parameters.first().and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok())
    }

    /// The answer of a host without a user: the call fails with `HostFunctionNotImplemented`.
    pub fn refusal(&self) -> Value {
        let message = format!(
            "A command that prompts the user failed because psfleet runs scripts without a user. The request was: {}",
            self.name
        );
        let exception = Object {
            type_names: TypeNames::new([
                "System.Management.Automation.Host.HostException",
                "System.Management.Automation.RuntimeException",
                "System.SystemException",
                "System.Exception",
                "System.Object",
            ]),
            to_string: Some(message.as_str().into()),
            props: vec![("Message".into(), Value::str(message.as_str()))],
            ..Object::default()
        };
        let mut error = Object {
            type_names: TypeNames::new(["System.Management.Automation.ErrorRecord", "System.Object"]),
            to_string: Some(message.into()),
            ..Object::default()
        };
        error.notes = vec![
            ("Exception".into(), exception.into()),
            ("TargetObject".into(), Value::Null),
            ("FullyQualifiedErrorId".into(), Value::str("HostFunctionNotImplemented")),
            ("InvocationInfo".into(), Value::Null),
            ("ErrorCategory_Category".into(), Value::I32(11)),
            ("ErrorCategory_Activity".into(), Value::str(self.name.as_str())),
            ("ErrorCategory_Reason".into(), Value::str("HostException")),
            ("ErrorCategory_TargetName".into(), Value::str("")),
            ("ErrorCategory_TargetType".into(), Value::str("")),
            ("ErrorCategory_Message".into(), Value::str("NotImplemented: (:) [], HostException")),
            ("SerializeExtendedInfo".into(), Value::Bool(false)),
        ];
        let number = i32::try_from(self.method).unwrap_or_default();
        build::bag([
            ("ci", Value::I64(self.id)),
            ("mi", build::enumeration("System.Management.Automation.Remoting.RemoteHostMethodId", &self.name, number)),
            ("me", error.into()),
        ])
    }
}
