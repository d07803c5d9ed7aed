//! The members of .NET's types, as Get-Member lists them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Kind, name and definition behind a line `= Type`.
///
/// Source: Get-Member of PowerShell 7.6 for what there is on every system; for services, CIM and WMI the reference of
/// .NET (learn.microsoft.com, System.ServiceProcess.ServiceController, Microsoft.Management.Infrastructure.CimInstance,
/// System.Management.ManagementObject) and public transcripts.
const TYPES: &str = include_str!("types.txt");

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
