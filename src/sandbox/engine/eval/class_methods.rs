//! Constructors and methods of classes.

use std::sync::Arc;

use super::super::ast::{ClassAst, Expr, ExprKind, MethodAst, Variable};
use super::super::convert;
use super::super::errors::ErrorRecord;
use super::super::types::TypeRef;
use super::super::value::{Obj, Val};
use super::classes::{Class, ScriptType, named};
use super::scope::Frame;
use super::{Discard, Evaluator, Flow, Run};

pub(super) fn no_overload(name: &str, count: usize) -> ErrorRecord {
    let message = format!("Cannot find an overload for \"{name}\" and the argument count: \"{count}\".");
    ErrorRecord::new("System.Management.Automation.MethodException", message, "MethodCountCouldNotFindBest", 0)
}

impl Evaluator<'_> {
    /// `[class]::new(...)`
    pub(super) fn construct_class(&mut self, class: &Arc<Class>, args: &[Val]) -> Run<Val> {
        self.step(1)?;
        let names = class.schema.names.len();
        let object = Obj::typed(&class.schema, class.ast.name.clone(), vec![Val::Null; names]);
        let classes: Vec<_> = class.chain().map(|class| class.ast.clone()).collect();
        self.push_frame(Frame::with("this", object.clone()));
        let mut done = Ok(());
        for property in classes.iter().rev().flat_map(|ast| &ast.properties).filter(|property| !property.is_static) {
            let made = self.initial_value(property);
            match (made, &object) {
                (Ok(value), Val::Object(object)) => {
                    object.set(&property.param.name, value);
                }
                (made, _) => {
                    done = made.map(drop);
                    break;
                }
            }
        }
        self.pop_frame();
        done?;
        self.run_constructor(class, &object, args)?;
        Ok(object)
    }

    fn run_constructor(&mut self, class: &Arc<Class>, object: &Val, args: &[Val]) -> Run<()> {
        self.step(1)?;
        let ast = class.ast.clone();
        let all: Vec<_> = named(&ast, &ast.name, false).collect();
        if all.is_empty() {
            if !args.is_empty() {
                return Err(no_overload("new", args.len()).into());
            }
            return match &class.base {
                Some(base) => self.run_constructor(&base.clone(), object, &[]),
                None => Ok(()),
            };
        }
        let Some(method) = self.choose(&all, args) else { return Err(no_overload("new", args.len()).into()) };
        let base = class.base.clone();
        self.in_method(method, ".ctor", Some(object), args, |evaluator| {
            if let Some(base) = base {
                let args = method.base_args.iter().map(|arg| evaluator.eval(arg)).collect::<Run<Vec<_>>>()?;
                evaluator.run_constructor(&base, object, &args)?;
            }
            evaluator.block(&method.script.end, &mut Discard)
        })
        .map(drop)
    }

    /// The overload that fits arguments best.
    fn choose<'a>(&mut self, all: &[&'a MethodAst], args: &[Val]) -> Option<&'a MethodAst> {
        let fitting: Vec<_> = all.iter().copied().filter(|method| method.script.params.len() == args.len()).collect();
        if fitting.len() <= 1 {
            return fitting.first().copied();
        }
        let mut best = None;
        for method in fitting {
            let mut score = Some(0);
            for (param, arg) in method.script.params.iter().zip(args) {
                let kind = param.attributes.type_name.as_ref().and_then(|name| self.find_type(name).ok());
                let fit = match kind {
                    None => Some(2),
                    Some(kind) if kind.is_of(arg) && &*kind.full != "System.Object" => Some(3),
                    Some(kind) => self.cast_value(arg, &kind).is_ok().then_some(1),
                };
                score = score.zip(fit).map(|(sum, fit)| sum + fit);
            }
            if let Some(score) = score
                && best.is_none_or(|(known, _)| score > known)
            {
                best = Some((score, method));
            }
        }
        best.map(|(_, method)| method)
    }

    /// Runs in the scope of a method, whose parameters have their values; what `return` said. `called` is its name in errors.
    fn in_method(
        &mut self,
        method: &MethodAst,
        called: &str,
        this: Option<&Val>,
        args: &[Val],
        run: impl FnOnce(&mut Self) -> Run<()>,
    ) -> Run<Val> {
        let mut frame = Frame::default();
        if let Some(this) = this {
            frame.set("this", this.clone());
        }
        let frames = self.state.frames.len();
        self.push_frame(frame);
        let around = self.answer.take();
        self.try_depth += 1;
        let done = self.in_script(&method.script, |evaluator| {
            for (param, arg) in method.script.params.iter().zip(args) {
                let kind = param.attributes.type_name.as_ref().map(|name| evaluator.find_type(name)).transpose()?;
                let value = match &kind {
                    Some(kind) => evaluator
                        .cast_value(arg, kind)
                        .map_err(|flow| bad_argument(flow, called, &param.written, arg, kind))?,
                    None => arg.clone(),
                };
                evaluator.declare_local(&param.name, value, kind, None);
            }
            run(evaluator)
        });
        self.try_depth -= 1;
        self.state.frames.truncate(frames);
        let answer = std::mem::replace(&mut self.answer, around);
        done?;
        Ok(answer.unwrap_or(Val::Void))
    }

    pub(super) fn call_overload(
        &mut self,
        classes: &[Arc<ClassAst>],
        name: &str,
        this: Option<&Val>,
        args: &[Val],
    ) -> Run<Val> {
        let all: Vec<_> = classes.iter().flat_map(|ast| named(ast, name, this.is_none())).collect();
        let Some(method) = self.choose(&all, args) else { return Err(no_overload(name, args.len()).into()) };
        let answer = self.in_method(method, &method.name, this, args, |evaluator| {
            evaluator.block(&method.script.end, &mut Discard)
        })?;
        match &method.returns {
            Some(name) if name.eq_ignore_ascii_case("void") => Ok(Val::Void),
            Some(name) => {
                let kind = self.find_type(name)?;
                self.cast_value(&answer.stored(), &kind)
            }
            None => Ok(answer.stored()),
        }
    }

    /// A method of an object of a class; `None` if it has none of this name.
    pub(super) fn class_method(&mut self, object: &Val, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let Val::Object(inner) = object else { return Ok(None) };
        let Some(class) = self.class_of(inner) else { return Ok(None) };
        let classes = class.methods(name, false);
        if classes.is_empty() {
            return Ok(None);
        }
        self.call_overload(&classes, name, Some(object), args).map(Some)
    }

    /// `([Base]$this).Method()`: the base's own, whatever the object's class has.
    pub(super) fn base_method(&mut self, object: &Expr, value: &Val, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let ExprKind::Paren(statement) = &object.kind else { return Ok(None) };
        let Some(expr) = statement.as_expression() else { return Ok(None) };
        let ExprKind::Cast(wanted, operand) = &expr.kind else { return Ok(None) };
        if !matches!(&operand.kind, ExprKind::Variable(Variable { name, .. }) if &**name == "this") {
            return Ok(None);
        }
        let Some(ScriptType::Class(class)) = self.state.types.get(&wanted.to_lowercase()).cloned() else {
            return Ok(None);
        };
        let classes = class.methods(name, false);
        if classes.is_empty() {
            return Ok(None);
        }
        self.call_overload(&classes, name, Some(value), args).map(Some)
    }
}

pub(super) fn bad_argument(flow: Flow, method: &str, param: &str, arg: &Val, kind: &TypeRef) -> Flow {
    let Flow::Throw(record) = flow else { return flow };
    let message = format!(
        "Cannot convert argument \"{param}\", with value: \"{}\", for \"{method}\" to type \"{}\": \"{}\"",
        convert::text(arg),
        kind.full,
        record.message()
    );
    let class = "System.Management.Automation.MethodException";
    ErrorRecord::new(class, message, "MethodArgumentConversionInvalidCastArgument", 0).into()
}
