//! Cmdlets of items: files, registry keys, certificates, variables.

mod content;
mod copy;
mod files;
mod list;
mod location;
mod make;
mod methods;
mod paths;
mod property;
mod select_string;
mod tee;
mod test;

pub(super) use content::{already_exists, writing};

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::provider::{Item, ItemPath, find_all, has_wildcards, resolve};
use super::super::value::Val;
use super::{Bound, Spec};

pub(super) use content::SPECS as CONTENT;
pub(super) use copy::SPECS as COPY;
pub(super) use files::SPECS as FILES;
pub(super) use list::SPECS as LIST;
pub(super) use location::SPECS as LOCATION;
pub(super) use make::SPECS as MAKE;
pub(super) use paths::SPECS as PATHS;
pub(super) use property::SPECS as PROPERTY;
pub(super) use select_string::SPECS as SELECT_STRING;
pub(super) use tee::SPECS as TEE;
pub(super) use test::SPECS as TEST;

pub(super) use super::super::provider::key_method;
pub(super) use methods::file_method;
pub(in super::super) use methods::file_static;

/// Which names of items are wanted.
#[derive(Default)]
struct Names {
    include: Vec<String>,
    exclude: Vec<String>,
    filter: Option<String>,
}

impl Names {
    fn of(bound: &Bound) -> Self {
        Self { include: bound.texts("Include"), exclude: bound.texts("Exclude"), filter: bound.text("Filter") }
    }

    /// Whether -Include or -Exclude was given.
    fn is_picky(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty()
    }

    fn wants(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Run<bool> {
        let name = item.name.as_ref();
        let any = |evaluator: &mut Evaluator<'_>, patterns: &[String]| -> Run<bool> {
            for pattern in patterns {
                // A pattern may come with a folder before it.
                let pattern = pattern.rsplit(['\\', '/']).next().unwrap_or(pattern);
                if evaluator.patterns.like(name, pattern, false)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        if !self.include.is_empty() && !any(evaluator, &self.include)? {
            return Ok(false);
        }
        if any(evaluator, &self.exclude)? {
            return Ok(false);
        }
        self.passes_filter(evaluator, name)
    }

    /// -Filter has the file system's own patterns: no brackets, and `*.*` is every name.
    fn passes_filter(&self, evaluator: &mut Evaluator<'_>, name: &str) -> Run<bool> {
        match &self.filter {
            Some(filter) if filter != "*.*" && !filter.is_empty() => {
                let filter = filter.replace('`', "``").replace('[', "`[").replace(']', "`]");
                Ok(evaluator.patterns.like(name, &filter, false)?)
            }
            _ => Ok(true),
        }
    }
}

/// What -Path or -LiteralPath say, and whether wildcards are names.
fn paths_of(bound: &Bound) -> Run<(Vec<String>, bool)> {
    let literal = bound.get("LiteralPath").is_some();
    let name = if literal { "LiteralPath" } else { "Path" };
    let values = match bound.get(name) {
        Some(Val::List(list)) => list.items(),
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    };
    let check = |value: &Val| {
        let (what, id) = if value.is_null() {
            ("null", "ParameterArgumentValidationErrorNullNotAllowed")
        } else if text(value).is_empty() {
            ("an empty string", "ParameterArgumentValidationErrorEmptyStringNotAllowed")
        } else {
            return Ok(text(value));
        };
        let message = format!("Cannot bind argument to parameter '{name}' because it is {what}.");
        let kind = "System.Management.Automation.ParameterBindingValidationException";
        Err(ErrorRecord::new(kind, message, id, 6).into())
    };
    let texts = values.iter().map(check).collect::<Run<Vec<_>>>()?;
    Ok((texts, literal))
}

/// Does something with each item that -Path or -LiteralPath name; an error of one does not keep the others.
fn for_each_item(
    evaluator: &mut Evaluator<'_>,
    bound: &Bound,
    mut work: impl FnMut(&mut Evaluator<'_>, &ItemPath, &Item) -> Run<()>,
) -> Run<()> {
    let (texts, literal) = paths_of(bound)?;
    let names = Names::of(bound);
    for text in texts {
        let found = resolve(evaluator, &text)
            .map_err(Into::into)
            .and_then(|path| find_all(evaluator, &path, literal).map(|items| (path, items)));
        let (path, items) = match found {
            Ok(found) => found,
            Err(flow) => {
                evaluator.report_throw(flow)?;
                continue;
            }
        };
        let is_pattern = !literal && has_wildcards(&path.path);
        for item in items {
            evaluator.step(1)?;
            // A pattern doesn't name what is hidden.
            if is_pattern && item.is_hidden && !bound.switch("Force") {
                continue;
            }
            if names.wants(evaluator, &item)?
                && let Err(flow) = work(evaluator, &path, &item)
            {
                evaluator.report_throw(flow)?;
            }
        }
    }
    Ok(())
}

/// Puts an item's object, if the cmdlet was asked to pass it on.
fn pass_thru(
    evaluator: &mut Evaluator<'_>,
    bound: &Bound,
    path: &ItemPath,
    out: &mut dyn super::super::eval::Sink,
) -> Run<()> {
    if !bound.switch("PassThru") {
        return Ok(());
    }
    put_item(evaluator, path, out)
}

/// Puts the object of the item of a path, if there is one.
fn put_item(evaluator: &mut Evaluator<'_>, path: &ItemPath, out: &mut dyn super::super::eval::Sink) -> Run<()> {
    match path.provider.find(evaluator, &path.path)? {
        Some(item) => {
            let object = super::super::provider::Decor::of(evaluator, path).object(evaluator, &item);
            out.put(evaluator, object)
        }
        None => Ok(()),
    }
}
