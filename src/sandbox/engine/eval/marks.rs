//! What is known of very texts, by where they are in memory: it goes with the text itself, and not with an equal one.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::super::convert::text;
use super::super::ops;
use super::super::value::Val;
use super::{Evaluator, Run};

/// The least number of texts after which those that no script holds any more are forgotten.
const LEAST: usize = 64;

/// Marks of texts.
#[derive(Debug)]
pub(super) struct Marks<T> {
    known: HashMap<usize, (Weak<str>, T)>,
    limit: usize,
}

impl<T> Default for Marks<T> {
    fn default() -> Self {
        Self { known: HashMap::new(), limit: 0 }
    }
}

fn address(text: &Arc<str>) -> usize {
    Arc::as_ptr(text).cast::<u8>().addr()
}

impl<T> Marks<T> {
    /// A new text with a mark.
    pub(super) fn make(&mut self, text: &str, mark: T) -> Val {
        let text: Arc<str> = text.into();
        if self.known.len() >= self.limit {
            self.known.retain(|_, (known, _)| known.strong_count() > 0);
            self.limit = self.known.len().saturating_mul(2).max(LEAST);
        }
        self.known.insert(address(&text), (Arc::downgrade(&text), mark));
        Val::Str(text)
    }

    /// The mark of a value. While it is known here, no other text can be in its place.
    pub(super) fn of(&self, value: &Val) -> Option<&T> {
        let Val::Str(text) = value else { return None };
        self.known.get(&address(text)).map(|(_, mark)| mark)
    }
}

/// Which side of a comparison values came from, as `Compare-Object -PassThru` notes it on them.
#[derive(Debug, Default)]
pub(super) struct Sides {
    texts: Marks<&'static str>,
    /// Numbers and their like by their type and text: they are nothing but their value.
    values: HashMap<(Arc<str>, String), &'static str>,
}

/// Numbers that sides are kept of.
const MOST: usize = 65_536;

impl Evaluator<'_> {
    /// A value with the side that it came from.
    pub(in super::super) fn with_side(&mut self, value: Val, side: &'static str) -> Run<Val> {
        let sides = &mut self.state.sides;
        match &value {
            Val::Str(text) => return Ok(sides.texts.make(text, side)),
            Val::Object(object) => object.set_note("SideIndicator", Val::str(side)),
            _ if sides.values.len() >= MOST => return Err(ops::too_big("comparison").into()),
            _ => drop(sides.values.insert((value.type_name(), text(&value)), side)),
        }
        Ok(value)
    }

    /// The side that was noted on a value that is no object.
    pub(super) fn side_of(&self, value: &Val) -> Option<Val> {
        let sides = &self.state.sides;
        let side = match value {
            Val::Str(_) => sides.texts.of(value),
            Val::Object(_) | Val::List(_) => None,
            _ if sides.values.is_empty() => None,
            other => sides.values.get(&(other.type_name(), text(other))),
        };
        side.map(|side| Val::str(*side))
    }
}
