//! The paths of XPath that scripts write: steps, attributes, conditions.

use std::collections::HashMap;

use super::document::{NodeId, NodeKind, Tree};

/// Conditions in conditions.
const MAX_DEPTH: usize = 20;
/// Nodes that one path may look at.
const MAX_WORK: usize = 5_000_000;

/// A node, or an attribute of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: NodeId,
    pub(super) attribute: Option<String>,
}

/// Prefixes and what they stand for.
pub(super) type Namespaces = HashMap<String, String>;

/// Finds what a path means.
///
/// # Errors
/// What of the path is not understood.
pub(super) fn select(tree: &Tree<'_>, from: NodeId, path: &str, names: &Namespaces) -> Result<Vec<Found>, String> {
    let mut search = Search { tree, names, work: 0 };
    let mut all = Vec::new();
    for part in split_outside(path, '|') {
        for found in search.path(from, part.trim(), 0)? {
            if !all.contains(&found) {
                all.push(found);
            }
        }
    }
    all.sort_by_key(|found| order(tree, found.id));
    Ok(all)
}

/// The way to a node from the top, which sorts like the document.
fn order(tree: &Tree<'_>, id: NodeId) -> Vec<usize> {
    let mut way: Vec<usize> = tree
        .ancestors(id)
        .windows(2)
        .map(|pair| tree.node(pair[1]).children.iter().position(|child| *child == pair[0]).unwrap_or(0))
        .collect();
    way.reverse();
    way
}

/// Parts of a text at a sign outside of quotes and brackets.
fn split_outside(text: &str, sign: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0, None);
    for (at, next) in text.char_indices() {
        match (quote, next) {
            (Some(open), _) if open == next => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(next),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth -= 1,
            (None, other) if other == sign && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + sign.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A text at a word outside of quotes and brackets: ` and `, ` or `, `!=`.
fn split_at_word<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    let (mut depth, mut quote) = (0, None);
    for (at, next) in text.char_indices() {
        match (quote, next) {
            (Some(open), _) if open == next => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(next),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth -= 1,
            _ => {}
        }
        if quote.is_none() && depth == 0 && text[at..].starts_with(word) {
            return Some((&text[..at], &text[at + word.len()..]));
        }
    }
    None
}

struct Search<'t> {
    tree: &'t Tree<'t>,
    names: &'t Namespaces,
    work: usize,
}

fn refused<T>(part: &str) -> Result<T, String> {
    Err(format!("The sandbox does not understand '{part}' in a path of XPath."))
}

impl Search<'_> {
    fn path(&mut self, from: NodeId, path: &str, depth: usize) -> Result<Vec<Found>, String> {
        if depth > MAX_DEPTH || path.is_empty() {
            return refused(path);
        }
        let (start, mut rest) = match path.strip_prefix('/') {
            Some(rest) => (0, rest),
            None => (from, path),
        };
        let mut here = vec![Found { id: start, attribute: None }];
        let mut is_deep = false;
        if path.starts_with('/')
            && let Some(after) = rest.strip_prefix('/')
        {
            (rest, is_deep) = (after, true);
        }
        if rest.is_empty() {
            return Ok(here);
        }
        for step in split_outside(rest, '/') {
            if step.is_empty() {
                is_deep = true;
                continue;
            }
            let mut next = Vec::new();
            for found in here {
                let starts = if is_deep { self.tree.descendants(found.id) } else { vec![found.id] };
                for start in starts {
                    for found in self.step(start, step.trim(), depth)? {
                        // From one node the same one is not found twice.
                        if !is_deep || !next.contains(&found) {
                            next.push(found);
                        }
                    }
                }
            }
            (here, is_deep) = (next, false);
        }
        Ok(here)
    }

    fn step(&mut self, from: NodeId, step: &str, depth: usize) -> Result<Vec<Found>, String> {
        let test_end = step.find('[').unwrap_or(step.len());
        let (test, mut conditions) = (step[..test_end].trim(), &step[test_end..]);
        let node = self.tree.node(from);
        self.work += node.children.len() + 1;
        if self.work > MAX_WORK {
            return Err("The sandbox limits the work of a path of XPath.".into());
        }
        let plain = |id: NodeId| Found { id, attribute: None };
        let test = test.strip_prefix("child::").unwrap_or(test);
        let mut found: Vec<Found> = match test {
            "." | "self::node()" => vec![plain(from)],
            ".." | "parent::node()" | "parent::*" => node.parent.map(plain).into_iter().collect(),
            _ if test.starts_with('@') || test.starts_with("attribute::") => {
                let wanted = test.trim_start_matches('@').trim_start_matches("attribute::");
                let names = node.attributes.iter().map(|(name, _)| name);
                let names = names.filter(|name| wanted == "*" || *name == wanted);
                names.map(|name| Found { id: from, attribute: Some(name.clone()) }).collect()
            }
            _ => {
                let mut kept = Vec::new();
                for child in &node.children {
                    if self.is_named(*child, test)? {
                        kept.push(plain(*child));
                    }
                }
                kept
            }
        };
        while let Some(inner) = conditions.strip_prefix('[') {
            let Some(end) = closing(inner) else { return refused(step) };
            let condition = inner[..end].trim();
            let count = found.len();
            let mut kept = Vec::new();
            for (place, candidate) in found.into_iter().enumerate() {
                if self.holds(&candidate, condition, place + 1, count, depth + 1)? {
                    kept.push(candidate);
                }
            }
            found = kept;
            conditions = inner[end + 1..].trim_start();
        }
        if conditions.is_empty() { Ok(found) } else { refused(step) }
    }

    fn is_named(&self, id: NodeId, test: &str) -> Result<bool, String> {
        let node = self.tree.node(id);
        Ok(match test {
            "*" => node.kind == NodeKind::Element,
            "node()" => true,
            "text()" => matches!(node.kind, NodeKind::Text | NodeKind::CData),
            "comment()" => node.kind == NodeKind::Comment,
            _ if test.contains('(') || test.contains("::") => return refused(test),
            _ => {
                if node.kind != NodeKind::Element {
                    return Ok(false);
                }
                let (wanted, local) = match test.split_once(':') {
                    Some((prefix, local)) => match self.names.get(prefix) {
                        Some(space) => (space.as_str(), local),
                        None => return Err(format!("Namespace prefix '{prefix}' is not defined.")),
                    },
                    None => ("", test),
                };
                (local == "*" || node.local_name() == local) && self.tree.namespace(id, &node.name) == wanted
            }
        })
    }

    fn holds(
        &mut self,
        found: &Found,
        condition: &str,
        place: usize,
        count: usize,
        depth: usize,
    ) -> Result<bool, String> {
        if depth > MAX_DEPTH {
            return refused(condition);
        }
        let condition = condition.trim();
        if let Some((left, right)) = split_at_word(condition, " or ") {
            return Ok(self.holds(found, left, place, count, depth + 1)?
                || self.holds(found, right, place, count, depth + 1)?);
        }
        if let Some((left, right)) = split_at_word(condition, " and ") {
            return Ok(self.holds(found, left, place, count, depth + 1)?
                && self.holds(found, right, place, count, depth + 1)?);
        }
        if let Ok(number) = condition.parse::<usize>() {
            return Ok(number == place);
        }
        if condition == "last()" {
            return Ok(place == count);
        }
        for (name, of_texts) in [("contains", true), ("starts-with", true), ("not", false)] {
            let Some(inner) = condition.strip_prefix(name).and_then(|rest| rest.trim().strip_prefix('(')) else {
                continue;
            };
            let Some(inner) = inner.strip_suffix(')') else { continue };
            if !of_texts {
                return Ok(!self.holds(found, inner, place, count, depth + 1)?);
            }
            let parts = split_outside(inner, ',');
            let [subject, wanted] = parts[..] else { return refused(condition) };
            let (subject, wanted) =
                (self.texts(found, subject, place, count, depth)?, self.texts(found, wanted, place, count, depth)?);
            let wanted = wanted.first().cloned().unwrap_or_default();
            let subject = subject.first().cloned().unwrap_or_default();
            return Ok(if name == "contains" { subject.contains(&wanted) } else { subject.starts_with(&wanted) });
        }
        for sign in ["!=", "<=", ">=", "=", "<", ">"] {
            let Some((left, right)) = split_at_word(condition, sign) else { continue };
            let left = self.texts(found, left, place, count, depth)?;
            let right = self.texts(found, right, place, count, depth)?;
            let number = |text: &str| text.trim().parse::<f64>().unwrap_or(f64::NAN);
            let is_so = |left: &str, right: &str| match sign {
                "=" => left == right,
                "!=" => left != right,
                "<" => number(left) < number(right),
                ">" => number(left) > number(right),
                "<=" => number(left) <= number(right),
                _ => number(left) >= number(right),
            };
            return Ok(left.iter().any(|left| right.iter().any(|right| is_so(left, right))));
        }
        Ok(!self.path(found.id, condition, depth + 1)?.is_empty())
    }

    /// The texts that one side of a comparison stands for.
    fn texts(
        &mut self,
        found: &Found,
        side: &str,
        place: usize,
        count: usize,
        depth: usize,
    ) -> Result<Vec<String>, String> {
        let side = side.trim();
        let node = self.tree.node(found.id);
        let quoted = ['\'', '"'].iter().find_map(|quote| side.strip_prefix(*quote)?.strip_suffix(*quote));
        Ok(match side {
            _ if quoted.is_some() => vec![quoted.unwrap_or("").to_owned()],
            "position()" => vec![place.to_string()],
            "last()" => vec![count.to_string()],
            "local-name()" => vec![node.local_name().to_owned()],
            "name()" => vec![node.name.clone()],
            _ if side.parse::<f64>().is_ok() => vec![side.to_owned()],
            _ => {
                let found = self.path(found.id, side, depth + 1)?;
                found.iter().map(|found| text_of(self.tree, found)).collect()
            }
        })
    }
}

/// Where a bracket closes.
fn closing(inner: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, next) in inner.char_indices() {
        match (quote, next) {
            (Some(open), _) if open == next => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(next),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The text of what was found.
pub(super) fn text_of(tree: &Tree<'_>, found: &Found) -> String {
    let node = tree.node(found.id);
    match &found.attribute {
        Some(name) => node.attribute(name).unwrap_or("").to_owned(),
        None if matches!(node.kind, NodeKind::Text | NodeKind::CData | NodeKind::Comment) => node.value.clone(),
        None => tree.inner_text(found.id),
    }
}
