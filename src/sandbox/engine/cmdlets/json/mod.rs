//! ConvertTo-Json and ConvertFrom-Json.

mod read;
mod write;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::value::Val;
use super::{Bound, Spec};
use read::{Failure, Options};
use write::Writer;

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "ConvertTo-Json",
        aliases: &[],
        params: &["InputObject@0<", "Depth", "Compress!", "EnumsAsStrings!", "AsArray!", "EscapeHandling"],
        make: make_to,
    },
    Spec {
        name: "ConvertFrom-Json",
        aliases: &[],
        params: &["InputObject:string@0<", "AsHashtable!", "Depth", "NoEnumerate!", "DateKind"],
        make: make_from,
    },
];

/// Levels that `-Depth` may ask for.
const MAX_DEPTH: usize = 100;

struct ToJson {
    writer: Writer,
    as_array: bool,
    input: Option<Val>,
    items: Vec<Val>,
}

fn make_to(_: &mut Evaluator<'_>, mut bound: Bound) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["EscapeHandling"])?;
    let depth = bound.count("Depth")?.unwrap_or(2);
    if depth > MAX_DEPTH {
        let message = format!(
            "Cannot validate argument on parameter 'Depth'. The {depth} argument is greater than the maximum allowed range of {MAX_DEPTH}."
        );
        let kind = "System.Management.Automation.ParameterBindingValidationException";
        return Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 5).into());
    }
    Ok(Box::new(ToJson {
        writer: Writer::new(depth, bound.switch("Compress"), bound.switch("EnumsAsStrings")),
        as_array: bound.switch("AsArray"),
        input: bound.take("InputObject"),
        items: Vec::new(),
    }))
}

impl Cmdlet for ToJson {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.items.push(input);
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let mut items = std::mem::take(&mut self.items);
        items.extend(self.input.take());
        let value = match (items.len(), self.as_array) {
            (0, _) => return Ok(()),
            (1, false) => items.remove(0),
            (1, true) if matches!(items[0], Val::List(_)) => items.remove(0),
            _ => Val::array(items),
        };
        let json = self.writer.json(evaluator, &value)?;
        if self.writer.was_cut {
            let depth = self.writer.depth;
            let message =
                format!("Resulting JSON is truncated as serialization has exceeded the set depth of {depth}.");
            evaluator.write_warning(&message)?;
        }
        out.put(evaluator, Val::str(json))
    }
}

struct FromJson {
    options: Options,
    no_enumerate: bool,
    lines: Vec<String>,
}

fn make_from(evaluator: &mut Evaluator<'_>, bound: Bound) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["DateKind"])?;
    Ok(Box::new(FromJson {
        options: Options {
            as_hashtable: bound.switch("AsHashtable"),
            utc_offset_minutes: evaluator.host.utc_offset_minutes(),
        },
        no_enumerate: bound.switch("NoEnumerate"),
        lines: bound.texts("InputObject"),
    }))
}

impl Cmdlet for FromJson {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.lines.push(text(&input));
        Ok(())
    }

    /// If the first line is a document, each line is one; else they are one document together.
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let lines = std::mem::take(&mut self.lines);
        let Some(first) = lines.first() else { return Ok(()) };
        if lines.len() > 1 && self.options.read(first).is_err() {
            return self.document(evaluator, &lines.join("\n"), out);
        }
        lines.iter().try_for_each(|line| self.document(evaluator, line, out))
    }
}

impl FromJson {
    fn document(&self, evaluator: &mut Evaluator<'_>, json: &str, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(json.len() as u64 / 32)?;
        if json.trim().is_empty() {
            return Ok(());
        }
        match self.options.read(json).map_err(record)? {
            value if self.no_enumerate => out.put(evaluator, value),
            value => evaluator.put_items(value, out),
        }
    }
}

fn record(failure: Failure) -> ErrorRecord {
    match failure {
        Failure::Syntax(why) => {
            let message = format!("Conversion from JSON failed with error: {why}");
            ErrorRecord::new("System.ArgumentException", message, "System.ArgumentException", 0)
        }
        Failure::Casing(known, other) => {
            let message = format!(
                "Cannot convert the JSON string because it contains keys with different casing. Please use the -AsHashTable switch instead. The key that was attempted to be added to the existing key '{known}' was '{other}'."
            );
            let kind = "System.InvalidOperationException";
            ErrorRecord::new(kind, message, "KeysWithDifferentCasingInJsonString", 10)
        }
        Failure::TooDeep => ErrorRecord::unsupported("JSON that is nested so deeply"),
    }
}
