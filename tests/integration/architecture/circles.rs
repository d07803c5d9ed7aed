//! Circles: files that import each other, whatever the way round.
//!
//! Two kinds are part of the house: a facade (a module's own file with the files below it, `foo/mod.rs` and
//! `foo/bar.rs`) and the recursion of an interpreter (values, expressions and statements hold each other). All others
//! are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex::Regex;

use super::{is_test, product, sources};

/// A module by its path below the crate: `["psrp", "message"]`.
type Name = Vec<String>;

/// The circles that are allowed, each by one of its files, with the reason.
const ALLOWED: [(&str, &str); 3] = [
    ("clixml/decode", "a decoder keeps a parser's buffers, and the parser fills what a decoder's limits allow"),
    ("clixml/value", "a document remembers where its values are that others refer to"),
    ("sandbox/machine/host", "a machine is one noun: each family draws from its host and adds its methods to it"),
];

/// The interpreter of the sandbox, and the two readers of scripts that descend into what they read.
const RECURSIVE: [&[&str]; 3] = [&["sandbox", "engine"], &["script", "lexer"], &["script", "convert"]];

/// What one file names.
#[derive(Default)]
struct File {
    /// Paths, and whether they are handed on (`pub use`).
    named: Vec<(Name, bool)>,
    /// Names that the file hands on, with their own paths.
    handed_on: BTreeMap<String, Name>,
}

/// All files of the crate but its roots.
struct House(BTreeMap<Name, File>);

impl House {
    fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        sources(root, &mut files);
        let code: BTreeMap<Name, String> = files
            .iter()
            .filter_map(|file| Some((module(file.strip_prefix(root).expect("below src"))?, file)))
            .map(|(name, file)| (name, without_comments(&std::fs::read_to_string(file).expect("readable"))))
            .collect();
        Self::of(&code)
    }

    fn of(code: &BTreeMap<Name, String>) -> Self {
        let import = Regex::new(r"(?m)^\s*(pub(?:\([^)]*\))? )?use ([^;]+);").expect("a pattern");
        let inline = Regex::new(r"(?:^|[^:\w])(\w+(?:::\w+)+)").expect("a pattern");
        let names: BTreeSet<&Name> = code.keys().collect();
        let read = |(name, code): (&Name, &String)| {
            let mut file = File::default();
            for found in import.captures_iter(code) {
                tree(&found[2]).into_iter().for_each(|path| file.note(name, path, found.get(1).is_some(), &names));
            }
            for found in inline.captures_iter(&import.replace_all(code, "")) {
                file.note(name, found[1].split("::").map(str::to_owned).collect(), false, &names);
            }
            (name.clone(), file)
        };
        Self(code.iter().map(read).collect())
    }

    /// The file that defines what a path names: facades hand their visitors on.
    fn resolve(&self, path: &[String], hops: u32) -> Option<Name> {
        let depth = (1..=path.len()).take_while(|&depth| self.0.contains_key(&path[..depth])).last()?;
        let file = path[..depth].to_vec();
        let Some(next) = path.get(depth).filter(|_| hops < 8) else { return Some(file) };
        let further = |target: &[String], rest: &[String]| self.resolve(&[target, rest].concat(), hops + 1);
        let handed_on = &self.0[&file].handed_on;
        let named = handed_on.get(next).and_then(|target| further(target, &path[depth + 1..]));
        let all = || handed_on.get("*").and_then(|target| further(&target[..target.len() - 1], &path[depth..]));
        named.or_else(all).or(Some(file))
    }

    fn arrows(&self) -> Arrows {
        let names: Vec<Name> = self.0.keys().cloned().collect();
        let targets = |(name, file): (&Name, &File)| {
            let found =
                file.named.iter().filter_map(|(path, is_handed_on)| Some((self.resolve(path, 0)?, *is_handed_on)));
            // A facade that only hands on what is below it stands on nothing.
            let is_import =
                |(target, is_handed_on): &(Name, bool)| target != name && !(*is_handed_on && target.starts_with(name));
            let places = found.filter(is_import).filter_map(|(target, _)| names.binary_search(&target).ok());
            places.collect::<BTreeSet<_>>().into_iter().collect()
        };
        Arrows { targets: self.0.iter().map(targets).collect(), names }
    }
}

impl File {
    fn note(&mut self, name: &Name, path: Name, is_handed_on: bool, names: &BTreeSet<&Name>) {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let child = || [&name[..], &path[..1]].concat();
        let mut path = match path[0].as_str() {
            "crate" => path[1..].to_vec(),
            "self" => [&name[..], &path[1..]].concat(),
            "super" => [&name[..name.len().saturating_sub(supers)], &path[supers..]].concat(),
            _ if names.contains(&child()) => [&name[..], &path].concat(),
            _ => return,
        };
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(last) = path.last().filter(|_| is_handed_on) {
            self.handed_on.insert(last.clone(), path.clone());
        }
        self.named.push((path, is_handed_on));
    }
}

/// The module of a file below `src`; `None` for tests and for the roots of the crate.
fn module(path: &Path) -> Option<Name> {
    let mut name: Name = path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if is_test(path) || name == ["lib"] || name == ["main"] {
        return None;
    }
    if name.last().is_some_and(|last| last == "mod") {
        name.pop();
    }
    Some(name)
}

fn without_comments(text: &str) -> String {
    let lines = product(text).lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths of a `use`: `a::{b, c::d as e}` is `a::b` and `a::c::d`.
fn tree(text: &str) -> Vec<Name> {
    let Some((before, inner)) = text.trim().split_once('{') else {
        let path = text.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|part| part.trim().to_owned()).collect()];
    };
    let stem: Name = before.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let mut depth = 0_usize;
    let inner = inner.trim_end().trim_end_matches('}');
    let parts = inner.split(|character| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    });
    let branches = parts.filter(|part| !part.trim().is_empty()).flat_map(|part| {
        // The last bracket was taken off above if a branch ended with one, too.
        let open = part.matches('{').count().saturating_sub(part.matches('}').count());
        tree(&format!("{part}{}", "}".repeat(open)))
    });
    branches.map(|branch| [stem.clone(), branch].concat()).collect()
}

/// Which file imports which, by their places in a list of names.
struct Arrows {
    names: Vec<Name>,
    targets: Vec<Vec<usize>>,
}

impl Arrows {
    /// Sets of more than one of these files, each of which leads to each other of its set.
    fn circles(&self, files: &BTreeSet<usize>) -> BTreeSet<BTreeSet<usize>> {
        let reached: BTreeMap<usize, Vec<bool>> = files.iter().map(|&file| (file, self.reached(file, files))).collect();
        let circle = |&file: &usize| {
            files.iter().copied().filter(|&other| reached[&file][other] && reached[&other][file]).collect()
        };
        files.iter().map(circle).filter(|circle: &BTreeSet<usize>| circle.len() > 1).collect()
    }

    /// For every file whether the arrows among these files lead there from one of them.
    fn reached(&self, from: usize, files: &BTreeSet<usize>) -> Vec<bool> {
        let mut reached = vec![false; self.names.len()];
        let mut next = vec![from];
        while let Some(file) = next.pop() {
            for &target in self.targets[file].iter().filter(|target| files.contains(target)) {
                if !std::mem::replace(&mut reached[target], true) {
                    next.push(target);
                }
            }
        }
        reached
    }

    /// Whether a circle is one file with files below it, and without that file there are only such ones or none.
    fn is_facade(&self, circle: &BTreeSet<usize>) -> bool {
        let is_face = |face: &usize| circle.iter().all(|&file| self.names[file].starts_with(&self.names[*face]));
        circle.iter().filter(|face| is_face(face)).any(|face| {
            let rest = circle.iter().copied().filter(|file| file != face).collect();
            self.circles(&rest).iter().all(|circle| self.is_facade(circle))
        })
    }

    fn is_recursion(&self, circle: &BTreeSet<usize>) -> bool {
        let is_in = |place: &[&str], name: &Name| {
            name.len() >= place.len() && name.iter().zip(place).all(|(part, wanted)| part == wanted)
        };
        RECURSIVE.iter().any(|place| circle.iter().all(|&file| is_in(place, &self.names[file])))
    }
}

/// The circles of a house that are neither facades nor an interpreter's own.
fn counted(house: &House) -> Vec<String> {
    let arrows = house.arrows();
    let all = arrows.circles(&(0..arrows.names.len()).collect());
    let counted = all.iter().filter(|circle| !arrows.is_facade(circle) && !arrows.is_recursion(circle));
    counted
        .map(|circle| circle.iter().map(|&file| arrows.names[file].join("/")).collect::<Vec<_>>().join(", "))
        .collect()
}

#[test]
fn files_import_each_other_in_known_circles_alone() {
    let found = counted(&House::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    let is_of = |circle: &str, file: &str| circle.split(", ").any(|name| name == file);
    let unknown: Vec<_> = found.iter().filter(|circle| !ALLOWED.iter().any(|(file, _)| is_of(circle, file))).collect();
    assert!(unknown.is_empty(), "move down what these files share:\n{unknown:#?}");
}

/// A house of files with their code.
fn house(files: &[(&str, &str)]) -> House {
    let named = |(name, code): &(&str, &str)| (name.split('/').map(str::to_owned).collect(), without_comments(code));
    House::of(&files.iter().map(named).collect())
}

#[test]
fn a_circle_is_found_behind_a_facade_and_in_every_form_of_a_path() {
    let files = [
        ("a", "mod left;\nmod right;\npub use left::Left;\npub use self::right::{Right, Other as Another};"),
        ("a/left", "use super::Right;\npub struct Left(Right);"),
        ("a/right", "use std::{fmt, io::{self, Read}};\npub struct Right(Option<Box<crate::a::Left>>);"),
        ("b", "use crate::{a::{Left, Right}, c};"),
        ("c", "/// [`crate::b::B`]\n// use crate::b;\n\nmod tests {\n    use crate::b;\n}"),
    ];
    assert_eq!(counted(&house(&files)), ["a/left, a/right"]);
}

#[test]
fn a_facade_and_those_below_it_are_no_circle_to_be_broken() {
    let facade = [("a", "mod left;\npub struct Top;\nfn f() { left::g() }"), ("a/left", "use super::Top;")];
    assert_eq!(counted(&house(&facade)), [""; 0]);
    let stranger =
        [("a", "mod left;\nuse left::g;"), ("a/left", "use crate::b::B;"), ("b", "use crate::a;\nuse a::h;")];
    assert_eq!(counted(&house(&stranger)), ["a, a/left, b"]);
    let within = [("script/lexer/one", "use super::two::Two;"), ("script/lexer/two", "use super::one::One;")];
    assert_eq!(counted(&house(&within)), [""; 0]);
}
