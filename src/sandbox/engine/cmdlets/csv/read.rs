//! Lines of a table as objects.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::value::{Obj, Val};
use super::super::Bound;
use crate::clixml::TypeNames;

/// Reads tables; without a header given, their first row is one.
pub(in super::super) struct Reader {
    delimiter: char,
    header: Option<Vec<String>>,
}

impl Reader {
    /// As the parameters of ConvertFrom-Csv and Import-Csv say.
    pub(in super::super) fn of(bound: &Bound) -> Run<Self> {
        let header = bound.get("Header").map(|_| bound.texts("Header"));
        Ok(Self { delimiter: super::delimiter(bound)?, header })
    }

    /// Makes the objects of a text.
    pub(in super::super) fn read(&self, evaluator: &mut Evaluator<'_>, text: &str, out: &mut dyn Sink) -> Run<()> {
        let mut text = text;
        let mut type_name = None;
        if let Some(rest) = text.strip_prefix("#TYPE ") {
            let (name, rest) = rest.split_once('\n').unwrap_or((rest, ""));
            type_name = Some(format!("CSV:{}", name.trim()));
            text = rest;
        }
        let mut rows = rows(text, self.delimiter).into_iter();
        let names = match &self.header {
            Some(header) => header.clone(),
            None => rows.next().unwrap_or_default(),
        };
        let names = self.names(evaluator, names)?;
        if let Some(name) = repeated(&names).filter(|_| self.header.is_none()) {
            return Err(already_there(name).into());
        }
        for row in rows {
            evaluator.step(1)?;
            let mut cells = row.into_iter();
            let notes = names.iter().map(|name| (name.clone(), cells.next().map_or(Val::Null, Val::str)));
            let notes = notes.collect();
            let bag = "System.Management.Automation.PSCustomObject";
            let object = match &type_name {
                Some(name) => Obj::bag(TypeNames::new([name.as_str(), bag, "System.Object"]), notes),
                None => Obj::custom(notes),
            };
            out.put(evaluator, object)?;
        }
        Ok(())
    }

    /// Columns without a name get one.
    fn names(&self, evaluator: &mut Evaluator<'_>, names: Vec<String>) -> Run<Vec<Arc<str>>> {
        if names.iter().any(String::is_empty) {
            let message = "One or more headers were not specified. Default names starting with \"H\" have been used in place of any missing headers.";
            evaluator.write_warning(message)?;
        }
        let mut made = 0;
        Ok(names
            .into_iter()
            .map(|name| {
                if !name.is_empty() {
                    return name.into();
                }
                made += 1;
                format!("H{made}").into()
            })
            .collect())
    }
}

/// The columns of a table, as its header names them.
pub(super) fn header(text: &str, delimiter: char) -> Vec<Arc<str>> {
    let text = match text.strip_prefix("#TYPE ") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => text,
    };
    let line = text.trim_start_matches(['\r', '\n']).split_inclusive('\n').next().unwrap_or_default();
    rows(line, delimiter).into_iter().next().unwrap_or_default().into_iter().map(Arc::from).collect()
}

/// A name that an earlier column has too.
fn repeated(names: &[Arc<str>]) -> Option<&str> {
    let mut seen = HashSet::new();
    names.iter().map(|name| &**name).find(|name| !seen.insert(name.to_lowercase()))
}

fn already_there(name: &str) -> ErrorRecord {
    let message = format!("The member \"{name}\" is already present.");
    let exception = "System.Management.Automation.ExtendedTypeSystemException";
    ErrorRecord::new(exception, message, "AlreadyPresentPSMemberInfoInternalCollectionAdd", 0)
}

/// The rows of a text; lines without anything are none. Blanks before a field don't count.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let mut field = String::new();
        let mut is_quoted = false;
        while chars.next_if(|next| matches!(next, ' ' | '\t') && *next != delimiter).is_some() {}
        if chars.next_if_eq(&'"').is_some() {
            is_quoted = true;
            while let Some(next) = chars.next() {
                if next == '"' && chars.next_if_eq(&'"').is_none() {
                    break;
                }
                field.push(next);
            }
        }
        while let Some(next) = chars.next_if(|next| *next != delimiter && !matches!(next, '\n' | '\r')) {
            if !is_quoted {
                field.push(next);
            }
        }
        row.push(field);
        let ended = match chars.next() {
            Some('\r') => {
                chars.next_if_eq(&'\n');
                true
            }
            Some('\n') | None => true,
            // A delimiter at the very end has an empty field behind it.
            Some(_) => {
                if chars.peek().is_none_or(|next| matches!(next, '\n' | '\r')) {
                    row.push(String::new());
                    if chars.next() == Some('\r') {
                        chars.next_if_eq(&'\n');
                    }
                    true
                } else {
                    false
                }
            }
        };
        if ended {
            let done = std::mem::take(&mut row);
            if done.len() > 1 || is_quoted || !done[0].is_empty() {
                rows.push(done);
            }
        }
    }
    rows
}
