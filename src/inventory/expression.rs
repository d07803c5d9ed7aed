//! The language of `--targets`: from text to a tree. `select` finds the hosts that it means.

use std::path::{Path, PathBuf};

use crate::config::is_ipv6;
use crate::hostlist::{expand, split_top};
use crate::outcome::Outcome;

use super::fact::Fact;
use super::url::{UrlTarget, parse_url};

/// A parsed expression: the union of its terms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    /// Separated by commas.
    pub terms: Vec<Term>,
}

impl Expression {
    /// The smallest parts, in order.
    pub(super) fn atoms(&self) -> impl Iterator<Item = &Atom> {
        self.terms.iter().flat_map(|term| term.first.iter().chain(term.rest.iter().map(|(_, atom)| atom)))
    }

    /// The smallest parts, in order, to be replaced.
    pub(super) fn atoms_mut(&mut self) -> impl Iterator<Item = &mut Atom> {
        self.terms.iter_mut().flat_map(|term| term.first.iter_mut().chain(term.rest.iter_mut().map(|(_, atom)| atom)))
    }
}

/// Atoms joined by `&` and `!`, from left to right. A term that begins with an operator works on the union of all
/// other terms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    /// The first atom, absent if the term begins with an operator.
    pub first: Option<Atom>,
    /// What follows.
    pub rest: Vec<(Operator, Atom)>,
}

/// What is done with the hosts on the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `&`: only those that are on the right too.
    And,
    /// `!`: without those on the right.
    Not,
}

/// The smallest part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Atom {
    /// `@all`.
    All,
    /// `@name`.
    Group(String),
    /// `@file`.
    File(PathBuf),
    /// `@last:failed`, `@run:7f3`: hosts of an earlier run, those with this outcome or all.
    Run(String, Option<String>),
    /// `-`: the list on stdin.
    Stdin,
    /// `label:key=value`; the value may have `*` and `?`.
    Label(String, String),
    /// `fact:TYPE.PROPERTY=VALUE`: hosts of which an earlier run has found that out.
    Fact(Fact),
    /// A name with `*` or `?`.
    Glob(String),
    /// One name, or a range expanded to its names.
    Names(Vec<String>),
    /// Literal targets written as URLs.
    Urls(Vec<UrlTarget>),
}

/// Parses one `--targets` or `--exclude` value: the terms that are right, and one line for each that is not.
pub(super) fn parse(text: &str) -> (Expression, Vec<String>) {
    let mut errors = Vec::new();
    let mut terms = Vec::new();
    for part in text.split('\n').flat_map(|line| split_top(line, ',')) {
        match term(part.trim()) {
            Ok(term) => {
                let more = terms.last().and_then(|before| another_outcome(before, part.trim()));
                terms.push(more.unwrap_or(term));
            }
            Err(error) => errors.push(error),
        }
    }
    (Expression { terms }, errors)
}

/// What separates the parts of an expression.
const SEPARATORS: [char; 4] = [',', '&', '!', '\n'];

/// The expression with the files that it names (`@FILE`) below this folder.
///
/// # Errors
/// A file that cannot be named so, since the name of its folder would be read as parts of the expression.
pub(crate) fn anchored(text: &str, folder: &Path) -> Result<String, String> {
    let part = |part: &str| {
        let relative = part.trim().trim_end_matches(SEPARATORS).trim_end();
        let file = match relative.strip_prefix('@').map(at) {
            Some(Ok(Atom::File(file))) if file.is_relative() && !file.starts_with("~") => file,
            _ => return Ok(part.to_owned()),
        };
        let whole = folder.join(&file).display().to_string();
        if whole.contains(SEPARATORS) || whole.trim() != whole {
            return Err(format!(
                "{relative} was given in {}, a name that cannot stand in an expression: run it from there, or give -t",
                folder.display()
            ));
        }
        Ok(part.replacen(relative, &format!("@{whole}"), 1))
    };
    text.split_inclusive(SEPARATORS).map(part).collect()
}

/// `@last:failed,timeout` has hosts of both outcomes, as `--rerun` has them, and no host `timeout`.
fn another_outcome(before: &Term, text: &str) -> Option<Term> {
    let (Some(Atom::Run(run, Some(_))), []) = (&before.first, &*before.rest) else { return None };
    let is_outcome = Outcome::ALL.iter().any(|outcome| outcome.code() == text.replace('-', "_").to_ascii_lowercase());
    is_outcome.then(|| Term { first: Some(Atom::Run(run.clone(), Some(text.to_owned()))), rest: Vec::new() })
}

fn term(text: &str) -> Result<Term, String> {
    let mut first = None;
    let mut rest = Vec::new();
    for (place, part) in split_top(text, '&').into_iter().enumerate() {
        for (inner, piece) in split_not(part).into_iter().enumerate() {
            let piece = piece.trim();
            let operator = if inner == 0 { Operator::And } else { Operator::Not };
            match (place, inner) {
                (0, 0) if piece.is_empty() => {}
                (0, 0) => first = Some(atom(piece)?),
                // `a&!b` is read as `a!b`, as Ansible's users write it.
                (_, 0) if piece.is_empty() && part.trim_start().starts_with('!') => {}
                _ => rest.push((operator, atom(piece)?)),
            }
        }
    }
    if first.is_none() && rest.is_empty() {
        return Err("an expression is empty; write a host, @group or @all".to_owned());
    }
    Ok(Term { first, rest })
}

/// Splits at each `!` that is no part of `!=`.
fn split_not(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for piece in split_top(text, '!') {
        end += piece.len();
        if !text[end..].starts_with("!=") {
            parts.push(&text[start..end]);
            start = end + 1;
        }
        end += 1;
    }
    parts
}

fn atom(text: &str) -> Result<Atom, String> {
    if text.is_empty() {
        return Err("an operator (& or !) has nothing on its right".to_owned());
    }
    if text == "-" {
        return Ok(Atom::Stdin);
    }
    if let Some(name) = text.strip_prefix('@') {
        return at(name);
    }
    if let Some(label) = text.strip_prefix("label:") {
        return match label.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Atom::Label(key.to_owned(), value.to_owned())),
            _ => Err(format!("'{text}': write label:KEY=VALUE")),
        };
    }
    if let Some(fact) = text.strip_prefix("fact:") {
        return Fact::parse(fact).map(Atom::Fact);
    }
    if !text.contains("://") && text.contains(['*', '?']) {
        return Ok(Atom::Glob(text.to_owned()));
    }
    literal(text)
}

/// What names hosts wherever they may be written: a name, `name:port` or a URL, or a range of them.
pub(super) fn literal(text: &str) -> Result<Atom, String> {
    if !text.contains("://") {
        return names(text);
    }
    let url = |url: &String| parse_url(url).map_err(|what| format!("'{url}': {what}"));
    expand(text).map_err(|error| error.to_string())?.iter().map(url).collect::<Result<_, _>>().map(Atom::Urls)
}

fn at(name: &str) -> Result<Atom, String> {
    if let Some(run) = of_run(name) {
        return run;
    }
    match name {
        "" => Err("'@' needs a group or a file, such as @prod or @hosts.csv".to_owned()),
        "all" => Ok(Atom::All),
        _ if name.contains(['.', '/', '\\']) => Ok(Atom::File(PathBuf::from(name))),
        _ => Ok(Atom::Group(name.to_owned())),
    }
}

/// The hosts of an earlier run, if a name stands for some: `last`, `last~1`, `last:failed`, `run:ID`, `run:ID:failed`.
fn of_run(name: &str) -> Option<Result<Atom, String>> {
    let named = name.strip_prefix("run:");
    let is_last = |run: &str| run == "last" || run.strip_prefix("last~").is_some_and(|n| n.parse::<u32>().is_ok());
    let (run, outcome) = match named.unwrap_or(name).split_once(':') {
        Some((run, outcome)) => (run, Some(outcome)),
        None => (named.unwrap_or(name), None),
    };
    if named.is_none() && !is_last(run) {
        return (name == "run").then(|| Err("'@run' needs a run: @run:ID, @run:LABEL or @last".to_owned()));
    }
    if run.is_empty() || outcome == Some("") {
        return Some(Err(format!("'@{name}': write @last:OUTCOME or @run:ID:OUTCOME, such as @last:failed")));
    }
    Some(Ok(Atom::Run(run.to_owned(), outcome.map(str::to_owned))))
}

/// One literal name, `name:port`, or a range of them.
fn names(text: &str) -> Result<Atom, String> {
    let names = expand(text).map_err(|error| error.to_string())?;
    if let Some(bad) = names.iter().find(|name| !is_host_name(name)) {
        return match bad.rsplit_once(':') {
            Some((host, port)) if is_host_name(host) && port.parse::<u16>().is_ok() => {
                let url =
                    |name: &String| parse_url(&format!("host://{name}")).map_err(|what| format!("'{name}': {what}"));
                names.iter().map(url).collect::<Result<_, _>>().map(Atom::Urls)
            }
            _ if bad.matches(':').count() > 1 => {
                Err(format!("'{bad}' is not a host name; IPv6 addresses go in brackets: [{bad}]"))
            }
            _ if bad.contains(['{', '}']) => {
                Err(format!("'{bad}' is not a host name; ranges go in square brackets: web[1-3,7]"))
            }
            _ => Err(match bad.rsplit_once('@') {
                Some((user, host)) if !user.is_empty() && !host.is_empty() => {
                    format!("'{bad}' is not a host name; a user goes in a URL (ssh://{bad}) or in -u {user}")
                }
                _ => format!("'{bad}' is not a host name"),
            }),
        };
    }
    Ok(Atom::Names(names))
}

/// Whether a text can be a host's name: letters, digits, `.`, `-`, `_`, or IPv6 in brackets.
pub(super) fn is_host_name(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return is_ipv6(inner);
    }
    !text.is_empty()
        && !text.starts_with('-')
        && text.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::{Atom, Expression, Operator, Term, anchored, parse};

    fn show(expression: &Expression) -> String {
        let atom = |atom: &Atom| match atom {
            Atom::Names(names) => names.join("+"),
            Atom::Urls(urls) => urls.iter().map(|url| format!("<{}>", url.name)).collect::<Vec<_>>().join("+"),
            Atom::Label(key, value) => format!("{key}={value}"),
            Atom::Fact(fact) => format!("fact {fact}"),
            other => format!("{other:?}"),
        };
        let term = |term: &Term| {
            let mut text = term.first.as_ref().map(atom).unwrap_or_default();
            for (operator, right) in &term.rest {
                text = format!("({text} {} {})", if *operator == Operator::And { "and" } else { "not" }, atom(right));
            }
            text
        };
        expression.terms.iter().map(term).collect::<Vec<_>>().join(" | ")
    }

    fn check(text: &str, expected: &str) {
        let (expression, errors) = parse(text);
        let shown = if errors.is_empty() { show(&expression) } else { errors.join("; ") };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn binds_and_and_not_tighter_than_comma() {
        check("a,@b&@c!d,e", r#"a | ((Group("b") and Group("c")) not d) | e"#);
        check("!web07", "( not web07)");
        check("a&!b", "(a not b)");
        check("a ! b & c", "((a not b) and c)");
        check("a\nb", "a | b");
    }

    #[test]
    fn atoms() {
        check("web[1-2],-,@all", "web1+web2 | Stdin | All");
        check("*.dmz,label:site=b*", r#"Glob("*.dmz") | site=b*"#);
        check(
            "@last,@last~2:not_started!@run:7f3",
            r#"Run("last", None) | (Run("last~2", Some("not_started")) not Run("7f3", None))"#,
        );
        check(
            "@last:failed,Timeout,not-started,web,ok",
            r#"Run("last", Some("failed")) | Run("last", Some("Timeout")) | Run("last", Some("not-started")) | web | ok"#,
        );
        check("@last,failed,lost!a", r#"Run("last", None) | failed | (lost not a)"#);
        check("@lasting,@last~x", r#"Group("lasting") | Group("last~x")"#);
        check("fact:T.P!=3!web1&fact:T.P~a", "((fact T.P!=3 not web1) and fact T.P~a)");
        check("@hosts.csv,@dir/x", r#"File("hosts.csv") | File("dir/x")"#);
        check("ssh://root@web[1-2]:22,h:5986,[fe80::1]", "<web1:22>+<web2:22> | <h:5986> | [fe80::1]");
    }

    #[test]
    fn every_mistake_is_listed() {
        check(
            "a b,@,x&,label:k,@run,@last:,web[1-,fe80::1,@run:7f3:unreachable,,",
            "'a b' is not a host name; \
             '@' needs a group or a file, such as @prod or @hosts.csv; \
             an operator (& or !) has nothing on its right; \
             'label:k': write label:KEY=VALUE; \
             '@run' needs a run: @run:ID, @run:LABEL or @last; \
             '@last:': write @last:OUTCOME or @run:ID:OUTCOME, such as @last:failed; \
             'web[1-,fe80::1,@run:7f3:unreachable,,': '[' without ']'",
        );
        check("", "an expression is empty; write a host, @group or @all");
        for (text, user) in
            [("foo@lx1", "foo"), (r"CORP\svc@lx1", r"CORP\svc"), ("u@dom@lx1", "u@dom"), ("u@h:22", "u")]
        {
            let hint = format!("'{text}' is not a host name; a user goes in a URL (ssh://{text}) or in -u {user}");
            check(text, &hint);
        }
        check("foo@", "'foo@' is not a host name");
        check("fe80::1", "'fe80::1' is not a host name; IPv6 addresses go in brackets: [fe80::1]");
    }

    #[test]
    fn files_are_below_the_folder_in_which_they_were_named() {
        let folder = Path::new("/srv/a b");
        for (text, expected) in [
            ("@hl.txt", "@/srv/a b/hl.txt"),
            ("web[1,2], @dir/x ! @h.csv\n@y.txt", "web[1,2], @/srv/a b/dir/x ! @/srv/a b/h.csv\n@/srv/a b/y.txt"),
            ("@all,@prod&@last:failed,@run:a.b", "@all,@prod&@last:failed,@run:a.b"),
            ("@/abs/x,@~/x,-,*.dmz,label:a=@b.c", "@/abs/x,@~/x,-,*.dmz,label:a=@b.c"),
        ] {
            assert_eq!(anchored(text, folder).as_deref(), Ok(expected));
        }
        let error = anchored("@h.csv", Path::new("/srv/a,b")).expect_err("two parts");
        assert!(error.starts_with("@h.csv was given in /srv/a,b, "), "{error}");
        assert_eq!(anchored("web1", Path::new("/srv/a,b")).as_deref(), Ok("web1"));
    }

    proptest! {
        #[test]
        fn never_panics(text in r"[a-c0-9@!&,*?:=\[\]/.\- ü]{0,40}") {
            let _ = (parse(&text), anchored(&text, Path::new("/a")));
        }
    }
}
