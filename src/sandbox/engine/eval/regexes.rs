//! `-match`, `-replace` and `-split`: each match is a step of work, so that they stop when the pipeline does.

use std::sync::Arc;

use super::super::ast::Script;
use super::super::convert::{self, text, truth};
use super::super::errors::ErrorRecord;
use super::super::ops::{MAX_ITEMS, MAX_TEXT, too_big};
use super::super::pattern::{self, Found, Regex};
use super::super::value::Val;
use super::{Evaluator, Run};

/// From the start, without end.
const ALL: (usize, usize) = (0, usize::MAX);

impl Evaluator<'_> {
    /// Hands on each match in a text until there is no more, or enough.
    pub(super) fn each_match(
        &mut self,
        regex: &Regex,
        value: &str,
        start: usize,
        mut each: impl FnMut(&mut Self, &Found) -> Run<bool>,
    ) -> Run<()> {
        self.step(1 + value.len() as u64 / 64)?;
        let mut from = Some(start);
        while let Some(start) = from {
            self.step(1)?;
            let Some(found) = regex.find(value, start)? else { break };
            if !each(self, &found)? {
                break;
            }
            from = pattern::next_start(value, &found);
        }
        Ok(())
    }

    /// Replaces so many matches from a place on by what is made of each.
    fn replace_each(
        &mut self,
        regex: &Regex,
        value: &str,
        (start, most): (usize, usize),
        mut make: impl FnMut(&mut Self, &Found) -> Run<String>,
    ) -> Run<String> {
        let (mut out, mut last, mut count) = (String::new(), 0, 0);
        if most == 0 {
            return Ok(value.to_owned());
        }
        self.each_match(regex, value, start, |evaluator, found| {
            out += &value[last..found.start()];
            out += &make(evaluator, found)?;
            last = found.end();
            count += 1;
            if out.len() > MAX_TEXT { Err(too_big("string").into()) } else { Ok(count < most) }
        })?;
        out += &value[last..];
        self.made(out.len())?;
        Ok(out)
    }

    /// Each match is replaced by what the script makes of it, its `$_`.
    pub(super) fn replace_by_script(
        &mut self,
        regex: &Regex,
        value: &str,
        script: &Arc<Script>,
        part: (usize, usize),
    ) -> Run<String> {
        self.replace_each(regex, value, part, |evaluator, found| {
            let item = pattern::match_object(regex, value, found);
            let around = std::mem::replace(&mut evaluator.item, item.clone());
            let made = evaluator.call_script(script, vec![item]);
            evaluator.item = around;
            Ok(text(&made?))
        })
    }

    /// Replaces by .NET's pattern of replacements.
    pub(super) fn replace_by_text(
        &mut self,
        regex: &Regex,
        value: &str,
        replacement: &str,
        part: (usize, usize),
    ) -> Run<String> {
        self.replace_each(regex, value, part, |_, found| Ok(pattern::expand(regex, value, found, replacement)))
    }

    pub(super) fn replace(&mut self, left: &Val, right: &Val, case_sensitive: bool) -> Run<Val> {
        let operands = right.clone().into_items();
        if operands.len() > 2 {
            let message = "The -replace operator allows only two elements to follow it.";
            return Err(ErrorRecord::runtime(message, "BadReplaceArgument", 7).into());
        }
        let regex = self.patterns.regex(&operands.first().map_or_else(String::new, text), case_sensitive)?;
        let mut replaced = Vec::new();
        for item in left.clone().into_items() {
            let value = text(&item);
            replaced.push(Val::str(match operands.get(1) {
                Some(Val::Script(script)) => self.replace_by_script(&regex, &value, script, ALL)?,
                Some(replacement) => self.replace_by_text(&regex, &value, &text(replacement), ALL)?,
                None => self.replace_by_text(&regex, &value, "", ALL)?,
            }));
        }
        Ok(if matches!(left, Val::List(_)) {
            Val::array(replaced)
        } else {
            replaced.pop().unwrap_or_else(|| Val::str(""))
        })
    }

    /// The pieces between matches, and what groups caught. A positive limit counts pieces, a negative one those at the
    /// end.
    pub(super) fn pieces(&mut self, regex: &Regex, value: &str, start: usize, limit: i64) -> Run<Vec<Val>> {
        let mut cuts: Vec<Found> = Vec::new();
        self.each_match(regex, value, start, |_, found| {
            cuts.push(found.clone());
            if cuts.len() > MAX_ITEMS {
                return Err(too_big("list").into());
            }
            Ok(limit <= 0 || (cuts.len() as i64) < limit - 1)
        })?;
        match usize::try_from(limit.unsigned_abs()).unwrap_or(usize::MAX) {
            1 => cuts.clear(),
            count if limit < 0 => cuts.drain(..cuts.len().saturating_sub(count - 1)).for_each(drop),
            _ => {}
        }
        let (mut pieces, mut last) = (Vec::new(), 0);
        for found in &cuts {
            pieces.push(Val::str(&value[last..found.start()]));
            pieces.extend(pattern::caught(value, found));
            last = found.end();
        }
        pieces.push(Val::str(&value[last..]));
        self.made(value.len() + 24 * pieces.len())?;
        Ok(pieces)
    }

    pub(super) fn split(&mut self, left: &Val, right: &Val, case_sensitive: bool) -> Run<Val> {
        let options = right.clone().into_items();
        let limit = options.get(1).map_or(Ok(0), convert::index)?;
        let mut pieces = Vec::new();
        if options.is_empty() && !right.is_null() {
            let message = "The -split operator needs a pattern.";
            return Err(ErrorRecord::runtime(message, "BadOperatorArgument", 7).into());
        }
        if let Some(Val::Script(script)) = options.first() {
            for value in pattern::texts(left) {
                self.split_by_script(script, &value, limit, &mut pieces)?;
            }
            return Ok(Val::list("System.String[]", pieces));
        }
        let mode = options.get(2).map_or_else(String::new, |mode| text(mode).to_lowercase());
        let has = |name: &str| mode.split(',').any(|part| part.trim() == name);
        let separator = options.first().map_or_else(String::new, text);
        let separator = if has("simplematch") { regex::escape(&separator) } else { separator };
        let flags: String = [("multiline", 'm'), ("singleline", 's'), ("ignorepatternwhitespace", 'x')]
            .iter()
            .filter(|(name, _)| has(name))
            .map(|(_, flag)| *flag)
            .collect();
        let separator = if flags.is_empty() { separator } else { format!("(?{flags}){separator}") };
        let regex = self.patterns.regex(&separator, case_sensitive && !has("ignorecase"))?;
        for value in pattern::texts(left) {
            pieces.extend(self.pieces(&regex, &value, 0, limit)?);
        }
        Ok(Val::list("System.String[]", pieces))
    }

    fn split_by_script(&mut self, script: &Arc<Script>, value: &str, limit: i64, pieces: &mut Vec<Val>) -> Run<()> {
        let around = self.item.clone();
        let (mut piece, mut count) = (String::new(), 1);
        for next in value.chars() {
            self.item = Val::str(next.to_string());
            if (limit <= 0 || count < limit) && truth(&self.run_inline(script)?) {
                pieces.push(Val::str(std::mem::take(&mut piece)));
                count += 1;
            } else {
                piece.push(next);
            }
        }
        pieces.push(Val::str(piece));
        self.item = around;
        Ok(())
    }
}
