//! Get-Unique and Join-String.

use super::super::convert::text;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::format;
use super::super::ops;
use super::super::value::Val;
use super::property::{Keys, Property};
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Get-Unique",
        aliases: &["gu"],
        params: &["InputObject<", "AsString!", "OnType!", "CaseInsensitive!"],
        make: |_, bound| Ok(Box::new(Unique { last: None, bound })),
    },
    Spec {
        name: "Join-String",
        aliases: &[],
        params: &[
            "Property@0",
            "Separator@1",
            "OutputPrefix|op",
            "OutputSuffix|os",
            "SingleQuote!",
            "DoubleQuote!",
            "FormatString",
            "UseCulture!",
            "InputObject<",
        ],
        make: |_, bound| {
            let property = Property::all_of(bound.items("Property"), &Keys::SELECT)?.into_iter().next();
            Ok(Box::new(JoinString { property, bound, texts: Vec::new() }))
        },
    },
];

struct Unique {
    last: Option<Val>,
    bound: Bound,
}

impl Cmdlet for Unique {
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        match self.bound.take("InputObject") {
            Some(input) => self.process(evaluator, input, out),
            None => Ok(()),
        }
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        let case_sensitive = !self.bound.switch("CaseInsensitive");
        let is_same = self.last.as_ref().is_some_and(|last| {
            if self.bound.switch("OnType") {
                last.type_name() == input.type_name()
            } else if self.bound.switch("AsString") || matches!(input, Val::Object(_)) {
                ops::compare_texts(&text(last), &text(&input), case_sensitive).is_eq()
            } else {
                ops::equal(last, &input, case_sensitive)
            }
        });
        if is_same {
            return Ok(());
        }
        self.last = Some(input.clone());
        out.put(evaluator, input)
    }
}

struct JoinString {
    property: Option<Property>,
    bound: Bound,
    texts: Vec<String>,
}

impl Cmdlet for JoinString {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        self.add(evaluator, input)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if let Some(input) = self.bound.take("InputObject") {
            for item in input.into_items() {
                self.add(evaluator, item)?;
            }
        }
        self.join(evaluator, out)
    }
}

impl JoinString {
    fn add(&mut self, evaluator: &mut Evaluator<'_>, input: Val) -> Run<()> {
        evaluator.step(1)?;
        let value = match &self.property {
            Some(property) => property.of_object(evaluator, &input)?.unwrap_or(Val::Null),
            None => input,
        };
        let shown = match self.bound.text("FormatString") {
            Some(pattern) => format::composite(&pattern, &[value])?,
            None => text(&value),
        };
        self.texts.push(match (self.bound.switch("SingleQuote"), self.bound.switch("DoubleQuote")) {
            (true, _) => format!("'{shown}'"),
            (_, true) => format!("\"{shown}\""),
            _ => shown,
        });
        Ok(())
    }

    fn join(&self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let given = |name: &str| self.bound.text(name).unwrap_or_default();
        let separator = match self.bound.switch("UseCulture") {
            true => ",".into(),
            false => given("Separator"),
        };
        let joined = format!("{}{}{}", given("OutputPrefix"), self.texts.join(&separator), given("OutputSuffix"));
        if joined.len() > ops::MAX_TEXT {
            return Err(ops::too_big("string").into());
        }
        out.put(evaluator, Val::str(joined))
    }
}
