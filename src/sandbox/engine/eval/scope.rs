//! Variables and functions.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::ast::{Scope, Script, Variable};
use super::super::errors::ErrorRecord;
use super::super::provider::Locations;
use super::super::types::TypeRef;
use super::super::value::{List, Obj, Val};
use super::automatic::AUTOMATIC;
use super::called::Call;
use super::classes::ScriptTypes;
use super::defaults::{INITIAL, initial};
use super::environment::Environment;
use super::marks::Sides;
use super::splat::ParameterNames;
use super::{Evaluator, Run, own_functions};

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
    /// Which side of a comparison texts came from.
    pub(super) sides: Sides,
    /// Processes of Start-Process, which do not outlive the runspace.
    pub(in super::super) started: Vec<u32>,
}

const MAX_ERRORS: usize = 256;

/// One scope.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) variables: HashMap<Arc<str>, Slot>,
    /// By name in lower case: the name as it was written, and the function.
    pub(super) functions: HashMap<String, (Arc<str>, Arc<Script>)>,
    /// The version of Set-StrictMode.
    pub(super) strict: Option<u8>,
    /// The call that the scope belongs to.
    pub(super) call: Option<Box<Call>>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) value: Val,
    /// The type that `[type]$x = ...` laid down.
    pub(super) kind: Option<TypeRef>,
    /// The parameter of a script whose attributes hold for the variable.
    pub(super) guard: Option<(Arc<Script>, usize)>,
    /// What `[ref]` made of it: there its value is from then on.
    pub(super) reference: Option<Arc<Obj>>,
    /// Made as `$private:name`: scopes inside do not see it.
    pub(super) is_private: bool,
}

impl Slot {
    pub(super) fn new(value: Val) -> Self {
        Self { value, kind: None, guard: None, reference: None, is_private: false }
    }

    fn value(&self) -> Val {
        let referred = self.reference.as_ref().and_then(|reference| reference.get("Value"));
        referred.unwrap_or_else(|| self.value.clone())
    }

    pub(super) fn set(&mut self, value: Val) {
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

    /// Whether a variable has this list, and no type or demand of its own.
    pub(super) fn holds_freely(&self, name: &str, list: &Arc<List>) -> bool {
        self.variables.get(name).is_some_and(|slot| {
            let is_free = slot.kind.is_none() && slot.guard.is_none() && slot.reference.is_none();
            is_free && matches!(&slot.value, Val::List(own) if Arc::ptr_eq(own, list))
        })
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
            sides: Sides::default(),
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

    pub(super) fn function_names(&self) -> Vec<&str> {
        self.frames.iter().flat_map(|frame| frame.functions.values()).map(|(name, _)| &**name).collect()
    }

    /// Whether a scope inside the global one has a variable of this name.
    pub(super) fn has_inner(&self, name: &str) -> bool {
        self.frames.iter().skip(1).any(|frame| frame.variables.contains_key(name))
    }

    /// How many scopes there are.
    pub(in super::super) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// A variable of a scope, counted from the current one.
    pub(in super::super) fn of_scope(&self, up: usize, name: &str) -> Option<Val> {
        let place = self.frames.len().checked_sub(up + 1)?;
        self.frames[place].variables.get(name).map(Slot::value)
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

    /// Puts an error first in `$Error`; one that is thrown again stands there already.
    pub(super) fn remember_error(&mut self, error: Val) {
        let Val::List(errors) = &self.errors else { return };
        if let (Some(Val::Error(last)), Val::Error(error)) = (errors.get(0), &error)
            && last.is_same(error)
        {
            return;
        }
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

    /// Gives a loop's variable its next value, converted if a type was laid down for it.
    pub(super) fn set_loop_variable(&mut self, name: &Arc<str>, value: Val) -> Run<()> {
        let slot = self.state.frames.last().and_then(|frame| frame.variables.get(name));
        if slot.is_some_and(|slot| slot.kind.is_some()) {
            return self.assign_variable(&Variable { scope: Scope::Nearest, name: name.clone() }, value, None);
        }
        self.set_local(name, value);
        Ok(())
    }

    pub(in super::super) fn define_function(&mut self, name: &str, script: Arc<Script>) {
        if let Some(frame) = self.state.frames.last_mut() {
            frame.functions.insert(name.to_lowercase(), (name.into(), script));
        }
    }

    pub(super) fn function(&self, name: &str) -> Option<(Arc<str>, Arc<Script>)> {
        let name = name.to_lowercase();
        let of_script = self.state.frames.iter().rev().find_map(|frame| frame.functions.get(&name).cloned());
        of_script.or_else(|| own_functions::find(&name))
    }

    /// The functions of all scopes around, by name.
    pub(in super::super) fn functions(&self) -> Vec<(Arc<str>, Arc<Script>)> {
        let mut all: Vec<(Arc<str>, Arc<Script>)> = Vec::new();
        let of_scripts = self.state.frames.iter().rev().flat_map(|frame| frame.functions.values());
        for (name, script) in of_scripts.chain(own_functions::all()) {
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

    /// Sets a variable of a scope around, counted from the current one.
    pub(in super::super) fn set_variable_of(&mut self, up: usize, name: &str, value: Val) -> Run<()> {
        let inner = self.state.frames.split_off(self.state.frames.len() - up);
        let done = self.set_named_variable(name, value, false);
        self.state.frames.extend(inner);
        done
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
}
