//! Streams other than output: preferences, redirections, records.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};

use std::ops::ControlFlow;

use jiff::Timestamp;

use super::super::ast::{RedirectTo, Redirection, Span};
use super::super::cmdlets::{self, Bound};
use super::super::convert;
use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::ops::{MAX_ITEMS, too_big};
use super::super::value::{Obj, Schema, Val};
use super::super::wire;
use super::context::{Action, Context, ERRORS, INFORMATION, OUTPUT, Redirect, WARNINGS};
use super::{Evaluator, Flow, Run, Sink};
use crate::clixml::{Content, ListKind, Object, TypeNames, Value};
use crate::stream::Stream;

fn number(stream: Stream) -> usize {
    match stream {
        Stream::Output => 1,
        Stream::Error => 2,
        Stream::Warning => 3,
        Stream::Verbose => 4,
        Stream::Debug => 5,
        Stream::Information | Stream::Progress => 6,
    }
}

/// Sends objects to the client.
pub(in super::super) struct ToClient;

impl Sink for ToClient {
    fn put(&mut self, evaluator: &mut Evaluator<'_>, value: Val) -> Run<()> {
        evaluator.step(1)?;
        evaluator.refresh(&value)?;
        let value = wire::to_output(&value, &|plain| evaluator.runtime.seal_secret(plain));
        evaluator.emit(Stream::Output, value)
    }
}

impl Evaluator<'_> {
    fn emit(&mut self, stream: Stream, value: Value) -> Run<()> {
        // Behind the end nobody listens any more.
        if self.runtime.emit(stream, value).is_break() && self.grace.is_none() { Err(Flow::Stopped) } else { Ok(()) }
    }

    /// Sends a record where redirections and the client want it.
    fn write(&mut self, stream: Stream, object: Val, record: impl FnOnce() -> Value) -> Run<()> {
        let mut redirect = self.context.redirect.clone();
        while let Some(current) = redirect {
            match current.to[number(stream)] {
                Some(RedirectTo::Null) => return Ok(()),
                Some(RedirectTo::Output) if stream != Stream::Progress => {
                    current.pending.lock().unwrap_or_else(PoisonError::into_inner).push(object);
                    return Ok(());
                }
                _ => redirect = current.outer.clone(),
            }
        }
        self.emit(stream, record())
    }

    /// The preference about errors that holds here.
    fn error_action(&self) -> Action {
        self.context.error_action.or_else(|| self.preference("erroractionpreference")).unwrap_or(Action::Continue)
    }

    pub(super) fn preference(&self, variable: &str) -> Option<Action> {
        Action::of(&self.lookup(variable)?)
    }

    /// Writes the error of one of several things that a cmdlet works on, so that the others have their turn.
    pub(in super::super) fn report_throw(&mut self, flow: Flow) -> Run<()> {
        match flow {
            Flow::Throw(record) if !record.ends_script => self.write_error(*record),
            other => Err(other),
        }
    }

    /// A non-terminating error, which preferences may turn into a terminating one.
    pub(in super::super) fn write_error(&mut self, mut record: ErrorRecord) -> Run<()> {
        self.context.fail();
        self.locate(&mut record, || self.context.place.clone());
        if record.activity.is_empty() {
            record.activity = self.context.command.clone();
        }
        if &*self.context.command == "Write-Error" {
            // Its errors are those of the function that it stands in.
            let function = self.nearest_call().map(|call| call.name.clone()).unwrap_or_default();
            record = record.of_class(&function);
        } else if self.context.is_cmdlet {
            record = record.of_class(&super::super::cmdlets::class(&self.context.command));
        }
        if self.error_action() != Action::Ignore {
            self.keep(ERRORS, || Val::Error(Arc::new(record.clone())))?;
        }
        match self.error_action() {
            Action::Stop => return Err(ErrorRecord { ends_script: true, ..record }.into()),
            Action::Ignore => return Ok(()),
            Action::SilentlyContinue => {
                self.state.remember_error(Val::Error(Arc::new(record)));
                return Ok(());
            }
            Action::Continue => {}
            Action::Inquire => {
                self.report(record)?;
                return Err(nobody_to_ask());
            }
        }
        self.report(record)
    }

    /// Begins to keep what the current command gives.
    pub(super) fn begin_keeping(&mut self) {
        let context = Arc::clone(&self.context);
        for (_, kept) in context.keeps.iter().filter(|(_, kept)| kept.list.get().is_none()) {
            let before = self.lookup(&kept.variable).filter(|_| kept.appends);
            let items = before.map_or_else(Vec::new, Val::into_items);
            let list = Val::list("System.Collections.ArrayList", items);
            if let Val::List(list) = &list {
                // A command begins once.
                let _ = kept.list.set(Arc::clone(list));
            }
            self.set_local(&kept.variable, list);
        }
    }

    /// Keeps an object of the current command, if somebody asked for it.
    pub(super) fn keep(&mut self, place: usize, value: impl Fn() -> Val) -> Run<()> {
        for (_, kept) in self.context.keeps.iter().filter(|(kind, _)| *kind == place) {
            let Some(list) = kept.list.get() else { continue };
            if list.len() >= MAX_ITEMS {
                return Err(too_big("list").into());
            }
            list.change(|items| items.push(value()));
        }
        Ok(())
    }

    /// Keeps the error that ended a statement, for the functions around.
    pub(super) fn keep_error(&mut self, record: &ErrorRecord) -> Run<()> {
        self.keep(ERRORS, || Val::Error(Arc::new(record.clone())))
    }

    /// Gives an object of the current command its name, for the commands behind it.
    pub(super) fn name_output(&mut self, value: &Val) {
        if let Some(name) = self.context.pipeline_variable.clone() {
            self.set_local(&name, value.clone());
        }
    }

    /// Puts a record on the error stream.
    pub(super) fn report(&mut self, record: ErrorRecord) -> Run<()> {
        let record = Arc::new(record);
        let object = Val::Error(record.clone());
        self.state.remember_error(object.clone());
        self.write(Stream::Error, object, || record.to_wire())
    }

    /// Writes a text where the preference of a variable wants it, which may stop the script.
    fn write_wanted(
        &mut self,
        stream: Stream,
        place: usize,
        kind: &'static str,
        default: Action,
        text: &str,
    ) -> Run<()> {
        let variable = format!("{kind}Preference");
        let preference = self.preference(&variable.to_lowercase()).unwrap_or(default);
        let action = self.context.actions[place].unwrap_or(preference);
        if matches!(action, Action::SilentlyContinue | Action::Ignore) {
            return if stream == Stream::Warning { self.keep(WARNINGS, || record_object(kind, text)) } else { Ok(()) };
        }
        self.write_text(stream, kind, text)?;
        stopped_by(action, &variable, text)
    }

    pub(in super::super) fn write_warning(&mut self, text: &str) -> Run<()> {
        self.write_wanted(Stream::Warning, 2, "Warning", Action::Continue, text)
    }

    pub(in super::super) fn write_verbose(&mut self, text: &str) -> Run<()> {
        self.write_wanted(Stream::Verbose, 0, "Verbose", Action::SilentlyContinue, text)
    }

    pub(in super::super) fn write_debug(&mut self, text: &str) -> Run<()> {
        self.write_wanted(Stream::Debug, 1, "Debug", Action::SilentlyContinue, text)
    }

    fn write_text(&mut self, stream: Stream, kind: &str, text: &str) -> Run<()> {
        let name = format!("System.Management.Automation.{kind}Record");
        let names = [&name, "System.Management.Automation.InformationalRecord", "System.Object"];
        let object = record_object(kind, text);
        if stream == Stream::Warning {
            self.keep(WARNINGS, || object.clone())?;
        }
        self.write(stream, object, || {
            Object {
                type_names: TypeNames::new(names),
                to_string: Some(text.into()),
                notes: vec![
                    ("InformationalRecord_Message".into(), Value::str(text)),
                    ("InformationalRecord_SerializeInvocationInfo".into(), Value::Bool(false)),
                ],
                ..Object::default()
            }
            .into()
        })
    }

    /// Write-Information and Write-Host. These records reach the client whatever `$InformationPreference` says: it only
    /// steers what a host displays.
    pub(in super::super) fn write_information(&mut self, data: &Val, tags: Vec<Val>) -> Run<()> {
        let names = ["System.Management.Automation.InformationRecord", "System.Object"];
        // Outside of a file it is the command's name.
        let source = if self.context.is_cmdlet { self.context.command.clone() } else { "".into() };
        let now = self.now();
        let tag_list = Val::list("System.Collections.Generic.List`1[[System.String]]", tags);
        let schema = Schema::new(&names, &["MessageData", "Source", "TimeGenerated", "Tags"]);
        let object = Obj::typed(
            &schema,
            convert::text(data),
            vec![data.clone(), Val::Str(source.clone()), Val::DateTime(now), tag_list.clone()],
        );
        self.keep(INFORMATION, || object.clone())?;
        let preference = self.preference("informationpreference").unwrap_or(Action::SilentlyContinue);
        let action = self.context.actions[3].unwrap_or(preference);
        if action == Action::Ignore {
            return Ok(());
        }
        let tags = match wire::to_value(&tag_list) {
            Value::Object(list) => list.content,
            _ => Content::List(ListKind::List, Vec::new()),
        };
        let computer = self.host.name().to_uppercase();
        let process = self.machine.session_process_id();
        self.write(Stream::Information, object, || {
            Object {
                notes: vec![
                    ("MessageData".into(), wire::to_value(data)),
                    ("Source".into(), Value::str(source.as_ref())),
                    ("TimeGenerated".into(), Value::DateTime(now.to_wire().into())),
                    ("Tags".into(), Object { content: tags, ..Object::default() }.into()),
                    ("User".into(), Value::str("SANDBOX\\sandbox")),
                    ("Computer".into(), Value::str(computer)),
                    ("ProcessId".into(), Value::U32(process)),
                    ("NativeThreadId".into(), Value::U32(1)),
                    ("ManagedThreadId".into(), Value::U32(1)),
                ],
                ..Object::default()
            }
            .into()
        })?;
        stopped_by(action, "InformationPreference", &convert::text(data))
    }

    pub(in super::super) fn write_progress(&mut self, record: Value) -> Run<()> {
        if self.preference("progresspreference").is_some_and(|action| action != Action::Continue) {
            return Ok(());
        }
        self.write(Stream::Progress, Val::Null, || record)
    }

    /// Whether a command may change something: not under `-WhatIf`, which says what it would do.
    ///
    /// `target` and `action` are those of PowerShell's own text.
    pub(in super::super) fn should_process(&mut self, bound: &Bound, target: &str, action: &str) -> Run<bool> {
        let is_what_if = match bound.get("WhatIf") {
            Some(value) => convert::truth(value),
            None => self.lookup("whatifpreference").is_some_and(|value| convert::truth(&value)),
        };
        let text = format!("Performing the operation \"{action}\" on target \"{target}\".");
        if is_what_if {
            return match self.runtime.write_line(&format!("What if: {text}")) {
                ControlFlow::Continue(()) => Ok(false),
                ControlFlow::Break(()) => Err(Flow::Stopped),
            };
        }
        let asks =
            bound.get("Confirm").map_or_else(|| self.asks_from(), |asks| if convert::truth(asks) { 1 } else { 0 });
        let impact = cmdlets::impact(&self.context.command);
        // -Force of commands that ask by themselves is for that question.
        let is_forced = impact > 2 && bound.switch("Force");
        if asks > 0 && impact >= asks && !is_forced {
            return Err(nobody_to_confirm(&text));
        }
        self.write_verbose(&text)?;
        Ok(true)
    }

    /// From which impact on `$ConfirmPreference` asks; 0 is never.
    pub(super) fn asks_from(&self) -> i32 {
        match self.lookup("confirmpreference") {
            Some(Val::Enum(preference)) => preference.number,
            Some(other) => {
                let name = convert::text(&other).to_lowercase();
                ["none", "low", "medium"].iter().position(|known| *known == name).map_or(3, |at| at as i32)
            }
            None => 3,
        }
    }

    /// The host's local time.
    pub(in super::super) fn now(&self) -> DateTime {
        DateTime::local(self.host_time(), self.host.utc_offset_minutes())
    }

    /// The host's time.
    pub(in super::super) fn host_time(&self) -> Timestamp {
        self.host.now(self.runtime.now())
    }

    /// The context of a command of a pipeline.
    pub(super) fn command_context(&self, command: &str, span: Span, redirections: &[Redirection]) -> Context {
        let outer = &self.context;
        Context {
            command: command.into(),
            is_cmdlet: false,
            is_advanced: false,
            keeps: outer.keeps.iter().filter(|(place, _)| *place != OUTPUT).cloned().collect(),
            pipeline_variable: None,
            place: Some(self.place(span)),
            error_action: outer.error_action,
            actions: outer.actions,
            redirect: Redirect::new(redirections, outer.redirect.clone()),
            failed: AtomicBool::default(),
        }
    }
}

/// The end of a command whose record of another stream than that of errors is to stop it.
fn stopped_by(action: Action, variable: &str, text: &str) -> Run<()> {
    match action {
        Action::Stop => {}
        Action::Inquire => return Err(nobody_to_ask()),
        _ => return Ok(()),
    }
    let message = format!(
        "The running command stopped because the preference variable \"{variable}\" or common parameter is set to Stop: {text}"
    );
    let class = "System.Management.Automation.ActionPreferenceStopException";
    Err(ErrorRecord { ends_script: true, ..ErrorRecord::new(class, message, "ActionPreferenceStop", 14) }.into())
}

/// Nobody sits before the host of a session. Source: the record of `-Confirm` in a remote session of PowerShell whose
/// client answers no questions.
fn nobody_to_confirm(question: &str) -> Flow {
    let message = format!(
        "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available. The question was: \
         {question} Nobody is asked with -Confirm:$false, or with $ConfirmPreference = 'None'."
    );
    let record = ErrorRecord::new("System.Management.Automation.RemoteException", message, "InvalidOperation", 7);
    let reason = Some("PSInvalidOperationException".into());
    ErrorRecord { activity: "PromptForChoice".into(), reason, ..record }.into()
}

fn nobody_to_ask() -> Flow {
    ErrorRecord::unsupported("a question whether to go on (the action Inquire): nobody can be asked").into()
}

/// A warning, verbose or debug record as scripts see it.
fn record_object(kind: &str, text: &str) -> Val {
    let name = format!("System.Management.Automation.{kind}Record");
    let names = [&name, "System.Management.Automation.InformationalRecord", "System.Object"];
    Obj::typed(&Schema::new(&names, &["Message"]), text, vec![Val::str(text)])
}
