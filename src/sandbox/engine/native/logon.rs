//! whoami, quser.

use super::super::datetime::{self, DateTime};
use super::super::eval::{Evaluator, Run};
use super::{Said, refuse, switch};

const USER: &str = "sandbox\\sandbox";
/// Of the domain of a fleet, and the user in it.
const SID: &str = "S-1-5-21-1004336348-1177238915-682003330-1105";

/// Group, kind, SID, attributes.
const GROUPS: [(&str, &str, &str, &str); 8] = [
    ("Everyone", "Well-known group", "S-1-1-0", MANDATORY),
    ("BUILTIN\\Administrators", "Alias", "S-1-5-32-544", OWNER),
    ("BUILTIN\\Users", "Alias", "S-1-5-32-545", MANDATORY),
    ("NT AUTHORITY\\NETWORK", "Well-known group", "S-1-5-2", MANDATORY),
    ("NT AUTHORITY\\Authenticated Users", "Well-known group", "S-1-5-11", MANDATORY),
    ("NT AUTHORITY\\This Organization", "Well-known group", "S-1-5-15", MANDATORY),
    ("SANDBOX\\Server Admins", "Group", "S-1-5-21-1004336348-1177238915-682003330-1110", MANDATORY),
    ("Mandatory Label\\High Mandatory Level", "Label", "S-1-16-12288", ""),
];
const MANDATORY: &str = "Mandatory group, Enabled by default, Enabled group";
const OWNER: &str = "Mandatory group, Enabled by default, Enabled group, Group owner";

const PRIVILEGES: [(&str, &str); 10] = [
    ("SeSecurityPrivilege", "Manage auditing and security log"),
    ("SeTakeOwnershipPrivilege", "Take ownership of files or other objects"),
    ("SeLoadDriverPrivilege", "Load and unload device drivers"),
    ("SeSystemtimePrivilege", "Change the system time"),
    ("SeBackupPrivilege", "Back up files and directories"),
    ("SeRestorePrivilege", "Restore files and directories"),
    ("SeShutdownPrivilege", "Shut down the system"),
    ("SeDebugPrivilege", "Debug programs"),
    ("SeChangeNotifyPrivilege", "Bypass traverse checking"),
    ("SeRemoteShutdownPrivilege", "Force shutdown from a remote system"),
];

pub(super) fn whoami(_: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let switches: Vec<String> = args.iter().filter_map(|arg| switch(arg)).collect();
    Ok(match switches.first().map(String::as_str) {
        None if args.is_empty() => Said::lines([USER]),
        Some("user") => Said::lines(user()),
        Some("groups") => Said::lines(groups()),
        Some("priv") => Said::lines(privileges()),
        Some("all") => Said::lines([user(), groups(), privileges()].concat()),
        Some("upn") => Said::lines(["sandbox@sandbox.test"]),
        Some("fqdn") => Said::lines(["CN=sandbox,CN=Users,DC=sandbox,DC=test"]),
        _ => {
            let wrong = args.first().map_or("", String::as_str);
            Said::error(&format!("ERROR: Invalid argument/option - '{wrong}'.\nType \"WHOAMI /?\" for usage."), 1)
        }
    })
}

/// A title, its line, and a table under it.
fn table(title: &str, heads: &[&str], rows: &[Vec<&str>]) -> Vec<String> {
    let width = |place: usize| rows.iter().map(|row| row[place].len()).chain([heads[place].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join(" ").trim_end().to_owned()
    };
    let mut lines = vec![String::new(), title.to_owned(), "-".repeat(title.len()), String::new(), line(heads)];
    lines.push(widths.iter().map(|width| "=".repeat(*width)).collect::<Vec<_>>().join(" "));
    lines.extend(rows.iter().map(|row| line(row)));
    lines
}

fn user() -> Vec<String> {
    table("USER INFORMATION", &["User Name", "SID"], &[vec![USER, SID]])
}

fn groups() -> Vec<String> {
    let rows: Vec<Vec<&str>> = GROUPS.iter().map(|(name, kind, sid, about)| vec![*name, *kind, *sid, *about]).collect();
    table("GROUP INFORMATION", &["Group Name", "Type", "SID", "Attributes"], &rows)
}

fn privileges() -> Vec<String> {
    let rows: Vec<Vec<&str>> = PRIVILEGES.iter().map(|(name, about)| vec![*name, *about, "Enabled"]).collect();
    table("PRIVILEGES INFORMATION", &["Privilege Name", "Description", "State"], &rows)
}

/// Nobody works at a server's console.
pub(super) fn quser(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    if let Some(name) = args.first().filter(|name| !name.eq_ignore_ascii_case("sandbox")) {
        return Ok(Said::error(&format!("No User exists for {name}"), 1));
    }
    let now = evaluator.now();
    let since = DateTime { ticks: now.ticks - now.ticks.rem_euclid(36_000_000_000), ..now };
    Ok(Said::lines([
        " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME".to_owned(),
        format!(
            " administrator                             2  Disc            3  {}",
            datetime::format(&since, "M/d/yyyy h:mm tt")
        ),
    ]))
}

pub(super) fn query(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    match args.first().map(|what| what.to_ascii_lowercase()).as_deref() {
        Some("user") => quser(evaluator, &args[1..]),
        _ => refuse("query", args),
    }
}
