//! The members of .NET's types and the methods of WMI's classes, as Get-Member lists them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Kind, name and definition behind a line `= Type`.
///
/// Source: Get-Member of PowerShell 7.6 for what there is on every system; for services, CIM and WMI the reference of
/// .NET (learn.microsoft.com, System.ServiceProcess.ServiceController, Microsoft.Management.Infrastructure.CimInstance,
/// System.Management.ManagementObject) and public transcripts.
const TYPES: &str = include_str!("types.txt");

/// Class and method, a line each. Source: learn.microsoft.com, Win32 Provider classes.
const WMI: &str = include_str!("wmi.txt");

/// A member as the tables have it.
pub(super) type Row = (&'static str, &'static str, &'static str);

static BY_TYPE: LazyLock<HashMap<&'static str, Vec<Row>>> = LazyLock::new(|| {
    let mut types: HashMap<_, Vec<Row>> = HashMap::new();
    let mut name = "";
    for line in TYPES.lines() {
        let mut parts = line.splitn(3, '\t');
        match (line.strip_prefix("= "), parts.next(), parts.next(), parts.next()) {
            (Some(next), ..) => name = next,
            (None, Some(kind), Some(member), Some(definition)) => {
                types.entry(name).or_default().push((kind, member, definition));
            }
            _ => {}
        }
    }
    types
});

/// The members of a type, if it is known.
pub(super) fn of_type(name: &str) -> Option<&'static [Row]> {
    BY_TYPE.get(name).map(Vec::as_slice)
}

/// The methods of a WMI class: name and definition.
pub(super) fn wmi_methods(class: &str) -> impl Iterator<Item = (&'static str, String)> {
    let lines = WMI.lines().filter_map(|line| line.split_once(' '));
    lines.filter(move |(known, _)| known.eq_ignore_ascii_case(class)).map(|(_, method)| {
        let name = method.split('(').next().unwrap_or(method);
        (name, format!("System.Management.ManagementBaseObject {method}"))
    })
}
