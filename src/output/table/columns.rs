//! Which properties of an object a table shows.

use crate::clixml::{self, Document, TypeNames};
use crate::output::out_string::cim;
use crate::output::select::Field;

/// What PowerShell's own views show, or what one wants to see of a type; by the last part of the type's name. The other
/// classes of Windows are in [`cim`].
const VIEWS: &[(&str, &[&str])] = &[
    ("System.ServiceProcess.ServiceController", &["Status", "Name", "DisplayName"]),
    ("System.Diagnostics.Process", &["Id", "ProcessName", "CPU", "WorkingSet64", "StartTime"]),
    ("System.IO.FileInfo", &["Mode", "LastWriteTime", "Length", "Name"]),
    ("System.IO.DirectoryInfo", &["Mode", "LastWriteTime", "Length", "Name"]),
    ("System.Diagnostics.Eventing.Reader.EventLogRecord", &["TimeCreated", "Id", "LevelDisplayName", "Message"]),
    ("System.Management.Automation.PSDriveInfo", &["Name", "Used", "Free", "Provider", "Root"]),
    ("Win32_Service", &["ProcessId", "Name", "StartMode", "State", "Status", "ExitCode"]),
    ("Win32_Process", &["ProcessId", "Name", "HandleCount", "WorkingSetSize", "VirtualSize"]),
    ("Win32_OperatingSystem", &["Caption", "Version", "BuildNumber", "LastBootUpTime"]),
    ("Win32_ComputerSystem", &["Name", "Domain", "Manufacturer", "Model", "TotalPhysicalMemory"]),
    ("Win32_LogicalDisk", &["DeviceID", "DriveType", "VolumeName", "Size", "FreeSpace"]),
    ("Win32_QuickFixEngineering", &["Description", "HotFixID", "InstalledBy", "InstalledOn"]),
];

/// What a provider adds to its items.
const PROVIDER_NOTES: &[&str] = &["PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider", "PSIsContainer"];

/// The properties to show, in order: those that the script has selected itself, those of the type's view, else all.
pub(super) fn chosen<'a>(document: &'a Document, fields: Vec<Field<'a>>) -> Vec<Field<'a>> {
    let types = document.root.as_object().map(|object| &object.type_names);
    if types.is_some_and(is_selected) {
        return fields;
    }
    let view = types.and_then(view);
    let named = |name: &&str| fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).copied();
    let shown: Vec<_> = view.unwrap_or_default().iter().filter_map(named).collect();
    if shown.len() > 1 {
        return shown;
    }
    let own: Vec<_> = fields.iter().filter(|(name, _)| !PROVIDER_NOTES.contains(name)).copied().collect();
    if own.is_empty() { fields } else { own }
}

/// Whether Select-Object has made the object: it then has the properties that the script wants, and no others.
fn is_selected(types: &TypeNames) -> bool {
    clixml::is_selected(types.first().unwrap_or_default())
}

fn view(types: &TypeNames) -> Option<&'static [&'static str]> {
    let plain = || types.iter().map(clixml::live_name);
    let own = plain().find_map(|name| {
        // Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Service, or WMI's with backslashes.
        let class = name.rsplit(['/', '\\']).next().unwrap_or(name);
        VIEWS.iter().find(|(kind, _)| *kind == class).map(|(_, view)| *view)
    });
    own.or_else(|| plain().find_map(cim::set))
}
