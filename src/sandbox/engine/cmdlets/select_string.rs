//! Select-String on text that is piped in.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::super::convert::text;
use super::super::eval::{Cmdlet, Evaluator, Flow, Run, Sink};
use super::super::pattern;
use super::super::value::{Obj, Schema, Val};
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Select-String",
    aliases: &["sls"],
    params: &[
        "Pattern@0+",
        "Path@1",
        "LiteralPath|PSPath|LP",
        "InputObject<",
        "SimpleMatch!",
        "CaseSensitive!",
        "Quiet!",
        "List!",
        "NoEmphasis!",
        "Include",
        "Exclude",
        "NotMatch!",
        "AllMatches!",
        "Encoding",
        "Context",
        "Raw!",
        "Culture",
    ],
    make,
}];

static MATCH: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["Microsoft.PowerShell.Commands.MatchInfo", "System.Object"],
        &["IgnoreCase", "LineNumber", "Line", "Filename", "Path", "Pattern", "Context", "Matches"],
    )
});

struct SelectString {
    patterns: Vec<(String, Regex)>,
    bound: Bound,
    line: i32,
    found: bool,
}

fn make(evaluator: &mut Evaluator<'_>, bound: Bound) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["Path", "LiteralPath", "Include", "Exclude", "Encoding", "Context", "Culture"])?;
    let mut patterns = Vec::new();
    for given in bound.texts("Pattern") {
        let expression = if bound.switch("SimpleMatch") { regex::escape(&given) } else { given.clone() };
        let compiled = evaluator.patterns.regex(&expression, bound.switch("CaseSensitive"))?;
        patterns.push((given, compiled));
    }
    Ok(Box::new(SelectString { patterns, bound, line: 0, found: false }))
}

impl Cmdlet for SelectString {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        let line = text(&input);
        evaluator.step(1 + line.len() as u64 / 64)?;
        self.line += 1;
        let matching = self.patterns.iter().find(|(_, regex)| regex.is_match(&line));
        let (pattern, found) = match (matching, self.bound.switch("NotMatch")) {
            (Some((pattern, regex)), false) => {
                let is_simple = self.bound.switch("SimpleMatch");
                let count = if self.bound.switch("AllMatches") { usize::MAX } else { 1 };
                let found = if is_simple { Vec::new() } else { pattern::match_objects(regex, &line, count) };
                (pattern, found)
            }
            (None, true) => match self.patterns.first() {
                Some((pattern, _)) => (pattern, Vec::new()),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.found = true;
        if self.bound.switch("Quiet") {
            out.put(evaluator, Val::Bool(true))?;
            return Err(Flow::StopUpstream(None));
        }
        if self.bound.switch("Raw") {
            return out.put(evaluator, Val::str(line));
        }
        let values = vec![
            Val::Bool(!self.bound.switch("CaseSensitive")),
            Val::I32(self.line),
            Val::str(line.as_str()),
            Val::str("InputStream"),
            Val::str("InputStream"),
            Val::str(pattern.as_str()),
            Val::Null,
            Val::list("System.Text.RegularExpressions.Match[]", found),
        ];
        out.put(evaluator, Obj::typed(&MATCH, line, values))
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if let Some(input) = self.bound.take("InputObject") {
            for item in input.into_items() {
                self.process(evaluator, item, out)?;
            }
        }
        if self.bound.switch("Quiet") && !self.found { out.put(evaluator, Val::Bool(false)) } else { Ok(()) }
    }
}
