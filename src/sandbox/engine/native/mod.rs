//! Windows' own programs, as far as their text is asked for: lines in, lines out, an exit code.
//!
//! They take arguments as they were written, without PowerShell's rules. What a program has but the sandbox hasn't is
//! refused in one sentence; a switch that the program itself doesn't know gets the program's own short answer.

mod accounts;
mod configuration;
mod files;
mod logon;
mod netsh;
mod network;
mod power;
mod registry;
mod search;
mod services;
mod shell;
mod stores;
mod system;
mod tasks;
mod time;
mod user;
mod wmic;

use super::cmdlets::print;
use super::convert::text;
use super::errors::ErrorRecord;
use super::eval::{Cmdlet, Evaluator, RawArg, Run, Sink};
use super::text_file::lines;
use super::value::Val;

/// Objects that a program reads.
const MOST_INPUT: usize = 200_000;

/// What a program says.
#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    /// To its error stream.
    errors: Vec<String>,
    code: i32,
}

impl Said {
    fn lines<T: Into<String>>(lines: impl IntoIterator<Item = T>) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Text with line breaks.
    fn text(text: &str) -> Self {
        Self::lines(text.lines())
    }

    fn failed(self, code: i32) -> Self {
        Self { code, ..self }
    }

    fn error(text: &str, code: i32) -> Self {
        Self { errors: text.lines().map(str::to_owned).collect(), lines: Vec::new(), code }
    }
}

type Program = fn(&mut Evaluator<'_>, &[String]) -> Run<Said>;

/// A program that gets the lines of its input too.
type Filter = fn(&mut Evaluator<'_>, &[String], &[String]) -> Run<Said>;

#[derive(Clone, Copy)]
enum Work {
    Alone(Program),
    OnInput(Filter),
}

/// Names without `.exe`.
static PROGRAMS: &[(&str, Program)] = &[
    ("arp", network::arp),
    ("certutil", stores::certutil),
    ("cmd", shell::cmd),
    ("dism", stores::dism),
    ("fsutil", files::fsutil),
    ("getmac", network::getmac),
    ("gpresult", configuration::gpresult),
    ("gpupdate", configuration::gpupdate),
    ("ipconfig", configuration::ipconfig),
    ("net", accounts::net),
    ("netsh", netsh::netsh),
    ("netstat", network::netstat),
    ("nslookup", network::nslookup),
    ("ping", network::ping),
    ("query", logon::query),
    ("reg", registry::reg),
    ("quser", logon::quser),
    ("route", network::route),
    ("schtasks", stores::schtasks),
    ("shutdown", power::shutdown),
    ("systeminfo", system::systeminfo),
    ("taskkill", tasks::taskkill),
    ("tasklist", tasks::tasklist),
    ("w32tm", time::w32tm),
    ("wevtutil", stores::wevtutil),
    ("whoami", logon::whoami),
    ("wmic", wmic::wmic),
];

/// Programs that read what comes to them.
static FILTERS: &[(&str, Filter)] = &[("find", search::find), ("findstr", search::findstr)];

/// `sc` alone is an alias of Set-Content.
const WITH_EXTENSION: &[(&str, Program)] = &[("sc.exe", services::sc)];

/// Programs that a host has and the sandbox hasn't, with what to take instead.
const REFUSED: &[(&str, &str)] = &[
    ("powershell", "PowerShell inside PowerShell"),
    ("pwsh", "PowerShell inside PowerShell"),
    ("driverquery", "driverquery"),
    ("icacls", "icacls; take Get-Acl"),
    ("robocopy", "robocopy; take Copy-Item"),
    ("diskpart", "diskpart; take Get-Disk"),
    ("msiexec", "msiexec"),
    ("bcdedit", "bcdedit"),
    ("secedit", "secedit"),
    ("auditpol", "auditpol"),
    ("nltest", "nltest"),
    ("dcdiag", "dcdiag"),
    ("repadmin", "repadmin"),
    ("tracert", "tracert; take Test-NetConnection"),
    ("pathping", "pathping; take Test-NetConnection"),
    ("attrib", "attrib; take Get-Item"),
    ("chkdsk", "chkdsk; take Get-Volume"),
    ("cipher", "cipher"),
    ("cscript", "cscript"),
    ("wscript", "wscript"),
    ("defrag", "defrag"),
    ("dsquery", "dsquery"),
    ("eventcreate", "eventcreate; take Write-EventLog"),
    ("klist", "klist"),
    ("logman", "logman; take Get-Counter"),
    ("manage-bde", "manage-bde"),
    ("mstsc", "mstsc"),
    ("powercfg", "powercfg"),
    ("qwinsta", "qwinsta; take quser"),
    ("regsvr32", "regsvr32"),
    ("rundll32", "rundll32"),
    ("setx", "setx; take [Environment]::SetEnvironmentVariable"),
    ("sfc", "sfc"),
    ("slmgr", "slmgr"),
    ("takeown", "takeown"),
    ("timeout", "timeout; take Start-Sleep"),
    ("tree", "tree; take Get-ChildItem -Recurse"),
    ("typeperf", "typeperf; take Get-Counter"),
    ("vssadmin", "vssadmin"),
    ("wbadmin", "wbadmin; take Get-WBSummary"),
    ("where", "where.exe; take Get-Command"),
    ("winrm", "winrm; take Get-ChildItem WSMan:\\localhost"),
    ("winrs", "winrs; take Invoke-Command"),
    ("xcopy", "xcopy; take Copy-Item"),
];

/// The program of a name, with or without `.exe`, and its folder.
pub(super) fn find(name: &str, args: &[RawArg]) -> Option<Run<Box<dyn Cmdlet>>> {
    let lower = name.to_ascii_lowercase();
    let file = lower.rsplit('\\').next().unwrap_or(&lower);
    let short = file.strip_suffix(".exe").unwrap_or(file);
    let full = WITH_EXTENSION.iter().find(|(own, _)| *own == file);
    let alone =
        full.or_else(|| PROGRAMS.iter().find(|(own, _)| *own == short)).map(|(_, program)| Work::Alone(*program));
    let filter = || FILTERS.iter().find(|(own, _)| *own == short).map(|(_, filter)| Work::OnInput(*filter));
    if let Some(work) = alone.or_else(filter) {
        let args = args.iter().flat_map(written).collect();
        return Some(Ok(Box::new(Native { work, args, input: Vec::new() })));
    }
    let (_, what) = REFUSED.iter().find(|(own, _)| *own == short)?;
    Some(Err(ErrorRecord::unsupported(what).into()))
}

/// The names of all programs.
pub(super) fn names<'a>() -> impl Iterator<Item = &'a str> {
    PROGRAMS.iter().chain(WITH_EXTENSION).map(|(name, _)| *name).chain(FILTERS.iter().map(|(name, _)| *name))
}

/// The names of programs that are files, which Get-Command finds.
pub(super) fn files<'a>() -> impl Iterator<Item = &'a str> {
    names().map(|name| name.strip_suffix(".exe").unwrap_or(name))
}

/// An argument as it was written.
fn written(arg: &RawArg) -> Vec<String> {
    match arg {
        RawArg::Parameter(name, None) => vec![format!("-{name}")],
        RawArg::Parameter(name, Some(value)) => vec![format!("-{name}:{}", text(value))],
        RawArg::Written(_, text) => vec![text.to_string()],
        RawArg::Value(value) => value.clone().into_items().iter().map(text).collect(),
    }
}

struct Native {
    work: Work,
    args: Vec<String>,
    /// What a filter reads.
    input: Vec<Val>,
}

/// The lines of what came: texts as they are, objects as they would be shown.
fn lines_of(evaluator: &Evaluator<'_>, input: &[Val]) -> Run<Vec<String>> {
    const WIDTH: usize = 120;
    let is_text = |value: &Val| matches!(value, Val::Str(_));
    if input.iter().all(is_text) {
        return Ok(input.iter().flat_map(|value| lines(&text(value)).map(str::to_owned).collect::<Vec<_>>()).collect());
    }
    Ok(print(evaluator, input, WIDTH)?.lines().map(str::to_owned).collect())
}

impl Cmdlet for Native {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(2)?;
        if let Work::OnInput(_) = self.work {
            if self.input.len() >= MOST_INPUT {
                return Err(ErrorRecord::unsupported("so much input of a program").into());
            }
            self.input.push(input);
        }
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let said = match self.work {
            Work::Alone(program) => program(evaluator, &self.args)?,
            Work::OnInput(filter) => {
                let lines = lines_of(evaluator, &std::mem::take(&mut self.input))?;
                filter(evaluator, &self.args, &lines)?
            }
        };
        for line in said.lines {
            out.put(evaluator, Val::str(line))?;
        }
        for line in said.errors {
            let kind = "System.Management.Automation.RemoteException";
            let target = Val::str(line.as_str());
            evaluator.write_error(ErrorRecord::new(kind, line, "NativeCommandError", 0).with_target(target))?;
        }
        evaluator.program_ended(said.code);
        Ok(())
    }
}

/// A switch written with `/` or `-`, in lower case, without its mark.
fn switch(arg: &str) -> Option<String> {
    arg.strip_prefix(['/', '-']).map(str::to_ascii_lowercase)
}

/// Refuses what the program has and the sandbox hasn't.
fn refuse(program: &str, args: &[String]) -> Run<Said> {
    let written = [&[program.to_owned()], args].concat().join(" ");
    Err(ErrorRecord::unsupported(&format!("'{written}'")).into())
}

/// Columns side by side: each as wide as said, cut or filled.
fn columns(cells: &[(&str, usize)]) -> String {
    let line: String = cells.iter().map(|(cell, width)| format!("{cell:<width$.width$} ")).collect();
    line.trim_end().to_owned()
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut out = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !out.is_empty() {
            out.push(',');
        }
        out.extend(group.iter().map(|digit| char::from(*digit)));
    }
    out
}
