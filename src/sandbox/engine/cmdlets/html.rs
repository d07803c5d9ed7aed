//! ConvertTo-Html: tables for mails.
//!
//! Source: learn.microsoft.com, ConvertTo-Html, examples 1 to 8 (the pages and fragments that they print).

use std::sync::Arc;

use super::super::convert::text;
use super::super::dotnet::html_encode;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink, properties};
use super::super::value::Val;
use super::property::{Keys, Property};
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "ConvertTo-Html",
    aliases: &[],
    params: &[
        "Property@0",
        "Head@1",
        "Title@2",
        "Body@3",
        "InputObject<",
        "As",
        "CssUri|cu|uri",
        "PostContent",
        "PreContent",
        "Fragment!",
        "Meta",
        "Charset",
        "Transitional!",
    ],
    make: |_, bound| {
        bound.refuse(&["Meta", "Charset", "Transitional"])?;
        let chosen = Property::all_of(bound.items("Property"), &Keys::SELECT)?;
        Ok(Box::new(Html { bound, chosen, columns: None, is_open: false }))
    },
}];

struct Html {
    bound: Bound,
    chosen: Vec<Property>,
    /// The columns that the first object has.
    columns: Option<Vec<Arc<str>>>,
    is_open: bool,
}

const DOCTYPE: &str = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\"  \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">";

impl Html {
    fn is_list(&self) -> bool {
        self.bound.text("As").is_some_and(|form| form.eq_ignore_ascii_case("List"))
    }

    /// What stands before the first row.
    fn open(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        self.is_open = true;
        let mut lines = Vec::new();
        if !self.bound.switch("Fragment") {
            lines.extend([DOCTYPE, "<html xmlns=\"http://www.w3.org/1999/xhtml\">", "<head>"].map(str::to_owned));
            if self.bound.get("Head").is_some() {
                lines.extend(self.bound.texts("Head"));
            } else {
                let title = self.bound.text("Title").unwrap_or_else(|| "HTML TABLE".into());
                lines.push(format!("<title>{title}</title>"));
            }
            if let Some(sheet) = self.bound.text("CssUri") {
                lines.push(format!("<link rel=\"stylesheet\" type=\"text/css\" href=\"{sheet}\" />"));
            }
            lines.push("</head><body>".into());
            lines.extend(self.bound.texts("Body"));
        }
        lines.extend(self.bound.texts("PreContent"));
        lines.push("<table>".into());
        put_all(evaluator, out, lines)
    }

    /// Names and values of an object's columns.
    fn cells(&mut self, evaluator: &mut Evaluator<'_>, input: &Val) -> Run<Vec<(Arc<str>, String)>> {
        if !self.chosen.is_empty() {
            let mut cells = Vec::new();
            for property in &self.chosen {
                let value = property.of_object(evaluator, input)?.unwrap_or(Val::Null);
                cells.push((property.label.clone(), text(&value)));
            }
            return Ok(cells);
        }
        let own = properties(input);
        if own.is_empty() {
            return Ok(vec![("*".into(), text(input))]);
        }
        let columns = self.columns.get_or_insert_with(|| own.into_iter().map(|(name, _)| name).collect());
        let value = |name: &Arc<str>| evaluator.member(input, name).map_or_else(String::new, |value| text(&value));
        Ok(columns.iter().map(|name| (name.clone(), value(name))).collect())
    }
}

fn put_all(evaluator: &mut Evaluator<'_>, out: &mut dyn Sink, lines: Vec<String>) -> Run<()> {
    lines.into_iter().try_for_each(|line| out.put(evaluator, Val::str(line)))
}

impl Cmdlet for Html {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        let is_first = !self.is_open;
        if is_first {
            self.open(evaluator, out)?;
        }
        let cells = self.cells(evaluator, &input)?;
        let mut lines = Vec::new();
        if self.is_list() {
            if !is_first {
                lines.push("<tr><td><hr></td></tr>".into());
            }
            let row = |(name, value): &(Arc<str>, String)| {
                format!("<tr><td>{}:</td><td>{}</td></tr>", html_encode(name), html_encode(value))
            };
            lines.extend(cells.iter().map(row));
        } else {
            if is_first {
                lines.push(format!("<colgroup>{}</colgroup>", "<col/>".repeat(cells.len())));
                let heads: String = cells.iter().map(|(name, _)| format!("<th>{}</th>", html_encode(name))).collect();
                lines.push(format!("<tr>{heads}</tr>"));
            }
            let row: String = cells.iter().map(|(_, value)| format!("<td>{}</td>", html_encode(value))).collect();
            lines.push(format!("<tr>{row}</tr>"));
        }
        put_all(evaluator, out, lines)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        for value in self.bound.items("InputObject") {
            self.process(evaluator, value, out)?;
        }
        if !self.is_open {
            self.open(evaluator, out)?;
        }
        let mut lines = vec!["</table>".to_owned()];
        lines.extend(self.bound.texts("PostContent"));
        if !self.bound.switch("Fragment") {
            lines.push("</body></html>".into());
        }
        put_all(evaluator, out, lines)
    }
}
