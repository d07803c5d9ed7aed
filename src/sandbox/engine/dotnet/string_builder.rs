//! `[System.Text.StringBuilder]`

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::format;
use super::super::ops;
use super::super::value::Val;
use super::{Instance, Outcome, arg_int, arg_text, thrown};

/// A text that grows in place.
#[derive(Debug, Default)]
struct StringBuilder(Mutex<String>);

/// `[System.Text.StringBuilder]::new(...)`: a text, or room that is not needed here.
pub(super) fn make(args: &[Val]) -> Outcome {
    let start = match args.first() {
        Some(Val::Str(start)) => start.to_string(),
        _ => String::new(),
    };
    Ok(Some(Val::Net(Arc::new(StringBuilder(Mutex::new(start))))))
}

impl StringBuilder {
    fn change<T>(&self, change: impl FnOnce(&mut String) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn append(&self, more: &str) -> Result<(), ErrorRecord> {
        self.change(|text| {
            if text.len() + more.len() > ops::MAX_TEXT {
                return Err(ops::too_big("string"));
            }
            text.push_str(more);
            Ok(())
        })
    }

    /// The byte of a place in UTF-16 units.
    fn byte_of(text: &str, units: i64) -> Option<usize> {
        let mut left = units;
        for (at, next) in text.char_indices() {
            if left <= 0 {
                return (left == 0).then_some(at);
            }
            left -= next.len_utf16() as i64;
        }
        (left == 0).then_some(text.len())
    }
}

fn out_of_range(parameter: &str) -> Outcome {
    let why = "Index was out of range. Must be non-negative and less than or equal to the size of the collection.";
    thrown("ArgumentOutOfRangeException", format!("{why} (Parameter '{parameter}')"))
}

impl Instance for StringBuilder {
    fn type_names(&self) -> Vec<Cow<'static, str>> {
        vec!["System.Text.StringBuilder".into(), "System.Object".into()]
    }

    fn text(&self) -> String {
        self.change(|text| text.clone())
    }

    fn names(&self) -> Vec<Arc<str>> {
        ["Capacity", "MaxCapacity", "Length"].map(Arc::from).to_vec()
    }

    fn get(&self, name: &str, _now: Option<Timestamp>) -> Option<Val> {
        let length = self.change(|text| text.encode_utf16().count()) as i32;
        Some(Val::I32(match name {
            "length" => length,
            // .NET doubles its room from 16.
            "capacity" => (length.max(16) as u32).next_power_of_two() as i32,
            "maxcapacity" => i32::MAX,
            _ => return None,
        }))
    }

    fn set(&self, name: &str, value: &Val) -> Result<bool, ErrorRecord> {
        if name != "length" {
            return Ok(name == "capacity");
        }
        let length = super::super::convert::index(value)?;
        self.change(|text| {
            if let Some(at) = Self::byte_of(text, length) {
                text.truncate(at);
            }
        });
        Ok(true)
    }

    fn call(&self, evaluator: &mut Evaluator<'_>, me: &Val, name: &str, args: &[Val]) -> Outcome {
        evaluator.step(1)?;
        match name {
            "append" => match args {
                [unit, count] if count.as_int().is_some() => {
                    let repeated = ops::arithmetic(super::super::ast::Op::Mul, &Val::str(text(unit)), count)?;
                    self.append(&text(&repeated))?;
                }
                [Val::List(units)] => self.append(&units.items().iter().map(text).collect::<String>())?,
                _ => self.append(&arg_text(args, 0))?,
            },
            "appendline" => self.append(&format!("{}\r\n", arg_text(args, 0)))?,
            "appendformat" => {
                let rest = match args.get(1..) {
                    Some([Val::List(list)]) => list.items(),
                    rest => rest.unwrap_or(&[]).to_vec(),
                };
                self.append(&format::composite(&arg_text(args, 0), &rest)?)?;
            }
            "appendjoin" => {
                let rest = match args.get(1..) {
                    Some([Val::List(list)]) => list.items(),
                    rest => rest.unwrap_or(&[]).to_vec(),
                };
                self.append(&rest.iter().map(text).collect::<Vec<_>>().join(&arg_text(args, 0)))?;
            }
            "clear" => self.change(String::clear),
            "insert" => {
                let (at, more) = (arg_int(args, 0)?, arg_text(args, 1));
                evaluator.step(self.change(|text| text.len()) as u64 / 64)?;
                let done = self.change(|text| {
                    let place = Self::byte_of(text, at).filter(|_| text.len() + more.len() <= ops::MAX_TEXT);
                    place.map(|at| text.insert_str(at, &more)).is_some()
                });
                if !done {
                    return out_of_range("index");
                }
            }
            "remove" => {
                let (at, count) = (arg_int(args, 0)?, arg_int(args, 1)?);
                evaluator.step(self.change(|text| text.len()) as u64 / 64)?;
                let done = self.change(|text| {
                    let (from, to) = (Self::byte_of(text, at)?, Self::byte_of(text, at.checked_add(count)?)?);
                    text.replace_range(from..to.max(from), "");
                    Some(())
                });
                if done.is_none() {
                    return out_of_range("length");
                }
            }
            "replace" => {
                let (old, new) = (arg_text(args, 0), arg_text(args, 1));
                if old.is_empty() {
                    return thrown("ArgumentException", "The value cannot be an empty string. (Parameter 'oldValue')");
                }
                let whole = self.text();
                evaluator.step(whole.len() as u64 / 64)?;
                if whole.len() + whole.matches(old.as_str()).count() * new.len() > ops::MAX_TEXT {
                    return Err(ops::too_big("string").into());
                }
                self.change(|text| *text = whole.replace(&old, &new));
            }
            "tostring" => {
                let whole: Vec<u16> = self.change(|text| text.encode_utf16().collect());
                if args.is_empty() {
                    return Ok(Some(Val::str(self.text())));
                }
                let from = usize::try_from(arg_int(args, 0)?).unwrap_or(usize::MAX);
                let count = usize::try_from(arg_int(args, 1)?).unwrap_or(usize::MAX);
                let part = whole.get(from..from.saturating_add(count));
                return match part {
                    Some(part) => Ok(Some(Val::str(String::from_utf16_lossy(part)))),
                    None => out_of_range("length"),
                };
            }
            "ensurecapacity" => return Ok(Some(Val::I32(i32::MAX))),
            "equals" => return Ok(Some(Val::Bool(args.first().is_some_and(|other| text(other) == self.text())))),
            _ => return Ok(None),
        }
        Ok(Some(me.clone()))
    }
}
