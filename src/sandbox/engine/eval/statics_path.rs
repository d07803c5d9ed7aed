//! `[System.IO.Path]`: paths as texts, by Windows' rules.

use super::super::convert::{text, truth};
use super::super::value::Val;

/// A method of the class; nothing if it has none of this name.
pub(super) fn call(name: &str, args: &[Val]) -> Option<Val> {
    let first = args.first().map_or_else(String::new, text);
    let (folder, file) = split(&first);
    let stem_end = file.rfind('.').unwrap_or(file.len());
    Some(match name {
        "combine" => {
            let parts = match args {
                [Val::List(list)] => list.items(),
                parts => parts.to_vec(),
            };
            Val::str(parts.iter().map(text).fold(String::new(), |path, part| combine(&path, &part)))
        }
        "join" => {
            let parts: Vec<_> = args.iter().map(text).filter(|part| !part.is_empty()).collect();
            Val::str(parts.into_iter().reduce(|path, part| joined(&path, &part)).unwrap_or_default())
        }
        "getfilename" => Val::str(file),
        "getfilenamewithoutextension" => Val::str(&file[..stem_end]),
        "getextension" => Val::str(if file.ends_with('.') { "" } else { &file[stem_end..] }),
        "hasextension" => Val::Bool(stem_end + 1 < file.len()),
        "getdirectoryname" => folder.map_or(Val::Null, Val::str),
        "changeextension" => {
            let extension = args.get(1).map_or_else(String::new, text);
            let start = first.len() - file.len() + stem_end;
            let dot = if extension.is_empty() || extension.starts_with('.') { "" } else { "." };
            Val::str(format!("{}{dot}{extension}", &first[..start]))
        }
        "getpathroot" => Val::str(&first[..root(&first)]),
        "ispathrooted" => Val::Bool(first.starts_with(['\\', '/']) || first.get(1..2) == Some(":")),
        "gettemppath" => Val::str("C:\\Users\\sandbox\\AppData\\Local\\Temp\\"),
        "getinvalidfilenamechars" => {
            let units = (0..32).chain("\"<>|:*?\\/".encode_utf16());
            Val::list("System.Char[]", units.map(Val::Char).collect())
        }
        "endsindirectoryseparator" => Val::Bool(truth(&Val::str(first.as_str())) && first.ends_with(['\\', '/'])),
        _ => return None,
    })
}

/// A property of the class.
pub(super) fn property(name: &str) -> Option<Val> {
    let only = |next: char| Val::Char(next as u16);
    Some(match name {
        "directoryseparatorchar" => only('\\'),
        "altdirectoryseparatorchar" => only('/'),
        "pathseparator" => only(';'),
        "volumeseparatorchar" => only(':'),
        _ => return None,
    })
}

/// Bytes of a path's root: `C:\`, `\`, `\\server\share`.
fn root(path: &str) -> usize {
    let is_separator = |next: char| matches!(next, '\\' | '/');
    if let Some(share) = path.strip_prefix("\\\\") {
        let mut parts = share.match_indices(is_separator);
        return parts.nth(1).map_or(path.len(), |(at, _)| at + 2);
    }
    match path.get(1..2) {
        Some(":") => 2 + usize::from(path[2..].starts_with(is_separator)),
        _ => usize::from(path.starts_with(is_separator)),
    }
}

/// The folder, if there is one, and the name behind it.
fn split(path: &str) -> (Option<&str>, &str) {
    let root = root(path);
    match path.rfind(['\\', '/']).filter(|at| *at + 1 > root) {
        Some(at) => (
            Some(path[..at].trim_end_matches(['\\', '/']))
                .filter(|folder| folder.len() >= root)
                .or(Some(&path[..root])),
            &path[at + 1..],
        ),
        None if path.len() > root && root > 0 => (Some(&path[..root]), &path[root..]),
        None if root > 0 => (None, ""),
        None => (Some(""), path),
    }
}

/// A path that is rooted replaces what stands before it.
fn combine(path: &str, part: &str) -> String {
    match part {
        "" => path.to_owned(),
        _ if path.is_empty() || root(part) > 0 => part.to_owned(),
        _ if path.ends_with(['\\', '/', ':']) => format!("{path}{part}"),
        _ => format!("{path}\\{part}"),
    }
}

fn joined(path: &str, part: &str) -> String {
    let separated = path.ends_with(['\\', '/']) || part.starts_with(['\\', '/']);
    if separated { format!("{path}{part}") } else { format!("{path}\\{part}") }
}
