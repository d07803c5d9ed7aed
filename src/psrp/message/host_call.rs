//! Host calls and their answers (MS-PSRP 2.2.2.15, 2.2.2.27): the remote script speaks to our host.

use crate::clixml::{Document, Object, TypeNames, Value};
use crate::psrp::ProtocolError;

use super::build;
use super::host_method::HostMethod;

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
    pub fn read(document: Document) -> Result<Self, ProtocolError> {
        let mut root = document.root;
        let property = |property| ProtocolError::Property { message: "HOST_CALL", property };
        let parameters = root.take_member("mp").and_then(Value::into_list).unwrap_or_default();
        let method = root.member("mi").ok_or(property("mi"))?;
        let name = method.as_object().and_then(|method| method.to_string.as_ref());
        Ok(Self {
            id: root.member("ci").and_then(Value::as_i64).ok_or(property("ci"))?,
            method: method.as_i64().ok_or(property("mi"))?,
            name: name.map(ToString::to_string).unwrap_or_default(),
            parameters,
        })
    }

    /// What it asks for.
    pub fn method(&self) -> HostMethod {
        HostMethod::of(self.method)
    }

    /// Whether the server waits for an answer. An unanswered call would hang the pipeline.
    pub fn wants_answer(&self) -> bool {
        self.id != VOID
    }

    /// The exit code, if this is `SetShouldExit`.
    pub fn exit_code(&self) -> Option<i32> {
        if self.method() != HostMethod::SetShouldExit {
            return None;
        }
        self.parameters.first().and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok())
    }

    /// The answer of a host without a user: an error that the script can catch. For what only a user could answer it
    /// is the error of `pwsh -NonInteractive`.
    pub fn refusal(&self) -> Value {
        let name = &self.name;
        if self.method().needs_user() {
            let message = format!(
                "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available. \
                 {} Hand it to the script as an argument.",
                self.question()
            );
            self.failure(&message, "PSInvalidOperationException", "InvalidOperation", (7, "InvalidOperation"))
        } else {
            let message = format!("The host of this remote session does not implement {name}.");
            self.failure(&message, "Host.HostException", "HostFunctionNotImplemented", (11, "NotImplemented"))
        }
    }

    /// The answer that the call has given this.
    pub fn result(&self, value: Value) -> Value {
        build::bag([("ci", Value::I64(self.id)), ("mi", self.method_value()), ("mr", value)])
    }

    /// What the user would be asked for, in words.
    fn question(&self) -> String {
        let fields = self.parameters.get(2).and_then(Value::as_list).unwrap_or_default();
        let names: Vec<_> = fields.iter().filter_map(|field| field.member("name")?.as_text()).collect();
        match &names[..] {
            [] => format!("{} was called for an answer.", self.name),
            names => {
                let names: Vec<_> = names.iter().map(|name| name.to_str_lossy()).collect();
                format!("A value was asked for: {}.", names.join(", "))
            }
        }
    }

    fn method_value(&self) -> Value {
        let number = i32::try_from(self.method).unwrap_or_default();
        build::enumeration("System.Management.Automation.Remoting.RemoteHostMethodId", &self.name, number)
    }

    /// The answer that the call has failed, with an exception of `System.Management.Automation`.
    fn failure(&self, message: &str, exception: &str, id: &str, category: (i32, &str)) -> Value {
        let reason = exception.rsplit('.').next().unwrap_or(exception);
        let exception = Object {
            type_names: TypeNames::new([
                &*format!("System.Management.Automation.{exception}"),
                "System.Exception",
                "System.Object",
            ]),
            to_string: Some(message.into()),
            props: vec![("Message".into(), Value::str(message))],
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
            ("FullyQualifiedErrorId".into(), Value::str(id)),
            ("InvocationInfo".into(), Value::Null),
            ("ErrorCategory_Category".into(), Value::I32(category.0)),
            ("ErrorCategory_Activity".into(), Value::str(self.name.as_str())),
            ("ErrorCategory_Reason".into(), Value::str(reason)),
            ("ErrorCategory_TargetName".into(), Value::str("")),
            ("ErrorCategory_TargetType".into(), Value::str("")),
            ("ErrorCategory_Message".into(), Value::str(format!("{}: (:) [{}], {reason}", category.1, self.name))),
            ("SerializeExtendedInfo".into(), Value::Bool(false)),
        ];
        build::bag([("ci", Value::I64(self.id)), ("mi", self.method_value()), ("me", error.into())])
    }
}
