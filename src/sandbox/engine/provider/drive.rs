//! Drives, and where a runspace stands in them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::super::eval::Evaluator;
use super::super::value::{Obj, Schema, Val};
use super::Provider;
use super::certificate::CERTIFICATE;
use super::filesystem::FILE_SYSTEM;
use super::flat::{ALIAS, ENVIRONMENT, FUNCTION, VARIABLE};
use super::path::ItemPath;
use super::registry::REGISTRY;
use super::wsman::WSMAN;

/// A place of a provider with a name.
#[derive(Clone)]
pub(in super::super) struct Drive {
    pub(in super::super) name: Arc<str>,
    pub(in super::super) provider: &'static dyn Provider,
    /// The provider's path of its root, without a backslash at the end.
    pub(in super::super) root: Arc<str>,
    pub(in super::super) description: Arc<str>,
    /// Used and free bytes, where that means something.
    pub(in super::super) space: Option<(u64, u64)>,
}

impl std::fmt::Debug for Drive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.name)
    }
}

/// Where a runspace stands: in each drive, and in which of them.
#[derive(Debug)]
pub(in super::super) struct Locations {
    current: Arc<str>,
    /// The path in a drive, by its name in lower case; the root if there is none.
    within: HashMap<String, String>,
    /// Locations pushed, by the name of their stack.
    pub(in super::super) stacks: HashMap<String, Vec<ItemPath>>,
    /// Drives that scripts made.
    pub(in super::super) made: Vec<Drive>,
}

impl Default for Locations {
    fn default() -> Self {
        let within = HashMap::from([("c".into(), "Users\\sandbox\\Documents".into())]);
        Self { current: "C".into(), within, stacks: HashMap::new(), made: Vec::new() }
    }
}

impl Locations {
    /// The path in a drive where the runspace stands.
    pub(in super::super) fn within(&self, drive: &str) -> &str {
        self.within.get(&drive.to_lowercase()).map_or("", String::as_str)
    }

    /// The name of the current drive.
    pub(in super::super) fn current(&self) -> &str {
        &self.current
    }

    /// Goes to a place in a drive.
    pub(in super::super) fn go(&mut self, drive: &str, within: &str) {
        self.current = drive.into();
        self.within.insert(drive.to_lowercase(), within.to_owned());
    }
}

/// Drives that every runspace has.
/// Source: the descriptions that Get-PSDrive shows.
static FIXED: [(&str, &dyn Provider, &str, &str); 8] = [
    ("Alias", ALIAS, "", "Drive that contains a view of the aliases stored in a session state"),
    ("Cert", CERTIFICATE, "", "X509 Certificate Provider"),
    ("Env", ENVIRONMENT, "", "Drive that contains a view of the environment variables for the process"),
    ("Function", FUNCTION, "", "Drive that contains a view of the functions stored in a session state"),
    ("HKCU", REGISTRY, "HKEY_CURRENT_USER", "The software settings for the current user"),
    ("HKLM", REGISTRY, "HKEY_LOCAL_MACHINE", "The configuration settings for the local computer"),
    ("Variable", VARIABLE, "", "Drive that contains a view of those variables stored in a session state"),
    ("WSMan", WSMAN, "", "Root of WsMan Config Storage"),
];

/// All drives, by name.
pub(in super::super) fn all_drives(evaluator: &Evaluator<'_>) -> Vec<Drive> {
    let disk = |disk: super::super::machine::Disk| Drive {
        name: disk.id.trim_end_matches(':').into(),
        provider: FILE_SYSTEM,
        root: disk.id.into(),
        description: disk.label.into(),
        space: Some((disk.size_bytes.saturating_sub(disk.free_bytes), disk.free_bytes)),
    };
    let mut all: Vec<Drive> = evaluator.machine.disks().into_iter().map(disk).collect();
    let fixed = |(name, provider, root, description): (&str, &'static dyn Provider, &str, &str)| Drive {
        name: name.into(),
        provider,
        root: root.into(),
        description: description.into(),
        space: None,
    };
    all.extend(FIXED.iter().copied().map(fixed));
    all.extend(evaluator.state.locations.made.iter().cloned());
    all.sort_by_key(|drive| drive.name.to_lowercase());
    all
}

/// The drive of a name.
pub(super) fn find(evaluator: &Evaluator<'_>, name: &str) -> Option<Drive> {
    all_drives(evaluator).into_iter().find(|drive| drive.name.eq_ignore_ascii_case(name))
}

/// The root as scripts see it.
pub(super) fn shown_root(drive: &Drive) -> String {
    if drive.provider.name() == "FileSystem" && drive.root.ends_with(':') {
        format!("{}\\", drive.root)
    } else {
        drive.root.to_string()
    }
}

/// The drive as an object.
/// Source: public API of System.Management.Automation.PSDriveInfo; `Used` and `Free` are script properties of its type.
pub(in super::super) fn drive_object(evaluator: &Evaluator<'_>, drive: &Drive) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let names = [
            "CurrentLocation",
            "Name",
            "Provider",
            "Root",
            "Description",
            "MaximumSize",
            "Credential",
            "DisplayRoot",
            "VolumeSeparatedByColon",
        ];
        Schema::new(&["System.Management.Automation.PSDriveInfo", "System.Object"], &names)
    });
    static CREDENTIAL: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        Schema::new(&["System.Management.Automation.PSCredential", "System.Object"], &["UserName", "Password"])
    });
    let credential = Obj::typed(&CREDENTIAL, "System.Management.Automation.PSCredential", vec![Val::Null, Val::Null]);
    let values = vec![
        Val::str(evaluator.state.locations.within(&drive.name)),
        Val::Str(drive.name.clone()),
        provider_object(drive.provider),
        Val::str(shown_root(drive)),
        Val::Str(drive.description.clone()),
        Val::Null,
        credential,
        Val::Null,
        Val::Bool(true),
    ];
    let object = Obj::typed(&SCHEMA, drive.name.clone(), values);
    if let Val::Object(object) = &object {
        let bytes = |pick: fn((u64, u64)) -> u64| drive.space.map_or(Val::Null, |space| Val::I64(pick(space) as i64));
        object.set_note("Used", bytes(|(used, _)| used));
        object.set_note("Free", bytes(|(_, free)| free));
    }
    object
}

/// The provider as an object.
/// Source: public API of System.Management.Automation.ProviderInfo.
pub(in super::super) fn provider_object(provider: &'static dyn Provider) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let names = [
            "ImplementingType",
            "HelpFile",
            "Name",
            "PSSnapIn",
            "ModuleName",
            "Module",
            "Description",
            "Capabilities",
            "Home",
            "Drives",
            "VolumeSeparatedByColon",
        ];
        Schema::new(&["System.Management.Automation.ProviderInfo", "System.Object"], &names)
    });
    let (name, module) = (provider.name(), provider.module());
    let full = format!("{module}\\{name}");
    let (capabilities, drives, home) = match name {
        "FileSystem" => ("Filter, ShouldProcess, Credentials", "C", "C:\\Users\\sandbox"),
        "Registry" => ("ShouldProcess", "HKLM HKCU", ""),
        "Certificate" => ("ShouldProcess", "Cert", ""),
        "WSMan" => ("Credentials", "WSMan", ""),
        "Environment" => ("ShouldProcess", "Env", ""),
        other => ("ShouldProcess", other, ""),
    };
    let values = vec![
        Val::str(format!("Microsoft.PowerShell.Commands.{name}Provider")),
        Val::str("System.Management.Automation.dll-Help.xml"),
        Val::str(name),
        Val::str(module),
        Val::str(module),
        Val::Null,
        Val::str(""),
        Val::str(capabilities),
        Val::str(home),
        Val::array(drives.split(' ').map(Val::str).collect()),
        Val::Bool(true),
    ];
    Obj::typed(&SCHEMA, full, values)
}

/// Where a path leads, as `Get-Location` gives it.
/// Source: public API of System.Management.Automation.PathInfo.
pub(in super::super) fn path_info(evaluator: &Evaluator<'_>, path: &ItemPath) -> Val {
    static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let names = ["Drive", "Provider", "ProviderPath", "Path"];
        Schema::new(&["System.Management.Automation.PathInfo", "System.Object"], &names)
    });
    let drive = path.drive.as_ref().map_or(Val::Null, |drive| drive_object(evaluator, drive));
    let shown = path.shown();
    let values = vec![drive, provider_object(path.provider), Val::str(path.provider_path()), Val::str(shown.as_str())];
    Obj::typed(&SCHEMA, shown, values)
}
