//! Get-, Set-, New-, Clear- and Remove-Variable.

use std::sync::{Arc, LazyLock};

use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::pattern::has_wildcards;
use super::super::value::{Obj, Schema, Val};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 5] = [
    Spec {
        name: "Get-Variable",
        aliases: &["gv"],
        params: &["Name:string@0<^", "ValueOnly!", "Include", "Exclude", "Scope"],
        make: |_, bound| {
            bound.refuse(&["Include", "Exclude"])?;
            PerInput::boxed(bound, get)
        },
    },
    Spec {
        name: "Set-Variable",
        aliases: &["sv", "set"],
        params: &["Name@0^+", "Value@1<^", "Description", "Option", "Force!", "PassThru!", "Scope", "Visibility"],
        make: |_, bound| Ok(Box::new(Set { input: Vec::new(), bound })),
    },
    Spec {
        name: "New-Variable",
        aliases: &["nv"],
        params: &["Name@0+", "Value@1", "Description", "Option", "Force!", "PassThru!", "Scope", "Visibility"],
        make: |_, bound| PerInput::boxed(bound, new),
    },
    Spec {
        name: "Clear-Variable",
        aliases: &["clv"],
        params: &["Name@0+", "Force!", "PassThru!", "Scope"],
        make: |_, bound| PerInput::boxed(bound, clear),
    },
    Spec {
        name: "Remove-Variable",
        aliases: &["rv"],
        params: &["Name:string@0^+", "Force!", "Scope"],
        make: |_, bound| PerInput::boxed(bound, remove),
    },
];

static VARIABLE: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["System.Management.Automation.PSVariable", "System.Object"],
        &["Name", "Description", "Value", "Visibility", "Module", "ModuleName", "Options", "Attributes"],
    )
});

fn variable(name: &str, value: Val) -> Val {
    let values = vec![
        Val::str(name),
        Val::str(""),
        value,
        Val::of_enum("System.Management.Automation.SessionStateEntryVisibility", "Public", 0),
        Val::Null,
        Val::str(""),
        Val::of_enum("System.Management.Automation.ScopedItemOptions", "None", 0),
        Val::list("System.Management.Automation.PSVariableAttributeCollection", Vec::new()),
    ];
    Obj::typed(&VARIABLE, "System.Management.Automation.PSVariable", values)
}

/// The names of a `-Name` parameter, without a `$` that does not belong there.
fn names(bound: &Bound) -> Vec<String> {
    bound.texts("Name")
}

/// The scope that the parameter asks for, counted from the current one; `None` where nothing was said.
fn scope(evaluator: &Evaluator<'_>, bound: &Bound) -> Run<Option<usize>> {
    let outermost = evaluator.state.depth() - 1;
    let Some(scope) = bound.text("Scope").map(|scope| scope.to_lowercase()) else { return Ok(None) };
    let up = match scope.as_str() {
        "local" | "private" => 0,
        "global" | "script" => outermost,
        number => match number.parse() {
            Ok(up) => up,
            Err(_) => return Err(ErrorRecord::unsupported(&format!("the scope '{number}'")).into()),
        },
    };
    if up > outermost {
        let message = format!("The scope number '{up}' exceeds the number of active scopes. (Parameter 'scopeID')");
        let kind = "System.Management.Automation.PSArgumentOutOfRangeException";
        return Err(ErrorRecord::new(kind, message, "ArgumentOutOfRange", 5).with_target(Val::I32(up as i32)).into());
    }
    Ok(Some(up))
}

fn not_found(name: &str) -> ErrorRecord {
    let message = format!("Cannot find a variable with the name '{name}'.");
    ErrorRecord::new("System.Management.Automation.ItemNotFoundException", message, "VariableNotFound", 13)
        .with_target(Val::str(name))
}

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let up = scope(evaluator, bound)?;
    let mut names = names(bound);
    if names.is_empty() {
        names.push("*".into());
    }
    for name in names {
        let mut found = Vec::new();
        if has_wildcards(&name) {
            for (known, value) in evaluator.variables() {
                if evaluator.patterns.like(&known, &name, false)? {
                    found.push((known.to_string(), value));
                }
            }
        } else {
            let value = match up {
                Some(up) => evaluator.state.of_scope(up, &name.to_lowercase()),
                None => evaluator.known_variable(&name.to_lowercase()),
            };
            match value {
                Some(value) => found.push((name, value)),
                None => evaluator.write_error(not_found(&name))?,
            }
        }
        for (name, value) in found {
            let shown = if bound.switch("ValueOnly") { value } else { variable(&name, value) };
            out.put(evaluator, shown)?;
        }
    }
    Ok(())
}

fn put(evaluator: &mut Evaluator<'_>, bound: &Bound, name: &str, value: Val, out: &mut dyn Sink) -> Run<()> {
    let up = scope(evaluator, bound)?.unwrap_or(0);
    evaluator.set_variable_of(up, name, value.clone())?;
    if bound.switch("PassThru") { out.put(evaluator, variable(name, value)) } else { Ok(()) }
}

fn refuse_options(bound: &Bound) -> Run<()> {
    match bound.text("Option") {
        Some(option) if !option.eq_ignore_ascii_case("none") && !option.eq_ignore_ascii_case("allscope") => {
            Err(ErrorRecord::unsupported(&format!("variables with the option {option}")).into())
        }
        _ => Ok(()),
    }
}

/// Input that binds to no name is the value: one object, or all of them.
struct Set {
    bound: Bound,
    input: Vec<Val>,
}

impl Cmdlet for Set {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.input.push(input);
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        refuse_options(&self.bound)?;
        let Some(_) = self.bound.get("Name") else { return Err(super::binding::missing("Name").into()) };
        let input = Val::of_outputs(std::mem::take(&mut self.input)).stored();
        let value = self.bound.get("Value").cloned().unwrap_or(input);
        for name in names(&self.bound) {
            put(evaluator, &self.bound, &name, value.clone(), out)?;
        }
        Ok(())
    }
}

fn new(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    refuse_options(bound)?;
    let value = bound.get("Value").cloned().unwrap_or(Val::Null);
    for name in names(bound) {
        if evaluator.has_own_variable(&name.to_lowercase()) && !bound.switch("Force") {
            let message = format!("A variable with name '{name}' already exists.");
            let kind = "System.Management.Automation.SessionStateException";
            let record = ErrorRecord::new(kind, message, "VariableAlreadyExists", 19).with_target(Val::str(name));
            evaluator.write_error(record)?;
            continue;
        }
        put(evaluator, bound, &name, value.clone(), out)?;
    }
    Ok(())
}

/// The variables that a name stands for; nothing if the name has no wildcard and there is none.
fn matching(evaluator: &mut Evaluator<'_>, name: &str) -> Run<Option<Vec<String>>> {
    if !has_wildcards(name) {
        return Ok(evaluator.known_variable(&name.to_lowercase()).map(|_| vec![name.to_lowercase()]));
    }
    let mut found = Vec::new();
    for (known, _) in evaluator.variables() {
        if evaluator.patterns.like(&known, name, false)? {
            found.push(known.to_string());
        }
    }
    Ok(Some(found))
}

fn clear(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for name in names(bound) {
        match matching(evaluator, &name)? {
            Some(found) => found.iter().try_for_each(|name| put(evaluator, bound, name, Val::Null, out))?,
            None => evaluator.write_error(not_found(&name))?,
        }
    }
    Ok(())
}

fn remove(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for name in names(bound) {
        match matching(evaluator, &name)? {
            Some(found) => found.iter().for_each(|name| evaluator.remove_variable(name)),
            None => evaluator.write_error(not_found(&name))?,
        }
    }
    Ok(())
}
