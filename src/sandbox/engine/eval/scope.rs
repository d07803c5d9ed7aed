//! Variables and functions.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::ast::{Param, Scope, Script, Variable};
use super::super::convert;
use super::super::errors::ErrorRecord;
use super::super::provider::Locations;
use super::super::types::TypeRef;
use super::super::value::{Obj, Val};
use super::automatic::{AUTOMATIC, read_only};
use super::called::Call;
use super::classes::ScriptTypes;
use super::defaults::{INITIAL, initial, preference};
use super::environment::Environment;
use super::splat::ParameterNames;
use super::{Evaluator, Flow, Run};

/// What a runspace keeps between pipelines.
#[derive(Debug)]
pub(in super::super) struct State {
    /// The global scope first.
    pub(super) frames: Vec<Frame>,
    pub(super) environment: Environment,
    /// Of Set-Alias: names in lower case, and commands.
    pub(in super::super) aliases: HashMap<Arc<str>, Arc<str>>,
    /// Of Import-Module.
    pub(in super::super) modules: Vec<Arc<str>>,
    /// Of `class` and `enum`.
    pub(super) types: ScriptTypes,
    /// Of `using namespace`.
    pub(super) namespaces: Vec<Arc<str>>,
    /// `$Error`, newest first.
    pub(super) errors: Val,
    /// Where it stands in its drives.
    pub(in super::super) locations: Locations,
    /// Which texts of `$args` are names of parameters.
    pub(super) parameter_names: ParameterNames,
    /// Processes of Start-Process, which do not outlive the runspace.
    pub(in super::super) started: Vec<u32>,
}

const MAX_ERRORS: usize = 256;

/// One scope.
#[derive(Debug, Default)]
pub(super) struct Frame {
    variables: HashMap<Arc<str>, Slot>,
    /// By name in lower case: the name as it was written, and the function.
    functions: HashMap<String, (Arc<str>, Arc<Script>)>,
    /// The version of Set-StrictMode.
    pub(super) strict: Option<u8>,
    /// The call that the scope belongs to.
    pub(super) call: Option<Box<Call>>,
}

#[derive(Debug)]
struct Slot {
    value: Val,
    /// The type that `[type]$x = ...` laid down.
    kind: Option<TypeRef>,
    /// The parameter of a script whose attributes hold for the variable.
    guard: Option<(Arc<Script>, usize)>,
    /// What `[ref]` made of it: there its value is from then on.
    reference: Option<Arc<Obj>>,
    /// Made as `$private:name`: scopes inside do not see it.
    is_private: bool,
}

impl Slot {
    fn new(value: Val) -> Self {
        Self { value, kind: None, guard: None, reference: None, is_private: false }
    }

    fn value(&self) -> Val {
        let referred = self.reference.as_ref().and_then(|reference| reference.get("Value"));
        referred.unwrap_or_else(|| self.value.clone())
    }

    fn set(&mut self, value: Val) {
        match &self.reference {
            Some(reference) => {
                reference.set("Value", value);
            }
            None => self.value = value,
        }
    }
}

impl Frame {
    pub(super) fn set(&mut self, name: &str, value: Val) {
        self.variables.insert(name.into(), Slot::new(value));
    }

    /// With the variables of another.
    pub(super) fn add(&mut self, other: Self) {
        self.variables.extend(other.variables);
    }

    /// Its variables, with their values.
    pub(super) fn variables(&self) -> Vec<(Arc<str>, Val)> {
        self.variables.iter().map(|(name, slot)| (name.clone(), slot.value())).collect()
    }

    /// A scope with one variable.
    pub(super) fn with(name: &str, value: Val) -> Self {
        let variables = HashMap::from([(name.into(), Slot::new(value))]);
        Self { variables, ..Self::default() }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            frames: vec![Frame::default()],
            environment: Environment::default(),
            aliases: HashMap::new(),
            modules: Vec::new(),
            types: ScriptTypes::new(),
            namespaces: Vec::new(),
            errors: Val::list("System.Collections.ArrayList", Vec::new()),
            locations: Locations::default(),
            parameter_names: ParameterNames::default(),
            started: Vec::new(),
        }
    }
}

impl State {
    /// Forgets scopes that an aborted pipeline left, and the input of the last one.
    pub(in super::super) fn reset_to_global(&mut self) {
        self.frames.truncate(1);
        self.frames.first_mut().map(|global| global.variables.remove("input"));
    }

    /// The functions that scripts defined: name and text, by name.
    pub(in super::super) fn functions(&self) -> Vec<(String, String)> {
        let all = self.frames.iter().flat_map(|frame| &frame.functions);
        let text = |script: &Arc<Script>| script.span.of(&script.source).to_owned();
        let mut all: Vec<_> = all.map(|(_, (name, script))| (name.to_string(), text(script))).collect();
        all.sort();
        all
    }

    pub(super) fn function_names(&self) -> Vec<&str> {
        self.frames.iter().flat_map(|frame| frame.functions.values()).map(|(name, _)| &**name).collect()
    }

    /// Whether a scope inside the global one has a variable of this name.
    pub(super) fn has_inner(&self, name: &str) -> bool {
        self.frames.iter().skip(1).any(|frame| frame.variables.contains_key(name))
    }

    /// A variable of the global scope.
    pub(in super::super) fn global(&self, name: &str) -> Option<Val> {
        self.frames.first().and_then(|global| global.variables.get(name)).map(|slot| slot.value())
    }

    pub(super) fn set_global(&mut self, name: &str, value: Val) {
        if let Some(global) = self.frames.first_mut() {
            global.variables.insert(name.into(), Slot::new(value));
        }
    }

    pub(super) fn remember_error(&mut self, error: Val) {
        let Val::List(errors) = &self.errors else { return };
        errors.change(|errors| {
            errors.insert(0, error);
            errors.truncate(MAX_ERRORS);
        });
    }
}

impl Evaluator<'_> {
    pub(super) fn push_frame(&mut self, frame: Frame) {
        self.state.frames.push(frame);
    }

    pub(super) fn pop_frame(&mut self) -> Frame {
        if self.state.frames.len() > 1 { self.state.frames.pop().unwrap_or_default() } else { Frame::default() }
    }

    /// A native program ended with this code.
    pub(in super::super) fn program_ended(&mut self, code: i32) {
        self.state.set_global("lastexitcode", Val::I32(code));
        if code != 0 {
            self.context.fail();
        }
    }

    /// Makes a variable of the innermost scope, with the type and the demands that hold for it.
    pub(super) fn declare_local(
        &mut self,
        name: &Arc<str>,
        value: Val,
        kind: Option<TypeRef>,
        guard: Option<(Arc<Script>, usize)>,
    ) {
        if let Some(frame) = self.state.frames.last_mut() {
            frame.variables.insert(name.clone(), Slot { kind, guard, ..Slot::new(value.stored()) });
        }
    }

    /// `[ref]$name`: an object that has the variable's value, and gives it one.
    pub(super) fn reference(&mut self, variable: &Variable) -> Val {
        let name = &variable.name;
        let value = || self.automatic(name).unwrap_or(Val::Null);
        let frames = &self.state.frames;
        let place = match variable.scope {
            Scope::Nearest if self.automatic(name).is_none() => self.place_of(name).unwrap_or(frames.len() - 1),
            Scope::Local | Scope::Private => frames.len() - 1,
            Scope::Global => 0,
            _ => return Val::reference(value()),
        };
        let Some(frame) = self.state.frames.get_mut(place) else { return Val::reference(Val::Null) };
        let slot = frame.variables.entry(name.clone()).or_insert_with(|| Slot::new(Val::Null));
        if let Some(known) = &slot.reference {
            return Val::Object(known.clone());
        }
        let made = Val::reference(slot.value());
        if let Val::Object(object) = &made {
            slot.reference = Some(object.clone());
        }
        made
    }

    /// Holds a value that a script gives to a variable against the demands of its parameter.
    fn guard(&mut self, name: &str, param: &Param, value: &Val) -> Run<()> {
        match self.validate(param, value) {
            Err(Flow::Throw(_)) => {
                let message = format!(
                    "The variable cannot be validated because the value {} is not a valid value for the {name} variable.",
                    convert::text(value)
                );
                let kind = "System.Management.Automation.ValidationMetadataException";
                Err(ErrorRecord::new(kind, message, "ValidateSetFailure", 10).into())
            }
            done => done,
        }
    }

    /// The nearest call around that is one of an advanced function.
    pub(super) fn advanced_call(&self) -> Option<&Call> {
        self.state
            .frames
            .iter()
            .rev()
            .filter_map(|frame| frame.call.as_deref())
            .find(|call| call.script.binding.is_advanced)
    }

    pub(super) fn nearest_call(&self) -> Option<&Call> {
        self.state.frames.iter().rev().find_map(|frame| frame.call.as_deref())
    }

    /// Sets a variable in the innermost scope.
    pub(in super::super) fn set_local(&mut self, name: &str, value: Val) {
        if let Some(frame) = self.state.frames.last_mut() {
            match frame.variables.get_mut(name) {
                Some(slot) => slot.set(value),
                None => {
                    frame.variables.insert(name.into(), Slot::new(value));
                }
            }
        }
    }

    pub(in super::super) fn define_function(&mut self, name: &str, script: Arc<Script>) {
        if let Some(frame) = self.state.frames.last_mut() {
            frame.functions.insert(name.to_lowercase(), (name.into(), script));
        }
    }

    pub(super) fn function(&self, name: &str) -> Option<(Arc<str>, Arc<Script>)> {
        let name = name.to_lowercase();
        self.state.frames.iter().rev().find_map(|frame| frame.functions.get(&name).cloned())
    }

    /// `$function:name = ...`: a script block, its text, or nothing.
    fn assign_function(&mut self, name: &str, value: &Val) -> Run<()> {
        let (is_global, name) = match name.split_once(':') {
            Some((scope, name)) => (scope.eq_ignore_ascii_case("global") || scope.eq_ignore_ascii_case("script"), name),
            None => (false, name),
        };
        let script = match value {
            Val::Script(script) => script.clone(),
            Val::Null | Val::Void => {
                self.remove_function(name);
                return Ok(());
            }
            other => {
                let source = convert::text(other);
                super::super::parser::parse(&source)
                    .map_err(|error| ErrorRecord::of_parse_error(&error, &source.as_str().into()))?
            }
        };
        let place = if is_global { 0 } else { self.state.frames.len() - 1 };
        if let Some(frame) = self.state.frames.get_mut(place) {
            frame.functions.insert(name.to_lowercase(), (name.into(), script));
        }
        Ok(())
    }

    /// The functions of all scopes around, by name.
    pub(in super::super) fn functions(&self) -> Vec<(Arc<str>, Arc<Script>)> {
        let mut all: Vec<(Arc<str>, Arc<Script>)> = Vec::new();
        for (name, script) in self.state.frames.iter().rev().flat_map(|frame| frame.functions.values()) {
            if !all.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                all.push((name.clone(), script.clone()));
            }
        }
        all
    }

    /// Forgets a function, from the innermost scope that has it.
    pub(in super::super) fn remove_function(&mut self, name: &str) {
        let name = name.to_lowercase();
        let frame = self.state.frames.iter_mut().rev().find(|frame| frame.functions.contains_key(&name));
        frame.map(|frame| frame.functions.remove(&name));
    }

    /// The variables that scripts set and PowerShell makes, as far as they can be listed, by name.
    pub(in super::super) fn variables(&self) -> Vec<(Arc<str>, Val)> {
        let mut all: Vec<(Arc<str>, Val)> = Vec::new();
        for frame in self.state.frames.iter().rev() {
            for (name, slot) in &frame.variables {
                if !all.iter().any(|(known, _)| known == name) {
                    all.push((name.clone(), slot.value()));
                }
            }
        }
        let automatic =
            AUTOMATIC.iter().filter_map(|name| Some(((*name).into(), self.automatic(&name.to_lowercase())?)));
        all.extend(automatic);
        for name in INITIAL {
            if !all.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                all.extend(initial(&name.to_lowercase()).map(|value| (name.into(), value)));
            }
        }
        all.sort_by_key(|(name, _)| name.to_lowercase());
        all
    }

    /// A variable of any scope, one that PowerShell makes too.
    pub(in super::super) fn known_variable(&self, name: &str) -> Option<Val> {
        self.automatic(name).or_else(|| self.lookup(name)).or_else(|| initial(name))
    }

    /// Whether the innermost scope has a variable of this name.
    pub(in super::super) fn has_own_variable(&self, name: &str) -> bool {
        self.state.frames.last().is_some_and(|frame| frame.variables.contains_key(name))
    }

    /// Forgets a variable, from the innermost scope that has it.
    pub(in super::super) fn remove_variable(&mut self, name: &str) {
        let frame = self.state.frames.iter_mut().rev().find(|frame| frame.variables.contains_key(name));
        frame.map(|frame| frame.variables.remove(name));
    }

    /// Sets a variable by name, in the innermost or the global scope.
    pub(in super::super) fn set_named_variable(&mut self, name: &str, value: Val, is_global: bool) -> Run<()> {
        let scope = if is_global { Scope::Global } else { Scope::Nearest };
        self.assign_variable(&Variable { scope, name: name.to_lowercase().into() }, value, None)
    }

    /// The place of the innermost scope that has a variable which is seen from here.
    fn place_of(&self, name: &str) -> Option<usize> {
        let frames = &self.state.frames;
        let is_seen = |place: usize, slot: &Slot| !slot.is_private || place + 1 == frames.len();
        let has = |place: &usize| frames[*place].variables.get(name).is_some_and(|slot| is_seen(*place, slot));
        (0..frames.len()).rev().find(has)
    }

    /// A variable that a script set; `None` if there is none.
    pub(in super::super) fn lookup(&self, name: &str) -> Option<Val> {
        let frame = self.state.frames.get(self.place_of(name)?)?;
        frame.variables.get(name).map(|slot| slot.value())
    }

    pub(in super::super) fn variable(&mut self, variable: &Variable) -> Run<Val> {
        Ok(self.known(variable)?.unwrap_or(Val::Null))
    }

    /// A variable; nothing if nobody has set it.
    pub(super) fn known(&mut self, variable: &Variable) -> Run<Option<Val>> {
        let name = &*variable.name;
        if name == "input" {
            self.read_input()?;
        }
        Ok(match variable.scope {
            Scope::Env => Some(self.environment(name)),
            Scope::Using => Some(self.using_value(name)?),
            Scope::Function => self.function(name).map(|(_, script)| Val::Script(script)),
            Scope::Nearest => self.automatic(name).or_else(|| self.lookup(name)).or_else(|| initial(name)),
            Scope::Local | Scope::Private => self.of_frame(self.state.frames.len() - 1, name),
            Scope::Global => self.of_frame(0, name),
        })
    }

    fn of_frame(&self, place: usize, name: &str) -> Option<Val> {
        let slot = self.state.frames.get(place).and_then(|frame| frame.variables.get(name));
        let value = slot.map(|slot| slot.value());
        value.or_else(|| initial(name).filter(|_| place == 0))
    }

    pub(super) fn using_value(&self, name: &str) -> Run<Val> {
        self.using_text(&format!("$using:{name}")).ok_or_else(|| {
            let message = format!(
                "The value of the using variable '$using:{name}' cannot be retrieved because it has not been set in the local session."
            );
            ErrorRecord { ends_script: true, ..ErrorRecord::runtime(message, "UsingVariableIsUndefined", 7) }.into()
        })
    }

    /// The value sent for a using expression of this text.
    pub(super) fn using_text(&self, text: &str) -> Option<Val> {
        self.using.get(text).cloned()
    }

    /// Assigns to a variable; `kind` is the type written before it.
    pub(in super::super) fn assign_variable(
        &mut self,
        variable: &Variable,
        value: Val,
        kind: Option<TypeRef>,
    ) -> Run<()> {
        let name = &variable.name;
        let is_outermost = self.state.frames.len() == 1 || variable.scope == Scope::Global;
        let mut kept = read_only().chain(is_outermost.then_some("Error"));
        if let Some(name) = kept.find(|known| known.eq_ignore_ascii_case(name)) {
            let message = format!("Cannot overwrite variable {name} because it is read-only or constant.");
            let kind = "System.Management.Automation.SessionStateUnauthorizedAccessException";
            return Err(ErrorRecord::new(kind, message, "VariableNotWritable", 23).with_target(Val::str(name)).into());
        }
        if &**name == "null" {
            return Ok(());
        }
        let place = match variable.scope {
            Scope::Env => {
                let text = convert::text(&value);
                self.set_environment(name, Some(text.as_str()).filter(|_| !value.is_null()));
                return Ok(());
            }
            Scope::Using => return Err(ErrorRecord::unsupported("assignments to $using: variables").into()),
            Scope::Function => return self.assign_function(name, &value),
            Scope::Global => 0,
            Scope::Nearest | Scope::Local | Scope::Private => self.state.frames.len() - 1,
        };
        if matches!(&**name, "_" | "psitem") {
            self.item = value;
            return Ok(());
        }
        let Some(frame) = self.state.frames.get(place) else { return Ok(()) };
        let guard = frame.variables.get(name).and_then(|slot| slot.guard.clone());
        let kind = kind.or_else(|| frame.variables.get(name).and_then(|slot| slot.kind.clone()));
        let value = if place == 0 && kind.is_none() { preference(name, value)? } else { value };
        let value = match &kind {
            Some(kind) => self.cast_value(&value, kind).map_err(|flow| match flow {
                Flow::Throw(record) => ErrorRecord { id: "RuntimeException".into(), category: 10, ..*record }.into(),
                other => other,
            })?,
            None => value,
        };
        if let Some((script, param)) = &guard {
            self.guard(name, &script.params[*param], &value)?;
        }
        let Some(frame) = self.state.frames.get_mut(place) else { return Ok(()) };
        match frame.variables.get_mut(name) {
            Some(slot) => {
                slot.set(value);
                slot.kind = kind;
            }
            None => {
                let is_private = variable.scope == Scope::Private;
                frame.variables.insert(name.clone(), Slot { kind, guard, is_private, ..Slot::new(value) });
            }
        }
        Ok(())
    }
}
