//! Measure-Object.

use super::super::convert::{self, text};
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::value::{Obj, Schema, Val};
use super::property::{Keys, Property};
use super::sort::sort_order;
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Measure-Object",
    aliases: &["measure"],
    params: &[
        "Property@0",
        "Sum!",
        "Average!",
        "Minimum!",
        "Maximum!",
        "StandardDeviation!",
        "AllStats!",
        "Line!",
        "Word!",
        "Character!",
        "IgnoreWhiteSpace!",
        "InputObject<",
    ],
    make,
}];

struct Measure {
    properties: Vec<Property>,
    flags: Flags,
    measured: Vec<Measured>,
    counts: TextCounts,
    ignores_blanks: bool,
    /// One object, whatever it is.
    given: Option<Val>,
}

#[derive(Clone, Copy)]
struct Flags {
    sum: bool,
    average: bool,
    minimum: bool,
    maximum: bool,
    deviation: bool,
    line: bool,
    word: bool,
    character: bool,
}

/// One property as far as measured.
#[derive(Default)]
struct Measured {
    count: i32,
    numbers: Vec<f64>,
    minimum: Option<Val>,
    maximum: Option<Val>,
    /// Without any object that has the property there is nothing to show.
    is_found: bool,
}

#[derive(Default)]
struct TextCounts {
    lines: i32,
    words: i32,
    characters: i32,
}

fn make(_: &mut Evaluator<'_>, bound: Bound) -> Run<Box<dyn Cmdlet>> {
    let flag =
        |name| bound.switch(name) || (bound.switch("AllStats") && !matches!(name, "Line" | "Word" | "Character"));
    let flags = Flags {
        sum: flag("Sum"),
        average: flag("Average"),
        minimum: flag("Minimum"),
        maximum: flag("Maximum"),
        deviation: flag("StandardDeviation"),
        line: flag("Line"),
        word: flag("Word"),
        character: flag("Character"),
    };
    let properties = Property::all_of(bound.items("Property"), &Keys::SELECT)?;
    let measured = (0..properties.len().max(1)).map(|_| Measured::default()).collect();
    Ok(Box::new(Measure {
        properties,
        flags,
        measured,
        counts: TextCounts::default(),
        ignores_blanks: bound.switch("IgnoreWhiteSpace"),
        given: bound.get("InputObject").cloned(),
    }))
}

impl Cmdlet for Measure {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        if input.is_null() {
            return Ok(());
        }
        if self.flags.line || self.flags.word || self.flags.character {
            let mut line = text(&input);
            if self.ignores_blanks {
                line.retain(|next| !next.is_whitespace());
            }
            self.counts.add(&line);
            return Ok(());
        }
        if self.properties.is_empty() {
            return self.add(evaluator, 0, input);
        }
        for place in 0..self.properties.len() {
            let value = self.properties[place].of_object(evaluator, &input)?;
            if let Some(value) = value.filter(|value| !value.is_null()) {
                self.add(evaluator, place, value)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if let Some(given) = self.given.take() {
            self.process(evaluator, given, out)?;
        }
        if self.flags.line || self.flags.word || self.flags.character {
            return out.put(evaluator, self.text_info());
        }
        for (place, measured) in self.measured.iter().enumerate() {
            let property = self.properties.get(place);
            if property.is_some() && !measured.is_found {
                // As Windows PowerShell has it.
                continue;
            }
            out.put(evaluator, self.info(measured, property))?;
        }
        Ok(())
    }
}

impl Measure {
    fn add(&mut self, evaluator: &mut Evaluator<'_>, place: usize, value: Val) -> Run<()> {
        let flags = self.flags;
        let measured = &mut self.measured[place];
        measured.is_found = true;
        if flags.sum || flags.average || flags.deviation {
            match convert::number(&value).and_then(|number| number.as_float()) {
                Some(number) => measured.numbers.push(number),
                None => {
                    let message = format!("Input object \"{}\" is not numeric.", text(&value));
                    let id = "NonNumericInputObject,Microsoft.PowerShell.Commands.MeasureObjectCommand";
                    let record =
                        ErrorRecord::new("System.Management.Automation.PSInvalidCastException", message, id, 9);
                    return evaluator.write_error(record.with_input(value.clone()));
                }
            }
        }
        measured.count += 1;
        if flags.minimum && measured.minimum.as_ref().is_none_or(|known| sort_order(&value, known, false).is_lt()) {
            measured.minimum = Some(value.clone());
        }
        if flags.maximum && measured.maximum.as_ref().is_none_or(|known| sort_order(&value, known, false).is_gt()) {
            measured.maximum = Some(value);
        }
        Ok(())
    }

    fn info(&self, measured: &Measured, property: Option<&Property>) -> Val {
        let flags = self.flags;
        let shown = |wanted: bool, value: f64| if wanted { Val::F64(value) } else { Val::Null };
        let count = measured.numbers.len() as f64;
        // Summing an iterator of nothing gives -0.
        let sum = measured.numbers.iter().fold(0.0, |sum, number| sum + number);
        let average = sum / count;
        let squares: f64 = measured.numbers.iter().map(|number| (number - average).powi(2)).sum();
        let deviation = if count > 1.0 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        let has_numbers = count > 0.0;
        // Of numbers PowerShell gives doubles, of other things the things themselves.
        let extreme = |value: &Option<Val>| match value {
            Some(value) => value.as_float().map_or_else(|| value.clone(), Val::F64),
            None => Val::Null,
        };
        let all_numeric = [&measured.minimum, &measured.maximum]
            .iter()
            .all(|value| value.as_ref().is_none_or(|value| value.as_float().is_some()));
        let kind = if all_numeric { "GenericMeasureInfo" } else { "GenericObjectMeasureInfo" };
        let type_names = [
            &format!("Microsoft.PowerShell.Commands.{kind}"),
            "Microsoft.PowerShell.Commands.MeasureInfo",
            "System.Object",
        ];
        let schema = Schema::new(
            &type_names,
            &["Count", "Average", "Sum", "Maximum", "Minimum", "StandardDeviation", "Property"],
        );
        let values = vec![
            Val::I32(measured.count),
            shown(flags.average && has_numbers, average),
            shown(flags.sum, sum),
            extreme(&measured.maximum),
            extreme(&measured.minimum),
            shown(flags.deviation && has_numbers, deviation),
            property.map_or(Val::Null, |property| Val::Str(property.label.clone())),
        ];
        Obj::typed(&schema, type_names[0], values)
    }

    fn text_info(&self) -> Val {
        let name = "Microsoft.PowerShell.Commands.TextMeasureInfo";
        let schema = Schema::new(
            &[name, "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"],
            &["Lines", "Words", "Characters", "Property"],
        );
        let shown = |wanted: bool, count: i32| if wanted { Val::I32(count) } else { Val::Null };
        let values = vec![
            shown(self.flags.line, self.counts.lines),
            shown(self.flags.word, self.counts.words),
            shown(self.flags.character, self.counts.characters),
            Val::Null,
        ];
        Obj::typed(&schema, name, values)
    }
}

impl TextCounts {
    fn add(&mut self, text: &str) {
        self.lines += text.split('\n').count() as i32;
        self.words += text.split_whitespace().count() as i32;
        self.characters += text.encode_utf16().count() as i32;
    }
}
