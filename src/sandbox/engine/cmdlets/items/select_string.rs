//! Select-String: lines of files or of input that a pattern finds.

use std::sync::{Arc, LazyLock};

use super::super::super::convert::text;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Cmdlet, Evaluator, Flow, Run, Sink};
use super::super::super::pattern::{self, Regex};
use super::super::super::provider::{Content, Item, ItemPath, find_all, path_of, resolve};
use super::super::super::text_file::{Encoding, lines};
use super::super::super::value::{Obj, Schema, Val};
use super::super::binding::missing;
use super::{Bound, Names, Spec};

pub(in super::super) static SPECS: [Spec; 1] = [Spec {
    name: "Select-String",
    aliases: &["sls"],
    params: &[
        "Pattern@0+",
        "Path@1^",
        "LiteralPath|PSPath|LP^/",
        "InputObject<",
        "SimpleMatch!",
        "CaseSensitive!",
        "Quiet!",
        "List!",
        "NotMatch!",
        "AllMatches!",
        "Raw!",
        "NoEmphasis!",
        "Include",
        "Exclude",
        "Context",
        "Encoding",
        "Culture",
    ],
    make: |evaluator, bound| {
        bound.refuse(&["Culture"])?;
        if bound.get("Pattern").is_none() {
            return Err(missing("Pattern").into());
        }
        let search = Search::of(evaluator, &bound)?;
        Ok(Box::new(SelectString { bound, search, waiting: Vec::new(), line: 0, is_done: false, is_fed: false }))
    },
}];

/// What to look for.
struct Search {
    patterns: Vec<(String, Regex)>,
    not: bool,
    all: bool,
    is_simple: bool,
    ignores_case: bool,
    /// Lines before and after.
    context: (usize, usize),
    encoding: Encoding,
}

struct SelectString {
    bound: Bound,
    search: Search,
    /// Lines of input, where those around a match are wanted.
    waiting: Vec<String>,
    /// The number of the last line of input.
    line: usize,
    /// -Quiet or -List have what they want.
    is_done: bool,
    is_fed: bool,
}

impl Search {
    fn of(evaluator: &mut Evaluator<'_>, bound: &Bound) -> Run<Self> {
        let ignores_case = !bound.switch("CaseSensitive");
        let mut patterns = Vec::new();
        for pattern in bound.texts("Pattern") {
            let source = if bound.switch("SimpleMatch") { regex::escape(&pattern) } else { pattern.clone() };
            let regex = evaluator.patterns.regex(&source, !ignores_case).map_err(|record| {
                let message = format!("The string {pattern} is not a valid regular expression: {}", record.message());
                match &*record.id {
                    "SandboxUnsupported" => record,
                    _ => ErrorRecord::new("System.ArgumentException", message, "InvalidRegex", 5),
                }
            })?;
            patterns.push((pattern, regex));
        }
        let counts =
            bound.items("Context").iter().map(super::super::super::convert::index).collect::<Result<Vec<_>, _>>()?;
        let count =
            |place: usize| counts.get(place).or(counts.first()).map_or(0, |count| (*count).clamp(0, 10_000) as usize);
        let encoding = bound.text("Encoding").map(|name| Encoding::named(&name)).transpose()?.unwrap_or_default();
        Ok(Self {
            patterns,
            not: bound.switch("NotMatch"),
            all: bound.switch("AllMatches"),
            is_simple: bound.switch("SimpleMatch"),
            ignores_case,
            context: (count(0), count(1)),
            encoding,
        })
    }

    /// The pattern that a line matches, and where.
    fn find(&self, line: &str) -> Run<Option<(&str, Vec<Val>)>> {
        let mut first = None;
        for (pattern, regex) in &self.patterns {
            if regex.is_match(line)? {
                first = Some((pattern, regex));
                break;
            }
        }
        Ok(match (first, self.not) {
            (None, true) => Some((self.patterns.first().map_or("", |(pattern, _)| pattern), Vec::new())),
            (Some((name, regex)), false) => {
                let count = if self.all { usize::MAX } else { 1 };
                let found = if self.is_simple { Vec::new() } else { pattern::match_objects(regex, line, count)? };
                Some((name, found))
            }
            _ => None,
        })
    }
}

/// A line that was found.
struct Hit {
    place: usize,
    pattern: String,
    found: Vec<Val>,
}

/// A match in these lines; `origin` is the path of the file, if it is of one. What is shown of the lines around ends
/// where the lines of the matches before and after it begin.
/// Source: public API of Microsoft.PowerShell.Commands.MatchInfo and MatchInfoContext.
fn match_info(search: &Search, origin: Option<&str>, all: &[&str], hits: &mut [Hit], which: usize) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = ["Microsoft.PowerShell.Commands.MatchInfo", "System.Object"];
        let names = ["IgnoreCase", "LineNumber", "Line", "Filename", "Path", "Pattern", "Context", "Matches"];
        Schema::new(&types, &names)
    });
    static CONTEXT: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let types = ["Microsoft.PowerShell.Commands.MatchInfoContext", "System.Object"];
        Schema::new(&types, &["PreContext", "PostContext", "DisplayPreContext", "DisplayPostContext"])
    });
    let place = hits[which].place;
    let line = all[place];
    let number = place as i32 + 1;
    let path = origin.unwrap_or("InputStream");
    let shown = |line: &str, number: i32, mark: &str| match origin {
        Some(path) => format!("{mark}{path}:{number}:{line}"),
        None => format!("{mark}{line}"),
    };
    let (before, after) = search.context;
    let (mut context, mut full) = (Val::Null, shown(line, number, ""));
    if before > 0 || after > 0 {
        let (first, end) = (place.saturating_sub(before), (place + 1 + after).min(all.len()));
        let shown_before = which.checked_sub(1).map_or(0, |last| (hits[last].place + 1 + after).min(place));
        let (shown_first, next) = (first.max(shown_before), hits.get(which + 1).map_or(all.len(), |hit| hit.place));
        let shown_end = end.min(next);
        let texts = |lines: &[&str]| Val::list("System.String[]", lines.iter().map(|line| Val::str(*line)).collect());
        let values = vec![
            texts(&all[first..place]),
            texts(&all[place + 1..end]),
            texts(&all[shown_first..place]),
            texts(&all[place + 1..shown_end]),
        ];
        context = Obj::typed(&CONTEXT, "Microsoft.PowerShell.Commands.MatchInfoContext", values);
        let mark = |at: usize| if at == place { "> " } else { "  " };
        let around = (shown_first..shown_end).map(|at| shown(all[at], at as i32 + 1, mark(at)));
        full = around.collect::<Vec<_>>().join("\r\n");
    }
    let hit = &mut hits[which];
    let values = vec![
        Val::Bool(search.ignores_case),
        Val::I32(number),
        Val::str(line),
        Val::str(path.rsplit('\\').next().unwrap_or(path)),
        Val::str(path),
        Val::str(hit.pattern.as_str()),
        context,
        Val::list("System.Text.RegularExpressions.Match[]", std::mem::take(&mut hit.found)),
    ];
    Obj::typed(&SCHEMA, full, values)
}

impl SelectString {
    fn lines(
        &mut self,
        evaluator: &mut Evaluator<'_>,
        origin: Option<&str>,
        all: &[&str],
        out: &mut dyn Sink,
    ) -> Run<()> {
        let mut hits = Vec::new();
        for (place, line) in all.iter().enumerate() {
            evaluator.step(1 + line.len() as u64 / 64)?;
            let Some((pattern, found)) = self.search.find(line)? else { continue };
            if self.bound.switch("Quiet") {
                self.is_done = true;
                return out.put(evaluator, Val::Bool(true));
            }
            if self.bound.switch("Raw") {
                out.put(evaluator, Val::str(*line))?;
            } else {
                hits.push(Hit { place, pattern: pattern.to_owned(), found });
            }
            if self.bound.switch("List") {
                break;
            }
        }
        for which in 0..hits.len() {
            evaluator.step(1 + (self.search.context.0 + self.search.context.1) as u64 / 4)?;
            let value = match_info(&self.search, origin, all, &mut hits, which);
            out.put(evaluator, value)?;
        }
        Ok(())
    }

    fn file(&mut self, evaluator: &mut Evaluator<'_>, path: &ItemPath, item: &Item, out: &mut dyn Sink) -> Run<()> {
        if item.is_container {
            return Ok(());
        }
        let content = match path.provider.content(evaluator, item) {
            Ok(Content::Bytes(bytes)) => bytes,
            Ok(Content::Values(_)) => return Ok(()),
            Err(flow) => return evaluator.report_throw(flow),
        };
        let whole = self.search.encoding.decode(&content);
        let all: Vec<&str> = lines(&whole).collect();
        let here = path.at(&item.path);
        let full = here.provider_path();
        self.lines(evaluator, Some(&full), &all, out)
    }

    fn files(&mut self, evaluator: &mut Evaluator<'_>, texts: &[String], literal: bool, out: &mut dyn Sink) -> Run<()> {
        let names = Names::of(&self.bound);
        for text in texts {
            let path = resolve(evaluator, text)?;
            let items = match find_all(evaluator, &path, literal) {
                Ok(items) => items,
                Err(Flow::Throw(record)) if &*record.id == "PathNotFound" => {
                    let target = Val::str(text.as_str());
                    evaluator.write_error(ErrorRecord {
                        id: "FileOpenFailure".into(),
                        category: 1,
                        target,
                        ..*record
                    })?;
                    continue;
                }
                Err(flow) => return Err(flow),
            };
            for item in items {
                if !self.is_done && names.wants(evaluator, &item)? {
                    self.file(evaluator, &path, &item, out)?;
                }
            }
        }
        Ok(())
    }
}

impl Cmdlet for SelectString {
    fn expect_input(&mut self) {
        self.is_fed = true;
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        if self.is_done {
            return Ok(());
        }
        if let Val::Object(object) = &input
            && let Some(full) = path_of(object)
        {
            return self.files(evaluator, &[full], true, out);
        }
        let line = text(&input);
        if self.search.context != (0, 0) && !self.bound.switch("Quiet") {
            // The lines around may be still to come.
            evaluator.made(24 + line.len())?;
            self.waiting.push(line);
            return Ok(());
        }
        self.line += 1;
        evaluator.step(1 + line.len() as u64 / 64)?;
        let Some((pattern, found)) = self.search.find(&line)? else { return Ok(()) };
        self.is_done = self.bound.switch("Quiet") || self.bound.switch("List");
        let value = if self.bound.switch("Quiet") {
            Val::Bool(true)
        } else if self.bound.switch("Raw") {
            Val::str(line.as_str())
        } else {
            let mut hit = [Hit { place: 0, pattern: pattern.to_owned(), found }];
            let made = match_info(&self.search, None, &[&line], &mut hit, 0);
            if let Val::Object(object) = &made {
                object.set("LineNumber", Val::I32(self.line as i32));
            }
            made
        };
        out.put(evaluator, value)
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let literal = self.bound.get("LiteralPath").is_some();
        let texts = self.bound.texts(if literal { "LiteralPath" } else { "Path" });
        if !texts.is_empty() {
            self.files(evaluator, &texts, literal, out)?;
        } else if !self.is_fed {
            for value in self.bound.items("InputObject") {
                self.process(evaluator, value, out)?;
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        let waiting: Vec<&str> = waiting.iter().map(String::as_str).collect();
        self.lines(evaluator, None, &waiting, out)?;
        if self.bound.switch("Quiet") && !self.is_done {
            self.is_done = true;
            return out.put(evaluator, Val::Bool(false));
        }
        Ok(())
    }
}
