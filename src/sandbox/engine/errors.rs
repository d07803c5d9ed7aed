//! Error records: how scripts see them and how the wire carries them.

use std::sync::Arc;

use super::ast::Span;
use super::parser::ParseError;
use super::types::exception_chain;
use super::value::{Modified, Val};
use crate::nearest::nearest;
use crate::record::ERROR_CATEGORIES;

mod on_wire;
mod position;

/// What every refusal of the engine says at its end.
pub(super) const HINT: &str = "The sandbox's own engine knows a part of PowerShell; for a real one write engine = \"pwsh\" \
                               in the inventory's [sandbox] table, or run psfleet sandbox --engine pwsh (on Linux and \
                               macOS without what only Windows has).";

/// An exception, without what only .NET needs.
#[derive(Debug, Clone)]
pub(super) struct Exception {
    /// Type names, most derived first.
    pub(super) types: Vec<String>,
    pub(super) message: Arc<str>,
    pub(super) inner: Option<Arc<Exception>>,
    /// Properties that only its class has; none of their values holds others.
    details: Vec<(&'static str, Val)>,
}

/// An error record.
#[derive(Debug, Clone)]
pub(super) struct ErrorRecord {
    pub(super) exception: Arc<Exception>,
    pub(super) id: Arc<str>,
    pub(super) category: u8,
    /// The command that wrote it.
    pub(super) activity: Arc<str>,
    /// Replaces the name of the exception's type in the category's text.
    pub(super) reason: Option<Arc<str>>,
    pub(super) target: Val,
    pub(super) place: Option<Arc<Place>>,
    pub(super) told: Option<Box<Told>>,
    /// From `throw`, or by the preference `Stop`: ends the script, where other errors end only a statement.
    pub(super) ends_script: bool,
    /// From `$PSCmdlet.ThrowTerminatingError`: ends the function, and a statement of its caller.
    pub(super) ends_function: bool,
    /// Made of a `throw` statement.
    pub(super) is_thrown: bool,
    /// The exception around the one that a `catch` took; a bare `throw` throws it again.
    pub(super) around: Option<Arc<Exception>>,
}

/// The properties of an error record, in the order in which PowerShell lists them.
pub(super) const MEMBERS: [&str; 9] = [
    "PSMessageDetails",
    "Exception",
    "TargetObject",
    "CategoryInfo",
    "FullyQualifiedErrorId",
    "ErrorDetails",
    "InvocationInfo",
    "ScriptStackTrace",
    "PipelineIterationInfo",
];

/// What few error records have.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// The functions around it, each with the line in it.
    pub(super) trace: Option<Arc<str>>,
    /// Stands for the message of the exception.
    pub(super) details: Option<Arc<str>>,
    pub(super) recommended_action: Option<Arc<str>>,
    /// Stand for the name and the type of the target in the category's text.
    pub(super) target_name: Option<Arc<str>>,
    pub(super) target_type: Option<Arc<str>>,
}

/// Where in a script something happened.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) source: Arc<str>,
    pub(super) span: Span,
}

/// Frees a chain of causes without recursion.
impl Drop for Exception {
    fn drop(&mut self) {
        let mut next = self.inner.take();
        while let Some(mut exception) = next.and_then(Arc::into_inner) {
            next = exception.inner.take();
        }
    }
}

impl Exception {
    pub(super) fn new(type_name: &str, message: impl Into<Arc<str>>) -> Self {
        Self { types: exception_chain(type_name), message: message.into(), inner: None, details: Vec::new() }
    }

    /// With another cause.
    pub(super) fn with_inner(mut self, inner: Option<Arc<Self>>) -> Self {
        self.inner = inner;
        self
    }

    /// With the properties of its class.
    pub(super) fn with_details(mut self, details: Vec<(&'static str, Val)>) -> Self {
        self.details = details;
        self
    }

    /// A property that only its class has.
    pub(super) fn detail(&self, name: &str) -> Option<Val> {
        self.details.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    pub(super) fn type_name(&self) -> &str {
        self.types.first().map_or("System.Exception", String::as_str)
    }

    /// Whether the type is among its own or its base types; a name without namespace will do.
    pub(super) fn is_a(&self, wanted: &str) -> bool {
        self.types.iter().any(|name| name.eq_ignore_ascii_case(wanted))
    }
}

impl ErrorRecord {
    pub(super) fn new(exception: &str, message: impl Into<Arc<str>>, id: impl Into<Arc<str>>, category: u8) -> Self {
        Self {
            exception: Arc::new(Exception::new(exception, message)),
            id: id.into(),
            category,
            activity: "".into(),
            reason: None,
            target: Val::Null,
            place: None,
            told: None,
            ends_script: false,
            ends_function: false,
            is_thrown: false,
            around: None,
        }
    }

    /// An error of PowerShell's own runtime.
    pub(super) fn runtime(message: impl Into<Arc<str>>, id: &'static str, category: u8) -> Self {
        Self::new("System.Management.Automation.RuntimeException", message, id, category)
    }

    /// A command that nobody knows, or only the sandbox doesn't; `known` are those that it could be.
    pub(super) fn command_not_found<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        // Names of commands are alike in form though far in meaning (Test-Json, Test-WSMan): only a slip or two count.
        let most = if name.chars().count() < 12 { 1 } else { 2 };
        let is_slip = |found: &&str| strsim::damerau_levenshtein(&found.to_lowercase(), &name.to_lowercase()) <= most;
        let nearest =
            nearest(name, known).filter(is_slip).map_or_else(String::new, |found| format!("Did you mean '{found}'? "));
        let message = format!(
            "The term '{name}' is not recognized as a name of a cmdlet, function, script file, or executable program. {nearest}{HINT}"
        );
        let kind = "System.Management.Automation.CommandNotFoundException";
        let record = Self::new(kind, message, "CommandNotFoundException", 13).with_target(Val::str(name));
        let exception = (*record.exception).clone().with_details(vec![("CommandName", Val::str(name))]);
        Self { exception: Arc::new(exception), ..record }
    }

    /// Something of PowerShell that the engine has not.
    pub(super) fn unsupported(what: &str) -> Self {
        let message = format!("The sandbox does not know {what}. {HINT}");
        Self::new("System.NotSupportedException", message, "SandboxUnsupported", 11)
    }

    /// More of something than the sandbox keeps of a host, so that no script takes the memory of all.
    pub(super) fn full(what: &str) -> Self {
        let message = format!("The sandbox keeps no more {what} of a host than it has now.");
        Self::new("System.InvalidOperationException", message, "SandboxFull", 29)
    }

    pub(super) fn of_parse_error(error: &ParseError, source: &Arc<str>) -> Self {
        if error.incomplete {
            // A prompt reads on; PowerShell names no place where nothing stands.
            let kind = "System.Management.Automation.IncompleteParseException";
            return Self { ends_script: true, ..Self::new(kind, error.message.as_str(), error.id, 17) };
        }
        let place = Arc::new(Place { source: source.clone(), span: error.span });
        let mut message = format!("{}\n{}", place.position_message(), error.message);
        if error.id.starts_with("Sandbox") {
            message = format!("{message} {HINT}");
        }
        let reason = Some("ParentContainsErrorRecordException".into());
        let base = Self::new("System.Management.Automation.ParseException", message, error.id, 17);
        Self { reason, place: Some(place), ends_script: true, ..base }
    }

    /// A collection was changed while a loop went through it.
    pub(super) fn modified(Modified(why): Modified) -> Self {
        let kind = "System.InvalidOperationException";
        Self::new(kind, why, kind, 14)
    }

    /// The same in a pipeline.
    pub(super) fn bad_enumeration(Modified(why): Modified) -> Self {
        let message = format!("An error occurred while enumerating through a collection: {why}.");
        let cause = Exception::new("System.InvalidOperationException", why);
        Self::runtime(message, "BadEnumeration", 7).with_cause(Some(Arc::new(cause)))
    }

    /// What a stopped pipeline reports.
    pub(super) fn stopped() -> Self {
        let kind = "System.Management.Automation.PipelineStoppedException";
        Self { ends_script: true, ..Self::new(kind, "The pipeline has been stopped.", "PipelineStopped", 14) }
    }

    /// Whether it is this very error, thrown again.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.exception, &other.exception)
    }

    /// With the class of the cmdlet that wrote it behind its id, unless there is one already.
    pub(super) fn of_class(self, class: &str) -> Self {
        if class.is_empty() || self.id.contains(',') || self.id.starts_with("Sandbox") {
            return self;
        }
        Self { id: format!("{},{class}", self.id).into(), ..self }
    }

    /// Whether it says that a script went too far: nothing takes it.
    pub(super) fn is_limit(&self) -> bool {
        &*self.id == "SandboxLimit"
    }

    pub(super) fn with_target(self, target: Val) -> Self {
        Self { target, ..self }
    }

    /// With an object of the input as target, in the form in which a pipeline hands it on.
    pub(super) fn with_input(mut self, target: Val) -> Self {
        self.told.get_or_insert_default().target_type = Some("PSObject".into());
        self.with_target(target)
    }

    /// As a `catch` sees it that took this exception of it.
    pub(super) fn taken_as(self, exception: Arc<Exception>) -> Self {
        if Arc::ptr_eq(&self.exception, &exception) {
            return self;
        }
        let around = Some(self.exception.clone());
        Self { exception, around, reason: None, ..self }
    }

    /// With the cause of its exception.
    pub(super) fn with_cause(mut self, cause: Option<Arc<Exception>>) -> Self {
        self.exception = Arc::new((*self.exception).clone().with_inner(cause));
        self
    }

    pub(super) fn message(&self) -> &Arc<str> {
        &self.exception.message
    }

    fn reason_text(&self) -> &str {
        match &self.reason {
            Some(reason) => reason,
            None => self.exception.type_name().rsplit('.').next().unwrap_or_default(),
        }
    }

    fn target_name(&self) -> String {
        if let Some(name) = self.told.as_ref().and_then(|told| told.target_name.as_ref()) {
            return name.to_string();
        }
        if self.target.is_null() { String::new() } else { super::convert::text(&self.target) }
    }

    fn target_type(&self) -> String {
        if let Some(name) = self.told.as_ref().and_then(|told| told.target_type.as_ref()) {
            return name.to_string();
        }
        if self.target.is_null() {
            return String::new();
        }
        let full = self.target.type_name();
        full.rsplit('.').next().unwrap_or(&full).to_owned()
    }

    pub(super) fn category_name(&self) -> &'static str {
        ERROR_CATEGORIES.get(usize::from(self.category)).copied().unwrap_or("NotSpecified")
    }

    fn category_message(&self) -> String {
        let (name, kind) = (self.target_name(), self.target_type());
        format!("{}: ({name}:{kind}) [{}], {}", self.category_name(), self.activity, self.reason_text())
    }

    /// A property, as scripts read it.
    pub(super) fn property(&self, name: &str) -> Option<Val> {
        Some(match name.to_ascii_lowercase().as_str() {
            "exception" => Val::Exception(self.exception.clone()),
            "targetobject" => self.target.clone(),
            "fullyqualifiederrorid" => Val::Str(self.id.clone()),
            "categoryinfo" => {
                let names = ["System.Management.Automation.ErrorCategoryInfo", "System.Object"];
                let members = ["Category", "Activity", "Reason", "TargetName", "TargetType"];
                let values = vec![
                    Self::category_value(self.category_name()).unwrap_or(Val::Null),
                    Val::Str(self.activity.clone()),
                    Val::str(self.reason_text()),
                    Val::str(self.target_name()),
                    Val::str(self.target_type()),
                ];
                let schema = super::value::Schema::new(&names, &members);
                super::value::Obj::typed(&schema, self.category_message(), values)
            }
            "invocationinfo" => self.invocation(),
            "scriptstacktrace" => Val::str(self.stack_trace()),
            "errordetails" => self.details().map_or(Val::Null, |details| {
                let names = ["System.Management.Automation.ErrorDetails", "System.Object"];
                let schema = super::value::Schema::new(&names, &["Message", "RecommendedAction"]);
                let action = self.recommended_action().cloned().unwrap_or_else(|| "".into());
                super::value::Obj::typed(&schema, &**details, vec![Val::Str(details.clone()), Val::Str(action)])
            }),
            "psmessagedetails" => Val::Null,
            "pipelineiterationinfo" => {
                Val::list("System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Int32]]", Vec::new())
            }
            _ => return None,
        })
    }

    /// What was called, and where.
    fn invocation(&self) -> Val {
        let full = "System.Management.Automation.InvocationInfo";
        let members = [
            "MyCommand",
            "ScriptLineNumber",
            "OffsetInLine",
            "ScriptName",
            "Line",
            "PositionMessage",
            "PSScriptRoot",
            "PSCommandPath",
            "InvocationName",
        ];
        let (line, column) = self.place.as_ref().map_or((0, 0), |place| place.line_and_column());
        // Write-Error speaks for the function that calls it, which is not known here.
        let command = Some(&self.activity).filter(|name| !name.is_empty() && &***name != "Write-Error");
        let values = vec![
            command.map_or(Val::Null, |name| {
                let names = ["System.Management.Automation.CmdletInfo", "System.Management.Automation.CommandInfo"];
                let schema = super::value::Schema::new(&names, &["Name"]);
                super::value::Obj::typed(&schema, name.clone(), vec![Val::Str(name.clone())])
            }),
            Val::I32(line),
            Val::I32(column),
            Val::str(""),
            Val::str(self.place.as_ref().map_or("", |place| place.line())),
            Val::str(self.place.as_ref().map_or(String::new(), |place| place.position_message())),
            Val::str(""),
            Val::str(""),
            command.map_or_else(|| Val::str(""), |name| Val::Str(name.clone())),
        ];
        let schema = super::value::Schema::new(&[full, "System.Object"], &members);
        super::value::Obj::typed(&schema, full, values)
    }

    fn details(&self) -> Option<&Arc<str>> {
        self.told.as_ref()?.details.as_ref()
    }

    fn recommended_action(&self) -> Option<&Arc<str>> {
        self.told.as_ref()?.recommended_action.as_ref()
    }

    /// What it says: its own words, or those of its exception.
    pub(super) fn said(&self) -> &Arc<str> {
        self.details().unwrap_or_else(|| self.message())
    }

    /// As the host prints it in one line. Source: ConciseView in the public repository PowerShell/PowerShell.
    pub(super) fn concise(&self) -> String {
        let who = match &*self.activity {
            "" if self.is_thrown => "Exception",
            "" if self.category == 0 => self.reason_text(),
            "" => self.category_name(),
            // Of the function that wrote it, which its id names.
            "Write-Error" => match self.id.rsplit_once(',') {
                Some((_, function)) if !function.is_empty() && !function.contains('.') => function,
                _ => "Write-Error",
            },
            activity => activity,
        };
        format!("{who}: {}", self.said())
    }

    fn stack_trace(&self) -> String {
        if let Some(trace) = self.told.as_ref().and_then(|told| told.trace.as_ref()) {
            return trace.to_string();
        }
        let line = self.place.as_ref().map_or(1, |place| place.line_and_column().0);
        format!("at <ScriptBlock>, <No file>: line {line}")
    }
}

impl Place {
    fn line_start(&self) -> usize {
        let start = (self.span.start as usize).min(self.source.len());
        self.source.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// The line that the place starts in, without its end.
    pub(super) fn line(&self) -> &str {
        let rest = self.source.get(self.line_start()..).unwrap_or("");
        rest.lines().next().unwrap_or("")
    }

    /// Both from 1.
    pub(super) fn line_and_column(&self) -> (i32, i32) {
        let start = self.line_start();
        let line = self.source.get(..start).map_or(0, |before| before.matches('\n').count());
        let column = self.source.get(start..self.span.start as usize).map_or(0, |before| before.encode_utf16().count());
        (line as i32 + 1, column as i32 + 1)
    }
}

impl ErrorRecord {
    /// A category by name or number.
    pub(super) fn category_of(value: &Val) -> Result<u8, Self> {
        let wanted = super::convert::text(value);
        let by_name = ERROR_CATEGORIES.iter().position(|name| name.eq_ignore_ascii_case(&wanted));
        let place = by_name.or_else(|| wanted.parse().ok().filter(|place| *place < ERROR_CATEGORIES.len()));
        place.map(|place| place as u8).ok_or_else(|| {
            let message = format!("Cannot bind parameter 'Category'. '{wanted}' is not an error category.");
            let kind = "System.Management.Automation.ParameterBindingException";
            Self::new(kind, message, "CannotConvertArgumentNoMessage", 5)
        })
    }

    /// `[ErrorCategory]::name`
    pub(super) fn category_value(name: &str) -> Option<Val> {
        let number = ERROR_CATEGORIES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        Some(Val::of_enum("System.Management.Automation.ErrorCategory", ERROR_CATEGORIES[number], number as i32))
    }

    /// `[ErrorRecord]::new(exception, id, category, target)`
    pub(super) fn of_args(args: &[Val]) -> Result<Option<Val>, Self> {
        let [exception, id, category, target] = args else { return Ok(None) };
        let Val::Exception(exception) =
            super::convert::cast(exception, &super::types::TypeRef::named("System.Exception"))?
        else {
            return Ok(None);
        };
        let id: Arc<str> = super::convert::text(id).into();
        let record =
            Self { exception, target: target.clone().stored(), ..Self::new("", "", id, Self::category_of(category)?) };
        Ok(Some(Val::Error(Arc::new(record))))
    }
}
