//! The process table, to see whether anything of ours is left.

use std::collections::HashSet;
use std::process::Command;

/// A running process.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    /// Its id.
    pub id: u32,
    /// Its parent's id.
    pub parent: u32,
    /// Its command line.
    pub command: String,
}

/// Every running process; zombies are left out.
pub(crate) fn all() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    entries.flatten().filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// The processes below one, the one itself left out.
pub(crate) fn descendants(of: u32) -> Vec<Process> {
    let all = all();
    let mut ids = HashSet::from([of]);
    let mut found: Vec<Process> = Vec::new();
    loop {
        let children = all.iter().filter(|process| ids.contains(&process.parent) && !ids.contains(&process.id));
        let children: Vec<Process> = children.cloned().collect();
        if children.is_empty() {
            return found;
        }
        ids.extend(children.iter().map(|process| process.id));
        found.extend(children);
    }
}

/// The processes that have a variable with this value in their environment.
pub(crate) fn with_variable(name: &str, value: &str) -> Vec<Process> {
    let wanted = format!("{name}={value}").into_bytes();
    let has = |process: &Process| {
        let variables = std::fs::read(format!("/proc/{}/environ", process.id)).unwrap_or_default();
        variables.split(|&byte| byte == 0).any(|variable| variable == wanted)
    };
    all().into_iter().filter(has).collect()
}

/// Ends processes by force. They may be gone already.
pub(crate) fn kill(processes: &[Process]) {
    for process in processes {
        let _ = Command::new("kill").args(["-9", &process.id.to_string()]).status();
    }
}

/// How many bytes a process has written so far.
pub(crate) fn written(id: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{id}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("wchar: "))?.parse().ok()
}

/// Reads `/proc/ID`; `None` if it has ended.
fn read(id: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may hold anything, so the fields are counted from its end.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let command = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned();
    (state != "Z").then_some(Process { id, parent, command })
}
