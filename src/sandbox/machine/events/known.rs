//! What Windows writes into the logs of the sandbox.

use super::kinds::{Known, Level};

const SYSTEM_SID: Option<&str> = Some("S-1-5-18");

const fn kind(
    log: &'static str,
    provider: &'static str,
    (id, level, is_classic): (u32, Level, bool),
    text: &'static str,
) -> Known {
    Known { log, provider, id, level, task: (0, ""), is_classic, user: None, text }
}

const fn audit(id: u32, succeeded: bool, task: (u16, &'static str), text: &'static str) -> Known {
    let level = if succeeded { Level::AuditSuccess } else { Level::AuditFailure };
    Known {
        task: (task.0, task.1),
        ..kind("Security", "Microsoft-Windows-Security-Auditing", (id, level, false), text)
    }
}

const fn by_system(kind: Known) -> Known {
    Known { user: SYSTEM_SID, ..kind }
}

use Level::{Critical, Error, Information, Warning};

const SCM: &str = "Service Control Manager";
const POWERSHELL: &str = "PowerShell";
const UPDATES: &str = "Microsoft-Windows-WindowsUpdateClient";

// Ids and texts: public lists of Windows events and transcripts of Get-WinEvent (learn.microsoft.com, Windows security
// auditing; MyEventlog; support articles); long audit texts are shortened to their first parts.

pub(super) const SERVICE_STATE: Known =
    kind("System", SCM, (7036, Information, true), "The %1 service entered the %2 state.");
pub(super) const SERVICE_CRASHED: Known =
    kind("System", SCM, (7034, Error, true), "The %1 service terminated unexpectedly.  It has done this %2 time(s).");
pub(super) const START_TYPE: Known = by_system(kind(
    "System",
    SCM,
    (7040, Information, true),
    "The start type of the %1 service was changed from %2 to %3.",
));
pub(super) const SERVICE_INSTALLED: Known = by_system(kind(
    "System",
    SCM,
    (7045, Information, true),
    "A service was installed in the system.\r\n\r\nService Name:  %1\r\nService File Name:  %2\r\nService Type:  %3\r\nService Start Type:  %4\r\nService Account:  %5",
));
pub(super) const DCOM: Known = by_system(kind(
    "System",
    "Microsoft-Windows-DistributedCOM",
    (10016, Warning, false),
    "The %1 permission settings do not grant %2 %3 permission for the COM Server application with CLSID \r\n%4\r\n and APPID \r\n%5\r\n to the user %6\\%7 SID (%8) from address %9 running in the application container %10 SID (%11). This security permission can be modified using the Component Services administrative tool.",
));
pub(super) const SCHANNEL: Known = by_system(kind(
    "System",
    "Schannel",
    (36874, Error, false),
    "An TLS 1.2 connection request was received from a remote client application, but none of the cipher suites supported by the client are supported by the server. The TLS connection request has failed.",
));
pub(super) const TIME_SYNCED: Known = kind(
    "System",
    "Microsoft-Windows-Time-Service",
    (35, Information, false),
    "The time service is now synchronizing the system time with the time source %1 (ntp.d|0.0.0.0:123->%2:123).",
);
pub(super) const TIME_LOST: Known = kind(
    "System",
    "Microsoft-Windows-Time-Service",
    (36, Warning, false),
    "The time service has not synchronized the system time for %1 seconds because none of the time service providers provided a usable time stamp. The time service will not update the local system time until it is able to synchronize with a time source.",
);
pub(super) const GROUP_POLICY: Known = by_system(kind(
    "System",
    "Microsoft-Windows-GroupPolicy",
    (1500, Information, false),
    "The Group Policy settings for the computer were processed successfully. There were no changes detected since the last successful processing of Group Policy.",
));
pub(super) const GROUP_POLICY_FAILED: Known = by_system(kind(
    "System",
    "Microsoft-Windows-GroupPolicy",
    (1129, Error, false),
    "The processing of Group Policy failed because of lack of network connectivity to a domain controller. This may be a transient condition.",
));
pub(super) const UPDATE_INSTALLED: Known = by_system(kind(
    "System",
    UPDATES,
    (19, Information, false),
    "Installation Successful: Windows successfully installed the following update: %1",
));
pub(super) const UPDATE_FAILED: Known = by_system(kind(
    "System",
    UPDATES,
    (20, Error, false),
    "Installation Failure: Windows failed to install the following update with error %1: %2.",
));
pub(super) const DISK_NEARLY_FULL: Known = kind(
    "System",
    "srv",
    (2013, Warning, true),
    "The %1 disk is at or near capacity.  You may need to delete some files.",
);
pub(super) const BAD_BLOCK: Known =
    kind("System", "disk", (7, Error, true), "The device, \\Device\\Harddisk%1\\DR%1, has a bad block.");
pub(super) const VOLUME_CORRUPT: Known = by_system(kind(
    "System",
    "Ntfs",
    (55, Error, true),
    "A corruption was discovered in the file system structure on volume %1.\r\n\r\nThe exact nature of the corruption is unknown.  The file system structures need to be scanned and fixed offline.",
));
pub(super) const MEMORY_SHORT: Known = by_system(kind(
    "System",
    "Microsoft-Windows-Resource-Exhaustion-Detector",
    (2004, Warning, false),
    "Windows successfully diagnosed a low virtual memory condition. The following programs consumed the most virtual memory: %1 (%2) consumed %3 bytes.",
));
pub(super) const BACKUP_FAILED: Known = by_system(kind(
    "Application",
    "Microsoft-Windows-Backup",
    (517, Error, false),
    "The backup operation that started at '%1' has failed with following error code '%2'. Please review the event details for a solution, and then rerun the backup operation once the issue is resolved.",
));
pub(super) const LOG_STARTED: Known =
    kind("System", "EventLog", (6005, Information, true), "The Event log service was started.");
pub(super) const LOG_STOPPED: Known =
    kind("System", "EventLog", (6006, Information, true), "The Event log service was stopped.");
pub(super) const UNEXPECTED: Known =
    kind("System", "EventLog", (6008, Error, true), "The previous system shutdown at %1 on %2 was unexpected.");
pub(super) const VERSION: Known =
    kind("System", "EventLog", (6009, Information, true), "Microsoft (R) Windows (R) %1  %2 Multiprocessor Free.");
pub(super) const UPTIME: Known =
    kind("System", "EventLog", (6013, Information, true), "The system uptime is %5 seconds.");
pub(super) const KERNEL_START: Known = by_system(kind(
    "System",
    "Microsoft-Windows-Kernel-General",
    (12, Information, false),
    "The operating system started at system time %1.",
));
pub(super) const KERNEL_STOP: Known = kind(
    "System",
    "Microsoft-Windows-Kernel-General",
    (13, Information, false),
    "The operating system is shutting down at system time %1.",
);
pub(super) const POWER_LOST: Known = by_system(kind(
    "System",
    "Microsoft-Windows-Kernel-Power",
    (41, Critical, false),
    "The system has rebooted without cleanly shutting down first. This error could be caused if the system stopped responding, crashed, or lost power unexpectedly.",
));
pub(super) const POWER_TRANSITION: Known = by_system(kind(
    "System",
    "Microsoft-Windows-Kernel-Power",
    (109, Information, false),
    "The kernel power manager has initiated a shutdown transition.",
));
pub(super) const SHUT_DOWN: Known = kind(
    "System",
    "User32",
    (1074, Information, true),
    "The process %1 (%2) has initiated the %5 of computer %2 on behalf of user %7 for the following reason: %3\r\n Reason Code: %4\r\n Shutdown Type: %5\r\n Comment: %6",
);
pub(super) const LOG_CLEARED: Known =
    kind("System", "Microsoft-Windows-Eventlog", (104, Information, false), "The %3 log file was cleared.");
pub(super) const AUDIT_LOG_CLEARED: Known = Known {
    task: (104, "Log clear"),
    ..kind(
        "Security",
        "Microsoft-Windows-Eventlog",
        (1102, Level::AuditSuccess, false),
        "The audit log was cleared.\r\nSubject:\r\n\tAccount Name:\t%1\r\n\tDomain Name:\t%2",
    )
};

pub(super) const PROGRAM_CRASHED: Known = Known {
    task: (100, "Application Crashing Events"),
    ..kind(
        "Application",
        "Application Error",
        (1000, Error, true),
        "Faulting application name: %1, version: %2, time stamp: 0x%3\r\nFaulting module name: %4, version: 10.0.20348.2700, time stamp: 0x8d7e3f41\r\nException code: 0xc0000005\r\nFault offset: 0x00000000000%5\r\nFaulting process id: 0x%6",
    )
};
pub(super) const ERROR_REPORT: Known = kind(
    "Application",
    "Windows Error Reporting",
    (1001, Information, true),
    "Fault bucket , type 0\r\nEvent Name: APPCRASH\r\nResponse: Not available\r\nCab Id: 0\r\n\r\nProblem signature:\r\nP1: %1",
);
pub(super) const INSTALLED: Known = kind(
    "Application",
    "MsiInstaller",
    (11707, Information, true),
    "Product: %1 -- Installation completed successfully.",
);
pub(super) const INSTALLER: Known = kind(
    "Application",
    "MsiInstaller",
    (1033, Information, true),
    "Windows Installer installed the product. Product Name: %1. Product Version: %2. Product Language: 1033. Manufacturer: %3. Installation success or error status: 0.",
);
pub(super) const LICENSE: Known = kind(
    "Application",
    "Microsoft-Windows-Security-SPP",
    (16384, Information, true),
    "Successfully scheduled Software Protection service for re-start at %1. Reason: RulesEngine.",
);
pub(super) const LICENSE_STOP: Known = kind(
    "Application",
    "Microsoft-Windows-Security-SPP",
    (16394, Information, true),
    "Offline downlevel migration succeeded.",
);
pub(super) const DATABASE: Known = kind(
    "Application",
    "ESENT",
    (326, Information, true),
    "svchost (%1,D,50) DS_Token_DB: The database engine attached a database (1, C:\\Windows\\system32\\LogFiles\\Sum\\Current.mdb). (Time=0 seconds)",
);
pub(super) const PERFLIB: Known = kind(
    "Application",
    "Microsoft-Windows-Perflib",
    (1008, Error, true),
    "The Open procedure for service \"%1\" in DLL \"C:\\Windows\\System32\\%2\" failed with error code %3. Performance data for this service will not be available.",
);
pub(super) const SHADOW_COPY: Known =
    kind("Application", "VSS", (8224, Information, true), "The VSS service is shutting down due to idle timeout. ");
pub(super) const CERTIFICATE_EXPIRES: Known = kind(
    "Application",
    "Microsoft-Windows-CertificateServicesClient-AutoEnrollment",
    (64, Warning, false),
    "Certificate for local system with Thumbprint %1 is about to expire or already expired.",
);
pub(super) const PROFILE: Known = by_system(kind(
    "Application",
    "Microsoft-Windows-User Profiles Service",
    (1531, Information, false),
    "The User Profile Service has started successfully. ",
));

const LOGON: (u16, &str) = (12544, "Logon");
pub(super) const LOGON_SUCCEEDED: Known = audit(
    4624,
    true,
    LOGON,
    "An account was successfully logged on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\t-\r\n\r\nLogon Information:\r\n\tLogon Type:\t\t%9\r\n\r\nNew Logon:\r\n\tSecurity ID:\t\t%5\r\n\tAccount Name:\t\t%6\r\n\tAccount Domain:\t\t%7\r\n\tLogon ID:\t\t%8\r\n\r\nNetwork Information:\r\n\tWorkstation Name:\t%12\r\n\tSource Network Address:\t%19\r\n\tSource Port:\t\t%20",
);
pub(super) const LOGON_FAILED: Known = audit(
    4625,
    false,
    LOGON,
    "An account failed to log on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\t-\r\n\r\nLogon Type:\t\t\t%11\r\n\r\nAccount For Which Logon Failed:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\t%6\r\n\tAccount Domain:\t\t%7\r\n\r\nFailure Information:\r\n\tFailure Reason:\t\tUnknown user name or bad password.\r\n\tStatus:\t\t\t%8\r\n\tSub Status:\t\t%10\r\n\r\nNetwork Information:\r\n\tWorkstation Name:\t%14\r\n\tSource Network Address:\t%20\r\n\tSource Port:\t\t%21",
);
pub(super) const LOGOFF: Known = audit(
    4634,
    true,
    (12545, "Logoff"),
    "An account was logged off.\r\n\r\nSubject:\r\n\tSecurity ID:\t\t%1\r\n\tAccount Name:\t\t%2\r\n\tAccount Domain:\t\t%3\r\n\tLogon ID:\t\t%4\r\n\r\nLogon Type:\t\t\t%5",
);
pub(super) const PRIVILEGES: Known = audit(
    4672,
    true,
    (12548, "Special Logon"),
    "Special privileges assigned to new logon.\r\n\r\nSubject:\r\n\tSecurity ID:\t\t%1\r\n\tAccount Name:\t\t%2\r\n\tAccount Domain:\t\t%3\r\n\tLogon ID:\t\t%4\r\n\r\nPrivileges:\t\t%5",
);
pub(super) const USER_CREATED: Known = audit(
    4720,
    true,
    (13824, "User Account Management"),
    "A user account was created.\r\n\r\nSubject:\r\n\tAccount Name:\t\t%5\r\n\tAccount Domain:\t\t%6\r\n\r\nNew Account:\r\n\tSecurity ID:\t\t%3\r\n\tAccount Name:\t\t%1\r\n\tAccount Domain:\t\t%2",
);
pub(super) const MEMBER_ADDED: Known = audit(
    4732,
    true,
    (13826, "Security Group Management"),
    "A member was added to a security-enabled local group.\r\n\r\nSubject:\r\n\tAccount Name:\t\t%7\r\n\tAccount Domain:\t\t%8\r\n\r\nMember:\r\n\tSecurity ID:\t\t%2\r\n\tAccount Name:\t\t%1\r\n\r\nGroup:\r\n\tSecurity ID:\t\tS-1-5-32-544\r\n\tGroup Name:\t\t%3\r\n\tGroup Domain:\t\t%4",
);
pub(super) const GROUPS_READ: Known = audit(
    4799,
    true,
    (13826, "Security Group Management"),
    "A security-enabled local group membership was enumerated.\r\n\r\nSubject:\r\n\tAccount Name:\t\t%5\r\n\r\nGroup:\r\n\tGroup Name:\t\t%1\r\n\tGroup Domain:\t\t%2",
);

pub(super) const ENGINE_STATE: Known = Known {
    task: (4, "Engine Lifecycle"),
    ..kind(
        "Windows PowerShell",
        POWERSHELL,
        (400, Information, true),
        "Engine state is changed from None to Available. \r\n\r\nDetails: \r\n\tNewEngineState=Available\r\n\tPreviousEngineState=None\r\n\r\n\tHostName=ServerRemoteHost\r\n\tHostVersion=1.0.0.0\r\n\tEngineVersion=5.1.20348.%1",
    )
};
pub(super) const ENGINE_STOPPED: Known = Known {
    task: (4, "Engine Lifecycle"),
    ..kind(
        "Windows PowerShell",
        POWERSHELL,
        (403, Information, true),
        "Engine state is changed from Available to Stopped. \r\n\r\nDetails: \r\n\tNewEngineState=Stopped\r\n\tPreviousEngineState=Available\r\n\r\n\tHostName=ServerRemoteHost\r\n\tHostVersion=1.0.0.0\r\n\tEngineVersion=5.1.20348.%1",
    )
};
pub(super) const PROVIDER_STARTED: Known = Known {
    task: (6, "Provider Lifecycle"),
    ..kind(
        "Windows PowerShell",
        POWERSHELL,
        (600, Information, true),
        "Provider \"%2\" is Started. \r\n\r\nDetails: \r\n\tProviderName=%2\r\n\tNewProviderState=Started\r\n\r\n\tHostName=ServerRemoteHost\r\n\tEngineVersion=5.1.20348.%1",
    )
};

pub(super) const PACKAGE_STATE: Known = kind(
    "Setup",
    "Microsoft-Windows-Servicing",
    (2, Information, false),
    "Package %1 was successfully changed to the Installed state.",
);
pub(super) const PACKAGE_BEGUN: Known = kind(
    "Setup",
    "Microsoft-Windows-Servicing",
    (1, Information, false),
    "Initiating changes for package %1. Current state is Staged. Target state is Installed. Client id: UpdateAgentLCU.",
);
pub(super) const POLICY_DONE: Known = by_system(kind(
    "Microsoft-Windows-GroupPolicy/Operational",
    "Microsoft-Windows-GroupPolicy",
    (8004, Information, false),
    "Completed periodic policy processing for computer %1 in %2 seconds.",
));
pub(super) const POLICY_BEGUN: Known = by_system(kind(
    "Microsoft-Windows-GroupPolicy/Operational",
    "Microsoft-Windows-GroupPolicy",
    (4004, Information, false),
    "Starting manual processing of policy for computer %1.",
));
pub(super) const SCRIPT_BLOCK: Known = kind(
    "Microsoft-Windows-PowerShell/Operational",
    "Microsoft-Windows-PowerShell",
    (40961, Information, false),
    "PowerShell console is starting up",
);
pub(super) const CONSOLE_READY: Known = kind(
    "Microsoft-Windows-PowerShell/Operational",
    "Microsoft-Windows-PowerShell",
    (40962, Information, false),
    "PowerShell console is ready for user input",
);
pub(super) const TASK_STARTED: Known = kind(
    "Microsoft-Windows-TaskScheduler/Operational",
    "Microsoft-Windows-TaskScheduler",
    (100, Information, false),
    "Task Scheduler started \"%3\" instance of the \"%1\" task for user \"%2\".",
);
pub(super) const TASK_DONE: Known = kind(
    "Microsoft-Windows-TaskScheduler/Operational",
    "Microsoft-Windows-TaskScheduler",
    (201, Information, false),
    "Task Scheduler successfully completed task \"%1\" , instance \"%2\" , action \"%3\" with return code %4.",
);
pub(super) const SESSION_LOGON: Known = by_system(kind(
    "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "Microsoft-Windows-TerminalServices-LocalSessionManager",
    (21, Information, false),
    "Remote Desktop Services: Session logon succeeded:\r\n\r\nUser: %1\r\nSession ID: %2\r\nSource Network Address: %3",
));
pub(super) const SESSION_LOGOFF: Known = by_system(kind(
    "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "Microsoft-Windows-TerminalServices-LocalSessionManager",
    (23, Information, false),
    "Remote Desktop Services: Session logoff succeeded:\r\n\r\nUser: %1\r\nSession ID: %2",
));
pub(super) const SIGNATURES: Known = by_system(kind(
    "Microsoft-Windows-Windows Defender/Operational",
    "Microsoft-Windows-Windows Defender",
    (2000, Information, false),
    "Microsoft Defender Antivirus security intelligence version updated.\r\n \tCurrent security intelligence Version: 1.437.%1.0",
));
pub(super) const SIGNATURES_FAILED: Known = by_system(kind(
    "Microsoft-Windows-Windows Defender/Operational",
    "Microsoft-Windows-Windows Defender",
    (2001, Error, false),
    "Microsoft Defender Antivirus has encountered an error trying to update security intelligence.\r\n \tError code: %1",
));
pub(super) const SCAN_DONE: Known = by_system(kind(
    "Microsoft-Windows-Windows Defender/Operational",
    "Microsoft-Windows-Windows Defender",
    (1001, Information, false),
    "Microsoft Defender Antivirus scan has finished.\r\n \tScan Type: Antimalware\r\n \tScan Parameters: Quick scan\r\n \tScan Time: 00:%1:%2",
));
pub(super) const UPDATE_SEARCH: Known = by_system(kind(
    "Microsoft-Windows-WindowsUpdateClient/Operational",
    UPDATES,
    (26, Information, false),
    "Windows Update successfully found %1 updates.",
));
pub(super) const SHELL_CREATED: Known = kind(
    "Microsoft-Windows-WinRM/Operational",
    "Microsoft-Windows-WinRM",
    (91, Information, false),
    "Creating WSMan shell on server with ResourceUri: %1",
);
pub(super) const SHELL_REQUEST: Known = kind(
    "Microsoft-Windows-WinRM/Operational",
    "Microsoft-Windows-WinRM",
    (6, Information, false),
    "Creating WSMan Session. The connection string is: %1",
);

/// All kinds, for looking up who writes where.
pub(super) fn all() -> impl Iterator<Item = &'static Known> {
    static ALL: [Known; 59] = [
        SERVICE_STATE,
        SERVICE_CRASHED,
        START_TYPE,
        SERVICE_INSTALLED,
        DCOM,
        SCHANNEL,
        TIME_SYNCED,
        TIME_LOST,
        GROUP_POLICY,
        GROUP_POLICY_FAILED,
        UPDATE_INSTALLED,
        UPDATE_FAILED,
        DISK_NEARLY_FULL,
        LOG_STARTED,
        LOG_STOPPED,
        UNEXPECTED,
        VERSION,
        UPTIME,
        KERNEL_START,
        KERNEL_STOP,
        POWER_LOST,
        POWER_TRANSITION,
        SHUT_DOWN,
        LOG_CLEARED,
        AUDIT_LOG_CLEARED,
        PROGRAM_CRASHED,
        ERROR_REPORT,
        INSTALLED,
        INSTALLER,
        LICENSE,
        LICENSE_STOP,
        DATABASE,
        PERFLIB,
        SHADOW_COPY,
        CERTIFICATE_EXPIRES,
        PROFILE,
        LOGON_SUCCEEDED,
        LOGON_FAILED,
        LOGOFF,
        PRIVILEGES,
        USER_CREATED,
        MEMBER_ADDED,
        GROUPS_READ,
        ENGINE_STATE,
        ENGINE_STOPPED,
        PROVIDER_STARTED,
        PACKAGE_STATE,
        PACKAGE_BEGUN,
        POLICY_DONE,
        POLICY_BEGUN,
        SCRIPT_BLOCK,
        CONSOLE_READY,
        TASK_STARTED,
        TASK_DONE,
        SESSION_LOGON,
        SESSION_LOGOFF,
        SIGNATURES,
        SCAN_DONE,
        UPDATE_SEARCH,
    ];
    static MORE: [Known; 7] =
        [SHELL_CREATED, SHELL_REQUEST, BAD_BLOCK, VOLUME_CORRUPT, MEMORY_SHORT, BACKUP_FAILED, SIGNATURES_FAILED];
    ALL.iter().chain(&MORE)
}
