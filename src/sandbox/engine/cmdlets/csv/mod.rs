//! ConvertTo-Csv and ConvertFrom-Csv, and the texts of tables for whoever keeps them in files.

mod file;
mod read;
mod write;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::value::Val;
use super::{Bound, Spec};
pub(super) use file::SPECS as FILES;
use read::Reader;
use write::Writer;

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "ConvertTo-Csv",
        aliases: &[],
        params: &[
            "InputObject@0<+",
            "Delimiter@1",
            "NoTypeInformation|NTI!",
            "IncludeTypeInformation|ITI!",
            "UseQuotes|UQ",
            "QuoteFields|QF",
            "UseCulture!",
            "NoHeader!",
        ],
        make: make_to,
    },
    Spec {
        name: "ConvertFrom-Csv",
        aliases: &[],
        params: &["InputObject:string@0<+", "Delimiter@1", "Header@2", "UseCulture!"],
        make: |_, bound| Ok(Box::new(FromCsv { reader: Reader::of(&bound)?, lines: bound.texts("InputObject") })),
    },
];

/// The character between fields.
fn delimiter(bound: &Bound) -> Run<char> {
    let Some(given) = bound.text("Delimiter") else { return Ok(',') };
    let mut chars = given.chars();
    match (chars.next(), chars.next()) {
        (Some(only), None) => Ok(only),
        _ => {
            let message = format!(
                "Cannot bind parameter 'Delimiter'. Cannot convert value \"{given}\" to type \"System.Char\". Error: \"String must be exactly one character long.\""
            );
            let kind = "System.Management.Automation.ParameterBindingException";
            Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into())
        }
    }
}

struct ToCsv {
    writer: Writer,
    input: Option<Val>,
}

fn make_to(_: &mut Evaluator<'_>, mut bound: Bound) -> Run<Box<dyn Cmdlet>> {
    let writer = Writer::of(&bound)?;
    Ok(Box::new(ToCsv { writer, input: bound.take("InputObject") }))
}

impl Cmdlet for ToCsv {
    fn begin(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        match self.input.take() {
            Some(input) => self.process(evaluator, input, out),
            None => Ok(()),
        }
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        if input.is_null() {
            return Ok(());
        }
        self.writer.lines(evaluator, &input).into_iter().try_for_each(|line| out.put(evaluator, Val::str(line)))
    }
}

struct FromCsv {
    reader: Reader,
    lines: Vec<String>,
}

impl Cmdlet for FromCsv {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        self.lines.push(text(&input));
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let text = std::mem::take(&mut self.lines).join("\n");
        evaluator.step(text.len() as u64 / 32)?;
        self.reader.read(evaluator, &text, out)
    }
}
