//! The drawn registry of a host.

use std::sync::PoisonError;

use jiff::tz::Offset;

use super::super::tree::Tree;
use super::super::{Host, Illness, Machine, Role, Service};
use super::keys::{Fixed, MACHINE, USER};
use super::software::installed;
use super::{RegistryData, RegistryKey, SERVICES, add};

const HKLM: &str = "HKEY_LOCAL_MACHINE";
const WINDOWS: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion";
const CONTROL: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control";

fn text(text: impl AsRef<str>) -> RegistryData {
    RegistryData::Text(text.as_ref().into())
}

impl From<Fixed> for RegistryData {
    fn from(fixed: Fixed) -> Self {
        match fixed {
            Fixed::T(value) => text(value),
            Fixed::E(value) => Self::Expand(value.into()),
            Fixed::D(value) => Self::Dword(value),
            Fixed::M(values) => Self::Multi(values.iter().map(|value| (*value).into()).collect()),
        }
    }
}

pub(super) fn tree(machine: &Machine, services: &[Service]) -> Tree<RegistryKey> {
    let host = machine.host();
    let mut tree = Tree::default();
    for (hive, keys) in [(HKLM, MACHINE), ("HKEY_CURRENT_USER", USER)] {
        for (path, values) in keys {
            let values = values.iter().map(|(name, data)| (*name, RegistryData::from(*data)));
            add(&mut tree, &format!("{hive}\\{path}"), values);
        }
    }
    for path in
        ["HKEY_CLASSES_ROOT\\.txt", "HKEY_CURRENT_CONFIG\\System", "HKEY_USERS\\.DEFAULT", "HKEY_USERS\\S-1-5-18"]
    {
        add(&mut tree, path, []);
    }
    version(&mut tree, host);
    identity(&mut tree, host);
    programs(&mut tree, host);
    protocols(&mut tree, host);
    for service in services {
        service_key(&mut tree, service);
    }
    let is_restarted = machine.restarted.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    if host.has(Illness::RebootPending) && !is_restarted {
        pending(&mut tree, host);
    }
    tree
}

/// Source: learn.microsoft.com, Windows Server release information (names of releases by build).
fn version(tree: &mut Tree<RegistryKey>, host: &Host) {
    let system = host.operating_system();
    let (release, display) = match system.build {
        "14393" => ("1607", None),
        "17763" => ("1809", None),
        "20348" => ("2009", Some("21H2")),
        _ => ("2009", Some("24H2")),
    };
    let edition = if system.caption.ends_with("Datacenter") { "ServerDatacenter" } else { "ServerStandard" };
    let installed = host.install_date().as_second();
    let values = [
        ("SystemRoot", text("C:\\Windows")),
        ("BuildBranch", text("fe_release")),
        ("CurrentBuild", text(system.build)),
        ("CurrentBuildNumber", text(system.build)),
        ("CurrentMajorVersionNumber", RegistryData::Dword(10)),
        ("CurrentMinorVersionNumber", RegistryData::Dword(0)),
        ("CurrentType", text("Multiprocessor Free")),
        ("CurrentVersion", text("6.3")),
        ("EditionID", text(edition)),
        ("InstallationType", text("Server")),
        ("InstallDate", RegistryData::Dword(installed as u32)),
        ("InstallTime", RegistryData::Qword((installed as u64 + 11_644_473_600) * 10_000_000)),
        ("ProductName", text(system.caption.trim_start_matches("Microsoft "))),
        ("ReleaseId", text(release)),
        ("UBR", RegistryData::Dword(system.revision)),
        ("RegisteredOwner", text("Windows User")),
        ("RegisteredOrganization", text("Contoso")),
        ("ProductId", text("00454-10000-00001-AA872")),
        ("PathName", text("C:\\Windows")),
    ];
    let values = values.into_iter().chain(display.map(|display| ("DisplayVersion", text(display))));
    add(tree, &format!("{HKLM}\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"), values);
    let engine = format!("{HKLM}\\SOFTWARE\\Microsoft\\PowerShell\\3\\PowerShellEngine");
    let shell = format!("5.1.{}.{}", system.build, system.revision);
    add(tree, &engine, [("PowerShellVersion", text(shell))]);
    let release = RegistryData::Dword(if system.build == "14393" { 461_814 } else { 528_449 });
    let framework = [
        ("Install", RegistryData::Dword(1)),
        ("Release", release),
        ("Version", text(if system.build == "14393" { "4.7.03190" } else { "4.8.04161" })),
        ("InstallPath", text("C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\")),
    ];
    add(tree, &format!("{HKLM}\\SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4\\Full"), framework);
}

fn identity(tree: &mut Tree<RegistryKey>, host: &Host) {
    let name = host.name().to_uppercase();
    for key in ["ComputerName", "ActiveComputerName"] {
        add(tree, &format!("{CONTROL}\\ComputerName\\{key}"), [("ComputerName", text(&name))]);
    }
    let domain = || text(host.domain());
    let parameters = [
        ("Hostname", text(host.name())),
        ("NV Hostname", text(host.name())),
        ("Domain", domain()),
        ("NV Domain", domain()),
        ("SearchList", text("")),
        ("IPEnableRouter", RegistryData::Dword(0)),
        ("DataBasePath", RegistryData::Expand("%SystemRoot%\\System32\\drivers\\etc".into())),
        ("ICSDomain", text("mshome.net")),
    ];
    add(tree, &format!("{SERVICES}\\Tcpip\\Parameters"), parameters);
    add(tree, &format!("{SERVICES}\\Tcpip\\Parameters\\Interfaces"), []);
    let offset = host.utc_offset_minutes();
    let zone = match offset {
        0 => "GMT Standard Time",
        60 => "W. Europe Standard Time",
        120 => "GTB Standard Time",
        330 => "India Standard Time",
        _ => "Eastern Standard Time",
    };
    let zone = [
        ("TimeZoneKeyName", text(zone)),
        ("StandardName", text(zone)),
        ("Bias", RegistryData::Dword((-offset) as u32)),
        ("ActiveTimeBias", RegistryData::Dword((-offset) as u32)),
        ("DynamicDaylightTimeDisabled", RegistryData::Dword(1)),
    ];
    add(tree, &format!("{CONTROL}\\TimeZoneInformation"), zone);
    let kind = if host.role() == Role::DomainController { "LanmanNT" } else { "ServerNT" };
    add(tree, &format!("{CONTROL}\\ProductOptions"), [("ProductType", text(kind))]);
    let mut rng = host.rng("machine guid");
    let guid = format!("{:08x}-4c1d-4b7e-9f52-{:012x}", rng.next() as u32, rng.next() & 0xFFFF_FFFF_FFFF);
    add(tree, &format!("{HKLM}\\SOFTWARE\\Microsoft\\Cryptography"), [("MachineGuid", text(guid))]);
}

fn programs(tree: &mut Tree<RegistryKey>, host: &Host) {
    let mut rng = host.rng("installed on");
    for program in installed(host) {
        let root = match program.is_32_bit {
            true => format!("{HKLM}\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall"),
            false => format!("{WINDOWS}\\Uninstall"),
        };
        let days = rng.between(0, 400) as i64;
        let day = host.install_date().as_second() + days * 86_400;
        let day = jiff::Timestamp::from_second(day).unwrap_or(host.install_date());
        let is_msi = program.key.starts_with('{');
        let uninstall = match is_msi {
            true => format!("MsiExec.exe /X{}", program.key),
            false => format!("\"C:\\Program Files\\{}\\setup.exe\" /uninstall", program.name),
        };
        let values = [
            ("DisplayName", text(program.name)),
            ("DisplayVersion", text(program.version)),
            ("Publisher", text(program.publisher)),
            ("InstallDate", text(Offset::UTC.to_datetime(day).strftime("%Y%m%d").to_string())),
            ("EstimatedSize", RegistryData::Dword(program.size)),
            ("UninstallString", text(uninstall)),
            ("WindowsInstaller", RegistryData::Dword(is_msi.into())),
            ("InstallLocation", text("")),
            ("NoModify", RegistryData::Dword(1)),
        ];
        add(tree, &format!("{root}\\{}", program.key), values);
    }
}

/// Old versions of TLS: turned off on most hosts, forgotten on some.
/// Source: learn.microsoft.com, Transport Layer Security (TLS) registry settings.
fn protocols(tree: &mut Tree<RegistryKey>, host: &Host) {
    let is_hardened = !host.rng("tls").chance(250);
    let root = format!("{CONTROL}\\SecurityProviders\\SCHANNEL\\Protocols");
    for (protocol, enabled) in
        [("SSL 2.0", false), ("SSL 3.0", false), ("TLS 1.0", false), ("TLS 1.1", false), ("TLS 1.2", true)]
    {
        for side in ["Client", "Server"] {
            if protocol == "SSL 2.0" && side == "Server" {
                continue;
            }
            let values = [
                ("Enabled", RegistryData::Dword(enabled.into())),
                ("DisabledByDefault", RegistryData::Dword((!enabled).into())),
            ];
            if is_hardened || protocol == "SSL 2.0" {
                add(tree, &format!("{root}\\{protocol}\\{side}"), values);
            }
        }
    }
    let smb = format!("{SERVICES}\\LanmanServer\\Parameters");
    if host.rng("smb1").chance(60) {
        add(tree, &smb, [("SMB1", RegistryData::Dword(1))]);
    } else if is_hardened {
        add(tree, &smb, [("SMB1", RegistryData::Dword(0))]);
    }
}

fn service_key(tree: &mut Tree<RegistryKey>, service: &Service) {
    let values = [
        ("DisplayName", text(&service.display_name)),
        ("ErrorControl", RegistryData::Dword(1)),
        ("ImagePath", RegistryData::Expand("%SystemRoot%\\system32\\svchost.exe -k netsvcs -p".into())),
        ("ObjectName", text("LocalSystem")),
        ("Start", RegistryData::Dword(service.start_type as u32)),
        ("Type", RegistryData::Dword(32)),
    ];
    add(tree, &format!("{SERVICES}\\{}", service.name), values);
}

/// What updates leave behind until the next restart.
fn pending(tree: &mut Tree<RegistryKey>, host: &Host) {
    add(tree, &format!("{WINDOWS}\\Component Based Servicing\\RebootPending"), []);
    let mut rng = host.rng("pending");
    if rng.chance(700) {
        let update = format!("{WINDOWS}\\WindowsUpdate\\Auto Update\\RebootRequired");
        add(tree, &update, [("8b1f5e62-0c2f-4a3c-9d19-5f6b7e8c9a01", RegistryData::Dword(1))]);
    }
    if rng.chance(500) {
        let renames = RegistryData::Multi(vec!["\\??\\C:\\Windows\\Temp\\msi4f2a1.tmp".into(), "".into()]);
        add(tree, &format!("{CONTROL}\\Session Manager"), [("PendingFileRenameOperations", renames)]);
    }
}
