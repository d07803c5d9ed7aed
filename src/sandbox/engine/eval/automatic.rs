//! Variables that PowerShell makes, as a session of Windows PowerShell 5.1 has them: those of 7 alone, such as
//! `$IsWindows`, are not there.

use std::sync::{Arc, LazyLock};

use super::super::provider::{path_info, resolve};
use super::super::value::{Obj, Schema, Val};
use super::Evaluator;

/// As Get-Variable lists them.
pub(super) const AUTOMATIC: [&str; 16] = [
    "?",
    "Error",
    "ExecutionContext",
    "false",
    "HOME",
    "Host",
    "null",
    "PID",
    "PSCulture",
    "PSEdition",
    "PSHOME",
    "PSSenderInfo",
    "PSUICulture",
    "PSVersionTable",
    "ShellId",
    "true",
];

/// Those that no script changes.
pub(super) fn read_only() -> impl Iterator<Item = &'static str> {
    AUTOMATIC.into_iter().filter(|name| !matches!(*name, "Error" | "null"))
}

static HOST: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &[
            "System.Management.Automation.Internal.Host.InternalHost",
            "System.Management.Automation.Host.PSHost",
            "System.Object",
        ],
        &[
            "Name",
            "Version",
            "InstanceId",
            "UI",
            "CurrentCulture",
            "CurrentUICulture",
            "PrivateData",
            "IsRunspacePushed",
        ],
    )
});

/// An object of one of PowerShell's own types, whose text is the type's name.
fn own(kind: &str, members: Vec<(&str, Val)>) -> Val {
    let name = format!("System.Management.Automation.{kind}");
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    Obj::typed(&Schema::new(&[&name, "System.Object"], &names), name.as_str(), values)
}

impl Evaluator<'_> {
    /// Variables that PowerShell makes.
    pub(super) fn automatic(&self, name: &str) -> Option<Val> {
        Some(match name {
            "_" | "psitem" => self.item.clone(),
            "true" => Val::Bool(true),
            "false" => Val::Bool(false),
            "null" => Val::Null,
            "?" => Val::Bool(self.last_succeeded),
            "error" => self.state.errors.clone(),
            "psversiontable" => self.version_table(),
            "psedition" => Val::str("Desktop"),
            "psculture" | "psuiculture" => Val::str("en-US"),
            "shellid" => Val::str("Microsoft.PowerShell"),
            "nestedpromptlevel" => Val::I32(0),
            "pssenderinfo" => self.sender(),
            "myinvocation" => self.nearest_call()?.invocation(),
            "psboundparameters" => self.nearest_call()?.bound.clone(),
            "pscmdlet" => return self.own_cmdlet(),
            "host" => self.host_object(),
            "executioncontext" => self.execution_context(),
            "pid" => Val::I32(self.machine.session_process_id() as i32),
            "pshome" => Val::str("C:\\Windows\\System32\\WindowsPowerShell\\v1.0"),
            "home" => Val::str("C:\\Users\\sandbox"),
            "pwd" => resolve(self, ".").map_or(Val::Null, |here| path_info(self, &here)),
            _ => return None,
        })
    }

    fn powershell_version(&self) -> [i32; 4] {
        let system = self.host.operating_system();
        [5, 1, system.build.parse().unwrap_or(0), system.revision as i32]
    }

    fn version_table(&self) -> Val {
        let version = self.powershell_version();
        let plain = [[1, 0], [2, 0], [3, 0], [4, 0], [5, 0]].map(|[major, minor]| Val::Version([major, minor, -1, -1]));
        let compatible = plain.into_iter().chain([Val::Version(version)]).collect();
        let entries = [
            ("PSVersion", Val::Version(version)),
            ("PSEdition", Val::str("Desktop")),
            ("PSCompatibleVersions", Val::list("System.Version[]", compatible)),
            ("BuildVersion", Val::Version([10, 0, version[2], version[3]])),
            ("CLRVersion", Val::Version([4, 0, 30_319, 42_000])),
            ("WSManStackVersion", Val::Version([3, 0, -1, -1])),
            ("PSRemotingProtocolVersion", Val::Version([2, 3, -1, -1])),
            ("SerializationVersion", Val::Version([1, 1, 0, 1])),
        ];
        Val::hash(false, entries.into_iter().map(|(name, value)| (Val::str(name), value)).collect())
    }

    /// `$Host`: a remote one, which hands on what it is told.
    fn host_object(&self) -> Val {
        let size = |width, height| own("Host.Size", vec![("Width", Val::I32(width)), ("Height", Val::I32(height))]);
        let raw = own(
            "Internal.Host.InternalHostRawUserInterface",
            vec![("BufferSize", size(120, 50)), ("WindowSize", size(120, 50)), ("WindowTitle", Val::str(""))],
        );
        let values = vec![
            Val::str("ServerRemoteHost"),
            Val::Version(self.powershell_version()),
            Val::Guid(uuid::Uuid::from_u64_pair(self.machine.session_process_id().into(), 1)),
            own("Internal.Host.InternalHostUserInterface", vec![("RawUI", raw)]),
            Val::str("en-US"),
            Val::str("en-US"),
            Val::Null,
            Val::Bool(false),
        ];
        Obj::typed(&HOST, "System.Management.Automation.Internal.Host.InternalHost", values)
    }

    fn execution_context(&self) -> Val {
        let mode = Val::of_enum("System.Management.Automation.PSLanguageMode", "FullLanguage", 0);
        let here = self.automatic("pwd").unwrap_or(Val::Null);
        let invoke = own("CommandInvocationIntrinsics", vec![("HasErrors", Val::Bool(false))]);
        let session = own(
            "SessionState",
            vec![
                ("LanguageMode", mode),
                ("Path", own("PathIntrinsics", vec![("CurrentLocation", here)])),
                ("PSVariable", own("PSVariableIntrinsics", vec![("Self", Val::Null)])),
                ("InvokeCommand", invoke.clone()),
            ],
        );
        own(
            "EngineIntrinsics",
            vec![("Host", self.host_object()), ("InvokeCommand", invoke), ("SessionState", session)],
        )
    }

    /// `$PSSenderInfo`: who has the session.
    fn sender(&self) -> Val {
        let name = Val::str("SANDBOX\\sandbox");
        let identity = own(
            "Remoting.PSIdentity",
            vec![
                ("AuthenticationType", Val::str("Negotiate")),
                ("IsAuthenticated", Val::Bool(true)),
                ("Name", name.clone()),
                ("CertificateDetails", Val::Null),
            ],
        );
        let version = self.powershell_version().map(|part| part.to_string()).join(".");
        own(
            "Remoting.PSSenderInfo",
            vec![
                ("UserInfo", own("Remoting.PSPrincipal", vec![("Identity", identity), ("WindowsIdentity", Val::Null)])),
                ("ClientTimeZone", Val::Null),
                ("ConnectionString", Val::str(format!("http://{}:5985/wsman?PSVersion={version}", self.host.name()))),
                ("ApplicationArguments", Val::hash(false, Vec::new())),
                ("ConfigurationName", Val::str("Microsoft.PowerShell")),
                ("ConnectedUser", name.clone()),
                ("RunAsUser", Val::Null),
            ],
        )
    }
}
