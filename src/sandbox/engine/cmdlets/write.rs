//! Write-Output and its sisters.

use std::sync::Arc;

use super::super::convert::{self, text};
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::value::{Obj, Schema, Val};
use super::binding::missing;
use super::{Bound, Spec};
use crate::clixml::{Content, Object, TypeNames, Value};
use crate::psrp::CONSOLE_COLORS;

pub(super) static SPECS: [Spec; 10] = [
    spec("Write-Output", &["echo", "write"], &["InputObject@*", "NoEnumerate!"], Stream::Output),
    spec(
        "Write-Error",
        &[],
        &[
            "Message|Msg@0",
            "Exception",
            "ErrorRecord",
            "ErrorId",
            "Category",
            "TargetObject",
            "RecommendedAction",
            "CategoryActivity|Activity",
            "CategoryReason|Reason",
            "CategoryTargetName",
            "CategoryTargetType",
        ],
        Stream::Error,
    ),
    spec("Write-Warning", &[], &["Message|Msg@0"], Stream::Warning),
    spec("Write-Verbose", &[], &["Message|Msg@0"], Stream::Verbose),
    spec("Write-Debug", &[], &["Message|Msg@0"], Stream::Debug),
    spec("Write-Information", &[], &["MessageData|Msg|Message@0", "Tags@1"], Stream::Information),
    spec(
        "Write-Host",
        &[],
        &["Object|Message|Msg@*", "NoNewline!", "Separator", "ForegroundColor", "BackgroundColor"],
        Stream::Host,
    ),
    spec(
        "Write-Progress",
        &[],
        &[
            "Activity@0",
            "Status@1",
            "Id@2",
            "PercentComplete",
            "SecondsRemaining",
            "CurrentOperation",
            "ParentId",
            "Completed!",
            "SourceId",
        ],
        Stream::Progress,
    ),
    spec("Out-Null", &[], &["InputObject"], Stream::Null),
    spec("Out-Default", &[], &["InputObject"], Stream::Default),
];

/// Where a command writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Output,
    /// The same without a demand for something to write.
    Default,
    Error,
    Warning,
    Verbose,
    Debug,
    Information,
    Host,
    Progress,
    Null,
}

const fn spec(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [&'static str],
    stream: Stream,
) -> Spec {
    Spec {
        name,
        aliases,
        params,
        make: match stream {
            Stream::Output => |_, bound| Write::boxed(Stream::Output, bound),
            Stream::Default => |_, bound| Write::boxed(Stream::Default, bound),
            Stream::Error => |_, bound| Write::boxed(Stream::Error, bound),
            Stream::Warning => |_, bound| Write::boxed(Stream::Warning, bound),
            Stream::Verbose => |_, bound| Write::boxed(Stream::Verbose, bound),
            Stream::Debug => |_, bound| Write::boxed(Stream::Debug, bound),
            Stream::Information => |_, bound| Write::boxed(Stream::Information, bound),
            Stream::Host => |_, bound| Write::boxed(Stream::Host, bound),
            Stream::Progress => |_, bound| Write::boxed(Stream::Progress, bound),
            Stream::Null => |_, bound| Write::boxed(Stream::Null, bound),
        },
    }
}

struct Write {
    stream: Stream,
    bound: Bound,
    /// The parameter that also takes pipeline input.
    subject: Option<Val>,
    /// It has a subject, or input to come.
    has_subject: bool,
}

impl Write {
    fn boxed(stream: Stream, mut bound: Bound) -> Run<Box<dyn Cmdlet>> {
        let name = match stream {
            Stream::Output | Stream::Default | Stream::Null => "InputObject",
            Stream::Information => "MessageData",
            Stream::Host => "Object",
            Stream::Error | Stream::Warning | Stream::Verbose | Stream::Debug => "Message",
            Stream::Progress => "Activity",
        };
        let subject = bound.take(name);
        let is_error_object = bound.get("Exception").is_some() || bound.get("ErrorRecord").is_some();
        let subject = subject.or_else(|| is_error_object.then_some(Val::Void));
        let has_subject = subject.is_some();
        Ok(Box::new(Self { stream, bound, subject, has_subject }))
    }

    fn write(&self, evaluator: &mut Evaluator<'_>, value: &Val, out: &mut dyn Sink) -> Run<()> {
        match self.stream {
            Stream::Output if self.bound.switch("NoEnumerate") => out.put(evaluator, value.clone()),
            Stream::Output | Stream::Default => evaluator.put_items(value.clone(), out),
            Stream::Null => Ok(()),
            Stream::Warning => evaluator.write_warning(&text(value)),
            Stream::Verbose => evaluator.write_verbose(&text(value)),
            Stream::Debug => evaluator.write_debug(&text(value)),
            Stream::Information => evaluator.write_information(value, self.bound.items("Tags")),
            Stream::Host => self.host(evaluator, value),
            Stream::Error => {
                let record = self.error(value)?;
                evaluator.write_error(record)
            }
            Stream::Progress => self.progress(evaluator, value),
        }
    }

    fn error(&self, value: &Val) -> Run<ErrorRecord> {
        if let Some(Val::Error(record)) = self.bound.get("ErrorRecord") {
            return Ok(ErrorRecord { ends_script: false, ..(**record).clone() });
        }
        let kind = "Microsoft.PowerShell.Commands.WriteErrorException";
        let mut record = ErrorRecord::new(kind, text(value), kind, 0);
        if let Some(Val::Exception(exception)) = self.bound.get("Exception") {
            if !value.is_null() {
                record.told.get_or_insert_default().details = Some(record.message().clone());
            }
            record.exception = exception.clone();
            record.id = exception.type_name().into();
        }
        if let Some(id) = self.bound.text("ErrorId") {
            record.id = id.into();
        }
        if let Some(category) = self.bound.get("Category") {
            record.category = ErrorRecord::category_of(category)?;
        }
        if let Some(target) = self.bound.get("TargetObject") {
            record.target = target.clone();
        }
        if let Some(activity) = self.bound.text("CategoryActivity") {
            record.activity = activity.into();
        }
        record.reason = self.bound.text("CategoryReason").map(Into::into);
        if let Some(action) = self.bound.text("RecommendedAction") {
            let said = record.said().clone();
            let told = record.told.get_or_insert_default();
            told.recommended_action = Some(action.into());
            told.details = Some(said);
        }
        let of_target = ["CategoryTargetName", "CategoryTargetType"].map(|name| self.bound.text(name).map(Arc::from));
        if of_target.iter().any(Option::is_some) {
            let told = record.told.get_or_insert_default();
            [told.target_name, told.target_type] = of_target;
        }
        Ok(record)
    }

    fn host(&self, evaluator: &mut Evaluator<'_>, value: &Val) -> Run<()> {
        let separator = self.bound.text("Separator").unwrap_or_else(|| " ".into());
        let entry = |(key, value): &(Val, Val)| format!("[{}, {}]", text(key), text(value));
        let shown = |item: &Val| match item {
            Val::Hash(hash) => hash.entries().iter().map(entry).collect(),
            other => vec![text(other)],
        };
        let items: Vec<_> = value.clone().into_items().iter().flat_map(shown).collect();
        let message = items.join(&separator);
        let color = |name: &str| self.bound.get(name).and_then(color).unwrap_or(Val::Null);
        let schema = Schema::new(
            &["System.Management.Automation.HostInformationMessage", "System.Object"],
            &["Message", "NoNewLine", "ForegroundColor", "BackgroundColor"],
        );
        let values = vec![
            Val::str(message.as_str()),
            Val::Bool(self.bound.switch("NoNewline")),
            color("ForegroundColor"),
            color("BackgroundColor"),
        ];
        evaluator.write_information(&Obj::typed(&schema, message, values), vec![Val::str("PSHOST")])
    }

    fn progress(&self, evaluator: &mut Evaluator<'_>, activity: &Val) -> Run<()> {
        let number = |name: &str, default: i64| -> Run<Value> {
            Ok(Value::I32(self.bound.get(name).map_or(Ok(default), convert::index)? as i32))
        };
        let is_done = self.bound.switch("Completed");
        let kind = Object {
            type_names: TypeNames::new([
                "System.Management.Automation.ProgressRecordType",
                "System.Enum",
                "System.ValueType",
                "System.Object",
            ]),
            to_string: Some(if is_done { "Completed" } else { "Processing" }.into()),
            content: Content::Value(Value::I32(is_done.into())),
            ..Object::default()
        };
        let record = Object {
            notes: vec![
                ("Activity".into(), Value::str(text(activity))),
                ("ActivityId".into(), number("Id", 0)?),
                (
                    "StatusDescription".into(),
                    Value::str(self.bound.text("Status").unwrap_or_else(|| "Processing".into())),
                ),
                ("CurrentOperation".into(), self.bound.text("CurrentOperation").map_or(Value::Null, Value::str)),
                ("ParentActivityId".into(), number("ParentId", -1)?),
                ("PercentComplete".into(), number("PercentComplete", -1)?),
                ("Type".into(), kind.into()),
                ("SecondsRemaining".into(), number("SecondsRemaining", -1)?),
            ],
            ..Object::default()
        };
        evaluator.write_progress(record.into())
    }
}

impl Cmdlet for Write {
    fn expect_input(&mut self) {
        self.has_subject = true;
    }

    fn end(&mut self, _evaluator: &mut Evaluator<'_>, _out: &mut dyn Sink) -> Run<()> {
        match self.stream {
            Stream::Output if !self.has_subject => Err(missing("InputObject").into()),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        match self.subject.take() {
            Some(value) => self.write(evaluator, &value, out),
            // Write-Host without anything writes an empty line.
            None => Ok(()),
        }
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        match self.stream {
            // An item of the pipeline is not taken apart again.
            Stream::Output | Stream::Default => out.put(evaluator, input),
            _ => self.write(evaluator, &input, out),
        }
    }
}

/// A `ConsoleColor` by name.
fn color(value: &Val) -> Option<Val> {
    let wanted = text(value);
    let number = CONSOLE_COLORS.iter().position(|name| name.eq_ignore_ascii_case(&wanted))?;
    Some(Val::of_enum("System.ConsoleColor", CONSOLE_COLORS[number], number as i32))
}
