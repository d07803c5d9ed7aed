//! The drawn registry of a host.

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
    protocols(&mut tree, machine);
    signatures(&mut tree, machine);
    processors(&mut tree, host);
    profiles(&mut tree, machine);
    for service in services {
        let path = format!("{SERVICES}\\{}", service.name);
        add(&mut tree, &path, service_values(service));
        if service.has_trigger() {
            let values = [("Action", RegistryData::Dword(1)), ("Type", RegistryData::Dword(20))];
            add(&mut tree, &format!("{path}\\TriggerInfo\\0"), values);
        }
    }
    if host.has(Illness::RebootPending) && !machine.was_restarted() {
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
        ("RegisteredOwner", text(host.registered().0)),
        ("RegisteredOrganization", text(host.registered().1)),
        ("ProductId", text(host.product_id())),
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
    let zone = host.time_zone();
    let zone = [
        ("TimeZoneKeyName", text(zone.id)),
        ("StandardName", text(zone.id)),
        ("DaylightName", text(zone.daylight_name)),
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
    for program in installed(host) {
        let is_msi = program.is_msi();
        let uninstall = match is_msi {
            true => format!("MsiExec.exe /X{}", program.key),
            false => format!("\"C:\\Program Files\\{}\\setup.exe\" /uninstall", program.name),
        };
        let values = [
            ("DisplayName", text(program.name)),
            ("DisplayVersion", text(program.version)),
            ("Publisher", text(program.publisher)),
            ("InstallDate", text(program.installed_on(host))),
            ("EstimatedSize", RegistryData::Dword(program.size)),
            ("UninstallString", text(uninstall)),
            ("WindowsInstaller", RegistryData::Dword(is_msi.into())),
            ("InstallLocation", text("")),
            ("NoModify", RegistryData::Dword(1)),
        ];
        add(tree, &program.path(), values);
    }
}

/// Old versions of TLS: turned off on most hosts, forgotten on some. Where Windows has them off by itself, a healthy host
/// may have no keys, and an ill one was told to speak them.
/// Source: learn.microsoft.com, Transport Layer Security (TLS) registry settings.
fn protocols(tree: &mut Tree<RegistryKey>, machine: &Machine) {
    let host = machine.host();
    let is_hardened = !host.speaks_old_tls();
    let has_keys = if host.has_new_tls_defaults() { !is_hardened || host.rng("tls").chance(500) } else { is_hardened };
    let root = format!("{CONTROL}\\SecurityProviders\\SCHANNEL\\Protocols");
    for (protocol, enabled) in
        [("SSL 2.0", false), ("SSL 3.0", false), ("TLS 1.0", false), ("TLS 1.1", false), ("TLS 1.2", true)]
    {
        for side in ["Client", "Server"] {
            if protocol == "SSL 2.0" && side == "Server" {
                continue;
            }
            let enabled = enabled || (!is_hardened && protocol.starts_with("TLS"));
            let values = [
                ("Enabled", RegistryData::Dword(enabled.into())),
                ("DisabledByDefault", RegistryData::Dword((!enabled).into())),
            ];
            if has_keys || protocol == "SSL 2.0" {
                add(tree, &format!("{root}\\{protocol}\\{side}"), values);
            }
        }
    }
    let smb = format!("{SERVICES}\\LanmanServer\\Parameters");
    // Where the feature is there, nobody turned it off.
    let has_feature = machine.installed_features().contains(&"FS-SMB1");
    if has_feature && host.rng("smb1").chance(500) {
        add(tree, &smb, [("SMB1", RegistryData::Dword(1))]);
    } else if !has_feature && is_hardened {
        add(tree, &smb, [("SMB1", RegistryData::Dword(0))]);
    }
}

/// What Defender keeps of its signatures: it can be read while its service is stopped.
/// Source: forum.bigfix.com, "Registry Byte String to Date - Windows Defender SignaturesLastUpdated" (a FILETIME, eight
/// bytes, the lowest first).
fn signatures(tree: &mut Tree<RegistryKey>, machine: &Machine) {
    let (number, updated) = machine.signatures();
    let ticks = (updated.as_second() + 11_644_473_600) * 10_000_000 + i64::from(updated.subsec_nanosecond()) / 100;
    let time = || RegistryData::Binary(ticks.to_le_bytes().as_slice().into());
    let version = || text(format!("1.437.{number}.0"));
    let values = [
        ("ASSignatureApplied", time()),
        ("ASSignatureVersion", version()),
        ("AVSignatureApplied", time()),
        ("AVSignatureVersion", version()),
        ("EngineVersion", text("1.1.25080.5")),
        ("SignaturesLastUpdated", time()),
    ];
    add(tree, &format!("{HKLM}\\SOFTWARE\\Microsoft\\Windows Defender\\Signature Updates"), values);
}

/// What a service's key says of it. Source: learn.microsoft.com, HKLM\\SYSTEM\\CurrentControlSet\\Services Registry Tree.
pub(super) fn service_values(service: &Service) -> Vec<(&'static str, RegistryData)> {
    let mut values = vec![
        ("DisplayName", text(&service.display_name)),
        ("ErrorControl", RegistryData::Dword(1)),
        ("ImagePath", RegistryData::Expand(image_path(&service.path).into())),
        ("ObjectName", text(&service.account)),
        ("Start", RegistryData::Dword(service.start_type as u32)),
        ("Type", RegistryData::Dword(if service.shares_process() { 32 } else { 16 })),
    ];
    if !service.description.is_empty() {
        values.push(("Description", text(&service.description)));
    }
    if !service.depends_on.is_empty() {
        let names = service.depends_on.iter().map(|name| name.as_ref().into()).collect();
        values.push(("DependOnService", RegistryData::Multi(names)));
    }
    if service.is_delayed {
        values.push(("DelayedAutostart", RegistryData::Dword(1)));
    }
    values
}

/// The registry has the folder of Windows by its variable.
fn image_path(path: &str) -> String {
    const WINDOWS: &str = "C:\\Windows\\";
    match path.get(..WINDOWS.len()).filter(|start| start.eq_ignore_ascii_case(WINDOWS)) {
        Some(start) => format!("%SystemRoot%\\{}", &path[start.len()..]),
        None => path.to_owned(),
    }
}

fn processors(tree: &mut Tree<RegistryKey>, host: &Host) {
    let processor = host.processor();
    let environment = [
        ("NUMBER_OF_PROCESSORS", text(host.processors().to_string())),
        ("PROCESSOR_IDENTIFIER", text(host.processor().identifier())),
        ("PROCESSOR_LEVEL", text("6")),
        ("PROCESSOR_REVISION", text(host.processor().revision())),
    ];
    add(tree, &format!("{CONTROL}\\Session Manager\\Environment"), environment);
    for place in 0..host.processors() {
        let values = [
            ("ProcessorNameString", text(processor.name)),
            ("VendorIdentifier", text("GenuineIntel")),
            ("Identifier", text(processor.caption)),
            ("~MHz", RegistryData::Dword(processor.mhz)),
        ];
        add(tree, &format!("{HKLM}\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\{place}"), values);
    }
}

fn profiles(tree: &mut Tree<RegistryKey>, machine: &Machine) {
    let root = format!("{HKLM}\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList");
    let of_system = super::super::profiles::SPECIAL.iter().map(|(sid, path)| ((*sid).to_owned(), *path, 12));
    let of_people = machine.own_profiles().into_iter().map(|(sid, path)| (sid, path, 0));
    for (sid, path, flags) in of_system.chain(of_people) {
        let path = if flags == 0 { path.to_owned() } else { image_path(path).replace("%SystemRoot%", "%systemroot%") };
        let values = [
            ("ProfileImagePath", RegistryData::Expand(path.into())),
            ("Flags", RegistryData::Dword(flags)),
            ("State", RegistryData::Dword(0)),
        ];
        add(tree, &format!("{root}\\{sid}"), values);
    }
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
