//! The drawn files of a host.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::super::tree::{Tree, join, split};
use super::super::{Disk, Host, Rng, Role};
use super::text::{self, Log, LogText};
use super::{Content, File, attribute};

/// Folders of the system drive with their programs and libraries; a size stands behind the colon.
const SYSTEM: &[(&str, &str)] = &[
    ("PerfLogs", ""),
    ("Program Files\\Common Files\\microsoft shared", ""),
    ("Program Files\\Internet Explorer", "iexplore.exe:830464"),
    ("Program Files\\PowerShell\\7", "pwsh.exe:296376|pwsh.dll:44984|System.Management.Automation.dll:8203192"),
    ("Program Files\\VMware\\VMware Tools", "vmtoolsd.exe:101696|VMwareToolboxCmd.exe:91456|tools.conf:0"),
    ("Program Files\\Windows Defender", "MpCmdRun.exe:1142072|MsMpEng.exe:133576"),
    (
        "Program Files\\WindowsPowerShell\\Modules\\PowerShellGet\\1.0.0.1",
        "PowerShellGet.psd1:16204|PSModule.psm1:570236",
    ),
    ("Program Files (x86)\\Common Files", ""),
    ("Program Files (x86)\\Internet Explorer", "iexplore.exe:822784"),
    ("ProgramData\\Microsoft\\Windows Defender\\Definition Updates", "mpavbase.vdm:63963136|mpasbase.vdm:58720256"),
    ("ProgramData\\Microsoft\\Windows\\Start Menu\\Programs", ""),
    ("ProgramData\\VMware\\VMware Tools", "manifest.txt:0"),
    ("Users\\Administrator\\Desktop", ""),
    ("Users\\Administrator\\Documents", ""),
    ("Users\\Administrator\\Downloads", ""),
    ("Users\\Public\\Documents", ""),
    ("Users\\sandbox\\AppData\\Local\\Temp", ""),
    ("Users\\sandbox\\Desktop", ""),
    ("Users\\sandbox\\Documents", ""),
    ("Users\\sandbox\\Downloads", ""),
    (
        "Windows",
        "bfsvc.exe:102400|explorer.exe:5326256|HelpPane.exe:1077760|hh.exe:18432|notepad.exe:201216|regedit.exe:370176|splwow64.exe:163840|WMSysPr9.prx:316640",
    ),
    ("Windows\\Boot\\EFI", "bootmgfw.efi:1542536"),
    ("Windows\\Fonts", "arial.ttf:1036584|consola.ttf:459180|segoeui.ttf:956260|tahoma.ttf:991160"),
    ("Windows\\INF", "usbport.inf:142868|netserv.inf:6414"),
    ("Windows\\Installer", "1a2b3c.msi:58695680|4d5e6f.msi:25165824"),
    ("Windows\\Logs\\DISM", ""),
    ("Windows\\Microsoft.NET\\Framework64\\v4.0.30319", "clr.dll:11182080|csc.exe:2759032|mscorlib.dll:5515264"),
    ("Windows\\Prefetch", ""),
    ("Windows\\ServiceProfiles\\NetworkService\\AppData\\Local\\Temp", ""),
    ("Windows\\SoftwareDistribution\\DataStore", "DataStore.edb:67108864"),
    ("Windows\\System32\\config", "SAM:131072|SECURITY:65536|SOFTWARE:96468992|SYSTEM:20971520"),
    ("Windows\\System32\\drivers", "afd.sys:675840|ntfs.sys:2862080|tcpip.sys:3045888|vmxnet3.sys:129024"),
    ("Windows\\System32\\LogFiles\\HTTPERR", ""),
    ("Windows\\System32\\spool\\drivers", ""),
    ("Windows\\System32\\Tasks\\Microsoft\\Windows", ""),
    ("Windows\\System32\\WindowsPowerShell\\v1.0", "powershell.exe:455680|powershell_ise.exe:212992|profile.ps1:0"),
    ("Windows\\System32\\wbem", "WmiPrvSE.exe:509440|WMIC.exe:576000"),
    (
        "Windows\\System32\\winevt\\Logs",
        "Application.evtx:20975616|Security.evtx:134221824|Setup.evtx:1052672|System.evtx:20975616|Windows PowerShell.evtx:15732736|Microsoft-Windows-TaskScheduler%4Operational.evtx:10489856",
    ),
    (
        "Windows\\System32",
        "bcdedit.exe:468992|cmd.exe:289792|certutil.exe:1622016|dism.exe:311296|hostname.exe:27648|ipconfig.exe:49152|kernel32.dll:780848|lsass.exe:83312|msi.dll:3424768|net.exe:57344|netsh.exe:98304|nltest.exe:532480|notepad.exe:201216|ntdll.dll:2094208|ntoskrnl.exe:10908160|ping.exe:40960|reg.exe:77824|robocopy.exe:158208|sc.exe:72192|schtasks.exe:235008|schannel.dll:596336|services.exe:716888|shell32.dll:7773184|shutdown.exe:40960|spoolsv.exe:835584|svchost.exe:57360|systeminfo.exe:110592|taskmgr.exe:1194128|tasklist.exe:108544|termsrv.dll:1123328|w32tm.exe:118784|wevtutil.exe:204800|whoami.exe:73728|winlogon.exe:852480|wusa.exe:323072",
    ),
    ("Windows\\SysWOW64", "cmd.exe:236544|kernel32.dll:660320|notepad.exe:180736|ntdll.dll:1702096"),
    ("Windows\\Temp", ""),
    ("Windows\\WinSxS\\Manifests", ""),
    ("Windows\\WinSxS\\Backup", "components.bin:1572864000"),
    ("Windows\\servicing\\Packages", "Package_for_RollupFix.cat:9621"),
];

/// What each host has in fixed texts.
const TEXTS: &[(&str, &str)] = &[
    ("Windows\\win.ini", text::WIN_INI),
    ("Windows\\system.ini", text::SYSTEM_INI),
    ("Windows\\System32\\drivers\\etc\\hosts", text::HOSTS),
    ("Windows\\System32\\drivers\\etc\\networks", text::NETWORKS),
    ("Windows\\System32\\drivers\\etc\\services", text::SERVICES),
    ("Scripts\\Remove-OldLogs.ps1", text::CLEANUP_PS1),
];

/// Folders that Get-ChildItem shows under -Force alone.
const HIDDEN: [(&str, u32); 6] = [
    ("ProgramData", attribute::HIDDEN),
    ("$Recycle.Bin", attribute::HIDDEN | attribute::SYSTEM),
    ("Recovery", attribute::HIDDEN | attribute::SYSTEM),
    ("Users\\Default", attribute::HIDDEN),
    ("Users\\sandbox\\AppData", attribute::HIDDEN),
    ("Windows\\Installer", attribute::HIDDEN | attribute::SYSTEM),
];

const DAY: i64 = 86_400;

struct Painter<'h> {
    host: &'h Host,
    tree: Tree<File>,
    installed: Timestamp,
    since: Timestamp,
    rng: Rng,
    drive: &'static str,
}

/// All files of a host as the seed has them; what lies in the past counts from `since`.
pub(super) fn tree(host: &Host, since: Timestamp) -> Tree<File> {
    let installed = host.install_date().min(since);
    let mut painter = Painter { host, tree: Tree::default(), installed, since, rng: host.rng("files"), drive: "C:" };
    for disk in host.disks().iter().filter(|disk| disk.drive_type == 3) {
        painter.tree.add("", File::folder(disk.id, installed));
    }
    painter.system();
    painter.logs();
    painter.left_over();
    painter.of_role();
    for disk in host.disks().iter().filter(|disk| disk.drive_type == 3) {
        painter.big(disk);
    }
    painter.tree
}

impl Painter<'_> {
    fn add(&mut self, folder: &str, file: File) {
        let folder = join(self.drive, folder);
        self.folder(folder.trim_end_matches('\\'), file.created);
        self.tree.add(folder.trim_end_matches('\\'), file);
    }

    /// A folder with those around it.
    fn folder(&mut self, path: &str, time: Timestamp) {
        if self.tree.find(path).is_none() {
            let (around, name) = split(path);
            self.folder(around, time);
            self.tree.add(around, File::folder(name, time.min(self.since)));
        }
    }

    /// Some time in the past.
    fn past(&mut self, from_days: u64, to_days: u64) -> Timestamp {
        let seconds = self.rng.between(from_days * DAY as u64, to_days * DAY as u64) as i64;
        let time = self.since.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(self.since);
        time.max(self.installed)
    }

    fn blob(&mut self, folder: &str, name: &str, size: u64, time: Timestamp) {
        let mut file = File::new(name, time, attribute::ARCHIVE, Content::Blob(self.rng.next()));
        file.size = size;
        self.add(folder, file);
    }

    fn text(&mut self, path: &str, text: &'static str, time: Timestamp) {
        let (folder, name) = split(path);
        self.add(folder, File::new(name, time, attribute::ARCHIVE, Content::Text(text)));
    }

    /// A log that was written for some days until a time.
    fn log(&mut self, path: &str, log: &'static Log, lines: u64, to: Timestamp, days: i64) {
        let from = to.checked_sub(SignedDuration::from_hours(days * 24)).unwrap_or(to);
        let offset_minutes = if log == &text::IIS { 0 } else { self.host.utc_offset_minutes() };
        let content = Content::Log(LogText { log, seed: self.rng.next(), lines, from, to, offset_minutes });
        let (folder, name) = split(path);
        let file = File { written: to, accessed: to, ..File::new(name, from, attribute::ARCHIVE, content) };
        self.add(folder, file);
    }

    fn system(&mut self) {
        let installed = self.installed;
        for (folder, names) in SYSTEM {
            self.folder(&join("C:", folder), installed);
            for entry in names.split('|').filter(|entry| !entry.is_empty()) {
                let (name, size) = entry.rsplit_once(':').unwrap_or((entry, "0"));
                self.blob(folder, name, size.parse().unwrap_or(0), installed);
            }
        }
        for (path, text) in TEXTS {
            self.text(path, text, installed);
        }
        for (path, attributes) in HIDDEN {
            self.folder(&join("C:", path), installed);
            if let Some(folder) = self.tree.find_mut(&join("C:", path)) {
                folder.attributes |= attributes;
            }
        }
        let locked = attribute::DIRECTORY | attribute::HIDDEN | attribute::SYSTEM;
        self.add("", File::new("System Volume Information", installed, locked, Content::Locked));
    }

    fn logs(&mut self) {
        let now = self.since;
        let lines = self.rng.between(300, 1500);
        self.log("Windows\\Logs\\CBS\\CBS.log", &text::CBS, lines, now, 6);
        let to = self.past(10, 40);
        self.log("Windows\\Logs\\CBS\\CbsPersist_20260901030000.log", &text::CBS, 900, to, 20);
        let to = self.past(0, 20);
        self.log("Windows\\Logs\\DISM\\dism.log", &text::CBS, 120, to, 30);
        let installed = self.installed;
        self.log("Windows\\Panther\\setupact.log", &text::SETUP, 160, installed, 0);
        self.log("Windows\\debug\\netlogon.log", &text::NETLOGON, 240, now, 9);
    }

    /// What accumulates in temporary folders.
    fn left_over(&mut self) {
        for place in 0..self.rng.between(12, 40) {
            let number = self.rng.next() as u32;
            let (name, size) = match place % 6 {
                0 => (format!("tmp{number:08X}.tmp"), self.rng.between(0, 400_000)),
                1 => (format!("MpCmdRun-{:02}.log.bak", place), self.rng.between(2_000, 90_000)),
                2 => (format!("vmware-SYSTEM_{number:08x}.log.old"), self.rng.between(4_000, 60_000)),
                3 => (format!("msi{:05x}.tmp", number & 0xF_FFFF), self.rng.between(100_000, 30_000_000)),
                4 => (format!("{{{number:08X}-9C2F-4B1A-8E55-3A0D6F1B7C42}}.cab"), self.rng.between(1 << 20, 90 << 20)),
                _ => (format!("~DF{number:08X}.TMP"), 16_384),
            };
            let time = self.past(0, 200);
            self.blob("Windows\\Temp", &name, size, time);
        }
        let time = self.past(35, 90);
        self.blob("Windows\\Temp\\mat-debug-4412", "trace.etl", 4 << 20, time);
        for place in 0..self.rng.between(2, 9) {
            let time = self.past(1, 120);
            let size = self.rng.between(1_000, 3 << 20);
            self.blob(
                "Users\\sandbox\\AppData\\Local\\Temp",
                &format!("wct{:04X}.tmp", 0x1A00 + place * 37),
                size,
                time,
            );
        }
        for place in 0..self.rng.between(0, 4) {
            let time = self.past(1, 60);
            let size = self.rng.between(20 << 20, 400 << 20);
            let name = format!("{:032x}", u128::from(self.rng.next()) << 64 | u128::from(place));
            self.blob("Windows\\SoftwareDistribution\\Download", &name, size, time);
        }
        let time = self.past(20, 300);
        self.log("Temp\\install.log", &text::SETUP, 60, time, 1);
        let time = self.past(40, 400);
        self.blob("Temp", "agent-setup.msi", 48 << 20, time);
    }

    fn of_role(&mut self) {
        match self.host.role() {
            Role::Web => self.web(),
            Role::App => self.app(),
            Role::Sql => self.sql(),
            Role::File => self.shares(),
            Role::DomainController => self.domain_controller(),
        }
        self.drive = "C:";
    }

    fn web(&mut self) {
        let installed = self.installed;
        self.text("inetpub\\wwwroot\\iisstart.htm", text::IISSTART, installed);
        self.blob("inetpub\\wwwroot", "iisstart.png", 99_710, installed);
        let released = self.past(5, 90);
        self.text("inetpub\\wwwroot\\web.config", text::WEB_CONFIG, released);
        self.blob("inetpub\\wwwroot\\bin", "Contoso.Web.dll", 412_672, released);
        self.folder("C:\\inetpub\\temp\\IIS Temporary Compressed Files", installed);
        for days in 0..self.rng.between(20, 45) as i64 {
            let to = self.since.checked_sub(SignedDuration::from_secs(days * DAY)).unwrap_or(self.since);
            // A log of IIS ends with its day in UTC.
            let day = Offset::UTC.to_datetime(to);
            let second = to.as_second();
            let to = if days == 0 { to } else { Timestamp::from_second(second - second % DAY + DAY - 5).unwrap_or(to) };
            let lines = self.rng.between(150, 2600);
            let name = day.strftime("u_ex%y%m%d.log");
            self.log(&format!("inetpub\\logs\\LogFiles\\W3SVC1\\{name}"), &text::IIS, lines, to, 1);
        }
    }

    fn app(&mut self) {
        let released = self.past(5, 120);
        for (name, size) in [("Orders", 1_843_200), ("Sync", 921_600)] {
            let folder = format!("Program Files\\Contoso\\{name}");
            self.blob(&folder, &format!("Contoso.{name}.exe"), size, released);
            self.blob(&folder, "Contoso.Core.dll", 655_360, released);
            self.text(&format!("{folder}\\appsettings.json"), text::APPSETTINGS, released);
        }
        self.drive = "D:";
        for days in 0..self.rng.between(10, 60) as i64 {
            let to = self.since.checked_sub(SignedDuration::from_secs(days * DAY)).unwrap_or(self.since);
            let lines = self.rng.between(100, 1800);
            let name = Offset::UTC.to_datetime(to).strftime("orders-%Y%m%d.log");
            self.log(&format!("Logs\\Orders\\{name}"), &text::APP, lines, to, 1);
        }
        for place in 0..self.rng.between(3, 12) {
            let time = self.past(0, 30);
            let size = self.rng.between(10_000, 2 << 20);
            self.blob("Data\\Inbox", &format!("order-4{place:04}.xml"), size, time);
        }
    }

    fn sql(&mut self) {
        let time = self.past(0, 1);
        let folder = "Program Files\\Microsoft SQL Server\\MSSQL15.MSSQLSERVER\\MSSQL";
        let installed = self.installed;
        self.blob(&format!("{folder}\\Binn"), "sqlservr.exe", 627_600, installed);
        self.log(&format!("{folder}\\Log\\ERRORLOG"), &text::SQL, 420, time, 7);
        for place in 1..4 {
            let to = self.past(place * 7, place * 7 + 6);
            self.log(&format!("{folder}\\Log\\ERRORLOG.{place}"), &text::SQL, 600, to, 7);
        }
    }

    fn shares(&mut self) {
        self.drive = "E:";
        for department in ["Finance", "HR", "Sales", "Engineering", "Public"] {
            for place in 0..self.rng.between(3, 14) {
                let kind = self.rng.pick(&["xlsx", "docx", "pdf", "pptx"]);
                let time = self.past(1, 900);
                let size = self.rng.between(20_000, 12 << 20);
                let folder = format!("Shares\\{department}\\{}", 2022 + place % 5);
                self.blob(&folder, &format!("{department}-{place:03}.{kind}"), size, time);
            }
        }
    }

    fn domain_controller(&mut self) {
        let (time, installed) = (self.past(0, 1), self.installed);
        let size = self.rng.between(40, 400) << 20;
        self.blob("Windows\\NTDS", "ntds.dit", size, time);
        self.blob("Windows\\NTDS", "edb.log", 10 << 20, time);
        self.folder("C:\\Windows\\SYSVOL\\sysvol\\sandbox.test\\Policies", installed);
        self.folder("C:\\Windows\\SYSVOL\\sysvol\\sandbox.test\\scripts", installed);
    }

    /// The files that take most of a drive's space; on a full one some that nobody needs.
    fn big(&mut self, disk: &Disk) {
        self.drive = disk.id;
        let used = disk.size_bytes - disk.free_bytes;
        let (now, old) = (self.past(0, 1), self.past(40, 200));
        if disk.id == "C:" {
            let attributes = attribute::HIDDEN | attribute::SYSTEM | attribute::ARCHIVE;
            let mut page = File::new("pagefile.sys", now, attributes, Content::Blob(1));
            page.size = used / 10;
            self.add("", page);
        }
        let name = match disk.label {
            "SQLData" => Some(("MSSQL\\Data", "Orders.mdf", used / 2)),
            "SQLLogs" => Some(("MSSQL\\Logs", "Orders_log.ldf", used / 2)),
            "Shares" => Some(("Shares\\Engineering\\Images", "golden.vhdx", used / 3)),
            "Data" => Some(("Data", "orders.db", used / 3)),
            _ => None,
        };
        if let Some((folder, name, size)) = name {
            self.blob(folder, name, size, now);
        }
        if disk.free_bytes * 10 < disk.size_bytes {
            let (folder, name) = match disk.label {
                "Windows" => ("Windows", "MEMORY.DMP"),
                "SQLData" | "SQLLogs" => ("Backup", "Orders_full_old.bak"),
                "Shares" => ("Shares\\Public\\Old", "archive.zip"),
                _ => ("Data\\Old", "orders-copy.db"),
            };
            self.blob(folder, name, disk.size_bytes / 8, old);
        }
    }
}
