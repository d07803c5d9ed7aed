//! Keys that every host has.

/// Data of a value in the table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fixed {
    /// Text.
    T(&'static str),
    /// Text with environment variables.
    E(&'static str),
    /// A number.
    D(u32),
    /// Texts.
    M(&'static [&'static str]),
}

use Fixed::{D, E, M, T};

type Keys = &'static [(&'static str, &'static [(&'static str, Fixed)])];

/// In HKEY_LOCAL_MACHINE.
/// Source: learn.microsoft.com, "Registry settings" pages of TLS, SMB, Remote Desktop Services, Windows Update and
/// Winlogon; values are those of a freshly installed server.
pub(super) const MACHINE: Keys = &[
    ("BCD00000000", &[]),
    (
        "HARDWARE\\DESCRIPTION\\System\\BIOS",
        &[
            ("SystemManufacturer", T("VMware, Inc.")),
            ("SystemProductName", T("VMware7,1")),
            ("BIOSVendor", T("VMware, Inc.")),
            ("BIOSVersion", T("VMW71.00V.18452719.B64.2108091906")),
        ],
    ),
    ("SAM\\SAM", &[]),
    ("SECURITY", &[]),
    ("SOFTWARE\\Classes\\.txt", &[("", T("txtfile")), ("PerceivedType", T("text"))]),
    ("SOFTWARE\\Classes\\.ps1", &[("", T("Microsoft.PowerShellScript.1"))]),
    ("SOFTWARE\\Microsoft\\Cryptography", &[]),
    (
        "SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319",
        &[("SystemDefaultTlsVersions", D(1)), ("SchUseStrongCrypto", D(1))],
    ),
    ("SOFTWARE\\Microsoft\\Microsoft Antimalware", &[]),
    ("SOFTWARE\\Microsoft\\PowerShell\\1", &[("Install", D(1)), ("PID", T("89383-100-0001260-04309"))]),
    ("SOFTWARE\\Microsoft\\PowerShell\\3", &[("Install", D(1)), ("PID", T("89383-100-0001260-04309"))]),
    (
        "SOFTWARE\\Microsoft\\PowerShell\\1\\PowerShellEngine",
        &[
            ("ApplicationBase", T("C:\\Windows\\System32\\WindowsPowerShell\\v1.0")),
            ("PowerShellVersion", T("2.0")),
            ("RuntimeVersion", T("v2.0.50727")),
        ],
    ),
    (
        "SOFTWARE\\Microsoft\\PowerShell\\3\\PowerShellEngine",
        &[
            ("ApplicationBase", T("C:\\Windows\\System32\\WindowsPowerShell\\v1.0")),
            ("PSCompatibleVersion", T("1.0, 2.0, 3.0, 4.0, 5.0, 5.1")),
            ("RuntimeVersion", T("v4.0.30319")),
        ],
    ),
    (
        "SOFTWARE\\Microsoft\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell",
        &[
            ("ExecutionPolicy", T("RemoteSigned")),
            ("Path", T("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe")),
        ],
    ),
    (
        "SOFTWARE\\Microsoft\\Windows\\CurrentVersion",
        &[
            ("ProgramFilesDir", T("C:\\Program Files")),
            ("ProgramFilesDir (x86)", T("C:\\Program Files (x86)")),
            ("ProgramFilesPath", E("%ProgramFiles%")),
            ("CommonFilesDir", T("C:\\Program Files\\Common Files")),
            ("ProgramW6432Dir", T("C:\\Program Files")),
            ("DevicePath", E("%SystemRoot%\\inf")),
            ("MediaPathUnexpanded", E("%SystemRoot%\\Media")),
        ],
    ),
    ("SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages", &[]),
    ("SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Explorer", &[("SmartScreenEnabled", T("Warn"))]),
    (
        "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System",
        &[
            ("ConsentPromptBehaviorAdmin", D(5)),
            ("ConsentPromptBehaviorUser", D(3)),
            ("EnableLUA", D(1)),
            ("EnableVirtualization", D(1)),
            ("PromptOnSecureDesktop", D(1)),
            ("dontdisplaylastusername", D(0)),
            ("legalnoticecaption", T("")),
            ("legalnoticetext", T("")),
            ("shutdownwithoutlogon", D(0)),
            ("undockwithoutlogon", D(1)),
        ],
    ),
    (
        "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run",
        &[
            ("SecurityHealth", E("%windir%\\system32\\SecurityHealthSystray.exe")),
            ("VMware User Process", T("\"C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe\" -n vmusr")),
        ],
    ),
    ("SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\RunOnce", &[]),
    ("SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall", &[]),
    ("SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\Results\\Install", &[]),
    ("SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels", &[]),
    (
        "SOFTWARE\\Microsoft\\Windows Defender",
        &[
            ("DisableAntiSpyware", D(0)),
            ("InstallLocation", T("C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.25080.5-0\\")),
        ],
    ),
    ("SOFTWARE\\Microsoft\\Windows Defender\\Exclusions\\Paths", &[]),
    ("SOFTWARE\\Microsoft\\Windows Defender\\Real-Time Protection", &[("DisableRealtimeMonitoring", D(0))]),
    ("SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options", &[]),
    ("SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\NetworkList\\Profiles", &[]),
    (
        "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList",
        &[
            ("Default", E("%SystemDrive%\\Users\\Default")),
            ("ProfilesDirectory", E("%SystemDrive%\\Users")),
            ("ProgramData", E("%SystemDrive%\\ProgramData")),
            ("Public", E("%SystemDrive%\\Users\\Public")),
        ],
    ),
    (
        "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon",
        &[
            ("AutoAdminLogon", T("0")),
            ("AutoRestartShell", D(1)),
            ("CachedLogonsCount", T("10")),
            ("DefaultDomainName", T("SANDBOX")),
            ("DefaultUserName", T("")),
            ("DisableCAD", D(0)),
            ("ForceUnlockLogon", D(0)),
            ("PasswordExpiryWarning", D(5)),
            ("Shell", T("explorer.exe")),
            ("Userinit", T("C:\\Windows\\system32\\userinit.exe,")),
        ],
    ),
    ("SOFTWARE\\ODBC\\ODBC.INI\\ODBC Data Sources", &[]),
    (
        "SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate",
        &[("WUServer", T("https://wsus.sandbox.test:8531")), ("WUStatusServer", T("https://wsus.sandbox.test:8531"))],
    ),
    (
        "SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU",
        &[("AUOptions", D(3)), ("NoAutoUpdate", D(0)), ("UseWUServer", D(1))],
    ),
    ("SOFTWARE\\Policies\\Microsoft\\Windows\\WinRM\\Service", &[("AllowAutoConfig", D(1)), ("IPv4Filter", T("*"))]),
    ("SOFTWARE\\Policies\\Microsoft\\Windows\\PowerShell\\ScriptBlockLogging", &[("EnableScriptBlockLogging", D(1))]),
    ("SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services", &[]),
    ("SOFTWARE\\VMware, Inc.\\VMware Tools", &[("InstallPath", T("C:\\Program Files\\VMware\\VMware Tools\\"))]),
    ("SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion", &[("ProgramFilesDir", T("C:\\Program Files (x86)"))]),
    ("SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Run", &[]),
    ("SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall", &[]),
    (
        "SOFTWARE\\WOW6432Node\\Microsoft\\.NETFramework\\v4.0.30319",
        &[("SystemDefaultTlsVersions", D(1)), ("SchUseStrongCrypto", D(1))],
    ),
    ("SYSTEM\\Select", &[("Current", D(1)), ("Default", D(1)), ("Failed", D(0)), ("LastKnownGood", D(1))]),
    ("SYSTEM\\Setup", &[("SystemSetupInProgress", D(0)), ("SetupType", D(0)), ("OOBEInProgress", D(0))]),
    (
        "SYSTEM\\CurrentControlSet\\Control",
        &[("SystemStartOptions", T(" NOEXECUTE=OPTOUT")), ("WaitToKillServiceTimeout", T("5000"))],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\CrashControl",
        &[
            ("AutoReboot", D(1)),
            ("CrashDumpEnabled", D(7)),
            ("DumpFile", E("%SystemRoot%\\MEMORY.DMP")),
            ("LogEvent", D(1)),
            ("MinidumpDir", E("%SystemRoot%\\Minidump")),
            ("Overwrite", D(1)),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\FileSystem",
        &[("LongPathsEnabled", D(0)), ("NtfsDisable8dot3NameCreation", D(2))],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\Lsa",
        &[
            ("LmCompatibilityLevel", D(5)),
            ("NoLMHash", D(1)),
            ("RunAsPPL", D(1)),
            ("restrictanonymous", D(0)),
            ("restrictanonymoussam", D(1)),
            ("disabledomaincreds", D(0)),
            ("everyoneincludesanonymous", D(0)),
            ("Security Packages", M(&[""])),
            ("Notification Packages", M(&["rassfm", "scecli"])),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\Lsa\\MSV1_0",
        &[("NtlmMinClientSec", D(0x2000_0000)), ("NtlmMinServerSec", D(0x2000_0000))],
    ),
    ("SYSTEM\\CurrentControlSet\\Control\\Print\\Printers", &[]),
    ("SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL", &[("EventLogging", D(1))]),
    ("SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Ciphers", &[]),
    ("SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols", &[]),
    ("SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest", &[("UseLogonCredential", D(0))]),
    (
        "SYSTEM\\CurrentControlSet\\Control\\Session Manager",
        &[
            ("BootExecute", M(&["autocheck autochk *"])),
            ("ProtectionMode", D(1)),
            ("ObjectDirectories", M(&["\\Windows", "\\RPC Control"])),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment",
        &[
            ("ComSpec", E("%SystemRoot%\\system32\\cmd.exe")),
            ("OS", T("Windows_NT")),
            (
                "Path",
                E(
                    "%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\Wbem;%SYSTEMROOT%\\System32\\WindowsPowerShell\\v1.0\\",
                ),
            ),
            ("PATHEXT", T(".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC")),
            ("PROCESSOR_ARCHITECTURE", T("AMD64")),
            (
                "PSModulePath",
                E(
                    "%ProgramFiles%\\WindowsPowerShell\\Modules;%SystemRoot%\\system32\\WindowsPowerShell\\v1.0\\Modules",
                ),
            ),
            ("TEMP", E("%SystemRoot%\\TEMP")),
            ("TMP", E("%SystemRoot%\\TEMP")),
            ("USERNAME", T("SYSTEM")),
            ("windir", E("%SystemRoot%")),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management",
        &[
            ("ClearPageFileAtShutdown", D(0)),
            ("DisablePagingExecutive", D(0)),
            ("LargeSystemCache", D(0)),
            ("PagingFiles", M(&["?:\\pagefile.sys"])),
            ("ExistingPageFiles", M(&["\\??\\C:\\pagefile.sys"])),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\Terminal Server",
        &[("fDenyTSConnections", D(0)), ("fSingleSessionPerUser", D(1)), ("TSEnabled", D(1)), ("AllowRemoteRPC", D(0))],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp",
        &[("PortNumber", D(3389)), ("UserAuthentication", D(1)), ("SecurityLayer", D(2)), ("MinEncryptionLevel", D(3))],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters",
        &[
            ("EnableAuthenticateUserSharing", D(0)),
            ("NullSessionPipes", M(&[""])),
            ("ServiceDll", E("%SystemRoot%\\system32\\srvsvc.dll")),
            ("ServiceDllUnloadOnStop", D(1)),
            ("autodisconnect", D(15)),
            ("enableforcedlogoff", D(1)),
            ("enablesecuritysignature", D(1)),
            ("requiresecuritysignature", D(1)),
            ("restrictnullsessaccess", D(1)),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Services\\LanmanWorkstation\\Parameters",
        &[
            ("EnablePlainTextPassword", D(0)),
            ("EnableSecuritySignature", D(1)),
            ("RequireSecuritySignature", D(0)),
            ("ServiceDll", E("%SystemRoot%\\System32\\wkssvc.dll")),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Services\\Netlogon\\Parameters",
        &[
            ("DisablePasswordChange", D(0)),
            ("MaximumPasswordAge", D(30)),
            ("RequireSignOrSeal", D(1)),
            ("RequireStrongKey", D(1)),
            ("SealSecureChannel", D(1)),
            ("SignSecureChannel", D(1)),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Services\\W32Time\\Parameters",
        &[
            ("NtpServer", T("time.windows.com,0x8")),
            ("Type", T("NT5DS")),
            ("ServiceDll", E("%systemroot%\\system32\\w32time.dll")),
        ],
    ),
    ("SYSTEM\\CurrentControlSet\\Services\\WinRM\\Parameters", &[]),
    (
        "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application",
        &[
            ("File", E("%SystemRoot%\\system32\\winevt\\Logs\\Application.evtx")),
            ("MaxSize", D(20_971_520)),
            ("Retention", D(0)),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Security",
        &[
            ("File", E("%SystemRoot%\\System32\\winevt\\Logs\\Security.evtx")),
            ("MaxSize", D(134_217_728)),
            ("Retention", D(0)),
        ],
    ),
    (
        "SYSTEM\\CurrentControlSet\\Services\\EventLog\\System",
        &[
            ("File", E("%SystemRoot%\\system32\\winevt\\Logs\\System.evtx")),
            ("MaxSize", D(20_971_520)),
            ("Retention", D(0)),
        ],
    ),
];

/// In HKEY_CURRENT_USER.
pub(super) const USER: Keys = &[
    ("Console", &[("QuickEdit", D(1)), ("ScreenBufferSize", D(0x2329_0078))]),
    ("Control Panel\\Desktop", &[("ScreenSaveActive", T("1")), ("ScreenSaveTimeOut", T("600")), ("Wallpaper", T(""))]),
    (
        "Control Panel\\International",
        &[("LocaleName", T("en-US")), ("sShortDate", T("M/d/yyyy")), ("sLanguage", T("ENU"))],
    ),
    (
        "Environment",
        &[
            ("Path", E("%USERPROFILE%\\AppData\\Local\\Microsoft\\WindowsApps;")),
            ("TEMP", E("%USERPROFILE%\\AppData\\Local\\Temp")),
            ("TMP", E("%USERPROFILE%\\AppData\\Local\\Temp")),
        ],
    ),
    ("Keyboard Layout\\Preload", &[("1", T("00000409"))]),
    ("Network", &[]),
    ("Software\\Classes", &[]),
    (
        "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\Advanced",
        &[("Hidden", D(2)), ("HideFileExt", D(1)), ("ShowSuperHidden", D(0))],
    ),
    (
        "Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings",
        &[("ProxyEnable", D(0)), ("User Agent", T("Mozilla/4.0 (compatible; MSIE 8.0; Win32)"))],
    ),
    ("Software\\Microsoft\\Windows\\CurrentVersion\\Run", &[]),
    (
        "Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon",
        &[("ExcludeProfileDirs", T("AppData\\Local;AppData\\LocalLow"))],
    ),
    ("Software\\Policies", &[]),
    (
        "Volatile Environment",
        &[("USERDOMAIN", T("SANDBOX")), ("USERNAME", T("sandbox")), ("LOGONSERVER", T("\\\\DC001"))],
    ),
];
