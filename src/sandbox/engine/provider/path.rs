//! Paths: from what scripts write to items.

use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run};
use super::super::pattern::has_wildcards;
use super::super::value::Val;
use super::drive::{self, Drive};
use super::filesystem::FILE_SYSTEM;
use super::{Item, Provider};

/// A place in a provider; it need not exist.
#[derive(Clone)]
pub(in super::super) struct ItemPath {
    pub(in super::super) provider: &'static dyn Provider,
    /// The drive that the path was written with.
    pub(in super::super) drive: Option<Drive>,
    /// The provider's path, without a backslash at the end.
    pub(in super::super) path: String,
}

impl std::fmt::Debug for ItemPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{}", self.provider.name(), self.path)
    }
}

impl ItemPath {
    /// The path with its drive, as messages and `Get-Location` show it.
    pub(in super::super) fn shown(&self) -> String {
        match &self.drive {
            Some(drive) if drive.provider.name() != "FileSystem" || *drive.root != *format!("{}:", drive.name) => {
                format!("{}:\\{}", drive.name, self.within())
            }
            _ => self.provider_path(),
        }
    }

    /// The provider's path as scripts see it: the root of a disk ends with a backslash.
    pub(in super::super) fn provider_path(&self) -> String {
        shown_path(self.provider, &self.path)
    }

    /// The path below the drive's root.
    pub(in super::super) fn within(&self) -> &str {
        let root = self.drive.as_ref().map_or("", |drive| &drive.root);
        self.path.get(root.len()..).map_or(self.path.as_str(), |rest| rest.trim_start_matches('\\'))
    }

    /// A place inside this one.
    pub(in super::super) fn inside(&self, name: &str) -> Self {
        Self { path: inside(&self.path, name), ..self.clone() }
    }

    /// The place around this one.
    pub(in super::super) fn around(&self) -> Self {
        let path = self.path.rsplit_once('\\').map_or("", |(around, _)| around).to_owned();
        Self { path, ..self.clone() }
    }

    /// The last part of the path.
    pub(in super::super) fn leaf(&self) -> &str {
        self.path.rsplit('\\').next().unwrap_or(&self.path)
    }

    /// The same place, reached over another path of the provider.
    pub(in super::super) fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }
}

/// A provider's path as scripts see it.
pub(super) fn shown_path(provider: &dyn Provider, path: &str) -> String {
    if provider.name() == "FileSystem" && path.ends_with(':') { format!("{path}\\") } else { path.to_owned() }
}

fn inside(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}\\{name}") }
}

/// The path without the backticks that keep wildcards from being some.
pub(in super::super) fn unescaped(path: &str) -> String {
    path.replace("`[", "[").replace("`]", "]").replace("`*", "*").replace("`?", "?")
}

/// The error of an item that is not there.
pub(in super::super) fn not_found(shown: &str) -> ErrorRecord {
    let message = format!("Cannot find path '{shown}' because it does not exist.");
    ErrorRecord::new("System.Management.Automation.ItemNotFoundException", message, "PathNotFound", 13)
        .with_target(Val::str(shown))
}

fn no_drive(name: &str) -> ErrorRecord {
    let message = format!("Cannot find drive. A drive with the name '{name}' does not exist.");
    ErrorRecord::new("System.Management.Automation.DriveNotFoundException", message, "DriveNotFound", 13)
        .with_target(Val::str(name))
}

fn no_provider(name: &str) -> ErrorRecord {
    let message = format!("Cannot find a provider with the name '{name}'.");
    ErrorRecord::new("System.Management.Automation.ProviderNotFoundException", message, "ProviderNotFound", 13)
        .with_target(Val::str(name))
}

/// The place that a text means, from where the runspace stands.
pub(in super::super) fn resolve(evaluator: &Evaluator<'_>, text: &str) -> Result<ItemPath, ErrorRecord> {
    if let Some((name, rest)) = text.split_once("::") {
        let provider = super::provider(name).ok_or_else(|| no_provider(name))?;
        return absolute(evaluator, provider, rest);
    }
    if text.starts_with("\\\\") || text.starts_with("//") {
        return Err(ErrorRecord::unsupported("paths of shares (\\\\computer\\share)"));
    }
    let is_name = |name: &str| !name.is_empty() && !name.contains(['\\', '/', '*', '?', '[']);
    let (drive, rest) = match text.split_once(':').filter(|(name, _)| is_name(name)) {
        Some((name, rest)) => (drive::find(evaluator, name).ok_or_else(|| no_drive(name))?, rest),
        None => {
            let name = evaluator.state.locations.current();
            (drive::find(evaluator, name).ok_or_else(|| no_drive(name))?, text)
        }
    };
    let has_drive = rest.len() != text.len();
    let home = rest.strip_prefix('~').filter(|rest| !has_drive && (rest.is_empty() || rest.starts_with(['\\', '/'])));
    if let Some(rest) = home {
        if drive.provider.name() != "FileSystem" {
            let message = "Home location for this provider is not set. To set the home location, call \"(get-psprovider \
                           'Registry').Home = 'path'\".";
            return Err(ErrorRecord::runtime(message, "InvalidOperation", 6));
        }
        return absolute(evaluator, FILE_SYSTEM, &format!("C:\\Users\\sandbox{rest}"));
    }
    let is_flat = !drive.provider.is_nested();
    let base = if rest.starts_with(['\\', '/']) || is_flat {
        String::new()
    } else {
        evaluator.state.locations.within(&drive.name).to_owned()
    };
    let within = match rest.trim_start_matches(['\\', '/']) {
        "." | ".." if is_flat => String::new(),
        plain if is_flat => plain.to_owned(),
        _ => normal(&base, rest),
    };
    let path = if within.is_empty() { drive.root.to_string() } else { inside(&drive.root, &within) };
    Ok(ItemPath { provider: drive.provider, drive: Some(drive), path })
}

/// A path of the provider itself.
fn absolute(evaluator: &Evaluator<'_>, provider: &'static dyn Provider, path: &str) -> Result<ItemPath, ErrorRecord> {
    let path = if provider.is_nested() { normal("", path) } else { path.trim_start_matches(['\\', '/']).to_owned() };
    let path = long_hive(provider, path);
    let is_in = |drive: &Drive| {
        drive.provider.name() == provider.name()
            && path.get(..drive.root.len()).is_some_and(|start| start.eq_ignore_ascii_case(&drive.root))
            && matches!(path.as_bytes().get(drive.root.len()), None | Some(b'\\'))
    };
    let drive = drive::all_drives(evaluator).into_iter().filter(is_in).max_by_key(|drive| drive.root.len());
    let drive = drive.filter(|drive| provider.name() == "FileSystem" && drive.root.ends_with(':'));
    Ok(ItemPath { provider, drive, path })
}

/// `Registry::HKLM\...` names the hive by its short name.
fn long_hive(provider: &dyn Provider, path: String) -> String {
    let hives = [
        ("HKLM", "HKEY_LOCAL_MACHINE"),
        ("HKCU", "HKEY_CURRENT_USER"),
        ("HKCR", "HKEY_CLASSES_ROOT"),
        ("HKU", "HKEY_USERS"),
        ("HKCC", "HKEY_CURRENT_CONFIG"),
    ];
    let (first, rest) = path.split_once('\\').unwrap_or((&path, ""));
    match hives.iter().find(|(short, _)| provider.name() == "Registry" && short.eq_ignore_ascii_case(first)) {
        Some((_, long)) if rest.is_empty() => (*long).to_owned(),
        Some((_, long)) => format!("{long}\\{rest}"),
        None => path,
    }
}

/// Parts with one backslash between them, without `.` and `..`.
fn normal(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('\\').chain(path.split(['\\', '/'])) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("\\")
}

/// The items of a path with wildcards, or the one of a path without; an error if there is none of it.
pub(in super::super) fn find_all(evaluator: &mut Evaluator<'_>, path: &ItemPath, literal: bool) -> Run<Vec<Item>> {
    if literal || !has_wildcards(&path.path) {
        let plain = if literal { path.path.clone() } else { unescaped(&path.path) };
        return match path.provider.find(evaluator, &plain)? {
            Some(item) => Ok(vec![item]),
            None => Err(not_found(&path.at(&plain).shown()).into()),
        };
    }
    let mut found: Vec<String> = vec![String::new()];
    let mut items = Vec::new();
    let parts: Vec<&str> =
        if path.provider.is_nested() { path.path.split('\\').collect() } else { vec![path.path.as_str()] };
    for (place, part) in parts.iter().enumerate() {
        let is_last = place + 1 == parts.len();
        let mut next = Vec::new();
        for around in &found {
            evaluator.step(8)?;
            if !has_wildcards(part) {
                let path_of = inside(around, &unescaped(part));
                if is_last {
                    items.extend(path.provider.find(evaluator, &path_of)?);
                } else {
                    next.push(path_of);
                }
                continue;
            }
            let children = match path.provider.children(evaluator, around) {
                // One of the places that a pattern found may be closed; the others are still looked at.
                Err(flow) if parts[..place].iter().any(|part| has_wildcards(part)) => {
                    evaluator.report_throw(flow)?;
                    continue;
                }
                children => children?,
            };
            for child in children {
                if evaluator.patterns.like(&child.name, part, false)? {
                    if is_last {
                        items.push(child);
                    } else if child.is_container {
                        next.push(child.path);
                    }
                }
            }
        }
        found = next;
    }
    Ok(items)
}
