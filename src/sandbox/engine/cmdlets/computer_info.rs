//! Get-ComputerInfo: facts of several classes in one object.

use super::super::cim;
use super::super::datetime::DateTime;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::Role;
use super::super::value::{Obj, Schema, Val};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-ComputerInfo",
    aliases: &["gin"],
    params: &["Property@0"],
    make: |_, bound| PerInput::boxed(bound, get),
}];

/// Its properties in order.
/// Source: the ComputerInfo class of PowerShell (Microsoft.PowerShell.Management, MIT).
const NAMES: &str = include_str!("computer_info.txt");

/// Properties whose name in their class is another one.
const OTHER_NAMES: [(&str, &str); 7] = [
    ("OsName", "Caption"),
    ("OsDataExecutionPreventionAvailable", "DataExecutionPrevention_Available"),
    ("OsDataExecutionPrevention32BitApplications", "DataExecutionPrevention_32BitApplications"),
    ("OsDataExecutionPreventionDrivers", "DataExecutionPrevention_Drivers"),
    ("OsDataExecutionPreventionSupportPolicy", "DataExecutionPrevention_SupportPolicy"),
    ("OsMuiLanguages", "MUILanguages"),
    ("OsLocaleID", "Locale"),
];

fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let classes = ["Win32_BIOS", "Win32_ComputerSystem", "Win32_OperatingSystem"]
        .map(|class| cim::all_of(evaluator, class).into_iter().next().unwrap_or(Val::Null));
    let wanted = bound.texts("Property");
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for name in NAMES.split_whitespace() {
        let mut is_wanted = wanted.is_empty();
        for pattern in &wanted {
            is_wanted = is_wanted || evaluator.patterns.like(name, pattern, false)?;
        }
        if is_wanted {
            names.push(name);
            values.push(value(evaluator, &classes, name));
        }
    }
    let kind = "Microsoft.PowerShell.Commands.ComputerInfo";
    if wanted.is_empty() {
        return out.put(evaluator, Obj::typed(&Schema::new(&[kind, "System.Object"], &names), kind, values));
    }
    let notes = names.into_iter().map(Into::into).zip(values).collect();
    out.put(evaluator, Obj::custom(notes))
}

fn value(evaluator: &Evaluator<'_>, classes: &[Val; 3], name: &str) -> Val {
    if let Some(own) = own(evaluator, name) {
        return own;
    }
    let [bios, computer, system] = classes;
    let of_prefix = [("Bios", bios), ("Cs", computer), ("Os", system)];
    let Some((rest, object)) =
        of_prefix.iter().find_map(|(prefix, object)| Some((name.strip_prefix(prefix)?, *object)))
    else {
        return Val::Null;
    };
    let other = OTHER_NAMES.iter().find(|(own, _)| *own == name).map(|(_, other)| *other);
    let property = other.unwrap_or(rest);
    let found = evaluator.member(object, property);
    // "BIOSVersion" is a property of its own.
    found.or_else(|| evaluator.member(object, name)).unwrap_or(Val::Null)
}

fn named(kind: &str, name: &'static str, number: i32) -> Val {
    Val::of_enum(format!("Microsoft.PowerShell.Commands.{kind}"), name, number)
}

/// What is in no class, or is shown by name.
fn own(evaluator: &Evaluator<'_>, name: &str) -> Option<Val> {
    let host = &evaluator.host;
    let system = host.operating_system();
    let is_datacenter = system.caption.ends_with("Datacenter");
    let is_controller = host.role() == Role::DomainController;
    let local = |time| Val::DateTime(DateTime::local(time, host.utc_offset_minutes()));
    let now = evaluator.host_time();
    Some(match name {
        "WindowsBuildLabEx" => Val::str(format!("{}.1.amd64fre.{}", system.build, build_lab(system.build))),
        "WindowsCurrentVersion" => Val::str("6.3"),
        "WindowsEditionId" => Val::str(if is_datacenter { "ServerDatacenter" } else { "ServerStandard" }),
        "WindowsInstallationType" => Val::str("Server"),
        "WindowsInstallDateFromRegistry" => local(host.install_date()),
        "WindowsProductId" => Val::str(host.product_id()),
        "WindowsProductName" => Val::str(system.caption.trim_start_matches("Microsoft ")),
        "WindowsRegisteredOwner" => Val::str(host.registered().0),
        "WindowsRegisteredOrganization" => Val::str(host.registered().1),
        "WindowsSystemRoot" => Val::str("C:\\Windows"),
        "WindowsVersion" => Val::str(release(system.build)),
        "WindowsUBR" => Val::I32(system.revision as i32),
        "BiosFirmwareType" => named("FirmwareType", "Uefi", 2),
        "BiosSoftwareElementState" => named("SoftwareElementState", "Running", 3),
        "CsDomainRole" if host.is_primary_controller() => named("DomainRole", "PrimaryDomainController", 5),
        "CsDomainRole" if is_controller => named("DomainRole", "BackupDomainController", 4),
        "CsDomainRole" => named("DomainRole", "MemberServer", 3),
        "CsPCSystemType" => named("PCSystemType", "Desktop", 1),
        "CsPCSystemTypeEx" => named("PCSystemTypeEx", "Desktop", 1),
        "CsPhysicallyInstalledMemory" => Val::U64(host.memory_bytes() / 1024),
        "CsProcessors" => Val::array(vec![Val::str(host.processor().name); host.sockets().0 as usize]),
        "CsNetworkAdapters" => Val::array(vec![Val::str(host.adapter().name)]),
        "OsType" => named("OSType", "WINNT", 18),
        "OsOperatingSystemSKU" if is_datacenter => named("OperatingSystemSKU", "DatacenterServerEdition", 8),
        "OsOperatingSystemSKU" => named("OperatingSystemSKU", "StandardServerEdition", 7),
        "OsHotFixes" => {
            Val::array(evaluator.machine.hotfixes().into_iter().map(|hotfix| Val::str(hotfix.id)).collect())
        }
        "OsLocale" | "OsLanguage" | "KeyboardLayout" => Val::str("en-US"),
        "OsUptime" => Val::TimeSpan((evaluator.machine.uptime(now).as_nanos() / 100) as i64),
        "OsInUseVirtualMemory" => Val::U64(host.committed_bytes() / 1024),
        "OsPagingFiles" => cim::texts(["C:\\pagefile.sys"]),
        "OsHardwareAbstractionLayer" => Val::str(format!("{}.{}", system.version, system.revision)),
        "OsProductType" if is_controller => named("ProductType", "DomainController", 2),
        "OsProductType" => named("ProductType", "Server", 3),
        "OsServerLevel" => named("ServerLevel", "FullServer", 4),
        "TimeZone" => Val::str(host.time_zone().display_name),
        "PowerPlatformRole" => named("PowerPlatformRole", "Desktop", 1),
        "HyperVisorPresent" => Val::Bool(true),
        "DeviceGuardSmartStatus" => named("DeviceGuardSmartStatus", "Off", 0),
        _ => return None,
    })
}

/// The release of a build, as the registry's ReleaseId and DisplayVersion have it.
fn release(build: &str) -> &'static str {
    match build {
        "14393" => "1607",
        "17763" => "1809",
        "20348" => "2009",
        _ => "2009",
    }
}

fn build_lab(build: &str) -> &'static str {
    match build {
        "14393" => "rs1_release.220629-1735",
        "17763" => "rs5_release.180914-1434",
        "20348" => "fe_release.210507-1500",
        _ => "ge_release.240331-1435",
    }
}
