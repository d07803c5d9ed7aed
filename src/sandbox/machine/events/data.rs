//! The names that an event's values have in its XML.

/// Where an event's XML has its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `EventData`, in elements `Data` with these names, as far as there are any.
    Data(&'static [&'static str]),
    /// `UserData`, in an element of this name and namespace, in elements of these names.
    User(&'static str, &'static str, &'static [&'static str]),
}

const PARAMS: [&str; 11] =
    ["param1", "param2", "param3", "param4", "param5", "param6", "param7", "param8", "param9", "param10", "param11"];

const SUBJECT_LOG: [&str; 3] = ["SubjectUserName", "SubjectDomainName", "Channel"];

// Sources: the pages of learn.microsoft.com on each audit (security auditing, appendix of events), and public
// transcripts of ToXml() for the others. Sources of the old interface (MsiInstaller, EventLog) have no names.
const AUDITS: [(u32, &[&str]); 7] = [
    (
        4624,
        &[
            "SubjectUserSid",
            "SubjectUserName",
            "SubjectDomainName",
            "SubjectLogonId",
            "TargetUserSid",
            "TargetUserName",
            "TargetDomainName",
            "TargetLogonId",
            "LogonType",
            "LogonProcessName",
            "AuthenticationPackageName",
            "WorkstationName",
            "LogonGuid",
            "TransmittedServices",
            "LmPackageName",
            "KeyLength",
            "ProcessId",
            "ProcessName",
            "IpAddress",
            "IpPort",
            "ImpersonationLevel",
            "RestrictedAdminMode",
            "TargetOutboundUserName",
            "TargetOutboundDomainName",
            "VirtualAccount",
            "TargetLinkedLogonId",
            "ElevatedToken",
        ],
    ),
    (
        4625,
        &[
            "SubjectUserSid",
            "SubjectUserName",
            "SubjectDomainName",
            "SubjectLogonId",
            "TargetUserSid",
            "TargetUserName",
            "TargetDomainName",
            "Status",
            "FailureReason",
            "SubStatus",
            "LogonType",
            "LogonProcessName",
            "AuthenticationPackageName",
            "WorkstationName",
            "TransmittedServices",
            "LmPackageName",
            "KeyLength",
            "ProcessId",
            "ProcessName",
            "IpAddress",
            "IpPort",
        ],
    ),
    (4634, &["TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType"]),
    (4672, &["SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList"]),
    (
        4720,
        &["TargetUserName", "TargetDomainName", "TargetSid", "SubjectUserSid", "SubjectUserName", "SubjectDomainName"],
    ),
    (
        4732,
        &[
            "MemberName",
            "MemberSid",
            "TargetUserName",
            "TargetDomainName",
            "TargetSid",
            "SubjectUserSid",
            "SubjectUserName",
            "SubjectDomainName",
        ],
    ),
    (
        4799,
        &[
            "TargetUserName",
            "TargetDomainName",
            "TargetSid",
            "SubjectUserSid",
            "SubjectUserName",
            "SubjectDomainName",
            "SubjectLogonId",
            "CallerProcessId",
            "CallerProcessName",
        ],
    ),
];

impl Place {
    /// The place of the values of a provider's events with this id.
    pub fn of(provider: &str, id: u32) -> Self {
        const SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
        Self::Data(match (provider, id) {
            ("Microsoft-Windows-Security-Auditing", id) => {
                AUDITS.iter().find(|(audit, _)| *audit == id).map_or(&[], |(_, names)| names)
            }
            ("Service Control Manager", 7045) => {
                &["ServiceName", "ImagePath", "ServiceType", "StartType", "AccountName"]
            }
            ("Service Control Manager" | "User32" | "Microsoft-Windows-DistributedCOM", _) => &PARAMS,
            ("Microsoft-Windows-Kernel-General", 12) => &["StartTime"],
            ("Microsoft-Windows-Kernel-General", 13) => &["StopTime"],
            ("Microsoft-Windows-Kernel-Power", 41) => &[
                "BugcheckCode",
                "BugcheckParameter1",
                "BugcheckParameter2",
                "BugcheckParameter3",
                "BugcheckParameter4",
                "SleepInProgress",
                "PowerButtonTimestamp",
            ],
            ("Microsoft-Windows-Time-Service", 35) => &["TimeSource", "TimeSourceRefId"],
            ("Microsoft-Windows-WindowsUpdateClient", 19) => &["updateTitle"],
            ("Microsoft-Windows-WindowsUpdateClient", 20) => &["errorCode", "updateTitle"],
            ("Microsoft-Windows-WindowsUpdateClient", 26) => &["updateCount"],
            ("Microsoft-Windows-TaskScheduler", 100) => &["TaskName", "UserContext", "InstanceId"],
            ("Microsoft-Windows-TaskScheduler", 201) => &["TaskName", "TaskInstanceId", "ActionName", "ResultCode"],
            ("Microsoft-Windows-GroupPolicy", 8004) => &["PrincipalSamName", "PolicyElaspedTimeInSeconds"],
            ("Microsoft-Windows-GroupPolicy", 4004) => &["PrincipalSamName"],
            ("Microsoft-Windows-WinRM", 91) => &["resourceUri"],
            ("Microsoft-Windows-WinRM", 6) => &["connection"],
            (SESSIONS, _) => return Self::User("EventXML", "Event_NS", &["User", "SessionID", "Address"]),
            ("Microsoft-Windows-Eventlog", _) => {
                let namespace = "http://manifests.microsoft.com/win/2004/08/windows/eventlog";
                return Self::User("LogFileCleared", namespace, &SUBJECT_LOG);
            }
            _ => &[],
        })
    }
}
