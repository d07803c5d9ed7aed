//! Where-Object and ForEach-Object.

use std::sync::Arc;

use super::super::ast::{BinaryOp, Op, Script};
use super::super::convert::{text, truth};
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Flow, Run, Sink};
use super::super::value::Val;
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Where-Object",
        aliases: &["?", "where"],
        params: &[
            "FilterScript|Property@0",
            "Value@1",
            "InputObject",
            "EQ|IEQ!",
            "NE|INE!",
            "GT|IGT!",
            "GE|IGE!",
            "LT|ILT!",
            "LE|ILE!",
            "Like|ILike!",
            "NotLike|INotLike!",
            "Match|IMatch!",
            "NotMatch|INotMatch!",
            "Contains|IContains!",
            "NotContains|INotContains!",
            "In|IIn!",
            "NotIn|INotIn!",
            "Is!",
            "IsNot!",
            "Not!",
            "CEQ!",
            "CNE!",
            "CGT!",
            "CGE!",
            "CLT!",
            "CLE!",
            "CLike!",
            "CNotLike!",
            "CMatch!",
            "CNotMatch!",
            "CContains!",
            "CNotContains!",
            "CIn!",
            "CNotIn!",
        ],
        make: make_where,
    },
    Spec {
        name: "ForEach-Object",
        aliases: &["%", "foreach"],
        params: &["Process@*", "Begin", "End", "MemberName", "ArgumentList", "InputObject", "Parallel"],
        make: make_foreach,
    },
];

const OPERATORS: [(&str, Op); 16] = [
    ("EQ", Op::Eq),
    ("NE", Op::Ne),
    ("GT", Op::Gt),
    ("GE", Op::Ge),
    ("LT", Op::Lt),
    ("LE", Op::Le),
    ("Like", Op::Like),
    ("NotLike", Op::NotLike),
    ("Match", Op::Match),
    ("NotMatch", Op::NotMatch),
    ("Contains", Op::Contains),
    ("NotContains", Op::NotContains),
    ("In", Op::In),
    ("NotIn", Op::NotIn),
    ("Is", Op::Is),
    ("IsNot", Op::IsNot),
];

enum Where {
    Script(Arc<Script>),
    /// `Where-Object Property -eq Value`
    Simple {
        property: String,
        op: Option<BinaryOp>,
        value: Val,
    },
    Not(String),
}

fn make_where(_: &mut Evaluator<'_>, mut bound: Bound) -> Run<Box<dyn Cmdlet>> {
    let op = bound.names().find_map(|name| {
        let case_sensitive = name.len() > 2 && name.starts_with('C') && name != "Contains";
        let plain = if case_sensitive { &name[1..] } else { name };
        let found = OPERATORS.iter().find(|(own, _)| *own == plain)?;
        Some(BinaryOp { kind: found.1, case_sensitive })
    });
    let not = bound.switch("Not");
    let mut value = bound.take("Value").unwrap_or(Val::Bool(true));
    // A type's name may stand in its brackets, though a word of a command line is a text.
    if let (Some(BinaryOp { kind: Op::Is | Op::IsNot, .. }), Val::Str(name)) = (op, &value)
        && let Some(name) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'))
    {
        value = Val::str(name);
    }
    Ok(Box::new(match bound.take("FilterScript") {
        Some(Val::Script(script)) => Where::Script(script),
        Some(name) if not => Where::Not(text(&name)),
        Some(name) => Where::Simple { property: text(&name), op, value },
        None => {
            let message = "Cannot process command because of one or more missing mandatory parameters: FilterScript.";
            let kind = "System.Management.Automation.ParameterBindingException";
            return Err(ErrorRecord::new(kind, message, "MissingMandatoryParameter", 5).into());
        }
    }))
}

impl Cmdlet for Where {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        let keeps = match self {
            Self::Script(script) => {
                evaluator.item = input.clone();
                let value = evaluator.run_inline(script)?;
                truth(&value)
            }
            Self::Not(property) => !truth(&evaluator.own_member(&input, property).unwrap_or(Val::Null)),
            Self::Simple { property, op, value } => {
                let left = evaluator.own_member(&input, property).unwrap_or(Val::Null);
                match op {
                    Some(op) => truth(&evaluator.binary(*op, &left, value)?),
                    None => truth(&left),
                }
            }
        };
        if keeps { out.put(evaluator, input) } else { Ok(()) }
    }
}

#[derive(Default)]
struct ForEach {
    begin: Vec<Arc<Script>>,
    process: Vec<Arc<Script>>,
    end: Vec<Arc<Script>>,
    member: Option<(String, Vec<Val>)>,
    /// `-InputObject`: the only input.
    input: Option<Val>,
}

fn make_foreach(_: &mut Evaluator<'_>, mut bound: Bound) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["Parallel"])?;
    let scripts = |values: Vec<Val>| -> Vec<Arc<Script>> {
        values
            .into_iter()
            .filter_map(|value| if let Val::Script(script) = value { Some(script) } else { None })
            .collect()
    };
    let mut made = ForEach {
        begin: scripts(bound.items("Begin")),
        end: scripts(bound.items("End")),
        member: bound.text("MemberName").map(|name| (name, bound.items("ArgumentList"))),
        input: bound.take("InputObject"),
        ..ForEach::default()
    };
    let mut process = bound.items("Process");
    if process.first().is_some_and(|first| !matches!(first, Val::Script(_))) {
        let name = text(&process.remove(0));
        made.member = Some((name, if process.is_empty() { bound.items("ArgumentList") } else { process }));
        return Ok(Box::new(made));
    }
    let mut process = scripts(process);
    // Two blocks are begin and process; the last of three or more is end.
    if process.len() > 1 && made.begin.is_empty() {
        made.begin.push(process.remove(0));
    }
    if process.len() > 1 && made.end.is_empty() {
        made.end.extend(process.pop());
    }
    made.process = process;
    Ok(Box::new(made))
}

impl ForEach {
    fn each(&self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        if let Some((name, args)) = &self.member {
            let value = match evaluator.own_member(&input, name) {
                Some(value) if args.is_empty() && !matches!(value, Val::Script(_)) => value,
                _ => evaluator.call_member(&input, name, args)?,
            };
            return evaluator.put_items(value, out);
        }
        for script in &self.process {
            evaluator.item = input.clone();
            evaluator.run_inline_into(script, out)?;
        }
        Ok(())
    }
}

impl Cmdlet for ForEach {
    fn begin(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        self.begin.iter().try_for_each(|script| evaluator.run_inline_into(script, out))
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.each(evaluator, input, out)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if let Some(input) = self.input.take() {
            self.each(evaluator, input, out)?;
        }
        self.end.iter().try_for_each(|script| evaluator.run_inline_into(script, out))
    }
}

impl Evaluator<'_> {
    /// A method by name; null if there is neither method nor property.
    fn call_member(&mut self, input: &Val, name: &str, args: &[Val]) -> Run<Val> {
        match self.method(input, name, args) {
            Err(Flow::Throw(record))
                if args.is_empty() && matches!(&*record.id, "MethodNotFound" | "InvokeMethodOnNull") =>
            {
                Ok(Val::Null)
            }
            done => done,
        }
    }
}
