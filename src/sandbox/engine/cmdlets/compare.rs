//! Compare-Object.

use std::sync::Arc;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::ops;
use super::super::value::{Obj, Val};
use super::property::{Keys, Property};
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Compare-Object",
    aliases: &["compare", "diff"],
    params: &[
        "ReferenceObject@0+",
        "DifferenceObject@1<+",
        "SyncWindow",
        "Property",
        "ExcludeDifferent!",
        "IncludeEqual!",
        "PassThru!",
        "Culture",
        "CaseSensitive!",
    ],
    make: |_, mut bound| {
        bound.refuse(&["SyncWindow", "Culture"])?;
        for name in ["ReferenceObject", "DifferenceObject"] {
            if bound.get(name).is_some_and(Val::is_null) {
                let message = format!("Cannot bind argument to parameter '{name}' because it is null.");
                let kind = "System.Management.Automation.ParameterBindingValidationException";
                let id = "ParameterArgumentValidationErrorNullNotAllowed";
                return Err(ErrorRecord::new(kind, message, id, 5).into());
            }
        }
        let difference = bound.take("DifferenceObject").map_or_else(Vec::new, Val::into_items);
        Ok(Box::new(Compare {
            properties: Property::all_of(bound.items("Property"), &Keys::GROUP)?,
            difference,
            bound,
        }))
    },
}];

struct Compare {
    bound: Bound,
    properties: Vec<Property>,
    difference: Vec<Val>,
}

impl Cmdlet for Compare {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.difference.push(input);
        Ok(())
    }

    /// Equal ones first, then those that only the second list has, then those of the first.
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let mut left = Vec::new();
        for item in self.bound.items("ReferenceObject") {
            left.push((self.keys(evaluator, &item)?, item));
        }
        let mut right = Vec::new();
        for item in std::mem::take(&mut self.difference) {
            let keys = self.keys(evaluator, &item)?;
            evaluator.step(1 + left.len() as u64 / 8)?;
            match left.iter().position(|(known, _)| self.is_same(known, &keys)) {
                Some(place) => {
                    let (keys, item) = left.remove(place);
                    if self.bound.switch("IncludeEqual") {
                        self.put(evaluator, &keys, item, "==", out)?;
                    }
                }
                None => right.push((keys, item)),
            }
        }
        if self.bound.switch("ExcludeDifferent") {
            return Ok(());
        }
        for (side, items) in [("=>", right), ("<=", left)] {
            for (keys, item) in items {
                self.put(evaluator, &keys, item, side, out)?;
            }
        }
        Ok(())
    }
}

impl Compare {
    fn keys(&self, evaluator: &mut Evaluator<'_>, item: &Val) -> Run<Vec<Val>> {
        if self.properties.is_empty() {
            return Ok(vec![item.clone()]);
        }
        self.properties.iter().map(|property| Ok(property.of_object(evaluator, item)?.unwrap_or(Val::Null))).collect()
    }

    /// Objects without an order of their own are compared by their text.
    fn is_same(&self, left: &[Val], right: &[Val]) -> bool {
        let case_sensitive = self.bound.switch("CaseSensitive");
        left.iter().zip(right).all(|(left, right)| match (left, right) {
            (Val::Object(_) | Val::Hash(_) | Val::List(_), Val::Object(_) | Val::Hash(_) | Val::List(_)) => {
                ops::compare_texts(&own_text(left), &own_text(right), case_sensitive).is_eq()
            }
            _ => ops::equal(left, right, case_sensitive),
        })
    }

    fn put(
        &self,
        evaluator: &mut Evaluator<'_>,
        keys: &[Val],
        item: Val,
        side: &'static str,
        out: &mut dyn Sink,
    ) -> Run<()> {
        if self.bound.switch("PassThru") {
            let item = evaluator.with_side(item, side)?;
            return out.put(evaluator, item);
        }
        let mut notes: Vec<(Arc<str>, Val)> = if self.properties.is_empty() {
            vec![("InputObject".into(), item)]
        } else {
            self.properties.iter().zip(keys).map(|(property, key)| (property.label.clone(), key.clone())).collect()
        };
        notes.push(("SideIndicator".into(), Val::str(side)));
        out.put(evaluator, Obj::custom(notes))
    }
}

/// What `ToString()` says: lists say their type alone.
fn own_text(value: &Val) -> String {
    match value {
        Val::List(list) => list.type_name.to_string(),
        // Property bags say nothing: all are equal.
        Val::Object(object) if object.text.is_none() => String::new(),
        other => text(other),
    }
}
