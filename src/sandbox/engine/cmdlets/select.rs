//! Select-Object.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Flow, Run, Sink, properties};
use super::super::ops;
use super::super::value::{Obj, Val};
use super::property::{Keys, Property};
use super::{Bound, Spec};
use crate::clixml::TypeNames;

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Select-Object",
    aliases: &["select"],
    params: &[
        "Property@0",
        "ExcludeProperty",
        "ExpandProperty",
        "First",
        "Last",
        "Skip",
        "SkipLast",
        "Index",
        "SkipIndex",
        "Unique!",
        "Wait!",
        "InputObject",
    ],
    make,
}];

struct Select {
    properties: Vec<Property>,
    excluded: Vec<String>,
    expand: Option<String>,
    first: Option<usize>,
    last: Option<usize>,
    skip: usize,
    skip_last: usize,
    index: Option<Vec<i64>>,
    skip_index: Vec<i64>,
    unique: bool,
    waits: bool,
    /// Objects that came.
    seen: usize,
    /// Objects that went out.
    passed: usize,
    /// The last objects, with `-Last` and `-SkipLast`.
    tail: VecDeque<Val>,
    /// What went out, with `-Unique`.
    known: Vec<Val>,
    input: Option<Val>,
}

fn make(_: &mut Evaluator<'_>, mut bound: Bound) -> Run<Box<dyn Cmdlet>> {
    let places = |name: &str| bound.items(name).iter().map(super::super::convert::index).collect::<Result<Vec<_>, _>>();
    let (index, skip_index) = (places("Index")?, places("SkipIndex")?);
    Ok(Box::new(Select {
        properties: Property::all_of(bound.items("Property"), &Keys::SELECT)?,
        excluded: bound.texts("ExcludeProperty"),
        expand: bound.text("ExpandProperty"),
        first: bound.count("First")?,
        last: bound.count("Last")?,
        skip: bound.count("Skip")?.unwrap_or(0),
        skip_last: bound.count("SkipLast")?.unwrap_or(0),
        index: bound.get("Index").map(|_| index),
        skip_index,
        unique: bound.switch("Unique"),
        waits: bound.switch("Wait"),
        seen: 0,
        passed: 0,
        tail: VecDeque::new(),
        known: Vec::new(),
        input: bound.take("InputObject"),
    }))
}

impl Cmdlet for Select {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        let place = self.seen;
        self.seen += 1;
        if let Some(index) = &self.index {
            return if index.contains(&(place as i64)) { self.pass(evaluator, input, out) } else { Ok(()) };
        }
        if self.skip_index.contains(&(place as i64)) {
            return Ok(());
        }
        if let Some(last) = self.last {
            // With -Last, -Skip counts from the end.
            self.tail.push_back(input);
            if self.tail.len() > last.saturating_add(self.skip) {
                self.tail.pop_front();
            }
            if self.first.is_some_and(|first| place < first)
                && let Some(input) = self.tail.pop_back()
            {
                return self.pass(evaluator, input, out);
            }
            return Ok(());
        }
        if place < self.skip {
            return Ok(());
        }
        if self.first == Some(0) && !self.waits {
            return Err(Flow::StopUpstream(None));
        }
        if self.skip_last > 0 {
            self.tail.push_back(input);
            if self.tail.len() <= self.skip_last {
                return Ok(());
            }
            let Some(input) = self.tail.pop_front() else { return Ok(()) };
            return self.pass(evaluator, input, out);
        }
        let most = self.first.map_or(usize::MAX, |first| self.skip.saturating_add(first));
        // With -Wait what comes first ends as it would alone; what it gives from here on is not looked at.
        if place < most {
            self.pass(evaluator, input, out)?;
        }
        if !self.waits && self.seen >= most {
            return Err(Flow::StopUpstream(None));
        }
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if let Some(input) = self.input.take() {
            self.pass(evaluator, input, out)?;
        }
        if self.last.is_some() {
            let keep = self.tail.len().saturating_sub(self.skip);
            let kept: Vec<_> = self.tail.drain(..).take(keep).collect();
            for input in kept {
                self.pass(evaluator, input, out)?;
            }
        }
        Ok(())
    }
}

impl Select {
    fn pass(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        self.passed += 1;
        if let Some(name) = self.expand.clone() {
            return self.expanded(evaluator, &input, &name, out);
        }
        let selected = if self.properties.is_empty() && self.excluded.is_empty() {
            input
        } else {
            self.select(evaluator, &input)?
        };
        self.emit(evaluator, selected, out)
    }

    fn emit(&mut self, evaluator: &mut Evaluator<'_>, value: Val, out: &mut dyn Sink) -> Run<()> {
        if self.unique {
            evaluator.step(self.known.len() as u64)?;
            if self.known.iter().any(|known| is_same(known, &value)) {
                return Ok(());
            }
            self.known.push(value.clone());
        }
        out.put(evaluator, value)
    }

    fn expanded(&mut self, evaluator: &mut Evaluator<'_>, input: &Val, name: &str, out: &mut dyn Sink) -> Run<()> {
        let Some(value) = evaluator.own_member(input, name) else {
            let message = format!("Property \"{name}\" cannot be found.");
            let id = "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand";
            let record = ErrorRecord::new("System.Management.Automation.PSArgumentException", message, id, 5);
            return evaluator.write_error(record.with_input(input.clone()));
        };
        let notes = if self.properties.is_empty() { None } else { Some(self.select(evaluator, input)?) };
        let mut is_bare = false;
        for item in value.stored().into_items() {
            // The other properties are added to what is expanded; values of .NET have no place for them here.
            match (&notes, &item) {
                (Some(Val::Object(notes)), Val::Object(object)) => {
                    notes.properties().into_iter().for_each(|(name, value)| object.set_note(&name, value));
                }
                (notes, _) => is_bare |= notes.is_some(),
            }
            self.emit(evaluator, item, out)?;
        }
        if is_bare {
            let what = "members that -ExpandProperty adds to values of .NET";
            return evaluator.write_error(ErrorRecord::unsupported(what));
        }
        Ok(())
    }

    fn select(&mut self, evaluator: &mut Evaluator<'_>, input: &Val) -> Run<Val> {
        let mut notes: Vec<(Arc<str>, Val)> = Vec::new();
        let mut twice: Vec<Arc<str>> = Vec::new();
        let mut add = |name: Arc<str>, value: Val, is_named: bool| match notes
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            true if is_named => twice.push(name),
            true => {}
            false => notes.push((name, value.stored())),
        };
        if self.properties.is_empty() {
            properties(input).into_iter().for_each(|(name, value)| add(name, value, false));
        }
        for property in &self.properties {
            match property.wildcard() {
                Some(pattern) => {
                    for (name, value) in properties(input) {
                        if evaluator.patterns.like(&name, pattern, false)? {
                            add(name, value, false);
                        }
                    }
                }
                None => {
                    let value = property.of_object(evaluator, input)?.unwrap_or(Val::Null);
                    let own =
                        properties(input).into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&property.label));
                    let is_plain = property.is_bare();
                    add(own.filter(|_| is_plain).map_or_else(|| property.label.clone(), |(name, _)| name), value, true);
                }
            }
        }
        for name in twice {
            let message = format!("The property cannot be processed because the property \"{name}\" already exists.");
            let id = "AlreadyExistingUserSpecifiedPropertyNoExpand";
            let record = ErrorRecord::new("System.Management.Automation.PSArgumentException", message, id, 7);
            evaluator.write_error(record.with_input(input.clone()))?;
        }
        let mut kept = Vec::with_capacity(notes.len());
        for (name, value) in notes {
            let mut is_excluded = false;
            for pattern in &self.excluded {
                is_excluded |= evaluator.patterns.like(&name, pattern, false)?;
            }
            if !is_excluded {
                kept.push((name, value));
            }
        }
        Ok(Obj::bag(selected_type(input), kept))
    }
}

/// `Selected.` and the type of the object.
fn selected_type(input: &Val) -> TypeNames {
    let bag = "System.Management.Automation.PSCustomObject";
    let own = match input {
        Val::Object(object) if object.text.is_none() => format!("Selected.{bag}"),
        // The name is that of the .NET type: what PowerShell adds behind a `#` is not a part of it.
        other => format!("Selected.{}", other.type_name().split('#').next().unwrap_or_default()),
    };
    TypeNames::new([own.as_str(), bag, "System.Object"])
}

/// Whether -Unique takes two objects for one.
fn is_same(left: &Val, right: &Val) -> bool {
    match (left, right) {
        (Val::Object(left), Val::Object(right)) => {
            let (left, right) = (left.properties(), right.properties());
            left.len() == right.len()
                && left.iter().zip(&right).all(|(left, right)| left.0 == right.0 && is_same(&left.1, &right.1))
        }
        (Val::List(left), Val::List(right)) => text(&Val::List(left.clone())) == text(&Val::List(right.clone())),
        _ => left.type_name() == right.type_name() && ops::equal(left, right, true),
    }
}
