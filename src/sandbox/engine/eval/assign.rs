//! Assignments.

use std::sync::Arc;

use super::super::ast::{
    Access, Assign, Element, ElementKind, Expr, ExprKind, Op, Param, Part, Scope, Statement, Variable,
};
use super::super::convert;
use super::super::errors::ErrorRecord;
use super::super::ops;
use super::super::types::TypeRef;
use super::super::value::{List, Val};
use super::automatic::read_only;
use super::defaults::preference;
use super::expression::weight;
use super::parameters::stricter;
use super::scope::Slot;
use super::{Evaluator, Flow, Run};

impl Evaluator<'_> {
    pub(super) fn assign(&mut self, assign: &Assign) -> Run<Val> {
        if assign.op.is_some_and(|op| op.kind == Op::Coalesce) {
            let old = self.old_value(&assign.target)?;
            if !old.is_null() {
                return Ok(old);
            }
        }
        let mut value = self.value_of_or_assigned(&assign.value)?;
        let op = assign.op.filter(|op| op.kind != Op::Coalesce);
        let mut old = None;
        if let Some(op) = op {
            let before = self.old_value(&assign.target)?;
            if op.kind == Op::Add
                && let Some(grown) = self.grown(&assign.target, &before, &value)?
            {
                self.last_succeeded |= is_expression(&assign.value);
                return Ok(grown);
            }
            value = self.binary(op, &before, &value)?;
            old = Some(before);
        } else if contains_own(&assign.target, &assign.value) {
            old = Some(self.old_value(&assign.target)?);
        }
        self.assign_to(&assign.target, value.clone(), None)?;
        if let Some(old) = old {
            self.replaced(&old, &value);
        }
        // An expression succeeded; what a pipeline left holds on.
        if is_expression(&assign.value) {
            self.last_succeeded = true;
        }
        Ok(value)
    }

    /// `$list += ...` where nothing else has the array: it grows where it is, as nobody can tell it from a new one.
    fn grown(&mut self, target: &Expr, old: &Val, more: &Val) -> Run<Option<Val>> {
        let (ExprKind::Variable(variable), Val::List(list)) = (&target.kind, old) else { return Ok(None) };
        // The variable has it, and so has `old`.
        let is_ours = &*list.type_name == "System.Object[]" && list.owner.is_none() && Arc::strong_count(list) == 2;
        if !is_ours || !self.holds_freely(variable, list) {
            return Ok(None);
        }
        let items = match more {
            Val::List(items) => items.items(),
            other => vec![other.clone().stored()],
        };
        if list.len() + items.len() > ops::MAX_ITEMS {
            return Err(ops::too_big("list").into());
        }
        self.step(1 + items.len() as u64 / 8)?;
        self.made(items.len() * 24)?;
        list.change(|own| own.extend(items));
        Ok(Some(old.clone()))
    }

    /// Takes back what was counted of a value that a bigger one made of it has replaced, if nothing else has it.
    fn replaced(&mut self, old: &Val, new: &Val) {
        let is_gone = match old {
            Val::Str(text) => Arc::strong_count(text) == 1,
            Val::List(list) => Arc::strong_count(list) == 1,
            _ => false,
        };
        if is_gone {
            self.made = self.made.saturating_sub(weight(old).min(weight(new)) as u64);
        }
    }

    /// Whether the variable that an assignment reaches has this list, and no type or demand of its own.
    fn holds_freely(&self, variable: &Variable, list: &Arc<List>) -> bool {
        let place = match variable.scope {
            Scope::Global => 0,
            Scope::Nearest | Scope::Local | Scope::Private => self.state.frames.len() - 1,
            _ => return false,
        };
        self.state.frames.get(place).is_some_and(|frame| frame.holds_freely(&variable.name, list))
    }

    /// What a target has before it is assigned to; a variable need not be set. The body of a function or block has its
    /// variables to itself; blocks that run where others stand see those around.
    fn old_value(&mut self, target: &Expr) -> Run<Val> {
        match &target.kind {
            ExprKind::Variable(variable) if !self.is_inline && variable.scope == Scope::Nearest => {
                let own = Variable { scope: Scope::Local, name: variable.name.clone() };
                match self.automatic(&variable.name) {
                    Some(value) => Ok(value),
                    None => self.variable(&own),
                }
            }
            ExprKind::Variable(variable) => self.variable(variable),
            ExprKind::Cast(_, inner) => self.old_value(inner),
            _ => self.eval(target),
        }
    }

    pub(super) fn assign_to(&mut self, target: &Expr, value: Val, kind: Option<TypeRef>) -> Run<()> {
        match &target.kind {
            ExprKind::Variable(variable) => self.assign_variable(variable, value, kind),
            ExprKind::Cast(name, inner) => {
                let kind = self.find_type(name)?;
                self.assign_to(inner, value, Some(kind))
            }
            ExprKind::Comma(targets) => self.assign_many(targets, value),
            ExprKind::Paren(inner) => match inner.as_expression() {
                Some(inner) => self.assign_to(inner, value, kind),
                None => Err(ErrorRecord::unsupported("assignments to this kind of expression").into()),
            },
            ExprKind::Index { object, index, .. } => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                self.set_index(&object, &index, value)
            }
            ExprKind::Member { object, name, access: Access::Static } => {
                let object = self.eval(object)?;
                let name = self.member_name(name)?;
                match object {
                    // Protocols of web requests, which the sandbox does not make: scripts choose them at their start.
                    Val::Type(kind) if kind.name() == "ServicePointManager" => Ok(()),
                    Val::Type(kind) => self.set_static(&kind, &name, value),
                    other => self.set_member(&other, &name, value),
                }
            }
            ExprKind::Member { object, name, access: Access::Plain } => {
                let object = self.eval(object)?;
                let name = self.member_name(name)?;
                self.set_member(&object, &name, value)
            }
            _ => Err(ErrorRecord::unsupported("assignments to this kind of expression").into()),
        }
    }

    /// `$a, $b = 1, 2, 3`: the last target takes the rest.
    fn assign_many(&mut self, targets: &[Expr], value: Val) -> Run<()> {
        let items = value.into_items();
        for (place, target) in targets.iter().enumerate() {
            let is_last = place + 1 == targets.len();
            let value = match items.get(place) {
                Some(_) if is_last && items.len() > targets.len() => Val::array(items[place..].to_vec()),
                Some(item) => item.clone(),
                None => Val::Null,
            };
            self.assign_to(target, value, None)?;
        }
        Ok(())
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
        if let Some(record) = kind.as_ref().and_then(|kind| stricter(&value, kind, false)) {
            let kind = "System.Management.Automation.ArgumentTransformationMetadataException";
            return Err(ErrorRecord::new(kind, record.message().clone(), "RuntimeException", 10).into());
        }
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
}

/// Whether an expression adds to what its own variable has: `$x = $x + ...`, `$x = "$x..."`.
fn contains_own(target: &Expr, value: &Statement) -> bool {
    let (ExprKind::Variable(own), Some(value)) = (&target.kind, value.as_expression()) else { return false };
    let is_own = |expr: &Expr| matches!(&expr.kind, ExprKind::Variable(variable) if variable == own);
    match &value.kind {
        ExprKind::Binary(op, left, right) => {
            op.kind == Op::Add && (is_own(right) || leftmost(left, Op::Add).is_some_and(is_own))
        }
        ExprKind::Expandable(parts) => parts.iter().any(|part| matches!(part, Part::Expr(expr) if is_own(expr))),
        _ => false,
    }
}

/// The first operand of a chain of the same operator.
fn leftmost(expr: &Expr, wanted: Op) -> Option<&Expr> {
    let mut expr = expr;
    while let ExprKind::Binary(op, left, _) = &expr.kind {
        if op.kind != wanted {
            return None;
        }
        expr = left;
    }
    Some(expr)
}

/// Whether a statement runs no pipeline of its own.
fn is_expression(statement: &Statement) -> bool {
    let Statement::Pipeline(pipeline) = statement else { return matches!(statement, Statement::Assign(_)) };
    match pipeline.elements.as_slice() {
        [Element { kind: ElementKind::Expr(expr), .. }] => !matches!(expr.kind, ExprKind::Paren(_)),
        _ => false,
    }
}
