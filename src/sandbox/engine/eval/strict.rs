//! What Set-StrictMode forbids (about_Strict_Mode, as the engine of PowerShell has it).

use super::super::ast::{Arg, CommandAst, ExprKind, Scope, Span, Variable};
use super::super::errors::ErrorRecord;
use super::super::value::Val;
use super::{Evaluator, Run};

/// Unset variables.
const VARIABLES: u8 = 1;
/// Properties that are not there, unset variables in strings, and calls of functions as if they were methods.
const MEMBERS: u8 = 2;
/// Indexes out of bounds.
const INDEXES: u8 = 3;

impl Evaluator<'_> {
    /// The version that holds for the scope that is current; 0 is none.
    fn strictness(&self) -> u8 {
        self.state.frames.iter().rev().find_map(|frame| frame.strict).unwrap_or(0)
    }

    /// `Set-StrictMode`: for the scope that is current and those inside of it.
    pub(in super::super) fn set_strictness(&mut self, version: u8) {
        if let Some(frame) = self.state.frames.last_mut() {
            frame.strict = Some(version);
        }
    }

    /// A variable as an expression has it.
    pub(super) fn variable_of(&mut self, variable: &Variable, span: Span) -> Run<Val> {
        if let Some(value) = self.known(variable)? {
            return Ok(value);
        }
        let forbids = self.strictness() >= if self.text_depth > 0 { MEMBERS } else { VARIABLES };
        if !forbids || matches!(variable.scope, Scope::Env | Scope::Function) {
            return Ok(Val::Null);
        }
        let written = span.of(&self.source);
        let written = if written.starts_with('$') { written.to_owned() } else { format!("${}", variable.name) };
        Err(unset(&written, &variable.name).into())
    }

    /// A variable that is splatted.
    pub(super) fn splatted(&mut self, variable: &Variable) -> Run<Val> {
        match self.known(variable)? {
            Some(value) => Ok(value),
            None if self.strictness() >= VARIABLES => Err(unset(&format!("${}", variable.name), &variable.name).into()),
            None => Ok(Val::Null),
        }
    }

    /// A property as an expression has it.
    pub(super) fn property_of(&mut self, object: &Val, name: &str) -> Run<Val> {
        self.refresh_member(object, name)?;
        if matches!(object, Val::Script(_)) && name.eq_ignore_ascii_case("ast") {
            return Err(ErrorRecord::unsupported("the syntax trees of script blocks (.Ast)").into());
        }
        let found = self.member(object, name);
        if self.strictness() < MEMBERS {
            return Ok(found.unwrap_or(Val::Null));
        }
        match found {
            Some(value) if self.has_property(object, name) => Ok(value),
            _ => {
                let message =
                    format!("The property '{name}' cannot be found on this object. Verify that the property exists.");
                let class = "System.Management.Automation.PropertyNotFoundException";
                Err(ErrorRecord::new(class, message, "PropertyNotFoundStrict", 0).into())
            }
        }
    }

    /// Whether a value has the property itself: not the count that every value is given, and in a list every item.
    fn has_property(&self, object: &Val, name: &str) -> bool {
        let is_count = ["count", "length"].iter().any(|count| name.eq_ignore_ascii_case(count));
        match object {
            Val::List(list) => {
                let own = ["count", "length", "longlength", "rank", "isfixedsize", "psobject", "capacity", "syncroot"];
                let is_own = own.iter().any(|own| name.eq_ignore_ascii_case(own));
                is_own
                    || list.items().iter().all(|item| matches!(item, Val::List(_)) || self.member(item, name).is_some())
            }
            Val::Hash(_) => !name.eq_ignore_ascii_case("length"),
            Val::Str(_) => !name.eq_ignore_ascii_case("count"),
            Val::Object(object) if is_count => object.get(name).is_some(),
            Val::Net(instance) if is_count => {
                instance.get(&name.to_ascii_lowercase(), Some(self.runtime.now())).is_some()
            }
            _ => !is_count,
        }
    }

    /// Holds an index against the bounds of what it looks into.
    pub(super) fn check_bounds(&self, object: &Val, index: &Val) -> Run<()> {
        if self.strictness() < INDEXES {
            return Ok(());
        }
        let (length, is_array) = match object {
            Val::List(list) => (list.len(), list.is_fixed_size()),
            Val::Str(text) => (text.encode_utf16().count(), true),
            _ => return Ok(()),
        };
        let Some(place) = index.as_int() else { return Ok(()) };
        let length = length as i128;
        if (-length..length).contains(&place) {
            return Ok(());
        }
        let (class, message) = match is_array {
            true => ("System.IndexOutOfRangeException", "Index was outside the bounds of the array."),
            false => (
                "System.ArgumentOutOfRangeException",
                "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
            ),
        };
        Err(ErrorRecord::new(class, message, class, 14).into())
    }

    /// `f(1, 2)`: one argument that is a list, where two were meant.
    pub(super) fn check_call(&self, command: &CommandAst) -> Run<()> {
        let [Arg::Value(only)] = command.args.as_slice() else { return Ok(()) };
        let ExprKind::Paren(inner) = &only.kind else { return Ok(()) };
        let is_list = matches!(inner.as_expression().map(|inner| &inner.kind), Some(ExprKind::Comma(_)));
        if !is_list || command.name.span.end != only.span.start || self.strictness() < MEMBERS {
            return Ok(());
        }
        let message = "The function or command was called as if it were a method. Parameters should be separated by spaces. For information about parameters, see the about_Parameters Help topic.";
        Err(ErrorRecord::runtime(message, "StrictModeFunctionCallWithParens", 7).into())
    }
}

fn unset(written: &str, name: &str) -> ErrorRecord {
    let message = format!("The variable '{written}' cannot be retrieved because it has not been set.");
    ErrorRecord::runtime(message, "VariableIsUndefined", 7).with_target(Val::str(name))
}

/// The number of a version as `-Version` takes it.
pub(in super::super) fn version_of(written: &str) -> Option<u8> {
    if written.eq_ignore_ascii_case("latest") {
        return Some(INDEXES);
    }
    let major: u8 = written.split('.').next()?.trim().parse().ok()?;
    (major >= 1).then_some(major.min(INDEXES))
}
