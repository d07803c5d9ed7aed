//! Files and folders.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use super::super::convert::{self, text};
use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::machine::{File, attribute};
use super::super::value::{Obj, Schema, Val};
use super::filesystem_changes as changes;
use super::path::shown_path;
use super::{Content, Item, New, Provider, Relocation, SetProperty, Thing, Write};

pub(in super::super) struct FileSystem;

/// The provider of files.
pub(in super::super) const FILE_SYSTEM: &FileSystem = &FileSystem;

impl Provider for FileSystem {
    fn name(&self) -> &'static str {
        "FileSystem"
    }

    fn find(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Option<Item>> {
        evaluator.step(2)?;
        let files = evaluator.machine.files();
        let Some(file) = files.find(path) else { return Ok(None) };
        // The path as the folders on the way are really called.
        let mut real = String::new();
        for part in path.split('\\') {
            let at = if real.is_empty() { part.to_owned() } else { format!("{real}\\{part}") };
            let name = files.find(&at).map_or(part, |file| &file.name);
            real = if real.is_empty() { name.to_owned() } else { format!("{real}\\{name}") };
        }
        Ok(Some(item(real, file)))
    }

    fn children(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Vec<Item>> {
        let files = evaluator.machine.files();
        if files.find(path).is_some_and(File::is_locked) {
            let message = format!("Access to the path '{}' is denied.", shown_path(self, path));
            let kind = "System.UnauthorizedAccessException";
            return Err(ErrorRecord::new(kind, message, "DirUnauthorizedAccessError", 18)
                .with_target(Val::str(path))
                .into());
        }
        let children = files.children(path);
        evaluator.step(children.len() as u64 + 1)?;
        let (folders, plain): (Vec<&File>, Vec<&File>) = children.into_iter().partition(|file| file.is_folder());
        let inside = |file: &&File| {
            item(if path.is_empty() { file.name.to_string() } else { format!("{path}\\{}", file.name) }, file)
        };
        Ok(folders.iter().chain(&plain).map(inside).collect())
    }

    fn object(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Val {
        match &item.thing {
            Thing::File(file) => object(evaluator.host.utc_offset_minutes(), &item.path, file),
            _ => Val::Null,
        }
    }

    fn make(&self, evaluator: &mut Evaluator<'_>, path: &str, new: &New) -> Run<()> {
        changes::make(evaluator, path, new)
    }

    fn remove(&self, evaluator: &mut Evaluator<'_>, item: &Item, force: bool) -> Run<()> {
        changes::remove(evaluator, item, force)
    }

    fn copy(&self, evaluator: &mut Evaluator<'_>, item: &Item, to: &str, force: bool) -> Run<()> {
        changes::copy(evaluator, item, to, force)
    }

    fn relocate(&self, evaluator: &mut Evaluator<'_>, item: &Item, to: &str, how: Relocation) -> Run<()> {
        changes::relocate(evaluator, item, to, how)
    }

    fn content(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Run<Content> {
        changes::content(evaluator, item)
    }

    fn set_content(&self, evaluator: &mut Evaluator<'_>, path: &str, write: &Write) -> Run<()> {
        changes::set_content(evaluator, path, write)
    }

    fn properties(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Run<Vec<(Arc<str>, Val)>> {
        match self.object(evaluator, item) {
            Val::Object(object) => Ok(object.properties()),
            _ => Ok(Vec::new()),
        }
    }

    fn set_property(&self, evaluator: &mut Evaluator<'_>, item: &Item, set: &SetProperty) -> Run<()> {
        if let Val::Object(object) = self.object(evaluator, item)
            && set_live_property(evaluator, &object, &set.name, &set.value)?
        {
            return Ok(());
        }
        let shown = format!("{} {}={}", set.value.type_name(), set.name, text(&set.value));
        let message = format!("The property {shown} does not exist or was not found.");
        Err(ErrorRecord::new("System.IO.IOException", message, "SetPropertyError", 22)
            .with_target(Val::str(shown))
            .into())
    }
}

fn item(path: String, file: &File) -> Item {
    Item {
        path,
        name: file.name.clone(),
        is_container: file.is_folder(),
        is_hidden: file.has(attribute::HIDDEN),
        thing: Thing::File(file.clone()),
    }
}

/// Bits of `System.IO.FileAttributes` by name, in the order of their numbers.
const ATTRIBUTES: [(&str, u32); 7] = [
    ("ReadOnly", attribute::READ_ONLY),
    ("Hidden", attribute::HIDDEN),
    ("System", attribute::SYSTEM),
    ("Directory", attribute::DIRECTORY),
    ("Archive", attribute::ARCHIVE),
    ("Normal", 128),
    ("Temporary", 256),
];

/// The number of an attribute's name.
pub(in super::super) fn attribute_of(name: &str) -> Option<u32> {
    ATTRIBUTES.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, bit)| *bit)
}

fn attributes_value(attributes: u32) -> Val {
    let names: Vec<&str> = ATTRIBUTES.iter().filter(|(_, bit)| attributes & bit != 0).map(|(name, _)| *name).collect();
    let name = if names.is_empty() { "Normal".to_owned() } else { names.join(", ") };
    Val::of_enum("System.IO.FileAttributes", name, attributes as i32)
}

/// `d-----`, `-a----`: the column of Get-ChildItem; the last letter is that of links.
/// Source: public transcripts of Windows PowerShell 5.1; PowerShell 7 has five letters.
fn mode(file: &File) -> String {
    let letters = [
        ('d', attribute::DIRECTORY),
        ('a', attribute::ARCHIVE),
        ('r', attribute::READ_ONLY),
        ('h', attribute::HIDDEN),
        ('s', attribute::SYSTEM),
    ];
    letters.iter().map(|(letter, bit)| if file.has(*bit) { *letter } else { '-' }).chain(['-']).collect()
}

const TIMES: [&str; 6] =
    ["CreationTime", "CreationTimeUtc", "LastAccessTime", "LastAccessTimeUtc", "LastWriteTime", "LastWriteTimeUtc"];

static FILE_INFO: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let types = ["System.IO.FileInfo", "System.IO.FileSystemInfo", "System.MarshalByRefObject", "System.Object"];
    let head = ["Name", "Length", "DirectoryName", "Directory", "IsReadOnly", "Exists", "FullName", "Extension"];
    let names: Vec<&str> = [&head[..], &TIMES, &["Attributes"]].concat();
    Schema::new(&types, &names)
});

static DIRECTORY_INFO: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    let types = ["System.IO.DirectoryInfo", "System.IO.FileSystemInfo", "System.MarshalByRefObject", "System.Object"];
    let head = ["Name", "Parent", "Root", "Exists", "FullName", "Extension"];
    let names: Vec<&str> = [&head[..], &TIMES, &["Attributes"]].concat();
    Schema::new(&types, &names)
});

/// The file as .NET's FileInfo or DirectoryInfo, with PowerShell's script properties.
/// Source: public API of System.IO.FileInfo and DirectoryInfo; notes as types.ps1xml of Windows PowerShell 5.1 has them.
fn object(offset: i32, path: &str, file: &File) -> Val {
    let full = shown_path(FILE_SYSTEM, path);
    let name = if path.ends_with(':') { full.clone() } else { file.name.to_string() };
    let around = path.rsplit_once('\\').map(|(around, _)| shown_path(FILE_SYSTEM, around));
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]).to_owned();
    let base =
        if file.is_folder() { name.as_str() } else { name.rsplit_once('.').map_or(name.as_str(), |(base, _)| base) };
    let mut values = vec![Val::str(name.as_str())];
    if file.is_folder() {
        values.push(around.map_or(Val::Null, Val::str));
        values.push(Val::str(format!("{}\\", path.split('\\').next().unwrap_or(path))));
        values.push(Val::Bool(true));
    } else {
        let around = around.unwrap_or_default();
        values.push(Val::I64(file.size as i64));
        values.push(Val::str(around.as_str()));
        values.push(Val::str(around));
        values.push(Val::Bool(file.has(attribute::READ_ONLY)));
        values.push(Val::Bool(true));
    }
    values.push(Val::str(full.as_str()));
    values.push(Val::str(extension));
    for time in [file.created, file.accessed, file.written] {
        values.push(Val::DateTime(DateTime::local(time, offset)));
        values.push(Val::DateTime(DateTime::utc(time)));
    }
    values.push(attributes_value(file.attributes));
    let schema = if file.is_folder() { &*DIRECTORY_INFO } else { &*FILE_INFO };
    let made = Obj::typed(schema, full.as_str(), values);
    let mut notes = vec![("Mode", Val::str(mode(file)))];
    if !file.is_folder() {
        notes.push(("VersionInfo", Val::str(format!("File:             {full}\n"))));
    }
    notes.extend([("BaseName", Val::str(base)), ("Target", Val::Null), ("LinkType", Val::Null)]);
    if let Val::Object(object) = &made {
        object.put_notes_first(notes);
    }
    made
}

fn is_file_object(object: &Obj) -> bool {
    matches!(object.type_name(), "System.IO.FileInfo" | "System.IO.DirectoryInfo")
}

/// The path in the machine of an object's file.
pub(in super::super) fn path_of(object: &Obj) -> Option<String> {
    let full = object.get("FullName").filter(|_| is_file_object(object))?;
    Some(text(&full).trim_end_matches('\\').to_owned())
}

/// Properties that are objects of their own when a script asks, and texts on the wire.
pub(in super::super) fn live_property(evaluator: &Evaluator<'_>, object: &Obj, name: &str) -> Option<Val> {
    if !["Directory", "Parent", "Root", "VersionInfo"].iter().any(|live| live.eq_ignore_ascii_case(name)) {
        return None;
    }
    let path = path_of(object)?;
    if name.eq_ignore_ascii_case("VersionInfo") {
        return Some(version_info(evaluator, &path));
    }
    let folder = match name.to_ascii_lowercase().as_str() {
        "root" => path.split('\\').next()?,
        _ => path.rsplit_once('\\')?.0,
    };
    let files = evaluator.machine.files();
    Some(self::object(evaluator.host.utc_offset_minutes(), folder, files.find(folder)?))
}

/// The version of a program of Windows is Windows' own.
/// Source: public API of System.Diagnostics.FileVersionInfo.
fn version_info(evaluator: &Evaluator<'_>, path: &str) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let names = [
            "FileName",
            "FileDescription",
            "FileVersion",
            "InternalName",
            "OriginalFilename",
            "CompanyName",
            "ProductName",
            "ProductVersion",
            "FileMajorPart",
            "FileMinorPart",
            "FileBuildPart",
            "FilePrivatePart",
            "Language",
            "FileVersionRaw",
            "ProductVersionRaw",
        ];
        Schema::new(&["System.Diagnostics.FileVersionInfo", "System.Object"], &names)
    });
    let name = path.rsplit('\\').next().unwrap_or(path);
    let lower = path.to_lowercase();
    let is_program = [".exe", ".dll", ".sys"].iter().any(|end| lower.ends_with(end));
    let system = evaluator.host.operating_system();
    let build: i32 = system.build.parse().unwrap_or(0);
    let (parts, company, product) = if !is_program {
        ([0; 4], Val::Null, Val::Null)
    } else if lower.contains("contoso") {
        ([4, 2, 0, 118], Val::str("Contoso Ltd."), Val::str("Contoso Orders"))
    } else if lower.contains("\\powershell\\7") {
        ([7, 4, 6, 500], Val::str("Microsoft Corporation"), Val::str("PowerShell"))
    } else {
        let product = Val::str("Microsoft® Windows® Operating System");
        ([10, 0, build, system.revision as i32], Val::str("Microsoft Corporation"), product)
    };
    let version = parts.map(|part| part.to_string()).join(".");
    let shown = |value: &str| if is_program { Val::str(value) } else { Val::Null };
    let values = vec![
        Val::str(path),
        shown(name.rsplit_once('.').map_or(name, |(base, _)| base)),
        shown(&version),
        shown(name),
        shown(name),
        company,
        product,
        shown(&version),
        Val::I32(parts[0]),
        Val::I32(parts[1]),
        Val::I32(parts[2]),
        Val::I32(parts[3]),
        shown("English (United States)"),
        Val::Version(parts),
        Val::Version(parts),
    ];
    Obj::typed(&SCHEMA, format!("File:             {path}\nFileVersion:      {version}\n"), values)
}

/// A time of a script as the machine's.
pub(in super::super) fn timestamp(evaluator: &Evaluator<'_>, value: &Val) -> Option<Timestamp> {
    let kind = super::super::types::TypeRef::named("System.DateTime");
    let Ok(Val::DateTime(time)) = convert::cast(value, &kind) else { return None };
    let utc = time.to_utc(evaluator.host.utc_offset_minutes());
    let epoch = DateTime::from_date(1970, 1, 1)?;
    let ticks = i128::from(utc.ticks - epoch.ticks) * 100;
    Timestamp::from_nanosecond(ticks).ok()
}

/// Sets a property of a file's object that changes the file; whether it is one.
pub(in super::super) fn set_live_property(
    evaluator: &mut Evaluator<'_>,
    object: &Obj,
    name: &str,
    value: &Val,
) -> Run<bool> {
    if object.type_name() == "System.Threading.Thread" {
        let what = format!("changes of the thread's {name}: it formats by the invariant culture");
        return Err(ErrorRecord::unsupported(&what).into());
    }
    let Some(path) = path_of(object) else { return Ok(false) };
    let change: Box<dyn FnOnce(&mut File)> = match name.to_ascii_lowercase().trim_end_matches("utc") {
        "isreadonly" => {
            let on = convert::truth(value);
            Box::new(move |file| set_bit(file, attribute::READ_ONLY, on))
        }
        "attributes" => {
            let bits = match value {
                Val::Enum(value) => value.number as u32,
                other => text(other).split(',').filter_map(|name| attribute_of(name.trim())).sum(),
            };
            Box::new(move |file| file.attributes = bits | file.attributes & attribute::DIRECTORY)
        }
        which @ ("creationtime" | "lastaccesstime" | "lastwritetime") => {
            let Some(time) = timestamp(evaluator, value) else {
                let message = format!(
                    "Exception setting \"{name}\": Cannot convert value \"{}\" to type \"System.DateTime\".",
                    text(value)
                );
                return Err(ErrorRecord::runtime(message, "ExceptionWhenSetting", 0).into());
            };
            let which = which.to_owned();
            Box::new(move |file| match which.as_str() {
                "creationtime" => file.created = time,
                "lastaccesstime" => file.accessed = time,
                _ => file.written = time,
            })
        }
        _ => return Ok(false),
    };
    if evaluator.machine.change_file(&path, change).is_err() {
        return Err(super::not_found(&path).into());
    }
    Ok(true)
}

fn set_bit(file: &mut File, bit: u32, on: bool) {
    file.attributes = if on { file.attributes | bit } else { file.attributes & !bit };
}
