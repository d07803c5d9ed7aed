//! Export-Csv and Import-Csv.

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Cmdlet, Evaluator, Flow, Run, Sink};
use super::super::super::provider::{Content, ItemPath, Write, find_all, resolve};
use super::super::super::text_file::Encoding;
use super::super::super::value::Val;
use super::super::items::{already_exists, writing};
use super::super::per_input::PerInput;
use super::super::{Bound, Spec};
use super::read::{Reader, header};
use super::write::Writer;

pub(in super::super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Export-Csv",
        aliases: &["epcsv"],
        params: &[
            "Path@0+",
            "LiteralPath|PSPath|LP/",
            "Delimiter@1",
            "InputObject<",
            "Append!",
            "Force!",
            "NoClobber|NoOverwrite!",
            "Encoding",
            "NoTypeInformation|NTI!",
            "IncludeTypeInformation|ITI!",
            "UseQuotes|UQ",
            "QuoteFields|QF",
            "UseCulture!",
            "NoHeader!",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            let writer = Writer::of(&bound)?;
            Ok(Box::new(Export { bound, writer, lines: Vec::new(), has_begun: false }))
        },
    },
    Spec {
        name: "Import-Csv",
        aliases: &["ipcsv"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Delimiter@1",
            "Header",
            "Encoding",
            "UseCulture!",
        ],
        make: |_, bound| PerInput::boxed(bound, import),
    },
];

struct Export {
    bound: Bound,
    writer: Writer,
    lines: Vec<String>,
    /// The first object has come.
    has_begun: bool,
}

fn encoding(bound: &Bound) -> Run<Option<Encoding>> {
    Ok(bound.text("Encoding").map(|name| Encoding::named(&name)).transpose()?)
}

impl Export {
    fn path(&self, evaluator: &Evaluator<'_>) -> Run<ItemPath> {
        let literal = self.bound.text("LiteralPath");
        Ok(resolve(evaluator, &literal.or_else(|| self.bound.text("Path")).unwrap_or_default())?)
    }

    /// Takes the columns of the file that is added to; the first object must have them all.
    /// Source: CsvCommands.cs and CsvCommandStrings.resx in the public repository PowerShell/PowerShell.
    fn go_on(&mut self, evaluator: &mut Evaluator<'_>, first: &Val) -> Run<()> {
        let path = self.path(evaluator)?;
        let Some(item) = path.provider.find(evaluator, &path.path)? else { return Ok(()) };
        let Content::Bytes(bytes) = path.provider.content(evaluator, &item)? else { return Ok(()) };
        let columns = header(&encoding(&self.bound)?.unwrap_or_default().decode(&bytes), self.writer.delimiter());
        if columns.is_empty() {
            return Ok(());
        }
        self.writer.go_on(columns);
        match self.writer.lacking(first).filter(|_| !self.bound.switch("Force")) {
            Some(column) => {
                let message = format!(
                    "Cannot append CSV content to the following file: {}. The appended object does not have a property that \
                     corresponds to the following column: {column}. To continue with mismatched properties, add the -Force \
                     parameter, and then retry the command.",
                    path.provider_path()
                );
                let id = "CannotAppendCsvWithMismatchedPropertyNames";
                let record = ErrorRecord::new("System.InvalidOperationException", message, id, 6);
                Err(record.with_target(Val::str(column)).into())
            }
            None => Ok(()),
        }
    }
}

impl Cmdlet for Export {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        if !input.is_null() {
            if !std::mem::replace(&mut self.has_begun, true) && self.bound.switch("Append") {
                self.go_on(evaluator, &input)?;
            }
            let lines = self.writer.lines(evaluator, &input);
            evaluator.step(lines.iter().map(|line| line.len() as u64).sum::<u64>() / 64)?;
            self.lines.extend(lines);
        }
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        for value in self.bound.items("InputObject") {
            self.process(evaluator, value, out)?;
        }
        let path = self.path(evaluator)?;
        let exists = path.provider.find(evaluator, &path.path)?.is_some();
        if exists && self.bound.switch("NoClobber") {
            return Err(already_exists(&path).into());
        }
        let append = self.bound.switch("Append") && exists;
        let text: String = self.lines.drain(..).map(|line| format!("{line}\r\n")).collect();
        if !evaluator.should_process(&self.bound, &path.shown(), "Export-Csv")? {
            return Ok(());
        }
        let (encoding, is_start) = writing(evaluator, &path, encoding(&self.bound)?, Encoding::CSV, append)?;
        let bytes = encoding.encode(&text, is_start);
        let force = self.bound.switch("Force");
        let write = Write { values: vec![Val::str(text)], bytes, append, force, is_out_file: true };
        path.provider.set_content(evaluator, &path.path, &write)
    }
}

fn import(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let literal = bound.get("LiteralPath").is_some();
    let encoding = encoding(bound)?.unwrap_or_default();
    for text in bound.texts(if literal { "LiteralPath" } else { "Path" }) {
        let path = resolve(evaluator, &text)?;
        let items = match find_all(evaluator, &path, literal) {
            Ok(items) => items,
            Err(Flow::Throw(record)) if &*record.id == "PathNotFound" => {
                let target = Val::str(text.as_str());
                evaluator.write_error(ErrorRecord { id: "FileOpenFailure".into(), category: 1, target, ..*record })?;
                continue;
            }
            Err(flow) => return Err(flow),
        };
        for item in items {
            let whole = match path.provider.content(evaluator, &item)? {
                Content::Bytes(bytes) => encoding.decode(&bytes),
                Content::Values(_) => continue,
            };
            Reader::of(bound)?.read(evaluator, &whole, out)?;
        }
    }
    Ok(())
}
