//! Accounts and shares.

use super::super::super::datetime::DateTime;
use super::super::super::eval::Evaluator;
use super::super::super::machine::{LocalGroup, LocalUser, Member, Profile, Share};
use super::super::super::value::Val;
use super::{Row, computer, number, s, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_Share" => shares(evaluator),
        "Win32_UserAccount" => users(evaluator),
        "Win32_Group" => groups(evaluator),
        "Win32_Account" => accounts(evaluator),
        "Win32_SystemAccount" => system_accounts(evaluator),
        "Win32_GroupUser" => members(evaluator),
        "Win32_UserProfile" => profiles(evaluator),
        "Win32_LogonSession" => vec![session(evaluator)],
        "Win32_LoggedOnUser" => vec![logged_on(evaluator)],
        _ => return None,
    })
}

/// The shares that administrators have, and those of the role.
fn shares(evaluator: &Evaluator<'_>) -> Vec<Row> {
    const HIDDEN: u32 = 2_147_483_648;
    let row = |share: Share| {
        let kind = match (share.is_special, &*share.name) {
            (true, "IPC$") => HIDDEN + 3,
            (true, _) => HIDDEN,
            (false, _) => 0,
        };
        vec![
            ("Caption", s(share.description)),
            ("Description", s(share.description)),
            ("Name", s(share.name)),
            ("Status", s("OK")),
            ("AllowMaximum", yes(true)),
            ("Path", s(share.path)),
            ("Type", number(kind)),
        ]
    };
    evaluator.host.shares().into_iter().map(row).collect()
}

fn users(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let computer = evaluator.host.account_authority();
    let row = |user: &LocalUser| {
        vec![
            ("Caption", s(format!("{computer}\\{}", user.name))),
            ("Description", s(user.description.as_str())),
            ("Name", s(user.name.as_str())),
            ("Status", s(if user.is_enabled { "OK" } else { "Degraded" })),
            ("Domain", s(computer.as_str())),
            ("LocalAccount", yes(true)),
            ("SID", s(user.sid.as_str())),
            ("SIDType", number(1)),
            ("AccountType", number(512)),
            ("Disabled", yes(!user.is_enabled)),
            ("FullName", s(user.full_name.as_str())),
            ("Lockout", yes(false)),
            ("PasswordChangeable", yes(user.may_change_password)),
            ("PasswordExpires", yes(user.password_expires)),
            ("PasswordRequired", yes(user.needs_password)),
        ]
    };
    evaluator.machine.accounts().users.iter().map(row).collect()
}

fn groups(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let computer = evaluator.host.account_authority();
    let row = |group: &LocalGroup| {
        vec![
            ("Caption", s(format!("{computer}\\{}", group.name))),
            ("Description", s(group.description.as_str())),
            ("Name", s(group.name.as_str())),
            ("Status", s("OK")),
            ("Domain", s(computer.as_str())),
            ("LocalAccount", yes(true)),
            ("SID", s(group.sid.as_str())),
            ("SIDType", number(4)),
        ]
    };
    evaluator.machine.accounts().groups.iter().map(row).collect()
}

/// All accounts, as far as they have the same properties.
fn accounts(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let all = [users(evaluator), groups(evaluator), system_accounts(evaluator)].concat();
    let common = ["Caption", "Description", "Name", "Status", "Domain", "LocalAccount", "SID", "SIDType"];
    all.into_iter().map(|row| row.into_iter().filter(|(name, _)| common.contains(name)).collect()).collect()
}

/// Source: public transcripts of Get-CimInstance Win32_SystemAccount.
fn system_accounts(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let computer = evaluator.host.account_authority();
    let row = |&(name, sid): &(&str, &str)| {
        let caption = format!("{computer}\\{name}");
        vec![
            ("Caption", s(caption.as_str())),
            ("Description", s(caption)),
            ("Name", s(name)),
            ("Status", s("OK")),
            ("Domain", s(computer.as_str())),
            ("LocalAccount", yes(true)),
            ("SID", s(sid)),
            ("SIDType", number(5)),
        ]
    };
    let all = [
        ("Everyone", "S-1-1-0"),
        ("LOCAL", "S-1-2-0"),
        ("CREATOR OWNER", "S-1-3-0"),
        ("CREATOR GROUP", "S-1-3-1"),
        ("DIALUP", "S-1-5-1"),
        ("NETWORK", "S-1-5-2"),
        ("BATCH", "S-1-5-3"),
        ("INTERACTIVE", "S-1-5-4"),
        ("SERVICE", "S-1-5-6"),
        ("ANONYMOUS LOGON", "S-1-5-7"),
        ("Authenticated Users", "S-1-5-11"),
        ("REMOTE INTERACTIVE LOGON", "S-1-5-14"),
        ("SYSTEM", "S-1-5-18"),
        ("LOCAL SERVICE", "S-1-5-19"),
        ("NETWORK SERVICE", "S-1-5-20"),
        ("BUILTIN", "S-1-5-32"),
    ];
    all.iter().map(row).collect()
}

/// Paths to a group and to one of its members.
fn members(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let (computer, authority) = (computer(evaluator), evaluator.host.account_authority());
    let path = |class: &str, domain: &str, name: &str| {
        s(format!("\\\\{computer}\\root\\cimv2:{class}.Domain=\"{domain}\",Name=\"{name}\""))
    };
    let of_group = |group: &LocalGroup| -> Vec<Row> {
        let one = |member: &Member| {
            let (domain, name) = member.name.split_once('\\').unwrap_or((&authority, &member.name));
            let class = match (member.is_group, domain) {
                (_, "NT AUTHORITY") => "Win32_SystemAccount",
                (true, _) => "Win32_Group",
                (false, _) => "Win32_UserAccount",
            };
            vec![
                ("GroupComponent", path("Win32_Group", &authority, &group.name)),
                ("PartComponent", path(class, domain, name)),
            ]
        };
        group.members.iter().map(one).collect()
    };
    evaluator.machine.accounts().groups.iter().flat_map(of_group).collect()
}

/// Source: learn.microsoft.com, Win32_UserProfile class.
fn profiles(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let row = |profile: Profile| {
        let used = DateTime::local(profile.used, evaluator.host.utc_offset_minutes());
        vec![
            ("HealthStatus", number(0)),
            ("LastUseTime", Val::DateTime(used)),
            ("Loaded", yes(profile.is_loaded)),
            ("LocalPath", s(profile.path)),
            ("RefCount", number(if profile.is_loaded { 3 } else { 0 })),
            ("RoamingConfigured", yes(false)),
            ("RoamingPreference", Val::Null),
            ("SID", s(profile.sid)),
            ("Special", yes(profile.is_special)),
            ("Status", number(0)),
        ]
    };
    evaluator.machine.profiles(evaluator.host_time()).into_iter().map(row).collect()
}

const LOGON: &str = "1193046";

/// The network logon of the session that asks.
fn session(evaluator: &Evaluator<'_>) -> Row {
    vec![
        ("StartTime", Val::DateTime(evaluator.now())),
        ("AuthenticationPackage", s("Kerberos")),
        ("LogonId", s(LOGON)),
        ("LogonType", number(3)),
    ]
}

fn logged_on(evaluator: &Evaluator<'_>) -> Row {
    let place =
        format!("\\\\.\\root\\cimv2:Win32_Account.Domain=\"{}\",Name=\"sandbox\"", evaluator.host.domain_name());
    vec![
        ("Antecedent", s(place)),
        ("Dependent", s(format!("\\\\.\\root\\cimv2:Win32_LogonSession.LogonId=\"{LOGON}\""))),
    ]
}
