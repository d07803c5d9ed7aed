//! Sort-Object and Get-Unique.

use std::cmp::Ordering;

use super::super::convert::text;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::ops;
use super::super::value::Val;
use super::property::Property;
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Sort-Object",
    aliases: &["sort"],
    params: &[
        "Property@0",
        "Descending!",
        "Unique!",
        "CaseSensitive!",
        "Top",
        "Bottom",
        "Stable!",
        "Culture",
        "InputObject",
    ],
    make,
}];

struct Sort {
    properties: Vec<Property>,
    descending: bool,
    unique: bool,
    case_sensitive: bool,
    top: Option<usize>,
    bottom: Option<usize>,
    items: Vec<Val>,
}

fn make(_: &mut Evaluator<'_>, bound: Bound) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["Culture"])?;
    Ok(Box::new(Sort {
        properties: Property::all_of(bound.items("Property"))?,
        descending: bound.switch("Descending"),
        unique: bound.switch("Unique"),
        case_sensitive: bound.switch("CaseSensitive"),
        top: bound.count("Top")?,
        bottom: bound.count("Bottom")?,
        items: bound.items("InputObject"),
    }))
}

impl Cmdlet for Sort {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        if !input.is_null() {
            self.items.push(input);
        }
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let mut keyed = Vec::with_capacity(self.items.len());
        for item in std::mem::take(&mut self.items) {
            keyed.push((self.keys(evaluator, &item)?, item));
        }
        evaluator.step(keyed.len() as u64 * 16)?;
        keyed.sort_by(|(left, _), (right, _)| self.order(left, right));
        if self.unique {
            keyed.dedup_by(|(left, _), (right, _)| self.order(left, right) == Ordering::Equal);
        }
        let (skip, take) = match (self.top, self.bottom) {
            (Some(top), _) => (0, top),
            (None, Some(bottom)) => (keyed.len().saturating_sub(bottom), usize::MAX),
            _ => (0, usize::MAX),
        };
        for (_, item) in keyed.into_iter().skip(skip).take(take) {
            out.put(evaluator, item)?;
        }
        Ok(())
    }
}

impl Sort {
    fn keys(&self, evaluator: &mut Evaluator<'_>, item: &Val) -> Run<Vec<Val>> {
        if self.properties.is_empty() {
            return Ok(vec![item.clone()]);
        }
        self.properties.iter().map(|property| Ok(property.of_object(evaluator, item)?.unwrap_or(Val::Null))).collect()
    }

    fn order(&self, left: &[Val], right: &[Val]) -> Ordering {
        for (place, (left, right)) in left.iter().zip(right).enumerate() {
            let descending =
                self.properties.get(place).and_then(|property| property.descending).unwrap_or(self.descending);
            let order = sort_order(left, right, self.case_sensitive);
            if order != Ordering::Equal {
                return if descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

/// A total order: what cannot be compared is compared as text.
pub(super) fn sort_order(left: &Val, right: &Val, case_sensitive: bool) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let numbers = (left.as_float(), right.as_float());
    match (left, right) {
        (Val::Enum(left), Val::Enum(right)) => left.number.cmp(&right.number),
        (Val::Bool(left), Val::Bool(right)) => left.cmp(right),
        _ if left.static_kind() == right.static_kind() || (numbers.0.is_some() && numbers.1.is_some()) => {
            ops::compare(left, right, case_sensitive)
                .unwrap_or_else(|| ops::compare_texts(&text(left), &text(right), case_sensitive))
        }
        _ => ops::compare_texts(&text(left), &text(right), case_sensitive),
    }
}

impl Val {
    fn static_kind(&self) -> std::mem::Discriminant<Self> {
        std::mem::discriminant(self)
    }
}
