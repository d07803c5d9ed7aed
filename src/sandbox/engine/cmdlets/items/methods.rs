//! Methods of files' objects, and the static ones of `[IO.File]` and `[IO.Directory]`.

use std::sync::Arc;

use super::super::super::convert::{self, text, truth};
use super::super::super::dotnet::{file_bytes, file_text};
use super::super::super::eval::{Evaluator, Flow, Run};
use super::super::super::provider::{Content, Decor, Item, ItemPath, New, Relocation, Write, path_of, resolve};
use super::super::super::text_file::lines;
use super::super::super::value::{Obj, Val};
use super::super::members::method_failed;

/// The item of a path, and the path.
fn find(evaluator: &mut Evaluator<'_>, text: &str) -> Run<(ItemPath, Option<Item>)> {
    let path = resolve(evaluator, text)?;
    let item = if path.provider.name() == "FileSystem" { path.provider.find(evaluator, &path.path)? } else { None };
    Ok((path, item))
}

fn objects(evaluator: &mut Evaluator<'_>, path: &ItemPath, items: &[Item]) -> Vec<Val> {
    let decor = Decor::of(evaluator, path);
    items.iter().map(|item| decor.provider().object(evaluator, item)).collect()
}

/// What is in a folder of one kind; a pattern chooses names.
fn inside(
    evaluator: &mut Evaluator<'_>,
    path: &ItemPath,
    args: &[Val],
    is_wanted: fn(&Item) -> bool,
) -> Run<Vec<Item>> {
    let pattern = args.first().map_or_else(|| "*".to_owned(), text);
    let deep = args.get(1).is_some_and(|option| text(option).eq_ignore_ascii_case("AllDirectories"));
    let (mut found, mut waiting) = (Vec::new(), vec![path.path.clone()]);
    while let Some(folder) = waiting.pop() {
        for item in path.provider.children(evaluator, &folder)? {
            if deep && item.is_container {
                waiting.push(item.path.clone());
            }
            if is_wanted(&item) && (pattern == "*.*" || evaluator.patterns.like(&item.name, &pattern, false)?) {
                found.push(item);
            }
        }
    }
    Ok(found)
}

/// A method of a FileInfo or DirectoryInfo.
pub(in super::super) fn file_method(
    evaluator: &mut Evaluator<'_>,
    object: &Arc<Obj>,
    name: &str,
    args: &[Val],
) -> Run<Option<Val>> {
    let Some(full) = path_of(object) else { return Ok(None) };
    let path = resolve(evaluator, &format!("{full}\\"))?;
    let first = args.first().map_or_else(String::new, text);
    let throw = |flow: Flow| match flow {
        Flow::Throw(record) => Flow::from(method_failed(name, args, record.message(), "IOException")),
        other => other,
    };
    let found = path.provider.find(evaluator, &path.path)?;
    Ok(Some(match (name, found) {
        ("refresh", _) => Val::Void,
        ("delete", None) => Val::Void,
        ("delete", Some(item)) => {
            let is_empty = !item.is_container || path.provider.children(evaluator, &item.path)?.is_empty();
            if !is_empty && !args.first().is_some_and(truth) {
                let why = format!("The directory is not empty. : '{}'", item.path);
                return Err(method_failed(name, args, &why, "IOException").into());
            }
            path.provider.remove(evaluator, &item, true).map_err(throw)?;
            Val::Void
        }
        ("moveto", Some(item)) => {
            let to = resolve(evaluator, &first)?;
            let how = Relocation { is_rename: false, force: args.get(1).is_some_and(truth) };
            path.provider.relocate(evaluator, &item, &to.path, how).map_err(throw)?;
            Val::Void
        }
        ("copyto", Some(item)) => {
            let to = resolve(evaluator, &first)?;
            if path.provider.find(evaluator, &to.path)?.is_some() && !args.get(1).is_some_and(truth) {
                let why = format!("The file '{}' already exists.", to.provider_path());
                return Err(method_failed(name, args, &why, "IOException").into());
            }
            path.provider.copy(evaluator, &item, &to.path, true).map_err(throw)?;
            match path.provider.find(evaluator, &to.path)? {
                Some(copy) => path.provider.object(evaluator, &copy),
                None => Val::Null,
            }
        }
        ("getfiles" | "enumeratefiles", Some(item)) if item.is_container => {
            let items = inside(evaluator, &path, args, |item| !item.is_container)?;
            Val::list("System.IO.FileInfo[]", objects(evaluator, &path, &items))
        }
        ("getdirectories" | "enumeratedirectories", Some(item)) if item.is_container => {
            let items = inside(evaluator, &path, args, |item| item.is_container)?;
            Val::list("System.IO.DirectoryInfo[]", objects(evaluator, &path, &items))
        }
        ("getfilesysteminfos", Some(item)) if item.is_container => {
            let items = inside(evaluator, &path, args, |_| true)?;
            Val::list("System.IO.FileSystemInfo[]", objects(evaluator, &path, &items))
        }
        _ => return Ok(None),
    }))
}

fn missing(name: &str, args: &[Val], path: &ItemPath) -> Flow {
    let why = format!("Could not find file '{}'.", path.provider_path());
    method_failed(name, args, &why, "FileNotFoundException").into()
}

/// The text of a file, or its bytes.
fn read(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Run<Arc<[u8]>> {
    let (path, item) = find(evaluator, &args.first().map_or_else(String::new, text))?;
    let item = item.filter(|item| !item.is_container).ok_or_else(|| missing(name, args, &path))?;
    match path.provider.content(evaluator, &item)? {
        Content::Bytes(bytes) => Ok(bytes),
        Content::Values(_) => Ok(Arc::default()),
    }
}

fn write(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val], bytes: Vec<u8>, append: bool) -> Run<Val> {
    let (path, _) = find(evaluator, &args.first().map_or_else(String::new, text))?;
    let write = Write { values: Vec::new(), bytes, append, force: false, is_out_file: true };
    path.provider.set_content(evaluator, &path.path, &write).map_err(|flow| match flow {
        Flow::Throw(record) => {
            let id = if record.message().starts_with("Could not find") {
                "DirectoryNotFoundException"
            } else {
                "IOException"
            };
            method_failed(name, args, record.message(), id).into()
        }
        other => other,
    })?;
    Ok(Val::Void)
}

/// `[IO.File]::...` and `[IO.Directory]::...`; nothing if the type has no such method here.
pub(in super::super::super) fn file_static(
    evaluator: &mut Evaluator<'_>,
    is_directory: bool,
    name: &str,
    args: &[Val],
) -> Run<Option<Val>> {
    let lower = name.to_ascii_lowercase();
    if is_directory { directory_static(evaluator, &lower, name, args) } else { of_file(evaluator, &lower, name, args) }
}

fn of_file(evaluator: &mut Evaluator<'_>, lower: &str, name: &str, args: &[Val]) -> Run<Option<Val>> {
    let first = args.first().map_or_else(String::new, text);
    let second = args.get(1).cloned().unwrap_or(Val::Null);
    let joined =
        |value: &Val| value.clone().into_items().iter().map(|line| format!("{}\r\n", text(line))).collect::<String>();
    let is_new = lower.starts_with("write") || lower.starts_with("append") && find(evaluator, &first)?.1.is_none();
    let bytes = |text: &str| file_bytes(args.get(2), text, is_new);
    Ok(Some(match lower {
        "exists" => {
            let exists = !first.is_empty() && find(evaluator, &first)?.1.is_some_and(|item| !item.is_container);
            Val::Bool(exists)
        }
        "readalltext" => Val::str(file_text(args.get(1), &read(evaluator, name, args)?)),
        "readalllines" | "readlines" => {
            let whole = file_text(args.get(1), &read(evaluator, name, args)?);
            Val::list("System.String[]", lines(&whole).map(Val::str).collect())
        }
        "readallbytes" => {
            let bytes = read(evaluator, name, args)?;
            Val::list("System.Byte[]", bytes.iter().copied().map(Val::U8).collect())
        }
        "writealltext" => write(evaluator, name, args, bytes(&text(&second)), false)?,
        "appendalltext" => write(evaluator, name, args, bytes(&text(&second)), true)?,
        "writealllines" => write(evaluator, name, args, bytes(&joined(&second)), false)?,
        "appendalllines" => write(evaluator, name, args, bytes(&joined(&second)), true)?,
        "writeallbytes" => {
            let bytes = second.into_items().iter().map(convert::index).collect::<Result<Vec<_>, _>>()?;
            write(evaluator, name, args, bytes.into_iter().map(|byte| byte as u8).collect(), false)?
        }
        "delete" => {
            let (path, item) = find(evaluator, &first)?;
            if let Some(item) = item.filter(|item| !item.is_container) {
                path.provider.remove(evaluator, &item, true)?;
            }
            Val::Void
        }
        "copy" | "move" => {
            let (path, item) = find(evaluator, &first)?;
            let item = item.ok_or_else(|| missing(name, args, &path))?;
            let to = resolve(evaluator, &text(&second))?;
            let overwrites = args.get(2).is_some_and(truth);
            if !overwrites && path.provider.find(evaluator, &to.path)?.is_some() {
                let why = format!("The file '{}' already exists.", to.provider_path());
                return Err(method_failed(name, args, &why, "IOException").into());
            }
            match lower {
                "copy" => path.provider.copy(evaluator, &item, &to.path, true)?,
                _ => {
                    let how = Relocation { is_rename: false, force: overwrites };
                    path.provider.relocate(evaluator, &item, &to.path, how)?;
                }
            }
            Val::Void
        }
        _ => return time_or_attributes(evaluator, lower, &first),
    }))
}

fn time_or_attributes(evaluator: &mut Evaluator<'_>, lower: &str, path: &str) -> Run<Option<Val>> {
    let property = match lower {
        "getlastwritetime" => "LastWriteTime",
        "getcreationtime" => "CreationTime",
        "getlastaccesstime" => "LastAccessTime",
        "getattributes" => "Attributes",
        _ => return Ok(None),
    };
    let (path, item) = find(evaluator, path)?;
    let Some(item) = item else { return Ok(Some(Val::Null)) };
    let object = path.provider.object(evaluator, &item);
    Ok(evaluator.member(&object, property))
}

fn directory_static(evaluator: &mut Evaluator<'_>, lower: &str, name: &str, args: &[Val]) -> Run<Option<Val>> {
    let first = args.first().map_or_else(String::new, text);
    if lower == "getcurrentdirectory" {
        return Ok(Some(Val::str(resolve(evaluator, "C:.")?.provider_path())));
    }
    let (path, item) = find(evaluator, &first)?;
    let folder = item.filter(|item| item.is_container);
    let gone = |path: &ItemPath| -> Flow {
        let why = format!("Could not find a part of the path '{}'.", path.provider_path());
        method_failed(name, args, &why, "DirectoryNotFoundException").into()
    };
    let names = |items: Vec<Item>| {
        Some(Val::list("System.String[]", items.into_iter().map(|item| Val::str(item.path)).collect()))
    };
    let rest = args.get(1..).unwrap_or(&[]);
    Ok(match (lower, folder) {
        ("exists", folder) => Some(Val::Bool(!first.is_empty() && folder.is_some())),
        ("createdirectory", _) => {
            let new = New { kind: Some("directory".into()), value: None, force: true };
            path.provider.make(evaluator, &path.path, &new)?;
            match path.provider.find(evaluator, &path.path)? {
                Some(made) => Some(path.provider.object(evaluator, &made)),
                None => Some(Val::Null),
            }
        }
        ("delete", Some(item)) => {
            let is_empty = path.provider.children(evaluator, &item.path)?.is_empty();
            if !is_empty && !rest.first().is_some_and(truth) {
                let why = format!("The directory is not empty. : '{}'", path.provider_path());
                return Err(method_failed(name, args, &why, "IOException").into());
            }
            path.provider.remove(evaluator, &item, true)?;
            Some(Val::Void)
        }
        ("getfiles" | "enumeratefiles", Some(_)) => names(inside(evaluator, &path, rest, |item| !item.is_container)?),
        ("getdirectories" | "enumeratedirectories", Some(_)) => {
            names(inside(evaluator, &path, rest, |item| item.is_container)?)
        }
        ("getfilesystementries", Some(_)) => names(inside(evaluator, &path, rest, |_| true)?),
        ("delete" | "getfiles" | "enumeratefiles" | "getdirectories" | "enumeratedirectories", None) => {
            return Err(gone(&path));
        }
        _ => None,
    })
}
