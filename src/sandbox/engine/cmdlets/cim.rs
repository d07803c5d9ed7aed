//! Get-CimInstance and its filter language.

use super::super::convert::{self, text};
use super::super::datetime::DateTime;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::machine::ServiceStatus;
use super::super::ops;
use super::super::value::{Obj, Schema, Val};
use super::services::start_type_name;
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-CimInstance",
    aliases: &["gcim", "Get-WmiObject", "gwmi"],
    params: &[
        "ClassName|Class@0",
        "Filter",
        "Property",
        "Query",
        "Namespace",
        "ComputerName|Cn",
        "KeyOnly!",
        "OperationTimeoutSec",
    ],
    make: |_, bound| {
        bound.refuse(&["Query", "ComputerName", "KeyOnly"])?;
        Ok(Box::new(Instances { bound }))
    },
}];

struct Instances {
    bound: Bound,
}

/// Rows of a class: names of its properties, and their values.
struct Table {
    class: &'static str,
    base: &'static str,
    names: Vec<&'static str>,
    rows: Vec<Vec<Val>>,
}

impl Cmdlet for Instances {
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let class = self.bound.text("ClassName").unwrap_or_default();
        let Some(table) = table(evaluator, &class) else {
            let message = format!(
                "Invalid class \"{class}\": the sandbox has Win32_OperatingSystem, Win32_ComputerSystem, Win32_LogicalDisk, Win32_Service and Win32_BIOS."
            );
            let id = "HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand";
            let kind = "Microsoft.Management.Infrastructure.CimException";
            return evaluator.write_error(ErrorRecord::new(kind, message, id, 10).with_target(Val::str(class)));
        };
        let filter = self.bound.text("Filter").map(|filter| Filter::parse(&filter)).transpose()?;
        let wanted = self.bound.texts("Property");
        let root = |name: &str| format!("Microsoft.Management.Infrastructure.CimInstance#root/cimv2/{name}");
        let plain = |name: &str| format!("Microsoft.Management.Infrastructure.CimInstance#{name}");
        let type_names = [
            root(table.class),
            root(table.base),
            plain(table.class),
            plain(table.base),
            "Microsoft.Management.Infrastructure.CimInstance".into(),
            "System.Object".into(),
        ];
        let type_names: Vec<&str> = type_names.iter().map(String::as_str).collect();
        let names: Vec<&str> = table.names.iter().copied().chain(["PSComputerName"]).collect();
        let schema = Schema::new(&type_names, &names);
        for mut row in table.rows {
            let holds = filter.as_ref().map_or(Ok(true), |filter| filter.holds(evaluator, &table.names, &row))?;
            if !holds {
                continue;
            }
            if !wanted.is_empty() {
                // Properties that were not asked for come as null.
                for (name, value) in table.names.iter().zip(&mut row) {
                    if !wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) {
                        *value = Val::Null;
                    }
                }
            }
            let key = row.first().map_or_else(String::new, text);
            row.push(Val::Null);
            let shown = format!("{} ({} = \"{key}\")", table.class, table.names.first().copied().unwrap_or("Name"));
            out.put(evaluator, Obj::typed(&schema, shown, row))?;
        }
        Ok(())
    }
}

fn table(evaluator: &Evaluator<'_>, class: &str) -> Option<Table> {
    match class.to_ascii_lowercase().as_str() {
        "win32_operatingsystem" => Some(operating_system(evaluator)),
        "win32_computersystem" => Some(computer_system(evaluator)),
        "win32_logicaldisk" => Some(logical_disks(evaluator)),
        "win32_service" => Some(services(evaluator)),
        "win32_bios" => Some(bios(evaluator)),
        _ => None,
    }
}

fn of_pairs(class: &'static str, base: &'static str, pairs: Vec<(&'static str, Val)>) -> Table {
    let (names, row) = pairs.into_iter().unzip();
    Table { class, base, names, rows: vec![row] }
}

fn operating_system(evaluator: &Evaluator<'_>) -> Table {
    let host = &evaluator.host;
    let system = host.operating_system();
    let offset = host.utc_offset_minutes();
    let local = |time| Val::DateTime(DateTime::local(time, offset));
    let kib = |bytes: u64| Val::U64(bytes / 1024);
    let now = evaluator.host_time();
    let pairs = vec![
        ("Caption", Val::str(system.caption)),
        ("Name", Val::str(format!("{}|C:\\Windows|\\Device\\Harddisk0\\Partition4", system.caption))),
        ("Status", Val::str("OK")),
        ("CSName", Val::str(host.name().to_uppercase())),
        ("CurrentTimeZone", Val::I16(offset as i16)),
        ("FreePhysicalMemory", kib(host.free_memory_bytes())),
        ("FreeVirtualMemory", kib(host.free_memory_bytes() + host.memory_bytes() / 8)),
        ("InstallDate", local(host.install_date())),
        ("LastBootUpTime", local(evaluator.machine.boot_time(now))),
        ("LocalDateTime", local(now)),
        ("NumberOfProcesses", Val::U32(evaluator.machine.processes(now).len() as u32)),
        ("TotalVirtualMemorySize", kib(host.memory_bytes() + host.memory_bytes() / 4)),
        ("TotalVisibleMemorySize", kib(host.memory_bytes())),
        ("Version", Val::str(system.version)),
        ("BuildNumber", Val::str(system.build)),
        ("OSArchitecture", Val::str("64-bit")),
        ("OSLanguage", Val::U32(1033)),
        ("ProductType", Val::U32(if host.role() == super::super::machine::Role::DomainController { 2 } else { 3 })),
        ("SystemDirectory", Val::str("C:\\Windows\\system32")),
        ("SystemDrive", Val::str("C:")),
        ("WindowsDirectory", Val::str("C:\\Windows")),
    ];
    of_pairs("Win32_OperatingSystem", "CIM_OperatingSystem", pairs)
}

fn computer_system(evaluator: &Evaluator<'_>) -> Table {
    let host = &evaluator.host;
    let pairs = vec![
        ("Name", Val::str(host.name().to_uppercase())),
        ("Domain", Val::str(host.domain())),
        ("DNSHostName", Val::str(host.name())),
        ("Manufacturer", Val::str("VMware, Inc.")),
        ("Model", Val::str("VMware7,1")),
        ("NumberOfLogicalProcessors", Val::U32(host.processors())),
        ("NumberOfProcessors", Val::U32(1)),
        ("PartOfDomain", Val::Bool(true)),
        ("SystemType", Val::str("x64-based PC")),
        ("TotalPhysicalMemory", Val::U64(host.memory_bytes() - (3 << 20))),
        ("UserName", Val::Null),
    ];
    of_pairs("Win32_ComputerSystem", "CIM_UnitaryComputerSystem", pairs)
}

fn bios(evaluator: &Evaluator<'_>) -> Table {
    let serial =
        format!("VMware-56 4d {:02x} {:02x}", evaluator.host.index() >> 8 & 0xFF, evaluator.host.index() & 0xFF);
    let pairs = vec![
        ("Name", Val::str("VMW71.00V.18452719.B64.2108091906")),
        ("Manufacturer", Val::str("VMware, Inc.")),
        ("SerialNumber", Val::str(serial)),
        ("SMBIOSBIOSVersion", Val::str("VMW71.00V.18452719.B64.2108091906")),
        ("Version", Val::str("INTEL  - 6040000")),
    ];
    of_pairs("Win32_BIOS", "CIM_BIOSElement", pairs)
}

fn logical_disks(evaluator: &Evaluator<'_>) -> Table {
    let names = vec![
        "DeviceID",
        "Caption",
        "Description",
        "DriveType",
        "FileSystem",
        "FreeSpace",
        "Name",
        "Size",
        "SystemName",
        "VolumeName",
    ];
    let system = Val::str(evaluator.host.name().to_uppercase());
    let row = |disk: super::super::machine::Disk| {
        let is_local = disk.drive_type == 3;
        let bytes = |number| if is_local { Val::U64(number) } else { Val::Null };
        vec![
            Val::str(disk.id),
            Val::str(disk.id),
            Val::str(if is_local { "Local Fixed Disk" } else { "CD-ROM Disc" }),
            Val::U32(disk.drive_type),
            if is_local { Val::str("NTFS") } else { Val::Null },
            bytes(disk.free_bytes),
            Val::str(disk.id),
            bytes(disk.size_bytes),
            system.clone(),
            if is_local { Val::str(disk.label) } else { Val::Null },
        ]
    };
    let rows = evaluator.machine.disks().into_iter().map(row).collect();
    Table { class: "Win32_LogicalDisk", base: "CIM_LogicalDisk", names, rows }
}

fn services(evaluator: &Evaluator<'_>) -> Table {
    let names =
        vec!["Name", "DisplayName", "State", "StartMode", "Started", "Status", "SystemName", "PathName", "StartName"];
    let system = Val::str(evaluator.host.name().to_uppercase());
    let row = |service: &super::super::machine::Service| {
        let is_running = service.status == ServiceStatus::Running;
        let mode = match start_type_name(service.start_type) {
            "Automatic" => "Auto",
            other => other,
        };
        vec![
            Val::str(service.name.clone()),
            Val::str(service.display_name.clone()),
            Val::str(if is_running { "Running" } else { "Stopped" }),
            Val::str(mode),
            Val::Bool(is_running),
            Val::str("OK"),
            system.clone(),
            Val::str(service.path.clone()),
            Val::str(service.account.clone()),
        ]
    };
    let rows = evaluator.machine.services().iter().map(row).collect();
    Table { class: "Win32_Service", base: "CIM_Service", names, rows }
}

/// A condition of WQL: comparisons with AND, OR, NOT and parentheses.
enum Filter {
    Test { property: String, op: String, value: Val },
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
}

fn bad_query() -> ErrorRecord {
    let id = "HRESULT 0x80041017,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand";
    ErrorRecord::new("Microsoft.Management.Infrastructure.CimException", "Invalid query", id, 5)
}

/// Levels of parentheses and NOTs.
const MAX_DEPTH: usize = 32;

impl Filter {
    fn parse(source: &str) -> Result<Self, ErrorRecord> {
        let mut words = words(source);
        words.reverse();
        let filter = Self::any(&mut words, 0)?;
        if words.is_empty() { Ok(filter) } else { Err(bad_query()) }
    }

    fn any(words: &mut Vec<String>, depth: usize) -> Result<Self, ErrorRecord> {
        let mut left = Self::all(words, depth)?;
        while words.pop_if(|word| word.eq_ignore_ascii_case("or")).is_some() {
            left = Self::Or(Box::new(left), Box::new(Self::all(words, depth)?));
        }
        Ok(left)
    }

    fn all(words: &mut Vec<String>, depth: usize) -> Result<Self, ErrorRecord> {
        let mut left = Self::one(words, depth)?;
        while words.pop_if(|word| word.eq_ignore_ascii_case("and")).is_some() {
            left = Self::And(Box::new(left), Box::new(Self::one(words, depth)?));
        }
        Ok(left)
    }

    fn one(words: &mut Vec<String>, depth: usize) -> Result<Self, ErrorRecord> {
        if depth > MAX_DEPTH {
            return Err(bad_query());
        }
        let word = words.pop().ok_or_else(bad_query)?;
        if word.eq_ignore_ascii_case("not") {
            return Ok(Self::Not(Box::new(Self::one(words, depth + 1)?)));
        }
        if word == "(" {
            let inner = Self::any(words, depth + 1)?;
            return words.pop_if(|word| word == ")").map(|_| inner).ok_or_else(bad_query);
        }
        let op = words.pop().ok_or_else(bad_query)?.to_lowercase();
        let raw = words.pop().ok_or_else(bad_query)?;
        if !matches!(op.as_str(), "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=" | "like") {
            return Err(bad_query());
        }
        let value = match raw.strip_prefix(['\'', '"']) {
            Some(quoted) => Val::str(quoted),
            None => match raw.to_lowercase().as_str() {
                "true" => Val::Bool(true),
                "false" => Val::Bool(false),
                "null" => Val::Null,
                _ => convert::number(&Val::str(raw)).ok_or_else(bad_query)?,
            },
        };
        Ok(Self::Test { property: word, op, value })
    }

    fn holds(&self, evaluator: &mut Evaluator<'_>, names: &[&str], row: &[Val]) -> Run<bool> {
        Ok(match self {
            Self::Not(inner) => !inner.holds(evaluator, names, row)?,
            Self::And(left, right) => left.holds(evaluator, names, row)? && right.holds(evaluator, names, row)?,
            Self::Or(left, right) => left.holds(evaluator, names, row)? || right.holds(evaluator, names, row)?,
            Self::Test { property, op, value } => {
                let place = names.iter().position(|name| name.eq_ignore_ascii_case(property)).ok_or_else(bad_query)?;
                let own = row.get(place).cloned().unwrap_or(Val::Null);
                if own.is_null() && !value.is_null() {
                    return Ok(false);
                }
                let order = ops::compare(&own, value, false);
                match op.as_str() {
                    "=" => ops::equal(&own, value, false),
                    "<>" | "!=" => !ops::equal(&own, value, false),
                    "<" => order.is_some_and(std::cmp::Ordering::is_lt),
                    ">" => order.is_some_and(std::cmp::Ordering::is_gt),
                    "<=" => order.is_some_and(std::cmp::Ordering::is_le),
                    ">=" => order.is_some_and(std::cmp::Ordering::is_ge),
                    _ => {
                        let pattern =
                            text(value).replace('*', "`*").replace('?', "`?").replace('%', "*").replace('_', "?");
                        evaluator.patterns.like(&text(&own), &pattern, false)?
                    }
                }
            }
        })
    }
}

/// Names, numbers, operators, parentheses; strings keep their opening quote.
fn words(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(next) = chars.next() {
        let mut word = String::from(next);
        match next {
            _ if next.is_whitespace() => continue,
            '\'' | '"' => word.extend(chars.by_ref().take_while(|inner| *inner != next)),
            '(' | ')' => {}
            '<' | '>' | '=' | '!' => word.extend(chars.next_if(|after| matches!(after, '=' | '>'))),
            _ => {
                while let Some(inner) =
                    chars.next_if(|inner| inner.is_alphanumeric() || matches!(inner, '_' | '.' | '-'))
                {
                    word.push(inner);
                }
            }
        }
        words.push(word);
    }
    words
}
