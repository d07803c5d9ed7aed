//! Join-Path and Split-Path.

use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::provider::{find_all, resolve};
use super::super::super::value::Val;
use super::super::per_input::PerInput;
use super::{Bound, Spec};

pub(in super::super) static SPECS: [Spec; 2] = [
    Spec {
        name: "Join-Path",
        aliases: &[],
        params: &[
            "Path|PSPath:string@0<^+",
            "ChildPath@1^+",
            "AdditionalChildPath@*",
            "Resolve!",
            "Extension",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Extension", "Credential"])?;
            PerInput::boxed(bound, join)
        },
    },
    Spec {
        name: "Split-Path",
        aliases: &[],
        params: &[
            "Path:string@0<^+",
            "LiteralPath|PSPath|LP:string^/",
            "Parent!",
            "Leaf!",
            "LeafBase!",
            "Extension!",
            "Qualifier!",
            "NoQualifier!",
            "IsAbsolute!",
            "Resolve!",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Credential"])?;
            PerInput::boxed(bound, split)
        },
    },
];

/// Two parts with one backslash between them.
fn joined(path: &str, child: &str) -> String {
    let path = path.replace('/', "\\");
    let child = child.replace('/', "\\");
    let child = child.trim_start_matches('\\');
    if path.is_empty() { child.to_owned() } else { format!("{}\\{child}", path.trim_end_matches('\\')) }
}

fn join(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let more = bound.texts("AdditionalChildPath");
    for path in bound.texts("Path") {
        let children = bound.texts("ChildPath");
        let path = children.iter().chain(&more).fold(path, |path, child| joined(&path, child));
        if !bound.switch("Resolve") {
            out.put(evaluator, Val::str(path))?;
            continue;
        }
        let found = resolve(evaluator, &path).map_err(Into::into);
        match found.and_then(|path| find_all(evaluator, &path, false).map(|items| (path, items))) {
            Ok((path, items)) => {
                for item in items {
                    out.put(evaluator, Val::str(path.at(&item.path).shown()))?;
                }
            }
            Err(flow) => evaluator.report_throw(flow)?,
        }
    }
    Ok(())
}

/// The drive or provider with its colons, and the rest.
fn qualifier(path: &str) -> (&str, &str) {
    if let Some(at) = path.find("::") {
        return path.split_at(at + 2);
    }
    match path.find(':') {
        Some(at) if !path[..at].contains(['\\', '/']) => path.split_at(at + 1),
        _ => ("", path),
    }
}

fn parent(path: &str) -> String {
    let path = path.replace('/', "\\");
    let (drive, rest) = qualifier(&path);
    let trimmed = rest.trim_end_matches('\\');
    match trimmed.rfind('\\') {
        Some(0) if trimmed.len() > 1 => format!("{drive}\\"),
        Some(at) if at > 0 => format!("{drive}{}", &trimmed[..at]),
        _ => String::new(),
    }
}

fn leaf(path: &str) -> String {
    let path = path.replace('/', "\\");
    let (drive, rest) = qualifier(&path);
    let trimmed = rest.trim_end_matches('\\');
    match trimmed.rsplit('\\').next() {
        Some("") | None => format!("{drive}{rest}"),
        Some(leaf) => leaf.to_owned(),
    }
}

fn split(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let literal = bound.get("LiteralPath").is_some();
    let mut texts = bound.texts(if literal { "LiteralPath" } else { "Path" });
    if bound.switch("Resolve") {
        let mut found = Vec::new();
        for text in texts {
            let path = resolve(evaluator, &text)?;
            let items = find_all(evaluator, &path, literal)?;
            found.extend(items.into_iter().map(|item| path.at(&item.path).shown()));
        }
        texts = found;
    }
    for text in texts {
        let (drive, rest) = qualifier(&text);
        let of_leaf = || leaf(&text);
        let value = if bound.switch("Leaf") {
            Val::str(of_leaf())
        } else if bound.switch("LeafBase") {
            let leaf = of_leaf();
            Val::str(leaf.rsplit_once('.').map_or(leaf.as_str(), |(base, _)| base))
        } else if bound.switch("Extension") {
            let leaf = of_leaf();
            Val::str(leaf.rfind('.').map_or("", |dot| &leaf[dot..]))
        } else if bound.switch("Qualifier") {
            if drive.is_empty() {
                let message = format!("Cannot parse path because path '{text}' does not have a qualifier specified.");
                let kind = "System.FormatException";
                let record = super::super::super::errors::ErrorRecord::new(kind, message, "ParsePathFormatError", 5);
                evaluator.write_error(record.with_target(Val::str(text.as_str())))?;
                continue;
            }
            Val::str(drive)
        } else if bound.switch("NoQualifier") {
            Val::str(rest)
        } else if bound.switch("IsAbsolute") {
            Val::Bool(!drive.is_empty())
        } else {
            Val::str(parent(&text))
        };
        out.put(evaluator, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{joined, leaf, parent};

    #[test]
    fn parts_of_paths() {
        for (path, wanted, last) in [
            ("C:\\Windows\\Temp", "C:\\Windows", "Temp"),
            ("C:\\Windows", "C:\\", "Windows"),
            ("C:\\", "", "C:\\"),
            ("a/b/c", "a\\b", "c"),
            ("HKLM:\\SOFTWARE\\X", "HKLM:\\SOFTWARE", "X"),
            ("name", "", "name"),
            ("a\\b\\", "a", "b"),
        ] {
            assert_eq!((parent(path).as_str(), leaf(path).as_str()), (wanted, last), "{path}");
        }
        assert_eq!(joined("C:\\", "\\x"), "C:\\x");
        assert_eq!(joined("a", "b/c"), "a\\b\\c");
    }
}
