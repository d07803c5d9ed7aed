//! Sort-Object.

use std::cmp::Ordering;

use super::super::convert::{self, text};
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::ops;
use super::super::value::Val;
use super::property::{Keys, Property};
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
        properties: Property::all_of(bound.items("Property"), &Keys::SORT)?,
        descending: bound.switch("Descending"),
        unique: bound.switch("Unique"),
        case_sensitive: bound.switch("CaseSensitive"),
        top: bound.count("Top")?,
        bottom: bound.count("Bottom")?,
        // A list that is given so is one object.
        items: bound.get("InputObject").cloned().into_iter().collect(),
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
        let kinds = KeyKind::of_columns(keyed.iter().map(|(keys, _)| keys.as_slice()));
        if kinds.iter().all(|kind| *kind == KeyKind::Same) || keyed.len() > SMALL {
            keyed.sort_by(|(left, _), (right, _)| self.order(&kinds, left, right));
        } else {
            let kinds = vec![KeyKind::Pair; kinds.len()];
            let mut placed: Vec<_> = keyed.into_iter().enumerate().collect();
            sort_small(&mut placed, |(place, (left, _)), (other, (right, _))| {
                self.order(&kinds, left, right).then(place.cmp(other))
            });
            keyed = placed.into_iter().map(|(_, row)| row).collect();
        }
        if self.unique {
            keyed.dedup_by(|(left, _), (right, _)| self.order(&kinds, left, right) == Ordering::Equal);
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

    fn order(&self, kinds: &[KeyKind], left: &[Val], right: &[Val]) -> Ordering {
        for (place, (left, right)) in left.iter().zip(right).enumerate() {
            let descending =
                self.properties.get(place).and_then(|property| property.descending).unwrap_or(self.descending);
            let order = kinds.get(place).map_or(Ordering::Equal, |kind| kind.order(left, right, self.case_sensitive));
            if order != Ordering::Equal {
                return if descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

/// So many items .NET sorts by insertion.
const SMALL: usize = 16;

/// Sorts as .NET does (its introsort for few items): where texts and numbers are mixed, PowerShell's order of two values
/// hangs on which of them comes first, and what comes out on the way there.
fn sort_small<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    let swap_if_greater = |items: &mut [T], left: usize, right: usize| {
        if order(&items[left], &items[right]).is_gt() {
            items.swap(left, right);
        }
    };
    match items.len() {
        0 | 1 => {}
        2 => swap_if_greater(items, 0, 1),
        3 => {
            swap_if_greater(items, 0, 1);
            swap_if_greater(items, 0, 2);
            swap_if_greater(items, 1, 2);
        }
        count => {
            for next in 1..count {
                let mut place = next;
                while place > 0 && order(&items[place], &items[place - 1]).is_lt() {
                    items.swap(place, place - 1);
                    place -= 1;
                }
            }
        }
    }
}

/// Sorts by several keys, ascending.
pub(super) fn order_by_keys<T>(items: &mut [T], case_sensitive: bool, keys: impl Fn(&T) -> &Vec<Val>) {
    let kinds = KeyKind::of_columns(items.iter().map(|item| keys(item).as_slice()));
    items.sort_by(|left, right| {
        let columns = keys(left).iter().zip(keys(right)).zip(&kinds);
        let orders = columns.map(|((left, right), kind)| kind.order(left, right, case_sensitive));
        orders.fold(Ordering::Equal, Ordering::then)
    });
}

/// Sorts values by themselves.
pub(in super::super) fn sort_values(items: &mut [Val]) {
    let kind = KeyKind::of(items.iter().filter(|item| !item.is_null()));
    items.sort_by(|left, right| kind.order(left, right, false));
}

/// How the keys of one property are compared: an order must be total, so one way for all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    /// As their own type.
    Same,
    /// Numbers, and texts that read as numbers.
    Number,
    Text,
    /// Each pair by the type of its left one.
    Pair,
}

impl KeyKind {
    fn of_columns<'k>(rows: impl Iterator<Item = &'k [Val]> + Clone) -> Vec<Self> {
        let width = rows.clone().next().map_or(0, <[Val]>::len);
        let column = |place: usize| rows.clone().filter_map(move |row| row.get(place)).filter(|key| !key.is_null());
        (0..width).map(|place| Self::of(column(place))).collect()
    }

    fn of<'k>(keys: impl Iterator<Item = &'k Val> + Clone) -> Self {
        let first = keys.clone().next();
        let is_same = |key: &Val| first.is_some_and(|first| first.static_kind() == key.static_kind());
        let is_number = |key: &Val| convert::number(key).is_some();
        if keys.clone().all(is_same) || keys.clone().all(|key| key.as_int().is_some()) {
            Self::Same
        } else if keys.clone().all(is_number) {
            Self::Number
        } else {
            Self::Text
        }
    }

    fn order(self, left: &Val, right: &Val, case_sensitive: bool) -> Ordering {
        let nulls = right.is_null().cmp(&left.is_null());
        if left.is_null() || right.is_null() {
            return nulls;
        }
        match self {
            Self::Same => sort_order(left, right, case_sensitive),
            Self::Number => by_number(left, right),
            Self::Pair => ops::compare(left, right, case_sensitive)
                .unwrap_or_else(|| ops::compare_texts(&text(left), &text(right), case_sensitive)),
            Self::Text => ops::compare_texts(&text(left), &text(right), case_sensitive),
        }
    }
}

fn by_number(left: &Val, right: &Val) -> Ordering {
    let number = |value: &Val| convert::number(value).and_then(|number| number.as_float()).unwrap_or(f64::NEG_INFINITY);
    number(left).total_cmp(&number(right))
}

/// The order of two values, neither null. Values of one type have a total order.
pub(super) fn sort_order(left: &Val, right: &Val, case_sensitive: bool) -> Ordering {
    let by_text = || ops::compare_texts(&text(left), &text(right), case_sensitive);
    match (left, right) {
        (Val::Enum(left), Val::Enum(right)) => left.number.cmp(&right.number),
        (Val::Bool(left), Val::Bool(right)) => left.cmp(right),
        (Val::F64(_) | Val::F32(_), _) | (_, Val::F64(_) | Val::F32(_)) => by_number(left, right),
        _ if left.static_kind() == right.static_kind() || (left.as_int().is_some() && right.as_int().is_some()) => {
            ops::compare(left, right, case_sensitive).unwrap_or_else(by_text)
        }
        _ => by_text(),
    }
}

impl Val {
    fn static_kind(&self) -> std::mem::Discriminant<Self> {
        std::mem::discriminant(self)
    }
}
