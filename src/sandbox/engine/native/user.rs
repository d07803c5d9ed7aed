//! net user NAME, net localgroup GROUP MEMBER: one account.

use jiff::{SignedDuration, Timestamp};

use super::super::datetime::{self, DateTime};
use super::super::eval::Evaluator;
use super::super::machine::{AccountRefusal, Member, domain_sid};
use super::Said;
use super::accounts::{DONE, helped, system_error};

/// `1/2/2026 3:04:05 PM`
fn shown(evaluator: &Evaluator<'_>, time: Option<Timestamp>) -> String {
    let local = |time| DateTime::local(time, evaluator.host.utc_offset_minutes());
    time.map_or_else(|| "Never".into(), |time| datetime::format(&local(time), "M/d/yyyy h:mm:ss tt"))
}

/// Source: public transcripts of net user.
pub(super) fn user(evaluator: &Evaluator<'_>, name: &str) -> Said {
    let accounts = evaluator.machine.accounts();
    let Some(user) = accounts.users.iter().find(|user| user.name.eq_ignore_ascii_case(name)) else {
        return helped("The user name could not be found.", 2221);
    };
    let after =
        |days: i64| user.password_set.and_then(|set| set.checked_add(SignedDuration::from_hours(24 * days)).ok());
    let yes = |value: bool| if value { "Yes".to_owned() } else { "No".into() };
    let groups: Vec<String> = accounts
        .groups
        .iter()
        .filter(|group| group.members.iter().any(|member| member.sid == user.sid))
        .map(|group| format!("*{:<21}", group.name))
        .collect();
    let line = |label: &str, value: &str| format!("{label:<29}{value}");
    Said::lines([
        line("User name", &user.name),
        line("Full Name", &user.full_name),
        line("Comment", &user.description),
        line("User's comment", ""),
        line("Country/region code", "000 (System Default)"),
        line("Account active", &yes(user.is_enabled)),
        line("Account expires", &shown(evaluator, user.expires)),
        String::new(),
        line("Password last set", &shown(evaluator, user.password_set)),
        line("Password expires", &shown(evaluator, after(42).filter(|_| user.password_expires))),
        line("Password changeable", &shown(evaluator, after(1))),
        line("Password required", &yes(user.needs_password)),
        line("User may change password", &yes(user.may_change_password)),
        String::new(),
        line("Workstations allowed", "All"),
        line("Logon script", ""),
        line("User profile", ""),
        line("Home directory", ""),
        line("Last logon", &shown(evaluator, user.last_logon)),
        String::new(),
        line("Logon hours allowed", "All"),
        String::new(),
        line("Local Group Memberships", &groups.concat()),
        line("Global Group memberships", "*None                 "),
        DONE.into(),
        String::new(),
    ])
}

/// Adds a member to a group, or takes it out.
pub(super) fn change_member(evaluator: &Evaluator<'_>, group: &str, name: &str, adds: bool) -> Said {
    let machine = &evaluator.machine;
    let accounts = machine.accounts();
    let Some(own) = accounts.groups.iter().find(|own| own.name.eq_ignore_ascii_case(group)) else {
        return system_error(1376, "The specified local group does not exist.");
    };
    let Some(member) = member(evaluator, name) else {
        return helped(&format!("There is no such global user or group: {name}."), 3783);
    };
    if adds {
        return match machine.add_member(&own.name, member, evaluator.host_time()) {
            Ok(()) => Said::lines([DONE, ""]),
            Err(AccountRefusal::Full) => {
                system_error(8, "Not enough memory resources are available to process this command.")
            }
            Err(_) => system_error(1378, "The specified account name is already a member of the group."),
        };
    }
    if !own.members.iter().any(|other| other.sid == member.sid) {
        return system_error(1377, "The specified account name is not a member of the group.");
    }
    machine.change_accounts(|accounts| {
        for group in accounts.groups.iter_mut().filter(|group| group.name == own.name) {
            group.members.retain(|other| other.sid != member.sid);
        }
    });
    Said::lines([DONE, ""])
}

/// An account of the host by its name alone, one of the domain with the domain before it.
fn member(evaluator: &Evaluator<'_>, name: &str) -> Option<Member> {
    let authority = evaluator.host.account_authority();
    let domain = evaluator.host.domain_name();
    let (place, own) = name.split_once('\\').unwrap_or((&authority, name));
    let accounts = evaluator.machine.accounts();
    if place.eq_ignore_ascii_case(&authority)
        && let Some(user) = accounts.users.iter().find(|user| user.name.eq_ignore_ascii_case(own))
    {
        let name = format!("{authority}\\{}", user.name);
        return Some(Member { name, sid: user.sid.clone(), is_group: false, is_local: authority != domain });
    }
    let is_of_domain = place.eq_ignore_ascii_case(domain) && !own.is_empty() && own.len() <= 256;
    is_of_domain.then(|| Member {
        name: format!("{domain}\\{own}"),
        sid: domain_sid(own),
        is_group: own.contains(' '),
        is_local: false,
    })
}
