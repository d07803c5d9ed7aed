//! The computer and its operating system.

use super::super::super::datetime::DateTime;
use super::super::super::eval::Evaluator;
use super::super::super::machine::{RegistryData, Role};
use super::super::super::value::Val;
use super::{Row, computer, number, numbers, s, texts, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_OperatingSystem" => vec![operating_system(evaluator)],
        "Win32_ComputerSystem" => vec![computer_system(evaluator)],
        "Win32_ComputerSystemProduct" => vec![product(evaluator)],
        "Win32_BIOS" => vec![bios(evaluator)],
        "Win32_BaseBoard" => vec![base_board()],
        "Win32_SystemEnclosure" => vec![enclosure()],
        "Win32_Processor" => processors(evaluator),
        "Win32_PhysicalMemory" => memory(evaluator),
        "Win32_PhysicalMemoryArray" => vec![memory_array(evaluator)],
        "Win32_VideoController" => vec![video()],
        "Win32_PageFileUsage" => vec![page_file(evaluator)],
        "Win32_TimeZone" => vec![time_zone(evaluator)],
        "Win32_Environment" => environment(evaluator),
        "Win32_BootConfiguration" => vec![boot_configuration()],
        "Win32_LocalTime" => vec![time(evaluator.now())],
        "Win32_UTCTime" => vec![time(DateTime::utc(evaluator.host_time()))],
        _ => return None,
    })
}

/// The device that Windows lies on, as its name has it.
pub(super) fn system_name(evaluator: &Evaluator<'_>) -> String {
    format!("{}|C:\\Windows|\\Device\\Harddisk0\\Partition4", evaluator.host.operating_system().caption)
}

fn operating_system(evaluator: &Evaluator<'_>) -> Row {
    let host = &evaluator.host;
    let system = host.operating_system();
    let offset = host.utc_offset_minutes();
    let local = |time| Val::DateTime(DateTime::local(time, offset));
    let kib = |bytes: u64| number(bytes / 1024);
    let now = evaluator.host_time();
    let is_controller = host.role() == Role::DomainController;
    vec![
        ("Caption", s(system.caption)),
        ("Description", s("")),
        ("InstallDate", local(host.install_date())),
        ("Name", s(system_name(evaluator))),
        ("Status", s("OK")),
        ("CurrentTimeZone", number(offset)),
        ("Distributed", yes(false)),
        ("FreePhysicalMemory", kib(host.free_memory_bytes())),
        ("FreeSpaceInPagingFiles", kib(host.page_file_bytes() - host.used_page_file_bytes())),
        ("FreeVirtualMemory", kib(host.commit_limit_bytes() - host.committed_bytes())),
        ("LastBootUpTime", local(evaluator.machine.boot_time())),
        ("LocalDateTime", local(now)),
        ("MaxNumberOfProcesses", number(4_294_967_295_u32)),
        ("MaxProcessMemorySize", number(137_438_953_344_u64)),
        ("NumberOfLicensedUsers", number(0)),
        ("NumberOfProcesses", number(evaluator.machine.processes(now).len() as i64)),
        ("NumberOfUsers", number(2)),
        ("OSType", number(18)),
        ("SizeStoredInPagingFiles", kib(host.page_file_bytes())),
        ("TotalVirtualMemorySize", kib(host.commit_limit_bytes())),
        ("TotalVisibleMemorySize", kib(host.visible_memory_bytes())),
        ("Version", s(system.version)),
        ("BootDevice", s("\\Device\\HarddiskVolume2")),
        ("BuildNumber", s(system.build)),
        ("BuildType", s("Multiprocessor Free")),
        ("CodeSet", s("1252")),
        ("CountryCode", s("1")),
        ("DataExecutionPrevention_32BitApplications", yes(true)),
        ("DataExecutionPrevention_Available", yes(true)),
        ("DataExecutionPrevention_Drivers", yes(true)),
        ("DataExecutionPrevention_SupportPolicy", number(3)),
        ("Debug", yes(false)),
        ("EncryptionLevel", number(256)),
        ("ForegroundApplicationBoost", number(2)),
        ("Locale", s("0409")),
        ("Manufacturer", s("Microsoft Corporation")),
        ("MUILanguages", texts(["en-US"])),
        ("OperatingSystemSKU", number(if system.caption.ends_with("Datacenter") { 8 } else { 7 })),
        ("Organization", s(host.registered().1)),
        ("OSArchitecture", s("64-bit")),
        ("OSLanguage", number(1033)),
        ("OSProductSuite", number(if system.caption.ends_with("Datacenter") { 400 } else { 272 })),
        ("PortableOperatingSystem", yes(false)),
        ("Primary", yes(true)),
        ("ProductType", number(if is_controller { 2 } else { 3 })),
        ("RegisteredUser", s(host.registered().0)),
        ("SerialNumber", s(host.product_id())),
        ("ServicePackMajorVersion", number(0)),
        ("ServicePackMinorVersion", number(0)),
        ("SuiteMask", number(if system.caption.ends_with("Datacenter") { 400 } else { 272 })),
        ("SystemDevice", s("\\Device\\HarddiskVolume4")),
        ("SystemDirectory", s("C:\\Windows\\system32")),
        ("SystemDrive", s("C:")),
        ("WindowsDirectory", s("C:\\Windows")),
    ]
}

fn computer_system(evaluator: &Evaluator<'_>) -> Row {
    let host = &evaluator.host;
    let mut roles = vec!["LM_Workstation", "LM_Server", "NT"];
    match host.role() {
        Role::DomainController if host.is_primary_controller() => {
            roles.extend(["Primary_Domain_Controller", "Timesource"]);
        }
        Role::DomainController => roles.extend(["Backup_Domain_Controller", "Timesource"]),
        Role::Sql => roles.extend(["SQLServer", "Server_NT"]),
        _ => roles.push("Server_NT"),
    }
    vec![
        ("Caption", s(computer(evaluator))),
        ("Description", s("AT/AT COMPATIBLE")),
        ("Name", s(computer(evaluator))),
        ("Status", s("OK")),
        ("PrimaryOwnerName", s(host.registered().0)),
        ("Roles", texts(roles)),
        ("PowerState", number(0)),
        ("ResetCapability", number(1)),
        ("AdminPasswordStatus", number(1)),
        ("AutomaticManagedPagefile", yes(true)),
        ("AutomaticResetBootOption", yes(true)),
        ("AutomaticResetCapability", yes(true)),
        ("BootROMSupported", yes(true)),
        ("BootStatus", numbers(&[0; 10])),
        ("BootupState", s("Normal boot")),
        ("ChassisBootupState", number(3)),
        ("CurrentTimeZone", number(host.utc_offset_minutes())),
        ("DaylightInEffect", yes(false)),
        ("DNSHostName", s(computer(evaluator))),
        ("Domain", s(host.domain())),
        (
            "DomainRole",
            number(match host.role() {
                Role::DomainController if host.is_primary_controller() => 5,
                Role::DomainController => 4,
                _ => 3,
            }),
        ),
        ("EnableDaylightSavingsTime", yes(true)),
        ("FrontPanelResetStatus", number(3)),
        ("HypervisorPresent", yes(true)),
        ("InfraredSupported", yes(false)),
        ("KeyboardPasswordStatus", number(3)),
        ("Manufacturer", s("VMware, Inc.")),
        ("Model", s("VMware7,1")),
        ("NetworkServerModeEnabled", yes(true)),
        ("NumberOfLogicalProcessors", number(host.processors())),
        ("NumberOfProcessors", number(host.sockets().0)),
        (
            "OEMStringArray",
            texts(["[MS_VM_CERT/SHA1/27d66596a61c48dd3dc7216fd715126e33f59ae7]", "Welcome to the Virtual Machine"]),
        ),
        ("PartOfDomain", yes(true)),
        ("PauseAfterReset", number(3_932_100_000_i64)),
        ("PCSystemType", number(1)),
        ("PCSystemTypeEx", number(1)),
        ("PowerOnPasswordStatus", number(0)),
        ("PowerSupplyState", number(3)),
        ("ResetCount", number(-1)),
        ("ResetLimit", number(-1)),
        ("SystemType", s("x64-based PC")),
        ("ThermalState", number(3)),
        ("TotalPhysicalMemory", number(host.visible_memory_bytes())),
        ("WakeUpType", number(6)),
    ]
}

fn product(evaluator: &Evaluator<'_>) -> Row {
    vec![
        ("Caption", s("Computer System Product")),
        ("Description", s("Computer System Product")),
        ("IdentifyingNumber", s(evaluator.host.serial_number())),
        ("Name", s("VMware7,1")),
        ("Vendor", s("VMware, Inc.")),
        ("Version", s("None")),
        ("UUID", s(evaluator.host.uuid())),
    ]
}

const BIOS: &str = "VMW71.00V.18452719.B64.2108091906";

fn bios(evaluator: &Evaluator<'_>) -> Row {
    let released = DateTime::from_date(2021, 8, 9).map(|date| {
        let offset = evaluator.host.utc_offset_minutes();
        Val::DateTime(DateTime { kind: super::super::super::datetime::Kind::Utc, ..date }.to_local(offset))
    });
    vec![
        ("Caption", s(BIOS)),
        ("Description", s(BIOS)),
        ("Name", s(BIOS)),
        ("Status", s("OK")),
        ("Manufacturer", s("VMware, Inc.")),
        ("SerialNumber", s(evaluator.host.serial_number())),
        ("SoftwareElementID", s(BIOS)),
        ("SoftwareElementState", number(3)),
        ("TargetOperatingSystem", number(0)),
        ("Version", s("INTEL  - 6040000")),
        ("PrimaryBIOS", yes(true)),
        ("BiosCharacteristics", numbers(&[4, 7, 8, 9, 11, 12, 14, 15, 16, 19, 26, 29, 32, 40, 41, 42])),
        ("BIOSVersion", texts(["INTEL  - 6040000", BIOS, "VMware, Inc. - 10000"])),
        ("EmbeddedControllerMajorVersion", number(0)),
        ("EmbeddedControllerMinorVersion", number(0)),
        ("ReleaseDate", released.unwrap_or(Val::Null)),
        ("SMBIOSBIOSVersion", s(BIOS)),
        ("SMBIOSMajorVersion", number(2)),
        ("SMBIOSMinorVersion", number(7)),
        ("SMBIOSPresent", yes(true)),
        ("SystemBiosMajorVersion", number(255)),
        ("SystemBiosMinorVersion", number(255)),
    ]
}

fn base_board() -> Row {
    vec![
        ("Caption", s("Base Board")),
        ("Description", s("Base Board")),
        ("Name", s("Base Board")),
        ("Status", s("OK")),
        ("Manufacturer", s("Intel Corporation")),
        ("PoweredOn", yes(true)),
        ("SerialNumber", s("None")),
        ("Tag", s("Base Board")),
        ("Version", s("None")),
        ("HostingBoard", yes(true)),
        ("Product", s("440BX Desktop Reference Platform")),
    ]
}

fn enclosure() -> Row {
    vec![
        ("Caption", s("System Enclosure")),
        ("Description", s("System Enclosure")),
        ("Name", s("System Enclosure")),
        ("Manufacturer", s("No Enclosure")),
        ("SerialNumber", s("None")),
        ("Tag", s("System Enclosure 0")),
        ("Version", s("N/A")),
        ("LockPresent", yes(false)),
        ("SecurityBreach", number(3)),
        ("ChassisTypes", numbers(&[1])),
        ("SecurityStatus", number(3)),
        ("SMBIOSAssetTag", s("No Asset Tag")),
    ]
}

/// One for each socket.
fn processors(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let kind = evaluator.host.processor();
    let (sockets, cores) = evaluator.host.sockets();
    let load = super::performance::processor_load(evaluator);
    let socket = |place: u32| {
        vec![
            ("Caption", s(kind.caption)),
            ("Description", s(kind.caption)),
            ("Name", s(kind.name)),
            ("Status", s("OK")),
            ("Availability", number(3)),
            ("DeviceID", s(format!("CPU{place}"))),
            ("PowerManagementSupported", yes(false)),
            ("StatusInfo", number(3)),
            ("AddressWidth", number(64)),
            ("CurrentClockSpeed", number(kind.mhz)),
            ("DataWidth", number(64)),
            ("Family", number(179)),
            ("LoadPercentage", number(load)),
            ("MaxClockSpeed", number(kind.mhz)),
            ("Role", s("CPU")),
            ("UpgradeMethod", number(4)),
            ("Architecture", number(9)),
            ("Characteristics", number(4)),
            ("CpuStatus", number(1)),
            ("CurrentVoltage", number(33)),
            ("L2CacheSize", number(0)),
            ("L3CacheSize", number(0)),
            ("L3CacheSpeed", number(0)),
            ("Level", number(6)),
            ("Manufacturer", s("GenuineIntel")),
            ("NumberOfCores", number(cores)),
            ("NumberOfEnabledCore", number(cores)),
            ("NumberOfLogicalProcessors", number(cores)),
            ("ProcessorId", s(kind.id)),
            ("ProcessorType", number(3)),
            ("Revision", number(21767)),
            ("SecondLevelAddressTranslationExtensions", yes(false)),
            ("SocketDesignation", s(format!("CPU #{place:03}"))),
            ("ThreadCount", number(cores)),
            ("VirtualizationFirmwareEnabled", yes(false)),
            ("VMMonitorModeExtensions", yes(false)),
        ]
    };
    (0..sockets).map(socket).collect()
}

fn memory(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let module = |(place, size): (usize, u64)| {
        vec![
            ("Caption", s("Physical Memory")),
            ("Description", s("Physical Memory")),
            ("Name", s("Physical Memory")),
            ("Manufacturer", s("VMware Virtual RAM")),
            ("PartNumber", s("VMW-16384MB")),
            ("SerialNumber", s("00000001")),
            ("Tag", s(format!("Physical Memory {place}"))),
            ("FormFactor", number(8)),
            ("BankLabel", s(format!("RAM slot #{place}"))),
            ("Capacity", number(size)),
            ("DataWidth", number(64)),
            ("MemoryType", number(0)),
            ("Speed", number(4800)),
            ("TotalWidth", number(64)),
            ("Attributes", number(1)),
            ("ConfiguredClockSpeed", number(4800)),
            ("DeviceLocator", s(format!("RAM slot #{place}"))),
            ("SMBIOSMemoryType", number(2)),
            ("TypeDetail", number(4)),
        ]
    };
    evaluator.host.memory_modules().into_iter().enumerate().map(module).collect()
}

fn memory_array(evaluator: &Evaluator<'_>) -> Row {
    vec![
        ("Caption", s("Physical Memory Array")),
        ("Description", s("Physical Memory Array")),
        ("Name", s("Physical Memory Array")),
        ("Tag", s("Physical Memory Array 0")),
        ("Location", number(3)),
        ("MaxCapacity", number(268_435_456_u32)),
        ("MaxCapacityEx", number(274_877_906_944_u64.max(evaluator.host.memory_bytes() / 1024))),
        ("MemoryDevices", number(128)),
        ("MemoryErrorCorrection", number(3)),
        ("Use", number(3)),
    ]
}

fn video() -> Row {
    vec![
        ("Caption", s("VMware SVGA 3D")),
        ("Description", s("VMware SVGA 3D")),
        ("Name", s("VMware SVGA 3D")),
        ("Status", s("OK")),
        ("Availability", number(3)),
        ("ConfigManagerErrorCode", number(0)),
        ("ConfigManagerUserConfig", yes(false)),
        ("DeviceID", s("VideoController1")),
        ("PNPDeviceID", s("PCI\\VEN_15AD&DEV_0405&SUBSYS_040515AD&REV_00\\3&2B8E0B4B&0&78")),
        ("CurrentBitsPerPixel", number(32)),
        ("CurrentHorizontalResolution", number(1024)),
        ("CurrentNumberOfColors", number(4_294_967_296_u64)),
        ("CurrentNumberOfColumns", number(0)),
        ("CurrentNumberOfRows", number(0)),
        ("CurrentRefreshRate", number(64)),
        ("CurrentScanMode", number(4)),
        ("CurrentVerticalResolution", number(768)),
        ("VideoArchitecture", number(5)),
        ("VideoMemoryType", number(2)),
        ("VideoModeDescription", s("1024 x 768 x 4294967296 colors")),
        ("VideoProcessor", s("VMware Virtual SVGA 3D Graphics Adapter")),
        ("AdapterCompatibility", s("VMware, Inc.")),
        ("AdapterDACType", s("n/a")),
        ("DriverVersion", s("8.17.2.14")),
        ("InstalledDisplayDrivers", s("vm3dum64_loader.dll,vm3dum64_loader.dll,vm3dum64_loader.dll")),
        ("Monochrome", yes(false)),
    ]
}

fn page_file(evaluator: &Evaluator<'_>) -> Row {
    let mebibytes = |bytes: u64| number(bytes >> 20);
    let used = evaluator.host.used_page_file_bytes();
    let size = evaluator.host.page_file_bytes();
    vec![
        ("Caption", s("C:\\pagefile.sys")),
        ("Description", s("C:\\pagefile.sys")),
        (
            "InstallDate",
            Val::DateTime(DateTime::local(evaluator.host.install_date(), evaluator.host.utc_offset_minutes())),
        ),
        ("Name", s("C:\\pagefile.sys")),
        ("AllocatedBaseSize", mebibytes(size)),
        ("CurrentUsage", mebibytes(used)),
        ("PeakUsage", mebibytes(used + (size - used) / 10)),
        ("TempPageFile", yes(false)),
    ]
}

fn time_zone(evaluator: &Evaluator<'_>) -> Row {
    let zone = evaluator.host.time_zone();
    vec![
        ("Caption", s(zone.display_name)),
        ("Description", s(zone.display_name)),
        ("Bias", number(zone.offset_minutes)),
        ("DaylightBias", number(0)),
        ("DaylightName", s(zone.daylight_name)),
        ("StandardBias", number(0)),
        ("StandardName", s(zone.id)),
    ]
}

/// Source: learn.microsoft.com, Win32_Environment class; the registry holds what it shows.
fn environment(evaluator: &Evaluator<'_>) -> Vec<Row> {
    const OF_SYSTEM: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";
    const OF_USER: &str = "HKEY_CURRENT_USER\\Environment";
    let registry = evaluator.machine.registry();
    let user = format!("{}\\sandbox", evaluator.host.domain_name());
    let mut rows = Vec::new();
    for (path, is_system, owner) in [(OF_SYSTEM, true, "<SYSTEM>"), (OF_USER, false, user.as_str())] {
        for (name, data) in registry.find(path).into_iter().flat_map(|key| &key.values) {
            let (RegistryData::Text(value) | RegistryData::Expand(value)) = data else { continue };
            rows.push(vec![
                ("Caption", s(format!("{owner}\\{name}"))),
                ("Description", s(format!("{owner}\\{name}"))),
                ("Name", s(name.clone())),
                ("Status", s("OK")),
                ("SystemVariable", yes(is_system)),
                ("UserName", s(owner)),
                ("VariableValue", s(value.clone())),
            ]);
        }
    }
    rows
}

fn boot_configuration() -> Row {
    vec![
        ("Caption", s("\\Device\\Harddisk0\\Partition1")),
        ("Description", s("\\Device\\Harddisk0\\Partition1")),
        ("BootDirectory", s("C:\\Windows")),
        ("ConfigurationPath", s("C:\\Windows")),
        ("LastDrive", s("C:")),
        ("Name", s("BootConfiguration")),
        ("ScratchDirectory", s("C:\\Windows\\system32\\config\\systemprofile\\AppData\\Local\\Temp")),
        ("TempDirectory", s("C:\\Windows\\system32\\config\\systemprofile\\AppData\\Local\\Temp")),
    ]
}

fn time(now: DateTime) -> Row {
    let civil = now.civil();
    vec![
        ("Day", number(civil.day)),
        ("DayOfWeek", number(now.weekday() as i64)),
        ("Hour", number(civil.hour)),
        ("Minute", number(civil.minute)),
        ("Month", number(civil.month)),
        ("Quarter", number((civil.month + 2) / 3)),
        ("Second", number(civil.second)),
        ("WeekInMonth", number((civil.day + 6) / 7)),
        ("Year", number(civil.year)),
    ]
}
