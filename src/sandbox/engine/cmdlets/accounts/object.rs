//! Users, groups and members as objects.

use jiff::Timestamp;

use super::super::super::datetime::DateTime;
use super::super::super::eval::Evaluator;
use super::super::super::machine::{LocalGroup, LocalUser, Member};
use super::super::super::value::{Obj, Schema, Val};

const NAMESPACE: &str = "Microsoft.PowerShell.Commands";

/// A `System.Security.Principal.SecurityIdentifier`.
fn sid(text: &str) -> Val {
    let domain = match text.rsplit_once('-') {
        Some((domain, _)) if text.starts_with("S-1-5-21-") => Val::str(domain),
        _ => Val::Null,
    };
    let length = Val::I32(8 + 4 * text.matches('-').count().saturating_sub(2) as i32);
    let type_names = [
        "System.Security.Principal.SecurityIdentifier",
        "System.Security.Principal.IdentityReference",
        "System.Object",
    ];
    let schema = Schema::new(&type_names, &["BinaryLength", "AccountDomainSid", "Value"]);
    Obj::typed(&schema, text, vec![length, domain, Val::str(text)])
}

fn source(is_local: bool) -> Val {
    let (name, number) = if is_local { ("Local", 1) } else { ("ActiveDirectory", 2) };
    Val::of_enum(format!("{NAMESPACE}.PrincipalSource"), name, number)
}

fn schema(class: &str, names: &[&str]) -> std::sync::Arc<Schema> {
    let (own, base) = (format!("{NAMESPACE}.{class}"), format!("{NAMESPACE}.LocalPrincipal"));
    match class {
        "LocalPrincipal" => Schema::new(&[&base, "System.Object"], names),
        _ => Schema::new(&[&own, &base, "System.Object"], names),
    }
}

/// Source: learn.microsoft.com, Get-LocalUser.
pub(super) fn user(evaluator: &Evaluator<'_>, user: &LocalUser) -> Val {
    let names = [
        "AccountExpires",
        "Description",
        "Enabled",
        "FullName",
        "PasswordChangeableDate",
        "PasswordExpires",
        "UserMayChangePassword",
        "PasswordRequired",
        "PasswordLastSet",
        "LastLogon",
        "Name",
        "SID",
        "PrincipalSource",
        "ObjectClass",
    ];
    let offset = evaluator.host.utc_offset_minutes();
    let time = |time: Option<Timestamp>| time.map_or(Val::Null, |time| Val::DateTime(DateTime::local(time, offset)));
    let days = |count: i64| {
        user.password_set.and_then(|set| set.checked_add(jiff::SignedDuration::from_hours(24 * count)).ok())
    };
    let values = vec![
        time(user.expires),
        Val::str(user.description.as_str()),
        Val::Bool(user.is_enabled),
        Val::str(user.full_name.as_str()),
        time(days(1)),
        time(days(42).filter(|_| user.password_expires)),
        Val::Bool(user.may_change_password),
        Val::Bool(user.needs_password),
        time(user.password_set),
        time(user.last_logon),
        Val::str(user.name.as_str()),
        sid(&user.sid),
        source(true),
        Val::str("User"),
    ];
    Obj::typed(&schema("LocalUser", &names), user.name.as_str(), values)
}

/// Source: learn.microsoft.com, Get-LocalGroup.
pub(super) fn group(group: &LocalGroup) -> Val {
    let values = vec![
        Val::str(group.description.as_str()),
        Val::str(group.name.as_str()),
        sid(&group.sid),
        source(true),
        Val::str("Group"),
    ];
    let names = ["Description", "Name", "SID", "PrincipalSource", "ObjectClass"];
    Obj::typed(&schema("LocalGroup", &names), group.name.as_str(), values)
}

/// Source: learn.microsoft.com, Get-LocalGroupMember.
pub(super) fn member(member: &Member) -> Val {
    let is_known = member.is_local || !member.name.starts_with("NT AUTHORITY\\");
    let values = vec![
        Val::str(member.name.as_str()),
        sid(&member.sid),
        if is_known {
            source(member.is_local)
        } else {
            Val::of_enum(format!("{NAMESPACE}.PrincipalSource"), "Unknown", 0)
        },
        Val::str(if member.is_group { "Group" } else { "User" }),
    ];
    let names = ["Name", "SID", "PrincipalSource", "ObjectClass"];
    Obj::typed(&schema("LocalPrincipal", &names), member.name.as_str(), values)
}
