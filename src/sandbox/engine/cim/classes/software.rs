//! Updates, licenses, what starts with a user.

use super::super::super::datetime::DateTime;
use super::super::super::eval::Evaluator;
use super::super::super::machine::{FEATURES, Hotfix, OPTIONAL_FEATURES, Program};
use super::super::super::value::Val;
use super::{Row, computer, number, s, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_QuickFixEngineering" => {
            evaluator.machine.hotfixes().iter().map(|hotfix| update(evaluator, hotfix)).collect()
        }
        "Win32_StartupCommand" => vec![startup()],
        "SoftwareLicensingProduct" => vec![license(evaluator)],
        "Win32_ServerFeature" => server_features(evaluator),
        "Win32_OptionalFeature" => optional_features(evaluator),
        "Win32_Product" => {
            evaluator.machine.products().into_iter().map(|program| product(evaluator, program)).collect()
        }
        _ => return None,
    })
}

/// Midnight of a day counted from 1970-01-01.
fn midnight(day: i64) -> Val {
    let epoch = DateTime::from_date(1970, 1, 1);
    epoch.and_then(|epoch| epoch.plus(day * 864_000_000_000)).map_or(Val::Null, Val::DateTime)
}

fn update(evaluator: &Evaluator<'_>, hotfix: &Hotfix) -> Row {
    vec![
        ("Caption", s(format!("http://support.microsoft.com/?kbid={}", hotfix.id.trim_start_matches("KB")))),
        ("Description", s(hotfix.description)),
        ("CSName", s(computer(evaluator))),
        ("FixComments", s("")),
        ("HotFixID", s(hotfix.id.as_str())),
        ("InstalledBy", s("NT AUTHORITY\\SYSTEM")),
        // A text of the class that PowerShell's own types make a date of.
        ("InstalledOn", midnight(hotfix.installed_day)),
        ("ServicePackInEffect", s("")),
    ]
}

/// The features that are installed. Their numbers are places in the list of all, not Windows' own.
fn server_features(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let number_of = |name: &str| FEATURES.iter().position(|feature| feature.name == name).map_or(0, |place| place + 1);
    let row = |name: &&'static str| {
        let feature = FEATURES.iter().find(|feature| feature.name == *name)?;
        Some(vec![
            ("ID", number(number_of(name) as i64)),
            ("Name", s(feature.display_name)),
            ("ParentID", number(number_of(feature.parent) as i64)),
        ])
    };
    evaluator.machine.installed_features().iter().filter_map(row).collect()
}

fn startup() -> Row {
    vec![
        ("Caption", s("VMware User Process")),
        ("Description", s("VMware User Process")),
        ("Command", s("\"C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe\" -n vmusr")),
        ("Location", s("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run")),
        ("Name", s("VMware User Process")),
        ("User", s("Public")),
    ]
}

fn license(evaluator: &Evaluator<'_>) -> Row {
    let system = evaluator.host.operating_system();
    let edition = if system.caption.ends_with("Datacenter") { "ServerDatacenter" } else { "ServerStandard" };
    vec![
        ("ApplicationID", s("55c92734-d682-4d71-983e-d6ec3f16059f")),
        ("Description", s("Windows(R) Operating System, VOLUME_KMSCLIENT channel")),
        ("DiscoveredKeyManagementServiceMachineName", s(format!("dc001.{}", evaluator.host.domain()))),
        ("DiscoveredKeyManagementServiceMachinePort", number(1688)),
        ("GracePeriodRemaining", number(259_200 - i64::from(evaluator.host.index() % 9_000))),
        ("ID", s(evaluator.host.part_guid("license"))),
        ("LicenseFamily", s(edition)),
        ("LicenseIsAddon", yes(false)),
        ("LicenseStatus", number(1)),
        ("LicenseStatusReason", number(1_074_066_433)),
        ("Name", s(format!("Windows(R), {edition} edition"))),
        ("PartialProductKey", s("8XDDG")),
        ("ProductKeyChannel", s("Volume:GVLK")),
        ("RemainingAppReArmCount", number(1000)),
        ("RemainingSkuReArmCount", number(1001)),
        ("VLActivationInterval", number(120)),
        ("VLRenewalInterval", number(10_080)),
    ]
}

/// 1 is enabled, 2 is not.
fn optional_features(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let installed = evaluator.machine.installed_features();
    let row = |(name, caption, feature): (&'static str, &'static str, &'static str)| {
        let state = if installed.contains(&feature) { 1 } else { 2 };
        vec![("Caption", s(caption)), ("Name", s(name)), ("InstallState", number(state))]
    };
    OPTIONAL_FEATURES.into_iter().map(row).collect()
}

/// Source: learn.microsoft.com, Win32_Product class.
fn product(evaluator: &Evaluator<'_>, program: &Program) -> Row {
    let file = format!("{}.msi", program.name.split([' ', '-']).next().unwrap_or(program.name));
    vec![
        ("Caption", s(program.name)),
        ("Description", s(program.name)),
        ("IdentifyingNumber", s(program.key)),
        ("Name", s(program.name)),
        ("Vendor", s(program.publisher)),
        ("Version", s(program.version)),
        ("AssignmentType", number(1)),
        ("InstallDate", s(program.installed_on(&evaluator.host))),
        ("InstallState", number(5)),
        ("Language", s("1033")),
        ("PackageName", s(file)),
        ("WordCount", number(2)),
    ]
}
