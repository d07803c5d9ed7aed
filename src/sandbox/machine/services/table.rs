//! The services of the hosts: what an installation of Windows Server has, and what the roles add.

use super::super::Role;
use super::Controls::{self, Nothing, Pause, Stop};
use super::StartType::{self, Automatic, Disabled, Manual};

/// A service as it is installed.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) display_name: &'static str,
    pub(super) start_type: StartType,
    pub(super) is_delayed: bool,
    /// Whether it normally runs.
    pub(super) runs: bool,
    pub(super) controls: Controls,
    /// `-k GROUP` of svchost, or a path.
    pub(super) program: &'static str,
    pub(super) account: &'static str,
    pub(super) depends_on: &'static [&'static str],
    pub(super) description: &'static str,
}

const SYSTEM: &str = "LocalSystem";
const LOCAL: &str = "NT AUTHORITY\\LocalService";
const NETWORK: &str = "NT AUTHORITY\\NetworkService";
const RPC: &[&str] = &["RpcSs"];
const NONE: &[&str] = &[];

type Start = (StartType, bool, Controls);

const fn row(
    names: (&'static str, &'static str),
    (start_type, runs, controls): Start,
    program: (&'static str, &'static str),
    depends_on: &'static [&'static str],
    description: &'static str,
) -> Row {
    let ((name, display_name), (program, account)) = (names, program);
    Row { name, display_name, start_type, is_delayed: false, runs, controls, program, account, depends_on, description }
}

const fn delayed(row: Row) -> Row {
    Row { is_delayed: true, ..row }
}

const RUNS: Start = (Automatic, true, Stop);
const STAYS: Start = (Automatic, true, Nothing);
const PAUSES: Start = (Automatic, true, Pause);
const ASKED: Start = (Manual, true, Stop);
const IDLE: Start = (Manual, false, Stop);
const OFF: Start = (Disabled, false, Stop);

/// Sorted by name, as Get-Service lists them. Names, programs, accounts and dependencies are those of Windows Server
/// 2019 and 2022 (public listings of `Get-CimInstance Win32_Service`); drivers among the dependencies are left out.
#[rustfmt::skip]
pub(super) static COMMON: &[Row] = &[
    row(("AppIDSvc", "Application Identity"), IDLE, ("-k LocalServiceNetworkRestricted -p", LOCAL), &["RpcSs", "CryptSvc"], "Verifies the identity of applications for AppLocker."),
    row(("Appinfo", "Application Information"), ASKED, ("-k netsvcs -p", SYSTEM), &["RpcSs", "ProfSvc"], "Runs interactive applications with additional privileges."),
    row(("AppMgmt", "Application Management"), IDLE, ("-k netsvcs -p", SYSTEM), NONE, "Installs and removes software that Group Policy deploys."),
    row(("AudioSrv", "Windows Audio"), IDLE, ("-k LocalServiceNetworkRestricted -p", LOCAL), RPC, "Manages audio for Windows-based programs."),
    row(("BFE", "Base Filtering Engine"), RUNS, ("-k LocalServiceNoNetworkFirewall -p", LOCAL), RPC, "Manages firewall and IPsec policies and filters in user mode."),
    row(("BITS", "Background Intelligent Transfer Service"), IDLE, ("-k netsvcs -p", SYSTEM), RPC, "Transfers files in the background with idle network bandwidth."),
    row(("CertPropSvc", "Certificate Propagation"), ASKED, ("-k netsvcs", SYSTEM), RPC, "Copies certificates from smart cards to the user's store."),
    row(("CryptSvc", "Cryptographic Services"), RUNS, ("-k NetworkService -p", NETWORK), RPC, "Keeps the catalog of signed files and the root certificates."),
    row(("DcomLaunch", "DCOM Server Process Launcher"), STAYS, ("-k DcomLaunch -p", SYSTEM), NONE, "Launches COM and DCOM servers on request."),
    row(("defragsvc", "Optimize drives"), IDLE, ("-k defragsvc", SYSTEM), RPC, "Optimizes the files on storage drives."),
    row(("Dhcp", "DHCP Client"), RUNS, ("-k LocalServiceNetworkRestricted -p", LOCAL), &["NSI"], "Registers and updates IP addresses and DNS records."),
    row(("DiagTrack", "Connected User Experiences and Telemetry"), RUNS, ("-k utcsvc -p", SYSTEM), RPC, "Collects diagnostic and usage information."),
    row(("Dnscache", "DNS Client"), STAYS, ("-k NetworkService -p", NETWORK), &["nsi"], "Caches DNS names and registers the name of this computer."),
    row(("DPS", "Diagnostic Policy Service"), RUNS, ("-k LocalServiceNoNetwork -p", LOCAL), NONE, "Detects and resolves problems of Windows components."),
    row(("EventLog", "Windows Event Log"), RUNS, ("-k LocalServiceNetworkRestricted -p", LOCAL), NONE, "Manages events and event logs."),
    row(("EventSystem", "COM+ Event System"), RUNS, ("-k LocalService -p", LOCAL), RPC, "Distributes events to subscribing COM components."),
    row(("FontCache", "Windows Font Cache Service"), RUNS, ("-k LocalService -p", LOCAL), NONE, "Caches font data that applications use often."),
    row(("gpsvc", "Group Policy Client"), STAYS, ("-k netsvcs -p", SYSTEM), RPC, "Applies the settings of Group Policy."),
    row(("iphlpsvc", "IP Helper"), RUNS, ("-k NetSvcs -p", SYSTEM), &["RpcSs", "Winmgmt", "nsi"], "Provides IPv6 transition technologies and proxies of ports."),
    row(("KeyIso", "CNG Key Isolation"), ASKED, ("C:\\Windows\\system32\\lsass.exe", SYSTEM), RPC, "Isolates private keys in the process of the LSA."),
    row(("LanmanServer", "Server"), PAUSES, ("-k netsvcs -p", SYSTEM), &["SamSs"], "Shares files, printers and named pipes over the network."),
    row(("LanmanWorkstation", "Workstation"), PAUSES, ("-k NetworkService -p", NETWORK), &["NSI"], "Connects to remote servers by the SMB protocol."),
    row(("lmhosts", "TCP/IP NetBIOS Helper"), ASKED, ("-k LocalServiceNetworkRestricted -p", LOCAL), NONE, "Supports NetBIOS over TCP/IP and its name resolution."),
    row(("LSM", "Local Session Manager"), STAYS, ("-k DcomLaunch -p", SYSTEM), &["RpcSs", "DcomLaunch"], "Manages local user sessions."),
    row(("mpssvc", "Windows Defender Firewall"), RUNS, ("-k LocalServiceNoNetworkFirewall -p", LOCAL), &["BFE"], "Keeps unauthorized users from this computer over a network."),
    delayed(row(("MSDTC", "Distributed Transaction Coordinator"), RUNS, ("C:\\Windows\\System32\\msdtc.exe", NETWORK), &["RpcSs", "SamSs"], "Coordinates transactions that span several resources.")),
    row(("msiserver", "Windows Installer"), IDLE, ("C:\\Windows\\system32\\msiexec.exe /V", SYSTEM), RPC, "Adds, changes and removes applications of installer packages."),
    row(("Netlogon", "Netlogon"), PAUSES, ("C:\\Windows\\system32\\lsass.exe", SYSTEM), &["LanmanWorkstation"], "Maintains a secure channel to the domain controller."),
    row(("netprofm", "Network List Service"), ASKED, ("-k LocalService -p", LOCAL), &["RpcSs", "NlaSvc"], "Identifies the networks that the computer has connected to."),
    row(("NlaSvc", "Network Location Awareness"), RUNS, ("-k NetworkService -p", NETWORK), &["NSI", "RpcSs", "Dhcp", "Eventlog"], "Collects configuration information of the network."),
    row(("nsi", "Network Store Interface Service"), RUNS, ("-k LocalService -p", LOCAL), NONE, "Tells user mode clients of added and removed interfaces."),
    row(("PlugPlay", "Plug and Play"), (Manual, true, Nothing), ("-k DcomLaunch -p", SYSTEM), NONE, "Recognizes changes of hardware."),
    row(("Power", "Power"), STAYS, ("-k DcomLaunch -p", SYSTEM), NONE, "Manages power policy and its notifications."),
    row(("ProfSvc", "User Profile Service"), RUNS, ("-k netsvcs -p", SYSTEM), RPC, "Loads and unloads user profiles."),
    row(("RemoteRegistry", "Remote Registry"), OFF, ("-k localService -p", LOCAL), RPC, "Lets remote users change the registry of this computer."),
    row(("RpcEptMapper", "RPC Endpoint Mapper"), STAYS, ("-k RPCSS -p", NETWORK), NONE, "Resolves RPC interfaces to transport endpoints."),
    row(("RpcSs", "Remote Procedure Call (RPC)"), STAYS, ("-k rpcss -p", NETWORK), &["RpcEptMapper", "DcomLaunch"], "The service control manager of COM and DCOM servers."),
    row(("SamSs", "Security Accounts Manager"), STAYS, ("C:\\Windows\\system32\\lsass.exe", SYSTEM), RPC, "Says that the accounts manager is ready for requests."),
    row(("Schedule", "Task Scheduler"), STAYS, ("-k netsvcs -p", SYSTEM), &["RpcSs"], "Runs automated tasks on a schedule."),
    row(("SENS", "System Event Notification Service"), RUNS, ("-k netsvcs -p", SYSTEM), &["EventSystem"], "Tells COM+ subscribers of system events."),
    row(("SessionEnv", "Remote Desktop Configuration"), ASKED, ("-k netsvcs -p", SYSTEM), &["RpcSs", "LanmanWorkstation"], "Does configuration and session maintenance of Remote Desktop."),
    row(("ShellHWDetection", "Shell Hardware Detection"), RUNS, ("-k netsvcs -p", SYSTEM), RPC, "Notifies of AutoPlay hardware events."),
    row(("SNMPTrap", "SNMP Trap"), IDLE, ("C:\\Windows\\System32\\snmptrap.exe", LOCAL), NONE, "Receives trap messages of SNMP agents."),
    row(("Spooler", "Print Spooler"), RUNS, ("C:\\Windows\\System32\\spoolsv.exe", SYSTEM), RPC, "Spools print jobs and handles interaction with the printer."),
    delayed(row(("sppsvc", "Software Protection"), (Automatic, false, Stop), ("C:\\Windows\\system32\\sppsvc.exe", NETWORK), RPC, "Handles digital licenses of Windows.")),
    row(("SysMain", "SysMain"), RUNS, ("-k LocalSystemNetworkRestricted -p", SYSTEM), RPC, "Maintains and improves performance over time."),
    row(("TermService", "Remote Desktop Services"), ASKED, ("-k termsvcs", NETWORK), RPC, "Lets users connect interactively to a remote computer."),
    row(("Themes", "Themes"), RUNS, ("-k netsvcs -p", SYSTEM), NONE, "Manages the themes of the user interface."),
    row(("TrustedInstaller", "Windows Modules Installer"), IDLE, ("C:\\Windows\\servicing\\TrustedInstaller.exe", SYSTEM), NONE, "Installs, changes and removes updates and components."),
    delayed(row(("UsoSvc", "Update Orchestrator Service"), RUNS, ("-k netsvcs -p", SYSTEM), RPC, "Manages Windows updates.")),
    row(("VGAuthService", "VMware Alias Manager and Ticket Service"), RUNS, ("\"C:\\Program Files\\VMware\\VMware Tools\\VMware VGAuth\\VGAuthService.exe\"", SYSTEM), NONE, "Alias Manager and Ticket Service"),
    row(("VMTools", "VMware Tools"), RUNS, ("\"C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe\"", SYSTEM), NONE, "Synchronizes objects between the host and the guest."),
    row(("VSS", "Volume Shadow Copy"), IDLE, ("C:\\Windows\\system32\\vssvc.exe", SYSTEM), RPC, "Makes shadow copies for backups."),
    row(("W32Time", "Windows Time"), RUNS, ("-k LocalService", LOCAL), NONE, "Synchronizes date and time with the domain's servers."),
    row(("WdiServiceHost", "Diagnostic Service Host"), ASKED, ("-k LocalService -p", LOCAL), NONE, "Hosts diagnostics that run as the local service."),
    row(("WinDefend", "Microsoft Defender Antivirus Service"), RUNS, ("\"C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.25080.5-0\\MsMpEng.exe\"", SYSTEM), RPC, "Protects users from malware."),
    row(("WinHttpAutoProxySvc", "WinHTTP Web Proxy Auto-Discovery Service"), (Manual, true, Nothing), ("-k LocalServiceNetworkRestricted -p", LOCAL), &["Dhcp"], "Discovers the proxy for HTTP clients."),
    row(("Winmgmt", "Windows Management Instrumentation"), PAUSES, ("-k netsvcs -p", SYSTEM), RPC, "Gives access to management information."),
    row(("WinRM", "Windows Remote Management (WS-Management)"), RUNS, ("-k NetworkService -p", NETWORK), RPC, "Implements WS-Management for remote management."),
    row(("wuauserv", "Windows Update"), IDLE, ("-k netsvcs -p", SYSTEM), RPC, "Detects, downloads and installs updates."),
];

#[rustfmt::skip]
static WEB: &[Row] = &[
    row(("AppHostSvc", "Application Host Helper Service"), RUNS, ("-k apphost", SYSTEM), NONE, "Keeps the history of IIS's configuration."),
    row(("W3SVC", "World Wide Web Publishing Service"), PAUSES, ("-k iissvcs", SYSTEM), &["WAS"], "Serves web sites through Internet Information Services."),
    row(("WAS", "Windows Process Activation Service"), (Manual, true, Pause), ("-k iissvcs", SYSTEM), RPC, "Activates and manages worker processes."),
];

#[rustfmt::skip]
static APP: &[Row] = &[
    row(("ContosoOrders", "Contoso Order Processing"), RUNS, ("\"C:\\Program Files\\Contoso\\Orders\\Contoso.Orders.exe\"", "SANDBOX\\svc-orders"), NONE, "Takes orders from the web shop and books them."),
    row(("ContosoSync", "Contoso Warehouse Sync"), RUNS, ("\"C:\\Program Files\\Contoso\\Sync\\Contoso.Sync.exe\"", "SANDBOX\\svc-orders"), &["ContosoOrders"], "Tells the warehouse what to send."),
];

#[rustfmt::skip]
static SQL: &[Row] = &[
    row(("MSSQLSERVER", "SQL Server (MSSQLSERVER)"), PAUSES, ("\"C:\\Program Files\\Microsoft SQL Server\\MSSQL15.MSSQLSERVER\\MSSQL\\Binn\\sqlservr.exe\" -sMSSQLSERVER", "NT Service\\MSSQLSERVER"), NONE, "Stores, processes and guards data."),
    row(("SQLBrowser", "SQL Server Browser"), OFF, ("\"C:\\Program Files (x86)\\Microsoft SQL Server\\90\\Shared\\sqlbrowser.exe\"", LOCAL), NONE, "Tells clients how to connect to SQL Server."),
    row(("SQLSERVERAGENT", "SQL Server Agent (MSSQLSERVER)"), RUNS, ("\"C:\\Program Files\\Microsoft SQL Server\\MSSQL15.MSSQLSERVER\\MSSQL\\Binn\\SQLAGENT.EXE\" -i MSSQLSERVER", "NT Service\\SQLSERVERAGENT"), &["MSSQLSERVER"], "Runs jobs, watches SQL Server and sends alerts."),
    row(("SQLWriter", "SQL Server VSS Writer"), RUNS, ("\"C:\\Program Files\\Microsoft SQL Server\\90\\Shared\\sqlwriter.exe\"", SYSTEM), NONE, "Backs up and restores SQL Server through VSS."),
];

#[rustfmt::skip]
static FILE: &[Row] = &[
    row(("SrmSvc", "File Server Resource Manager"), RUNS, ("-k srmsvcs", SYSTEM), RPC, "Manages quotas, file screens and storage reports."),
];

#[rustfmt::skip]
static DOMAIN_CONTROLLER: &[Row] = &[
    row(("ADWS", "Active Directory Web Services"), RUNS, ("C:\\Windows\\ADWS\\Microsoft.ActiveDirectory.WebServices.exe", SYSTEM), NONE, "A web service interface to directory services on this computer."),
    row(("DFSR", "DFS Replication"), RUNS, ("C:\\Windows\\system32\\DFSRs.exe", SYSTEM), RPC, "Replicates folders between servers."),
    row(("DNS", "DNS Server"), PAUSES, ("C:\\Windows\\system32\\dns.exe", SYSTEM), &["RpcSs", "NTDS"], "Answers queries for DNS names."),
    row(("IsmServ", "Intersite Messaging"), RUNS, ("C:\\Windows\\System32\\ismserv.exe", SYSTEM), &["SamSs", "NTDS"], "Exchanges messages between sites of Windows servers."),
    row(("Kdc", "Kerberos Key Distribution Center"), PAUSES, ("C:\\Windows\\System32\\lsass.exe", SYSTEM), &["RpcSs", "NTDS"], "Lets users log on to the domain by Kerberos."),
    row(("NTDS", "Active Directory Domain Services"), RUNS, ("C:\\Windows\\System32\\lsass.exe", SYSTEM), NONE, "The directory service of the domain."),
];

/// Services that only hosts of one role have.
pub(super) fn of_role(role: Role) -> &'static [Row] {
    match role {
        Role::Web => WEB,
        Role::App => APP,
        Role::Sql => SQL,
        Role::File => FILE,
        Role::DomainController => DOMAIN_CONTROLLER,
    }
}
