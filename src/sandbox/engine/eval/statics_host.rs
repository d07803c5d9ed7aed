//! Statics that tell of the host: `[Environment]`, `[System.Net.Dns]`, `[WindowsIdentity]`.

use super::super::convert::text;
use super::super::value::{Obj, Schema, Val};
use super::{Evaluator, Run};

/// `Environment.SpecialFolder`: name and where it is.
const FOLDERS: [(&str, &str); 19] = [
    ("Desktop", "C:\\Users\\sandbox\\Desktop"),
    ("DesktopDirectory", "C:\\Users\\sandbox\\Desktop"),
    ("Programs", "C:\\Users\\sandbox\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs"),
    ("MyDocuments", "C:\\Users\\sandbox\\Documents"),
    ("Personal", "C:\\Users\\sandbox\\Documents"),
    ("StartMenu", "C:\\Users\\sandbox\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu"),
    ("ApplicationData", "C:\\Users\\sandbox\\AppData\\Roaming"),
    ("LocalApplicationData", "C:\\Users\\sandbox\\AppData\\Local"),
    ("CommonApplicationData", "C:\\ProgramData"),
    ("CommonDesktopDirectory", "C:\\Users\\Public\\Desktop"),
    ("CommonDocuments", "C:\\Users\\Public\\Documents"),
    ("CommonStartup", "C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup"),
    ("UserProfile", "C:\\Users\\sandbox"),
    ("Windows", "C:\\Windows"),
    ("System", "C:\\Windows\\system32"),
    ("SystemX86", "C:\\Windows\\SysWOW64"),
    ("ProgramFiles", "C:\\Program Files"),
    ("ProgramFilesX86", "C:\\Program Files (x86)"),
    ("Fonts", "C:\\Windows\\Fonts"),
];

impl Evaluator<'_> {
    /// A property of `[Environment]`.
    pub(super) fn environment_property(&self, name: &str) -> Option<Val> {
        let system = self.host.operating_system();
        Some(match name {
            "machinename" => Val::str(self.host.name().to_uppercase()),
            "newline" => Val::str("\r\n"),
            "processorcount" => Val::I32(self.host.processors() as i32),
            "username" => Val::str("sandbox"),
            "userdomainname" => Val::str("SANDBOX"),
            "userinteractive" => Val::Bool(false),
            "is64bitoperatingsystem" | "is64bitprocess" => Val::Bool(true),
            "systemdirectory" => Val::str("C:\\Windows\\system32"),
            "systempagesize" => Val::I32(4096),
            "currentdirectory" => Val::str("C:\\Users\\sandbox\\Documents"),
            "commandline" => Val::str("C:\\Windows\\system32\\wsmprovhost.exe -Embedding"),
            "processid" => Val::I32(self.machine.session_process_id() as i32),
            "tickcount" | "tickcount64" => {
                let up = self.machine.uptime(self.host_time()).as_millis();
                if name == "tickcount64" { Val::I64(up as i64) } else { Val::I32((up & 0x7FFF_FFFF) as i32) }
            }
            "exitcode" => Val::I32(0),
            "hasshutdownstarted" => Val::Bool(false),
            "version" => Val::Version([4, 0, 30_319, 42_000]),
            "stacktrace" => Val::str("   at System.Environment.get_StackTrace()"),
            "osversion" => {
                let build = system.build.parse().unwrap_or(0);
                let version = Val::Version([10, 0, build, 0]);
                let text = format!("Microsoft Windows NT 10.0.{build}.0");
                let schema = Schema::new(
                    &["System.OperatingSystem", "System.Object"],
                    &["Platform", "ServicePack", "Version", "VersionString"],
                );
                let platform = Val::of_enum("System.PlatformID", "Win32NT", 2);
                Obj::typed(&schema, text.as_str(), vec![platform, Val::str(""), version, Val::str(text.as_str())])
            }
            _ => return None,
        })
    }

    /// A method of `[Environment]`.
    pub(super) fn environment_call(&mut self, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let first = args.first().map_or_else(String::new, text);
        let variable = |name: &str| super::super::ast::Variable {
            scope: super::super::ast::Scope::Env,
            name: name.to_lowercase().into(),
        };
        Ok(Some(match name {
            "getenvironmentvariable" => {
                match args.get(1).and_then(|target| self.kept_variable(&text(target), &first)) {
                    Some(kept) => kept,
                    None => self.variable(&variable(&first))?,
                }
            }
            "setenvironmentvariable" => {
                let value = args.get(1).cloned().unwrap_or(Val::Null);
                let target = args.get(2).map_or_else(String::new, text);
                let given = (!value.is_null()).then(|| text(&value));
                if self.keep_variable(&target, &first, given.as_deref())? {
                    return Ok(Some(Val::Void));
                }
                self.assign_variable(&variable(&first), value, None)?;
                Val::Void
            }
            "getenvironmentvariables" => {
                let all = self.environment_variables().into_iter();
                Val::hash(false, all.map(|(name, value)| (Val::Str(name), Val::Str(value))).collect())
            }
            "expandenvironmentvariables" => Val::str(self.expand_environment(&first)),
            "getfolderpath" => {
                let found = FOLDERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&first));
                Val::str(found.map_or("", |(_, path)| path))
            }
            "getcommandlineargs" => Val::array(vec![Val::str("C:\\Windows\\system32\\wsmprovhost.exe")]),
            "getlogicaldrives" => {
                let drives = self.host.disks().into_iter().map(|disk| Val::str(format!("{}\\", disk.id)));
                Val::list("System.String[]", drives.collect())
            }
            _ => return Ok(None),
        }))
    }

    /// `[WindowsIdentity]::GetCurrent()`
    pub(super) fn current_identity(&self) -> Val {
        let schema = Schema::new(
            &["System.Security.Principal.WindowsIdentity", "System.Security.Claims.ClaimsIdentity", "System.Object"],
            &[
                "AuthenticationType",
                "ImpersonationLevel",
                "IsAuthenticated",
                "IsGuest",
                "IsSystem",
                "IsAnonymous",
                "Name",
                "User",
                "Owner",
                "Groups",
            ],
        );
        let [user, owner, groups] = super::super::dotnet::identity_parts();
        let values = vec![
            Val::str("Kerberos"),
            Val::of_enum("System.Security.Principal.TokenImpersonationLevel", "Impersonation", 3),
            Val::Bool(true),
            Val::Bool(false),
            Val::Bool(false),
            Val::Bool(false),
            Val::str("SANDBOX\\sandbox"),
            user,
            owner,
            groups,
        ];
        Obj::typed(&schema, "System.Security.Principal.WindowsIdentity", values)
    }
}
