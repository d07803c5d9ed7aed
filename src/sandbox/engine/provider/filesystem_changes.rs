//! Making, removing, moving, reading and writing files.

use std::sync::Arc;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::machine::{File, FileError, attribute};
use super::super::value::Val;
use super::filesystem::FILE_SYSTEM;
use super::path::shown_path;
use super::{Content, Item, New, Relocation, Thing, Write};

/// What .NET on Windows says of a file that can't be changed: exception and message.
fn trouble(error: FileError, path: &str) -> (&'static str, String) {
    let shown = shown_path(FILE_SYSTEM, path);
    match error {
        FileError::NotFound => ("System.IO.FileNotFoundException", format!("Could not find file '{shown}'.")),
        FileError::NoFolder => {
            ("System.IO.DirectoryNotFoundException", format!("Could not find a part of the path '{shown}'."))
        }
        FileError::Exists => {
            ("System.IO.IOException", "Cannot create a file when that file already exists.".to_owned())
        }
        FileError::Denied => ("System.UnauthorizedAccessException", format!("Access to the path '{shown}' is denied.")),
        FileError::InUse => (
            "System.IO.IOException",
            format!("The process cannot access the file '{shown}' because it is being used by another process."),
        ),
        FileError::NoSpace => ("System.IO.IOException", format!("There is not enough space on the disk. : '{shown}'")),
        FileError::TooLong => (
            "System.IO.PathTooLongException",
            "The specified path, file name, or both are too long. The fully qualified file name must be less than 260 \
             characters, and the directory name must be less than 248 characters."
                .to_owned(),
        ),
        FileError::NotDrawn => (
            "System.NotSupportedException",
            format!("The sandbox does not draw the bytes of '{shown}', only its size."),
        ),
    }
}

/// The record of a failed change; access that is denied has an id of its own, if the verb has one.
fn record(error: FileError, path: &str, target: &str, ids: [&'static str; 2]) -> ErrorRecord {
    let (kind, message) = trouble(error, path);
    let (id, category) = if error == FileError::Denied { (ids[1], 18) } else { (ids[0], 23) };
    ErrorRecord::new(kind, message, id, category).with_target(Val::str(shown_path(FILE_SYSTEM, target)))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('\\').map_or("", |(folder, _)| folder)
}

/// Makes a folder with those around it.
fn make_folders(evaluator: &Evaluator<'_>, path: &str) -> Result<(), FileError> {
    let now = evaluator.host_time();
    let files = evaluator.machine.files();
    let mut missing = Vec::new();
    let mut at = path;
    while files.find(at).is_none() && !at.is_empty() {
        missing.push(at);
        at = folder_of(at);
    }
    if !files.find(at).is_some_and(File::is_folder) {
        return Err(FileError::NoFolder);
    }
    drop(files);
    missing.iter().rev().try_for_each(|path| evaluator.machine.make_folder(path, now))
}

pub(super) fn make(evaluator: &mut Evaluator<'_>, path: &str, new: &New) -> Run<()> {
    let kind = new.kind.as_deref().unwrap_or("file").to_lowercase();
    let starts = |full: &str| !kind.is_empty() && full.starts_with(&kind);
    let ids = ["NewItemIOError", "NewItemUnauthorizedAccessError"];
    if starts("directory") || starts("container") {
        let existing = evaluator.machine.files().find(path).cloned();
        return match existing {
            Some(file) if file.is_folder() && new.force => Ok(()),
            Some(_) => {
                let shown = shown_path(FILE_SYSTEM, path);
                let message = format!("An item with the specified name {shown} already exists.");
                Err(ErrorRecord::new("System.IO.IOException", message, "DirectoryExist", 20)
                    .with_target(Val::str(shown))
                    .into())
            }
            None => {
                let made = make_folders(evaluator, path);
                made.map_err(|error| record(error, path, path, ["CreateDirectoryIOError", ids[1]]).into())
            }
        };
    }
    if starts("symboliclink") || starts("hardlink") || starts("junction") {
        return Err(ErrorRecord::unsupported("links of files").into());
    }
    if !starts("file") {
        let message = "The type is not a known type for the file system. Only \"file\",\"directory\" or \"symboliclink\" can be specified.";
        return Err(ErrorRecord::new("System.Management.Automation.PSArgumentException", message, "Argument", 5).into());
    }
    if new.force {
        make_folders(evaluator, folder_of(path)).map_err(|error| record(error, path, path, ids))?;
    } else if evaluator.machine.files().find(path).is_some() {
        let shown = shown_path(FILE_SYSTEM, path);
        let message = format!("The file '{shown}' already exists.");
        return Err(ErrorRecord::new("System.IO.IOException", message, ids[0], 23).with_target(Val::str(shown)).into());
    }
    let bytes: Arc<[u8]> = new.value.as_ref().map_or_else(String::new, text).into_bytes().into();
    let now = evaluator.host_time();
    let made = evaluator.machine.write_file(path, bytes, now, new.force);
    made.map_err(|error| record(error, path, path, ids).into())
}

/// The error of an item that only -Force removes.
fn protected(path: &str) -> ErrorRecord {
    let message = "You do not have sufficient access rights to perform this operation or the item is hidden, system, or read only.";
    ErrorRecord::new("System.IO.IOException", message, "RemoveFileSystemItemUnAuthorizedAccess", 18)
        .with_target(Val::str(shown_path(FILE_SYSTEM, path)))
}

fn is_protected(item: &Item) -> bool {
    let bits = attribute::READ_ONLY | attribute::HIDDEN | attribute::SYSTEM;
    matches!(&item.thing, Thing::File(file) if file.has(bits))
}

pub(super) fn remove(evaluator: &mut Evaluator<'_>, item: &Item, force: bool) -> Run<()> {
    if is_protected(item) && !force {
        return Err(protected(&item.path).into());
    }
    // What is in a folder is removed one by one, so that an item that stays keeps the folders around it.
    if item.is_container {
        evaluator.step(4)?;
        for child in super::Provider::children(FILE_SYSTEM, evaluator, &item.path)? {
            if let Err(flow) = remove(evaluator, &child, force) {
                evaluator.report_throw(flow)?;
            }
        }
        if !evaluator.machine.files().children(&item.path).is_empty() {
            let shown = shown_path(FILE_SYSTEM, &item.path);
            let message = format!("Directory {shown} cannot be removed because it is not empty.");
            return Err(ErrorRecord::new("System.IO.IOException", message, "DirectoryNotEmpty", 23)
                .with_target(Val::str(shown))
                .into());
        }
    }
    let ids = ["RemoveFileSystemItemIOError", "RemoveFileSystemItemUnAuthorizedAccess"];
    evaluator.machine.remove_file(&item.path).map_err(|error| record(error, &item.path, &item.path, ids).into())
}

pub(super) fn copy(evaluator: &mut Evaluator<'_>, item: &Item, to: &str, force: bool) -> Run<()> {
    let files = evaluator.machine.files();
    let ids = ["CopyFileInfoItemIOError", "CopyFileInfoItemUnauthorizedAccessError"];
    let fail = |error| record(error, to, &item.path, ids);
    if to.eq_ignore_ascii_case(&item.path) {
        let message = format!("Cannot overwrite the item {} with itself.", item.path);
        return Err(ErrorRecord::new("System.IO.IOException", message, "CopyError", 23)
            .with_target(Val::str(item.path.as_str()))
            .into());
    }
    match files.find(to) {
        Some(there) if item.is_container && there.is_folder() => return Ok(()),
        Some(there) if there.is_folder() != item.is_container || (there.has(attribute::READ_ONLY) && !force) => {
            return Err(fail(FileError::Denied).into());
        }
        _ => {}
    }
    drop(files);
    let now = evaluator.host_time();
    evaluator.machine.copy_file(&item.path, to, now).map_err(|error| fail(error).into())
}

pub(super) fn relocate(evaluator: &mut Evaluator<'_>, item: &Item, to: &str, how: Relocation) -> Run<()> {
    let ids = match (how.is_rename, item.is_container) {
        (true, _) => ["RenameItemIOError", "RenameItemUnauthorizedAccessError"],
        (false, true) => ["MoveDirectoryItemIOError", "MoveDirectoryItemUnauthorizedAccessError"],
        (false, false) => ["MoveFileInfoItemIOError", "MoveFileInfoItemUnauthorizedAccessError"],
    };
    if how.force && !how.is_rename && !item.is_container && !to.eq_ignore_ascii_case(&item.path) {
        let is_file = evaluator.machine.files().find(to).is_some_and(|file| !file.is_folder());
        if is_file {
            evaluator.machine.remove_file(to).map_err(|error| record(error, to, &item.path, ids))?;
        }
    }
    let moved = evaluator.machine.move_file(&item.path, to);
    moved.map_err(|error| {
        let about = if error == FileError::InUse { &item.path } else { to };
        record(error, about, &item.path, ids).into()
    })
}

pub(super) fn content(evaluator: &mut Evaluator<'_>, item: &Item) -> Run<Content> {
    let Thing::File(file) = &item.thing else { return Ok(Content::Values(Vec::new())) };
    let shown = shown_path(FILE_SYSTEM, &item.path);
    if file.is_folder() {
        let message =
            format!("Unable to get content because it is a directory: '{shown}'. Please use 'Get-ChildItem' instead.");
        return Err(
            ErrorRecord::new("System.InvalidOperationException", message, "GetContainerContentException", 7).into()
        );
    }
    evaluator.step(file.size / 64 + 1)?;
    match file.bytes() {
        Ok(bytes) => Ok(Content::Bytes(bytes)),
        Err(error) => {
            let (kind, message) = trouble(error, &item.path);
            Err(ErrorRecord::new(kind, message, "SandboxUnsupported", 11).with_target(Val::str(shown)).into())
        }
    }
}

pub(super) fn set_content(evaluator: &mut Evaluator<'_>, path: &str, write: &Write) -> Run<()> {
    let files = evaluator.machine.files();
    let old = files.find(path);
    let shown = shown_path(FILE_SYSTEM, path);
    if old.is_some_and(File::is_folder) {
        let message = format!("Unable to write content because it is a directory: '{shown}'.");
        let (kind, id, category) = match write.is_out_file {
            true => ("System.UnauthorizedAccessException", "FileOpenFailure", 1),
            false => ("System.InvalidOperationException", "WriteContainerContentException", 7),
        };
        return Err(ErrorRecord::new(kind, message, id, category).into());
    }
    evaluator.step(write.bytes.len() as u64 / 64 + 1)?;
    let mut bytes = Vec::new();
    if write.append
        && let Some(old) = old
    {
        match old.bytes() {
            Ok(old) => bytes.extend_from_slice(&old),
            Err(error) => {
                let (kind, message) = trouble(error, path);
                return Err(ErrorRecord::new(kind, message, "SandboxUnsupported", 11).into());
            }
        }
    }
    drop(files);
    bytes.extend_from_slice(&write.bytes);
    let now = evaluator.host_time();
    let wrote = evaluator.machine.write_file(path, bytes.into(), now, write.force);
    wrote.map_err(|error| {
        let (kind, message) = trouble(error, path);
        let (id, category) = match error {
            _ if write.is_out_file => ("FileOpenFailure", 1),
            FileError::NoFolder => ("GetContentWriterDirectoryNotFoundError", 13),
            FileError::Denied => ("GetContentWriterUnauthorizedAccessError", 18),
            _ => ("GetContentWriterIOError", 23),
        };
        let record = ErrorRecord::new(kind, message, id, category);
        if write.is_out_file { record.into() } else { record.with_target(Val::str(shown)).into() }
    })
}
