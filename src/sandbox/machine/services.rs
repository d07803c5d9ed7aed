//! Windows services.

use super::{Host, Illness, Role};

/// A Windows service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Short name.
    pub name: &'static str,
    /// Name for people.
    pub display_name: &'static str,
    /// Whether it runs.
    pub status: ServiceStatus,
    /// When it starts.
    pub start_type: StartType,
}

/// State of a service, with the numbers of `System.ServiceProcess.ServiceControllerStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceStatus {
    /// Not running.
    Stopped = 1,
    /// Running.
    Running = 4,
}

/// When a service starts, with the numbers of `System.ServiceProcess.ServiceStartMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartType {
    /// With the system.
    Automatic = 2,
    /// On demand.
    Manual = 3,
    /// Never.
    Disabled = 4,
}

use StartType::{Automatic, Disabled, Manual};

/// Name, display name, start type, and whether it normally runs. Sorted by name, as Get-Service lists them.
const COMMON: &[(&str, &str, StartType, bool)] = &[
    ("AppIDSvc", "Application Identity", Manual, false),
    ("Appinfo", "Application Information", Manual, true),
    ("AppMgmt", "Application Management", Manual, false),
    ("AudioSrv", "Windows Audio", Manual, false),
    ("BFE", "Base Filtering Engine", Automatic, true),
    ("BITS", "Background Intelligent Transfer Service", Manual, false),
    ("CertPropSvc", "Certificate Propagation", Manual, true),
    ("CryptSvc", "Cryptographic Services", Automatic, true),
    ("DcomLaunch", "DCOM Server Process Launcher", Automatic, true),
    ("defragsvc", "Optimize drives", Manual, false),
    ("Dhcp", "DHCP Client", Automatic, true),
    ("DiagTrack", "Connected User Experiences and Telemetry", Automatic, true),
    ("Dnscache", "DNS Client", Automatic, true),
    ("DPS", "Diagnostic Policy Service", Automatic, true),
    ("EventLog", "Windows Event Log", Automatic, true),
    ("EventSystem", "COM+ Event System", Automatic, true),
    ("FontCache", "Windows Font Cache Service", Automatic, true),
    ("gpsvc", "Group Policy Client", Automatic, true),
    ("iphlpsvc", "IP Helper", Automatic, true),
    ("KeyIso", "CNG Key Isolation", Manual, true),
    ("LanmanServer", "Server", Automatic, true),
    ("LanmanWorkstation", "Workstation", Automatic, true),
    ("lmhosts", "TCP/IP NetBIOS Helper", Manual, true),
    ("mpssvc", "Windows Defender Firewall", Automatic, true),
    ("MSDTC", "Distributed Transaction Coordinator", Automatic, true),
    ("msiserver", "Windows Installer", Manual, false),
    ("Netlogon", "Netlogon", Automatic, true),
    ("netprofm", "Network List Service", Manual, true),
    ("NlaSvc", "Network Location Awareness", Automatic, true),
    ("nsi", "Network Store Interface Service", Automatic, true),
    ("PlugPlay", "Plug and Play", Manual, true),
    ("Power", "Power", Automatic, true),
    ("ProfSvc", "User Profile Service", Automatic, true),
    ("RemoteRegistry", "Remote Registry", Disabled, false),
    ("RpcEptMapper", "RPC Endpoint Mapper", Automatic, true),
    ("RpcSs", "Remote Procedure Call (RPC)", Automatic, true),
    ("SamSs", "Security Accounts Manager", Automatic, true),
    ("Schedule", "Task Scheduler", Automatic, true),
    ("SENS", "System Event Notification Service", Automatic, true),
    ("SessionEnv", "Remote Desktop Configuration", Manual, true),
    ("ShellHWDetection", "Shell Hardware Detection", Automatic, true),
    ("SNMPTrap", "SNMP Trap", Manual, false),
    ("Spooler", "Print Spooler", Automatic, true),
    ("sppsvc", "Software Protection", Automatic, false),
    ("SysMain", "SysMain", Automatic, true),
    ("TermService", "Remote Desktop Services", Manual, true),
    ("Themes", "Themes", Automatic, true),
    ("TrustedInstaller", "Windows Modules Installer", Manual, false),
    ("UsoSvc", "Update Orchestrator Service", Automatic, true),
    ("VSS", "Volume Shadow Copy", Manual, false),
    ("W32Time", "Windows Time", Automatic, true),
    ("WdiServiceHost", "Diagnostic Service Host", Manual, true),
    ("WinDefend", "Microsoft Defender Antivirus Service", Automatic, true),
    ("WinHttpAutoProxySvc", "WinHTTP Web Proxy Auto-Discovery Service", Manual, true),
    ("Winmgmt", "Windows Management Instrumentation", Automatic, true),
    ("WinRM", "Windows Remote Management (WS-Management)", Automatic, true),
    ("wuauserv", "Windows Update", Manual, false),
];

/// Services that only hosts of one role have.
fn of_role(role: Role) -> &'static [(&'static str, &'static str, StartType, bool)] {
    match role {
        Role::Web => &[
            ("AppHostSvc", "Application Host Helper Service", Automatic, true),
            ("W3SVC", "World Wide Web Publishing Service", Automatic, true),
            ("WAS", "Windows Process Activation Service", Manual, true),
        ],
        Role::App => &[
            ("ContosoOrders", "Contoso Order Processing", Automatic, true),
            ("ContosoSync", "Contoso Warehouse Sync", Automatic, true),
        ],
        Role::Sql => &[
            ("MSSQLSERVER", "SQL Server (MSSQLSERVER)", Automatic, true),
            ("SQLBrowser", "SQL Server Browser", Disabled, false),
            ("SQLSERVERAGENT", "SQL Server Agent (MSSQLSERVER)", Automatic, true),
        ],
        Role::File => &[("SrmSvc", "File Server Resource Manager", Automatic, true)],
        Role::DomainController => &[
            ("DNS", "DNS Server", Automatic, true),
            ("Kdc", "Kerberos Key Distribution Center", Automatic, true),
            ("NTDS", "Active Directory Domain Services", Automatic, true),
        ],
    }
}

/// Services started on demand that always run where they usually do: others stand on them.
const VITAL: [&str; 3] = ["KeyIso", "PlugPlay", "WAS"];

/// Automatic services whose stop a check should find; hosts of any role have them.
const MISSED: [&str; 6] = ["Spooler", "W32Time", "WinDefend", "DiagTrack", "MSDTC", "Schedule"];

pub(super) fn draw(host: &Host) -> Vec<Service> {
    let mut rng = host.rng("services");
    let stopped = host.has(Illness::ServiceStopped).then(|| {
        let of_role = of_role(host.role()).iter().filter(|(_, _, start, _)| *start == Automatic);
        let candidates: Vec<_> = MISSED.into_iter().chain(of_role.map(|(name, ..)| *name)).collect();
        rng.pick(&candidates)
    });
    let mut all: Vec<_> = COMMON
        .iter()
        .chain(of_role(host.role()))
        .map(|&(name, display_name, start_type, usual)| {
            let flip = start_type == Manual && !VITAL.contains(&name) && rng.chance(200);
            let is_running = usual != flip && stopped != Some(name);
            let status = if is_running { ServiceStatus::Running } else { ServiceStatus::Stopped };
            Service { name, display_name, status, start_type }
        })
        .collect();
    // Software Protection is automatic and stops by itself: on real hosts too it disturbs naive checks.
    all.sort_by_cached_key(|service| service.name.to_ascii_lowercase());
    all
}

/// How a service is after a restart of the machine: automatic ones run.
pub(super) fn status_at_start(service: &Service, drawn: &[Service]) -> ServiceStatus {
    match service.start_type {
        Automatic if service.name == "sppsvc" => ServiceStatus::Stopped,
        Automatic => ServiceStatus::Running,
        Disabled => ServiceStatus::Stopped,
        Manual => {
            let before = drawn.iter().find(|other| other.name == service.name);
            before.map_or(ServiceStatus::Stopped, |other| other.status)
        }
    }
}
