//! Error records and exceptions as PSRP carries them.

use super::super::wire;
use super::{ErrorRecord, Exception};
use crate::clixml::{Content, ListKind, Object, TypeNames, Value};

impl ErrorRecord {
    /// The record as PSRP carries it: everything in extended members, in the order of a real server.
    pub(in super::super) fn to_wire(&self) -> Value {
        let text = |text: &str| Value::str(text);
        let mut notes = vec![
            ("Exception".into(), self.exception_to_wire()),
            ("TargetObject".into(), wire::to_value(&self.target)),
            ("FullyQualifiedErrorId".into(), text(&self.id)),
            ("InvocationInfo".into(), self.invocation_info()),
            ("ErrorCategory_Category".into(), Value::I32(self.category.into())),
            ("ErrorCategory_Activity".into(), text(&self.activity)),
            ("ErrorCategory_Reason".into(), text(self.reason_text())),
            ("ErrorCategory_TargetName".into(), text(&self.target_name())),
            ("ErrorCategory_TargetType".into(), text(&self.target_type())),
            ("ErrorCategory_Message".into(), text(&self.category_message())),
        ];
        if self.details().is_some() || self.recommended_action().is_some() {
            notes.push(("ErrorDetails_Message".into(), text(self.said())));
            notes.push((
                "ErrorDetails_RecommendedAction".into(),
                text(self.recommended_action().map_or("", |action| action)),
            ));
        }
        notes.push(("SerializeExtendedInfo".into(), Value::Bool(false)));
        notes.push(("ErrorDetails_ScriptStackTrace".into(), text(&self.stack_trace())));
        Object {
            type_names: TypeNames::new(["System.Management.Automation.ErrorRecord", "System.Object"]),
            to_string: Some(self.said().as_ref().into()),
            notes,
            ..Object::default()
        }
        .into()
    }

    fn exception_to_wire(&self) -> Value {
        let Value::Object(mut object) = self.exception.to_wire() else { return Value::Null };
        if self.exception.is_a("System.Management.Automation.RuntimeException") {
            object.props.insert(0, ("ErrorRecord".into(), Value::str(self.message().as_ref())));
            object.props.insert(1, ("WasThrownFromThrowStatement".into(), Value::Bool(self.is_thrown)));
        }
        Value::Object(object)
    }

    fn invocation_info(&self) -> Value {
        let Some(place) = &self.place else { return Value::Null };
        let (line, column) = place.line_and_column();
        let names = |name: &str| TypeNames::new([name, "System.Object"]);
        let bound = Object {
            type_names: names("System.Management.Automation.PSBoundParametersDictionary"),
            content: Content::Dict(Vec::new()),
            ..Object::default()
        };
        let unbound = Object {
            type_names: names("System.Collections.ArrayList"),
            content: Content::List(ListKind::List, Vec::new()),
            ..Object::default()
        };
        let command = if self.activity.is_empty() { Value::Null } else { Value::str(self.activity.as_ref()) };
        let props = vec![
            ("MyCommand".into(), command),
            ("BoundParameters".into(), bound.into()),
            ("UnboundArguments".into(), unbound.into()),
            ("ScriptLineNumber".into(), Value::I32(line)),
            ("OffsetInLine".into(), Value::I32(column)),
            ("HistoryId".into(), Value::I64(1)),
            ("ScriptName".into(), Value::str("")),
            ("Line".into(), Value::str(place.line())),
            ("PositionMessage".into(), Value::str(place.position_message())),
            ("PSScriptRoot".into(), Value::str("")),
            ("PSCommandPath".into(), Value::Null),
            ("InvocationName".into(), Value::str(self.activity.as_ref())),
            ("PipelineLength".into(), Value::I32(0)),
            ("PipelinePosition".into(), Value::I32(0)),
            ("ExpectingInput".into(), Value::Bool(false)),
            ("CommandOrigin".into(), Value::str("Internal")),
            ("DisplayScriptPosition".into(), Value::Null),
        ];
        Object {
            type_names: names("System.Management.Automation.InvocationInfo"),
            to_string: Some("System.Management.Automation.InvocationInfo".into()),
            props,
            ..Object::default()
        }
        .into()
    }
}

impl Exception {
    /// The exception as an object with its .NET properties.
    pub(in super::super) fn to_wire(&self) -> Value {
        let data = Object {
            type_names: TypeNames::new(["System.Collections.ListDictionaryInternal", "System.Object"]),
            content: Content::Dict(Vec::new()),
            ..Object::default()
        };
        let inner = self.inner.as_ref().map_or(Value::Null, |inner| inner.to_wire());
        // A class with properties of its own says its message itself, so that both come first.
        let mut props = vec![("Message".into(), Value::str(self.message.as_ref()))];
        props.extend(self.details.iter().map(|(name, value)| ((*name).into(), wire::to_value(value))));
        props.insert(if self.details.is_empty() { 0 } else { props.len() }, ("TargetSite".into(), Value::Null));
        props.extend([
            ("Data".into(), data.into()),
            ("InnerException".into(), inner),
            ("HelpLink".into(), Value::Null),
            ("Source".into(), Value::Null),
            ("HResult".into(), Value::I32(-2_146_233_087)),
            ("StackTrace".into(), Value::Null),
        ]);
        Object {
            type_names: TypeNames::new(self.types.iter().map(String::as_str)),
            to_string: Some(format!("{}: {}", self.type_name(), self.message).into()),
            props,
            ..Object::default()
        }
        .into()
    }
}
