//! Get-, Set-, Add- and Clear-Content, Out-File.

use super::super::super::convert::text;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::super::provider::{Content, Item, ItemPath, Write, find_all, has_wildcards, resolve};
use super::super::super::text_file::{Encoding, lines};
use super::super::super::value::Val;
use super::super::per_input::PerInput;
use super::{Bound, Spec, for_each_item, paths_of};

pub(in super::super) static SPECS: [Spec; 5] = [
    Spec {
        name: "Get-Content",
        aliases: &["gc", "cat", "type"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "ReadCount^",
            "TotalCount|First|Head^",
            "Tail|Last^",
            "Filter",
            "Include",
            "Exclude",
            "Force!",
            "Raw!",
            "Wait!",
            "Encoding",
            "Delimiter",
            "Stream",
            "AsByteStream!",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Wait", "Stream", "Credential"])?;
            check_parts(&bound)?;
            PerInput::boxed(bound, read)
        },
    },
    Spec { name: "Set-Content", aliases: &["sc"], params: WRITE, make: |_, bound| writer(bound, false) },
    Spec { name: "Add-Content", aliases: &["ac"], params: WRITE, make: |_, bound| writer(bound, true) },
    Spec {
        name: "Clear-Content",
        aliases: &["clc"],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Filter",
            "Include",
            "Exclude",
            "Force!",
            "Stream",
            "Credential",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["Stream", "Credential"])?;
            PerInput::boxed(bound, clear)
        },
    },
    Spec {
        name: "Out-File",
        aliases: &[],
        params: &[
            "FilePath|Path@0+",
            "LiteralPath|PSPath|LP^/",
            "Encoding@1",
            "Append!",
            "Force!",
            "NoClobber|NoOverwrite!",
            "Width",
            "NoNewline!",
            "InputObject<",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| Ok(Box::new(OutFile { bound, values: Vec::new() })),
    },
];

const WRITE: &[&str] = &[
    "Path:string@0^+",
    "LiteralPath|PSPath|LP:string^/",
    "Value@1<^+",
    "PassThru!",
    "Filter",
    "Include",
    "Exclude",
    "Force!",
    "NoNewline!",
    "Encoding",
    "Stream",
    "AsByteStream!",
    "Credential",
    "WhatIf|wi!",
    "Confirm|cf!",
];

fn check_parts(bound: &Bound) -> Run<()> {
    let kind = "System.Management.Automation.PSInvalidOperationException";
    if bound.get("TotalCount").is_some() && bound.get("Tail").is_some() {
        let message = "The parameters TotalCount and Tail cannot be used together. Please specify only one parameter.";
        return Err(ErrorRecord::new(kind, message, "TailAndHeadCannotCoexist", 7).into());
    }
    if bound.switch("Raw") {
        for name in ["Tail", "TotalCount", "Delimiter"] {
            if bound.get(name).is_some() {
                let message = format!("The 'Raw' and '{name}' parameters cannot be specified in the same command.");
                return Err(ErrorRecord::new(kind, message, "InvalidOperation", 7).into());
            }
        }
    }
    Ok(())
}

fn encoding(bound: &Bound) -> Run<Option<Encoding>> {
    if bound.get("AsByteStream").is_some() {
        return Ok(Some(Encoding::Bytes));
    }
    bound.text("Encoding").map(|name| Ok(Encoding::named(&name)?)).transpose()
}

fn read(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let encoding = encoding(bound)?;
    let head = bound.count("TotalCount").or_else(|flow| negative_means_all(bound, "TotalCount", flow))?;
    let tail = bound.count("Tail").or_else(|flow| negative_means_all(bound, "Tail", flow))?;
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let content = path.provider.content(evaluator, item)?;
        let mut values: Vec<Val> = match (content, encoding) {
            (Content::Bytes(bytes), Some(Encoding::Bytes)) => bytes.iter().copied().map(Val::U8).collect(),
            (Content::Bytes(bytes), encoding) => {
                let whole = encoding.unwrap_or_default().decode(&bytes);
                if bound.switch("Raw") {
                    if whole.is_empty() && bytes.is_empty() {
                        return Ok(());
                    }
                    return out.put(evaluator, Val::str(whole));
                }
                pieces(bound, &whole)
            }
            (Content::Values(values), _) => values,
        };
        if let Some(head) = head {
            values.truncate(head);
        }
        if let Some(tail) = tail {
            values.drain(..values.len().saturating_sub(tail));
        }
        put_counted(evaluator, bound, values, out)
    })
}

/// -TotalCount and -Tail of -1 mean all.
fn negative_means_all(bound: &Bound, name: &str, flow: super::super::super::eval::Flow) -> Run<Option<usize>> {
    match bound.get(name).and_then(Val::as_int) {
        Some(number) if number < 0 => Ok(None),
        _ => Err(flow),
    }
}

/// The lines, or what stands between delimiters.
fn pieces(bound: &Bound, whole: &str) -> Vec<Val> {
    match bound.text("Delimiter").filter(|delimiter| !delimiter.is_empty()) {
        Some(delimiter) => {
            let mut all: Vec<&str> = whole.split(delimiter.as_str()).collect();
            if all.last() == Some(&"") {
                all.pop();
            }
            all.into_iter().map(Val::str).collect()
        }
        None => lines(whole).map(Val::str).collect(),
    }
}

/// -ReadCount gives several at a time as one array; 0 is all of them.
fn put_counted(evaluator: &mut Evaluator<'_>, bound: &Bound, values: Vec<Val>, out: &mut dyn Sink) -> Run<()> {
    match bound.count("ReadCount")? {
        None | Some(1) => values.into_iter().try_for_each(|value| {
            evaluator.step(1)?;
            out.put(evaluator, value)
        }),
        Some(count) => {
            let size = if count == 0 { values.len().max(1) } else { count };
            values.chunks(size).try_for_each(|chunk| out.put(evaluator, Val::array(chunk.to_vec())))
        }
    }
}

fn is_folder(path: &ItemPath, item: &Item) -> bool {
    item.is_container && path.provider.name() == "FileSystem"
}

fn no_clearing(path: &ItemPath) -> ErrorRecord {
    let shown = path.provider_path();
    let message = format!(
        "Unable to clear content of '{shown}' because it is a directory. Clear-Content is only supported on files."
    );
    ErrorRecord::new("System.NotSupportedException", message, "ClearDirectoryContent", 7).with_target(Val::str(shown))
}

fn clear(evaluator: &mut Evaluator<'_>, bound: &Bound, _out: &mut dyn Sink) -> Run<()> {
    for_each_item(evaluator, bound, |evaluator, path, item| {
        let here = path.at(&item.path);
        if is_folder(path, item) {
            return Err(no_clearing(&here).into());
        }
        if evaluator.should_process(bound, &format!("Item: {}", here.provider_path()), "Clear Content")? {
            let force = bound.switch("Force");
            let write = Write { values: vec![Val::Null], bytes: Vec::new(), append: false, force, is_out_file: false };
            path.provider.set_content(evaluator, &item.path, &write)?;
        }
        Ok(())
    })
}

/// Set-Content and Add-Content: all values are written at the end.
struct Writer {
    bound: Bound,
    append: bool,
    values: Vec<Val>,
    is_fed: bool,
}

fn writer(bound: Bound, append: bool) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["Stream", "Credential"])?;
    Ok(Box::new(Writer { bound, append, values: Vec::new(), is_fed: false }))
}

/// The most values that a file is made of.
const MAX_VALUES: usize = 1 << 20;

pub(super) fn keep(values: &mut Vec<Val>, value: Val) -> Run<()> {
    if values.len() >= MAX_VALUES {
        return Err(super::super::super::ops::too_big("list").into());
    }
    values.push(value);
    Ok(())
}

impl Cmdlet for Writer {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        self.is_fed = true;
        evaluator.step(1)?;
        keep(&mut self.values, input)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let values = if self.is_fed { std::mem::take(&mut self.values) } else { self.bound.items("Value") };
        if !self.is_fed && self.bound.get("Value").is_none() {
            return Err(super::super::binding::missing("Value").into());
        }
        let asked = encoding(&self.bound)?;
        let force = self.bound.switch("Force");
        for path in targets(evaluator, &self.bound)? {
            let action = if self.append { "Add Content" } else { "Set Content" };
            let target = format!("Path: {}", path.provider_path());
            if !evaluator.should_process(&self.bound, &target, action)? {
                continue;
            }
            let there = path.provider.find(evaluator, &path.path)?;
            if !self.append && there.is_some_and(|item| is_folder(&path, &item)) {
                evaluator.write_error(no_clearing(&path))?;
            }
            let (encoding, is_start) = writing(evaluator, &path, asked, Encoding::CONTENT, self.append)?;
            let bytes = self.bytes(&values, encoding, is_start)?;
            let write = Write { values: values.clone(), bytes, append: self.append, force, is_out_file: false };
            if let Err(flow) = path.provider.set_content(evaluator, &path.path, &write) {
                evaluator.report_throw(flow)?;
            } else if self.bound.switch("PassThru") {
                for value in &values {
                    out.put(evaluator, value.clone())?;
                }
            }
        }
        Ok(())
    }
}

impl Writer {
    fn bytes(&self, values: &[Val], encoding: Encoding, is_start: bool) -> Run<Vec<u8>> {
        if encoding == Encoding::Bytes {
            let kind = super::super::super::types::TypeRef::named("System.Byte");
            let byte = |value: &Val| match super::super::super::convert::cast(value, &kind) {
                Ok(Val::U8(byte)) => Ok(byte),
                _ => {
                    let message =
                        "Cannot proceed with byte encoding. When using byte encoding the content must be of type byte.";
                    let kind = "System.Management.Automation.PSArgumentException";
                    Err(ErrorRecord::new(kind, message, "GetContentWriterArgumentError", 5).into())
                }
            };
            return values.iter().flat_map(|value| value.clone().into_items()).map(|value| byte(&value)).collect();
        }
        let end = if self.bound.switch("NoNewline") { "" } else { "\r\n" };
        let whole: String = values
            .iter()
            .flat_map(|value| value.clone().into_items())
            .map(|value| format!("{}{end}", text(&value)))
            .collect();
        Ok(encoding.encode(&whole, is_start))
    }
}

/// The encoding to write a file in, and whether it begins there: what is added to a file is in that of the file.
pub(in super::super) fn writing(
    evaluator: &mut Evaluator<'_>,
    path: &ItemPath,
    asked: Option<Encoding>,
    default: Encoding,
    append: bool,
) -> Run<(Encoding, bool)> {
    let item = if append { path.provider.find(evaluator, &path.path)? } else { None };
    let known = match item.map(|item| path.provider.content(evaluator, &item)) {
        Some(Ok(Content::Bytes(bytes))) => Encoding::of_bytes(&bytes, default),
        _ => None,
    };
    Ok((asked.or(known).unwrap_or(default), known.is_none()))
}

/// The files to write: those that a pattern finds, or one that need not exist.
fn targets(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Vec<ItemPath>> {
    let (texts, literal) = paths_of(bound)?;
    let mut all = Vec::new();
    for text in texts {
        match resolve(evaluator, &text) {
            Ok(path) if !literal && has_wildcards(&path.path) => {
                all.extend(find_all(evaluator, &path, false)?.iter().map(|item| path.at(&item.path)));
            }
            Ok(path) => all.push(path),
            Err(record) => evaluator.write_error(record)?,
        }
    }
    Ok(all)
}

/// Out-File: what goes to it becomes text as a screen would show it.
struct OutFile {
    bound: Bound,
    values: Vec<Val>,
}

impl Cmdlet for OutFile {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        keep(&mut self.values, input)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, _out: &mut dyn Sink) -> Run<()> {
        let mut values = std::mem::take(&mut self.values);
        values.extend(self.bound.items("InputObject"));
        let name = if self.bound.get("LiteralPath").is_some() { "LiteralPath" } else { "FilePath" };
        let path = self.bound.text(name).unwrap_or_default();
        let how = FileWrite {
            encoding: encoding(&self.bound)?,
            append: self.bound.switch("Append"),
            force: self.bound.switch("Force"),
            no_clobber: self.bound.switch("NoClobber"),
            newline: !self.bound.switch("NoNewline"),
            width: self.bound.count("Width")?,
        };
        let resolved = resolve(evaluator, &path)?;
        if evaluator.should_process(&self.bound, &resolved.shown(), "Output to File")? {
            write_file(evaluator, &resolved, &values, &how)?;
        }
        Ok(())
    }
}

/// How Out-File and redirections write.
pub(in super::super) struct FileWrite {
    /// Else that of Windows PowerShell, or of the file that is added to.
    pub(in super::super) encoding: Option<Encoding>,
    pub(in super::super) append: bool,
    pub(in super::super) force: bool,
    pub(in super::super) no_clobber: bool,
    pub(in super::super) newline: bool,
    /// Columns of text, if not as many as always.
    pub(in super::super) width: Option<usize>,
}

/// The error of `-NoClobber` at a file that is there.
pub(in super::super) fn already_exists(path: &ItemPath) -> ErrorRecord {
    let shown = path.provider_path();
    let message = format!("The file '{shown}' already exists.");
    ErrorRecord::new("System.IO.IOException", message, "NoClobber", 20).with_target(Val::str(shown))
}

/// Writes objects as text to a file.
pub(in super::super) fn write_file(
    evaluator: &mut Evaluator<'_>,
    path: &ItemPath,
    values: &[Val],
    how: &FileWrite,
) -> Run<()> {
    if how.no_clobber && path.provider.find(evaluator, &path.path)?.is_some() {
        return Err(already_exists(path).into());
    }
    let end = if how.newline { "\r\n" } else { "" };
    let shown: Vec<String> = shown_lines(evaluator, values, how.width)?;
    let whole: String = shown.iter().map(|line| format!("{line}{end}")).collect();
    let (encoding, is_start) = writing(evaluator, path, how.encoding, Encoding::OUT_FILE, how.append)?;
    let bytes = encoding.encode(&whole, is_start);
    let values = vec![Val::str(whole)];
    let write = Write { values, bytes, append: how.append, force: how.force, is_out_file: true };
    path.provider.set_content(evaluator, &path.path, &write)
}

/// Objects as lines of text: values as they are, others as the screen would show them.
fn shown_lines(evaluator: &mut Evaluator<'_>, values: &[Val], width: Option<usize>) -> Run<Vec<String>> {
    let items: Vec<Val> = values.iter().flat_map(|value| value.clone().into_items()).collect();
    evaluator.step(items.len() as u64 + 1)?;
    let is_plain = |item: &Val| matches!(item, Val::Str(_) | Val::Bool(_) | Val::Null) || item.as_float().is_some();
    if items.iter().all(is_plain) {
        return Ok(items.iter().map(text).collect());
    }
    let width = width.unwrap_or(super::super::format_object::WIDTH).clamp(2, 10_000);
    let printed = super::super::format_object::print(evaluator, &items, width)?;
    evaluator.step(printed.len() as u64 / 32)?;
    Ok(printed.lines().map(str::to_owned).collect())
}
