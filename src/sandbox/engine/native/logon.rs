//! whoami, quser.

use std::time::Duration;

use super::super::datetime::{self, DateTime};
use super::super::eval::{Evaluator, Run};
use super::super::machine::domain_sid;
use super::{Said, refuse, switch};

const USER: &str = "sandbox\\sandbox";

const SERVER_ADMINS: &str = "SANDBOX\\Server Admins";

/// Group, kind, SID (nothing for that of the domain), attributes.
const GROUPS: [(&str, &str, &str, &str); 8] = [
    ("Everyone", "Well-known group", "S-1-1-0", MANDATORY),
    ("BUILTIN\\Administrators", "Alias", "S-1-5-32-544", OWNER),
    ("BUILTIN\\Users", "Alias", "S-1-5-32-545", MANDATORY),
    ("NT AUTHORITY\\NETWORK", "Well-known group", "S-1-5-2", MANDATORY),
    ("NT AUTHORITY\\Authenticated Users", "Well-known group", "S-1-5-11", MANDATORY),
    ("NT AUTHORITY\\This Organization", "Well-known group", "S-1-5-15", MANDATORY),
    (SERVER_ADMINS, "Group", "", MANDATORY),
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
    table("USER INFORMATION", &["User Name", "SID"], &[vec![USER, &domain_sid("sandbox")]])
}

fn groups() -> Vec<String> {
    let of_domain = domain_sid("Server Admins");
    let sid = |sid: &'static str| if sid.is_empty() { of_domain.as_str() } else { sid };
    let rows: Vec<Vec<&str>> =
        GROUPS.iter().map(|(name, kind, of, about)| vec![*name, *kind, sid(of), *about]).collect();
    table("GROUP INFORMATION", &["Group Name", "Type", "SID", "Attributes"], &rows)
}

fn privileges() -> Vec<String> {
    let rows: Vec<Vec<&str>> = PRIVILEGES.iter().map(|(name, about)| vec![*name, *about, "Enabled"]).collect();
    table("PRIVILEGES INFORMATION", &["Privilege Name", "Description", "State"], &rows)
}

/// `2+03:15`: days, hours, minutes; below a minute nothing is told.
fn idle(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => ".".into(),
        (0, 0, minutes) => minutes.to_string(),
        (0, hours, minutes) => format!("{hours}:{minutes:02}"),
        (days, hours, minutes) => format!("{days}+{hours:02}:{minutes:02}"),
    }
}

/// Nobody works at a server's console, but some sessions were left behind.
pub(super) fn quser(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let session = evaluator.machine.desktop_session(evaluator.host_time());
    let wanted = args.first();
    let Some(session) = session.filter(|session| wanted.is_none_or(|name| name.eq_ignore_ascii_case(session.user)))
    else {
        return Ok(Said::error(&format!("No User exists for {}", wanted.map_or("*", String::as_str)), 1));
    };
    let since = DateTime::local(session.since, evaluator.host.utc_offset_minutes());
    Ok(Said::lines([
        " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME".to_owned(),
        format!(
            " {:<22}{:<17}{:>4}  Disc   {:>10}  {}",
            session.user,
            "",
            session.id,
            idle(session.idle),
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
