//! A configuration file with everything it includes, read once; which line applies to which host is decided later.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::text::decode;
use super::directive::{Directive, directive, unknown};
use super::line::Line;
use super::section::{Section, in_list};
use crate::config::{Place, Problem, System};
use crate::error_text;

/// How deep files may include each other, as in OpenSSH.
const DEPTH: usize = 16;

/// How many files one configuration may include; a file that includes itself twice would else be read 65,536 times.
const FILES: usize = 1024;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub file: Arc<Path>,
    pub line: u32,
}

impl At {
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::at(&self.file, Place { line: self.line, column: 1 }, "", message)
    }
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Section(Section, At),
    Set(Directive, At),
    /// The files that an `Include` line names.
    Include(Vec<Vec<Item>>),
}

/// Where the paths of `Include` begin that are neither absolute nor below the home folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `~/.ssh`: files of a user, and those that are named.
    User,
    /// `/etc/ssh`.
    System,
}

/// Reads files.
pub(super) struct Reader<'a> {
    around: &'a mut dyn System,
    anchor: Anchor,
    included: usize,
    /// What every `IgnoreUnknown` so far names, whoever it is for.
    ignored: Vec<String>,
    pub problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(around: &'a mut dyn System, anchor: Anchor) -> Self {
        Self { around, anchor, included: 0, ignored: Vec::new(), problems: Vec::new() }
    }

    /// Takes a file apart.
    pub(super) fn items(&mut self, text: &str, file: &Arc<Path>, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        for (number, text) in (1_u32..).zip(text.split('\n')) {
            let at = At { file: Arc::clone(file), line: number };
            match Line::parse(text) {
                None => {}
                Some(Err(what)) => self.problems.push(at.problem(what)),
                Some(Ok(line)) => items.extend(self.item(&line, at, depth)),
            }
        }
        items
    }

    fn item(&mut self, line: &Line, at: At, depth: usize) -> Option<Item> {
        let read = match line.keyword.as_str() {
            "host" => Section::host(line).map(|section| Some(Item::Section(section, at.clone()))),
            "match" => Section::conditions(line).map(|section| Some(Item::Section(section, at.clone()))),
            "include" => return self.include(line, &at, depth),
            _ => directive(line).map(|set| set.map(|set| Item::Set(set, at.clone()))),
        };
        let (what, hint) = match read {
            Ok(Some(Item::Set(Directive::Unknown(keyword), _))) if !self.ignores(&keyword) => unknown(&keyword),
            Ok(item) => {
                if let Some(Item::Set(Directive::IgnoreUnknown(list), _)) = &item {
                    self.ignored.push(list.to_lowercase());
                }
                return item;
            }
            Err(mistake) => mistake,
        };
        self.problems.push(Problem { hint, ..at.problem(what) });
        None
    }

    fn ignores(&self, keyword: &str) -> bool {
        self.ignored.iter().any(|list| in_list(keyword, list))
    }

    fn include(&mut self, line: &Line, at: &At, depth: usize) -> Option<Item> {
        let mut files = Vec::new();
        for argument in &line.arguments {
            let pattern = match self.pattern(argument) {
                Ok(pattern) => pattern,
                Err(what) => {
                    self.problems.push(at.problem(what));
                    continue;
                }
            };
            for path in self.around.matching(&pattern) {
                self.included += 1;
                if depth == DEPTH || self.included > FILES {
                    self.problems.push(at.problem("files include each other endlessly"));
                    return None;
                }
                files.extend(self.included_file(path, at, depth + 1));
            }
        }
        Some(Item::Include(files))
    }

    fn included_file(&mut self, path: PathBuf, at: &At, depth: usize) -> Option<Vec<Item>> {
        let file: Arc<Path> = path.into();
        match read_guarded(self.around, &file) {
            Ok(text) => Some(self.items(&text, &file, depth)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.problems.push(at.problem(format!(
                    "cannot include {}: {}",
                    file.display(),
                    error_text::io(&error)
                )));
                None
            }
        }
    }

    /// The pattern of paths that an argument of `Include` stands for.
    fn pattern(&self, argument: &str) -> Result<PathBuf, String> {
        let environment = |name: &str| self.around.env(name);
        let path = super::tokens::environment(argument, &environment)?;
        if path.contains('%') {
            return Err(format!("tokens such as %h are not supported in the path of an include: {argument}"));
        }
        let home = || self.around.home().ok_or_else(|| "there is no home folder".to_owned());
        match (path.strip_prefix("~/"), self.anchor) {
            (Some(rest), Anchor::User) => Ok(home()?.join(rest)),
            _ if path.starts_with('~') => Err(format!("{argument} is not a path that can be included here")),
            _ if Path::new(&path).is_absolute() => Ok(path.into()),
            (_, Anchor::User) => Ok(home()?.join(".ssh").join(path)),
            (_, Anchor::System) => Ok(Path::new("/etc/ssh").join(path)),
        }
    }
}

/// Reads a file, unless others could have written it.
pub(super) fn read_guarded(around: &mut dyn System, file: &Path) -> io::Result<String> {
    let found = around.read(file)?;
    match around.exposure(file)? {
        None => decode(&found.bytes).map_err(io::Error::other),
        Some(exposure) => Err(io::Error::other(format!("it is refused, as by ssh, because {exposure}"))),
    }
}
