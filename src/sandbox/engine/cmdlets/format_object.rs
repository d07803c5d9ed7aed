//! Format-Table, Format-List, Format-Wide, Out-String and Out-Host: objects as people read them.
//!
//! What the first three give are not objects but orders to print, as PowerShell has it; they go on as they are.

use std::sync::Arc;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Flow, Run, Sink, properties};
use super::super::format;
use super::super::ops;
use super::super::value::{Obj, Val};
use super::super::wire;
use super::property::{Keys, Property};
use super::shown::shown;
use super::{Bound, Spec};
use crate::clixml::Document;
use crate::output::TextPrinter;
use crate::output::order::{Asked, Form, Layout, Row, orders};

pub(super) static SPECS: [Spec; 6] = [
    Spec {
        name: "Format-Table",
        aliases: &["ft"],
        params: &[
            "Property@0",
            "AutoSize!",
            "HideTableHeaders!",
            "Wrap!",
            "GroupBy",
            "InputObject<",
            "RepeatHeader!",
            "View",
            "ShowError!",
            "DisplayError!",
            "Force!",
            "Expand",
        ],
        make: |_, bound| Format::boxed(Layout::Table, bound),
    },
    Spec {
        name: "Format-List",
        aliases: &["fl"],
        params: &["Property@0", "GroupBy", "InputObject<", "View", "ShowError!", "DisplayError!", "Force!", "Expand"],
        make: |_, bound| Format::boxed(Layout::List, bound),
    },
    Spec {
        name: "Format-Wide",
        aliases: &["fw"],
        params: &[
            "Property@0",
            "AutoSize!",
            "Column",
            "GroupBy",
            "InputObject<",
            "View",
            "ShowError!",
            "DisplayError!",
            "Force!",
            "Expand",
        ],
        make: |_, bound| Format::boxed(Layout::Wide, bound),
    },
    Spec {
        name: "Out-String",
        aliases: &[],
        params: &["InputObject<", "Width", "Stream!", "NoNewline!"],
        make: |_, bound| Ok(Box::new(Printed { items: Vec::new(), to: To::Text, bound })),
    },
    Spec {
        name: "Out-Host",
        aliases: &["oh"],
        params: &["InputObject<", "Paging!"],
        make: |_, bound| {
            bound.refuse(&["Paging"])?;
            Ok(Box::new(Printed { items: Vec::new(), to: To::Host, bound }))
        },
    },
    Spec {
        name: "Format-Custom",
        aliases: &["fc"],
        params: &["Property@0", "Depth", "GroupBy", "InputObject<", "View", "Force!", "Expand"],
        make: |_, _| Err(ErrorRecord::unsupported("Format-Custom").into()),
    },
];

/// Columns of text, where nobody says how many.
pub(super) const WIDTH: usize = 120;

/// One column that was asked for.
struct Column {
    property: Property,
    format: Option<String>,
    width: i32,
    alignment: i32,
}

impl Column {
    fn all_of(values: Vec<Val>, keys: &Keys) -> Run<Vec<Self>> {
        values.into_iter().map(|value| Self::of(value, keys)).collect()
    }

    fn of(value: Val, keys: &Keys) -> Run<Self> {
        let entries = if let Val::Hash(hash) = &value { hash.entries() } else { Vec::new() };
        let given =
            |name: &str| entries.iter().find(|(key, _)| keys.named(key) == Some(name)).map(|(_, value)| value.clone());
        let property = Property::all_of(vec![value], keys)?.into_iter().next();
        let Some(property) = property else { return Err(ErrorRecord::unsupported("an empty property").into()) };
        let illegal = |message: String, id| ErrorRecord::new("System.NotSupportedException", message, id, 5);
        let alignment = match given("alignment").map(|value| text(&value).to_lowercase()).as_deref() {
            Some("left") => 1,
            Some("center") => 2,
            Some("right") => 3,
            Some(other) => {
                let message = format!("The value \"{other}\" of the key alignment is not left, center or right.");
                return Err(illegal(message, "AlignmentIllegalValue").into());
            }
            None => 0,
        };
        let width = match given("width") {
            None => 0,
            Some(value) => match value.as_int() {
                Some(width @ 1..) => width.min(10_000) as i32,
                Some(_) => {
                    let message = "The value of the key width is not greater than 0.".to_owned();
                    return Err(illegal(message, "WidthOutOfRange").into());
                }
                None => {
                    let message = "The value of the key width is not a number.".to_owned();
                    return Err(illegal(message, "DictionaryKeyIllegalValue2").into());
                }
            },
        };
        let format = given("formatstring").map(|value| text(&value));
        Ok(Self { property, format, width, alignment })
    }
}

struct Format {
    form: Form,
    columns: Option<Vec<Column>>,
    group: Option<Property>,
    bound: Bound,
    rows: Vec<Row>,
}

impl Format {
    fn boxed(shape: Layout, bound: Bound) -> Run<Box<dyn Cmdlet>> {
        bound.refuse(&["View", "Expand", "RepeatHeader", "ShowError", "DisplayError"])?;
        let form = Form {
            shape,
            autosize: bound.switch("AutoSize"),
            hides_header: bound.switch("HideTableHeaders"),
            wrap: bound.switch("Wrap"),
            columns: bound.count("Column")?.unwrap_or(0).min(1000) as i32,
            asked: None,
        };
        let keys = match shape {
            Layout::Table => &Keys::TABLE,
            Layout::Wide => &Keys::WIDE,
            _ => &Keys::LIST,
        };
        let columns = bound.get("Property").map(|_| Column::all_of(bound.items("Property"), keys)).transpose()?;
        let group = Property::all_of(bound.items("GroupBy"), &Keys::LIST)?.into_iter().next();
        Ok(Box::new(Self { form, columns, group, bound, rows: Vec::new() }))
    }

    /// The object with the properties that were asked for, and nothing else.
    fn chosen(&mut self, evaluator: &mut Evaluator<'_>, input: &Val) -> Run<Val> {
        let Some(columns) = &self.columns else { return Ok(shown(evaluator, input)) };
        let mut notes: Vec<(Arc<str>, Val)> = Vec::new();
        let mut asked = Vec::new();
        for column in columns {
            let found = match column.property.wildcard() {
                Some(pattern) => {
                    let mut found = Vec::new();
                    for (name, value) in properties(input) {
                        if evaluator.patterns.like(&name, pattern, false)? {
                            found.push((name, value));
                        }
                    }
                    found
                }
                None => {
                    let value = match column.property.of_object(evaluator, input)? {
                        Some(value) => value,
                        // A list leaves out what an object has not; a table leaves its cell empty.
                        None if self.form.shape == Layout::List => continue,
                        None => Val::Null,
                    };
                    let own = properties(input)
                        .into_iter()
                        .find(|(name, _)| name.eq_ignore_ascii_case(&column.property.label))
                        .filter(|_| column.property.is_bare());
                    let name = own.map_or_else(|| column.property.label.clone(), |(name, _)| name);
                    vec![(name, value)]
                }
            };
            for (name, value) in found {
                let is_number = value.as_float().is_some();
                let (value, own) = match &column.format {
                    Some(pattern) => (Val::str(formatted(pattern, &value)?), if is_number { 3 } else { 0 }),
                    None => (value.stored(), 0),
                };
                // A number that a format made a text of still stands at the right.
                let alignment = if column.alignment == 0 { own } else { column.alignment };
                asked.push(Asked { name: name.to_string(), width: column.width, alignment });
                notes.push((name, value));
            }
        }
        if self.form.asked.is_none() {
            self.form.asked = Some(asked);
        }
        Ok(shown(evaluator, &Obj::custom(notes)))
    }
}

/// A value by a format such as `N2` or `{0:N2}`.
fn formatted(pattern: &str, value: &Val) -> Result<String, ErrorRecord> {
    if pattern.contains('{') {
        return format::composite(pattern, std::slice::from_ref(value));
    }
    format::value_text(value, pattern)
}

impl Cmdlet for Format {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(4)?;
        if self.rows.len() >= ops::MAX_ITEMS / 16 {
            return Err(ops::too_big("sheet").into());
        }
        let group = match &self.group {
            Some(property) => {
                let value = property.of_object(evaluator, &input)?.unwrap_or(Val::Null);
                Some((format!("   {}: ", property.label), text(&value)))
            }
            None => None,
        };
        let chosen = match &input {
            Val::Str(_) | Val::Char(_) | Val::Bool(_) | Val::Null | Val::Void | Val::Foreign(_) => input,
            Val::Enum(_) | Val::Error(_) if self.columns.is_none() => shown(evaluator, &input),
            Val::Enum(_) => shown(evaluator, &input),
            other if other.as_float().is_some() => input,
            _ => self.chosen(evaluator, &input)?,
        };
        self.rows.push(Row { document: Document::with_refs(wire::to_value(&chosen), false), group });
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        for input in self.bound.items("InputObject") {
            self.process(evaluator, input, out)?;
        }
        for order in orders(&self.form, &std::mem::take(&mut self.rows)) {
            evaluator.step(1)?;
            out.put(evaluator, Val::Foreign(Arc::new(order)))?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Text,
    Host,
}

struct Printed {
    items: Vec<Val>,
    to: To,
    bound: Bound,
}

impl Cmdlet for Printed {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(4)?;
        if self.items.len() >= ops::MAX_ITEMS / 16 {
            return Err(ops::too_big("list").into());
        }
        self.items.push(input);
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        self.items.extend(self.bound.items("InputObject"));
        let width = self.bound.count("Width")?.unwrap_or(WIDTH).clamp(2, 10_000);
        let printed = print(evaluator, &std::mem::take(&mut self.items), width)?;
        evaluator.step(printed.len() as u64 / 32)?;
        if self.to == To::Host {
            for line in printed.lines() {
                if evaluator.runtime.write_line(line).is_break() {
                    return Err(Flow::Stopped);
                }
            }
            return Ok(());
        }
        if self.bound.switch("Stream") {
            return printed.lines().try_for_each(|line| out.put(evaluator, Val::str(line)));
        }
        let end = if self.bound.switch("NoNewline") { "" } else { "\r\n" };
        let lines: String = printed.lines().flat_map(|line| [line, end]).collect();
        out.put(evaluator, Val::str(lines))
    }
}

/// The text of objects, lines ended by `\n`.
pub(in super::super) fn print(evaluator: &Evaluator<'_>, items: &[Val], width: usize) -> Run<String> {
    let mut written = Vec::new();
    let mut printer = TextPrinter::new(width, false);
    let failed = |error: std::io::Error| Flow::from(ErrorRecord::runtime(error.to_string(), "OutString", 7));
    for item in items {
        let document = Document::with_refs(wire::to_value(&shown(evaluator, item)), false);
        printer.object(&mut written, &document).map_err(failed)?;
    }
    printer.end(&mut written).map_err(failed)?;
    if written.len() > ops::MAX_TEXT {
        return Err(ops::too_big("string").into());
    }
    Ok(String::from_utf8_lossy(&written).into_owned())
}
