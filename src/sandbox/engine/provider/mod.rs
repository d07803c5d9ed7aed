//! Drives and what is in them: files, registry keys, certificates, variables.
//!
//! A [`Provider`] knows one kind of item by paths of its own (`C:\Windows`, `HKEY_LOCAL_MACHINE\SOFTWARE`); a [`Drive`]
//! gives a place in it a name. [`path`] makes an [`ItemPath`] of what scripts write and finds what wildcards stand for;
//! the cmdlets of items work on those and know no provider by name.

mod certificate;
mod drive;
mod filesystem;
mod filesystem_changes;
mod flat;
mod object;
mod path;
mod registry;
mod wsman;

use std::sync::Arc;

use super::errors::ErrorRecord;
use super::eval::{Evaluator, Flow, Run};
use super::machine::{Certificate, File, RegistryKey};
use super::value::Val;

pub(super) use super::pattern::has_wildcards;
pub(super) use drive::{Drive, Locations, all_drives, drive_object, path_info, provider_object};
use filesystem::FILE_SYSTEM;
pub(super) use filesystem::{attribute_of, live_property, path_of, set_live_property, timestamp};
pub(super) use object::Decor;
pub(super) use path::{ItemPath, find_all, not_found, resolve, unescaped};
pub(super) use registry::key_method;

/// One kind of items.
pub(super) trait Provider: Sync {
    /// Its name, as in `FileSystem::C:\`.
    fn name(&self) -> &'static str;

    /// The module that stands before the name in a full path.
    fn module(&self) -> &'static str {
        "Microsoft.PowerShell.Core"
    }

    /// Whether items lie in each other; else a path is a name.
    fn is_nested(&self) -> bool {
        true
    }

    /// The item of a path.
    fn find(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Option<Item>>;

    /// What is in a container, in the order in which it is listed.
    fn children(&self, evaluator: &mut Evaluator<'_>, path: &str) -> Run<Vec<Item>>;

    /// The item as scripts see it, without the properties that say where it is.
    fn object(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Val;

    /// Makes an item.
    fn make(&self, _evaluator: &mut Evaluator<'_>, _path: &str, _new: &New) -> Run<()> {
        Err(not_supported(
            "Cannot use interface. The ContainerCmdletProvider methods are not supported by this provider.",
        )
        .into())
    }

    /// Removes an item with all that is in it.
    fn remove(&self, _evaluator: &mut Evaluator<'_>, _item: &Item, _force: bool) -> Run<()> {
        Err(not_supported(
            "Cannot use interface. The ContainerCmdletProvider methods are not supported by this provider.",
        )
        .into())
    }

    /// Copies an item, without what is in it, to a path.
    fn copy(&self, _evaluator: &mut Evaluator<'_>, _item: &Item, _to: &str, _force: bool) -> Run<()> {
        Err(not_supported(
            "Cannot use interface. The ContainerCmdletProvider methods are not supported by this provider.",
        )
        .into())
    }

    /// Gives an item another path; `action` is the verb that asked.
    fn relocate(&self, _evaluator: &mut Evaluator<'_>, _item: &Item, _to: &str, _how: Relocation) -> Run<()> {
        Err(not_supported("The NavigationCmdletProvider methods are not supported by this provider.").into())
    }

    /// What is in an item that holds no items.
    fn content(&self, _evaluator: &mut Evaluator<'_>, _item: &Item) -> Run<Content> {
        Err(no_content())
    }

    /// Writes what is in an item, which need not exist.
    fn set_content(&self, _evaluator: &mut Evaluator<'_>, _path: &str, _write: &Write) -> Run<()> {
        Err(no_content())
    }

    /// The properties that Get-ItemProperty gives.
    fn properties(&self, _evaluator: &mut Evaluator<'_>, _item: &Item) -> Run<Vec<(Arc<str>, Val)>> {
        Err(no_properties())
    }

    /// Sets a property of an item.
    fn set_property(&self, _evaluator: &mut Evaluator<'_>, _item: &Item, _set: &SetProperty) -> Run<()> {
        Err(no_properties())
    }

    /// Removes a property of an item.
    fn remove_property(&self, _evaluator: &mut Evaluator<'_>, _item: &Item, _name: &str) -> Run<()> {
        Err(no_properties())
    }
}

/// What New-Item makes.
pub(super) struct New {
    /// `-ItemType`, as it was written.
    pub(super) kind: Option<String>,
    pub(super) value: Option<Val>,
    pub(super) force: bool,
}

/// How an item gets another path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relocation {
    /// In its container; else it moves.
    pub(super) is_rename: bool,
    pub(super) force: bool,
}

/// What is in an item.
pub(super) enum Content {
    /// Of a file: an encoding makes text of it.
    Bytes(Arc<[u8]>),
    /// Values of their own.
    Values(Vec<Val>),
}

/// What to write.
pub(super) struct Write {
    /// The lines or values.
    pub(super) values: Vec<Val>,
    /// The same as the bytes of a file.
    pub(super) bytes: Vec<u8>,
    pub(super) append: bool,
    pub(super) force: bool,
    /// Errors of Out-File and redirections have an id of their own.
    pub(super) is_out_file: bool,
}

/// A property to set.
pub(super) struct SetProperty {
    pub(super) name: String,
    pub(super) value: Val,
    /// `-PropertyType` or `-Type`.
    pub(super) kind: Option<String>,
    /// New-ItemProperty: it must not be there, unless forced.
    pub(super) is_new: bool,
    pub(super) force: bool,
}

fn no_content() -> Flow {
    not_supported("Cannot use interface. The IContentCmdletProvider interface is not supported by this provider.")
        .into()
}

fn no_properties() -> Flow {
    not_supported("Cannot use interface. The IPropertyCmdletProvider interface is not supported by this provider.")
        .into()
}

/// An item as its provider found it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its path in the provider.
    pub(super) path: String,
    pub(super) name: Arc<str>,
    pub(super) is_container: bool,
    /// Shown under -Force alone.
    pub(super) is_hidden: bool,
    pub(super) thing: Thing,
}

/// What an item is.
#[derive(Debug, Clone)]
pub(super) enum Thing {
    File(File),
    Key(RegistryKey),
    Certificate(Certificate),
    /// A variable or another thing with a value.
    Value(Val),
}

/// All providers, by name.
static ALL: [&dyn Provider; 8] = [
    flat::ALIAS,
    certificate::CERTIFICATE,
    flat::ENVIRONMENT,
    FILE_SYSTEM,
    flat::FUNCTION,
    registry::REGISTRY,
    flat::VARIABLE,
    wsman::WSMAN,
];

/// All providers, by name.
pub(super) fn providers() -> impl Iterator<Item = &'static dyn Provider> {
    ALL.iter().copied()
}

/// The provider of a name, with or without its module.
pub(super) fn provider(name: &str) -> Option<&'static dyn Provider> {
    let (module, plain) = name.rsplit_once('\\').unwrap_or(("", name));
    let is_it = |provider: &&'static dyn Provider| {
        provider.name().eq_ignore_ascii_case(plain)
            && (module.is_empty() || provider.module().eq_ignore_ascii_case(module))
    };
    ALL.iter().copied().find(is_it)
}

/// Something that a provider has no way to do.
pub(super) fn not_supported(what: &str) -> ErrorRecord {
    let kind = "System.Management.Automation.PSNotSupportedException";
    ErrorRecord::new(kind, what, "NotSupported", 11)
}
