//! Values as JSON, by the rules of ConvertTo-Json.

use std::fmt::Write as _;

use super::super::super::convert::{shortest, text};
use super::super::super::eval::{Evaluator, Run, properties};
use super::super::super::ops;
use super::super::super::value::Val;

/// Makes JSON.
pub(super) struct Writer {
    /// Levels below the top that are objects and arrays; deeper ones are texts.
    pub(super) depth: usize,
    /// Whether something was deeper.
    pub(super) was_cut: bool,
    compressed: bool,
    enums_as_strings: bool,
    out: String,
}

impl Writer {
    pub(super) fn new(depth: usize, compressed: bool, enums_as_strings: bool) -> Self {
        Self { depth, was_cut: false, compressed, enums_as_strings, out: String::new() }
    }

    /// The text of a value.
    pub(super) fn json(&mut self, evaluator: &mut Evaluator<'_>, value: &Val) -> Run<String> {
        self.value(evaluator, value, 0)?;
        Ok(std::mem::take(&mut self.out))
    }

    fn value(&mut self, evaluator: &mut Evaluator<'_>, value: &Val, level: usize) -> Run<()> {
        evaluator.step(1 + self.out.len() as u64 / (1 << 20))?;
        if self.out.len() > ops::MAX_TEXT {
            return Err(ops::too_big("string").into());
        }
        match value {
            Val::Void | Val::Null => self.out += "null",
            Val::Bool(yes) => self.out += if *yes { "true" } else { "false" },
            Val::F32(_) | Val::F64(_) => self.float(value),
            Val::DateTime(time) => self.string(&time.to_wire()),
            Val::Enum(value) if !self.enums_as_strings => write!(self.out, "{}", value.number).expect("a text"),
            Val::Str(_) | Val::Char(_) | Val::Guid(_) | Val::Enum(_) => self.string(&text(value)),
            Val::Object(object) if object.type_name() == "System.Uri" => self.string(&text(value)),
            other if other.as_int().is_some() => self.out += &text(other),
            _ if level > self.depth => {
                self.was_cut = true;
                self.string(&text(value));
            }
            Val::List(list) => self.array(evaluator, &list.items(), level)?,
            Val::Hash(hash) => {
                let entries = hash.entries().into_iter().map(|(key, value)| (text(&key), value));
                self.object(evaluator, entries.collect(), level)?;
            }
            // Members that a class hides are in JSON.
            Val::Object(object) => {
                let members = object.all_properties().into_iter().map(|(name, value)| (name.to_string(), value));
                self.object(evaluator, members.collect(), level)?;
            }
            other => {
                let members = properties(other).into_iter().map(|(name, value)| (name.to_string(), value));
                self.object(evaluator, members.collect(), level)?;
            }
        }
        Ok(())
    }

    fn array(&mut self, evaluator: &mut Evaluator<'_>, items: &[Val], level: usize) -> Run<()> {
        self.out.push('[');
        for (place, item) in items.iter().enumerate() {
            self.separate(place, level + 1);
            self.value(evaluator, item, level + 1)?;
        }
        self.close(items.is_empty(), level, ']');
        Ok(())
    }

    fn object(&mut self, evaluator: &mut Evaluator<'_>, members: Vec<(String, Val)>, level: usize) -> Run<()> {
        self.out.push('{');
        for (place, (name, value)) in members.iter().enumerate() {
            self.separate(place, level + 1);
            self.string(name);
            self.out += if self.compressed { ":" } else { ": " };
            self.value(evaluator, value, level + 1)?;
        }
        self.close(members.is_empty(), level, '}');
        Ok(())
    }

    fn separate(&mut self, place: usize, level: usize) {
        if place > 0 {
            self.out.push(',');
        }
        self.line(level);
    }

    fn close(&mut self, is_empty: bool, level: usize, bracket: char) {
        if !is_empty {
            self.line(level);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, level: usize) {
        if !self.compressed {
            self.out += "\r\n";
            self.out.extend(std::iter::repeat_n("  ", level));
        }
    }

    /// A point tells a float from a whole number.
    fn float(&mut self, value: &Val) {
        let digits = shortest(value);
        if digits.ends_with(|last: char| last.is_ascii_alphabetic()) {
            self.string(&digits);
        } else {
            self.out += &digits;
            if !digits.contains(['.', 'E']) {
                self.out += ".0";
            }
        }
    }

    fn string(&mut self, value: &str) {
        self.out.push('"');
        for next in value.chars() {
            match next {
                '"' => self.out += "\\\"",
                '\\' => self.out += "\\\\",
                '\n' => self.out += "\\n",
                '\r' => self.out += "\\r",
                '\t' => self.out += "\\t",
                '\u{8}' => self.out += "\\b",
                '\u{C}' => self.out += "\\f",
                '\0'..='\x1F' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    write!(self.out, "\\u{:04x}", u32::from(next)).expect("a text");
                }
                other => self.out.push(other),
            }
        }
        self.out.push('"');
    }
}
