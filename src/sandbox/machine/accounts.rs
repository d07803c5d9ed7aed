//! Local users and groups.

use jiff::{SignedDuration, Timestamp};

use super::{Host, Illness, Machine, Role};

/// A local user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalUser {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub full_name: String,
    /// What it is for.
    pub description: String,
    /// Whether it can log on.
    pub is_enabled: bool,
    /// Its security identifier.
    pub sid: String,
    /// When its password was set.
    pub password_set: Option<Timestamp>,
    /// Whether its password expires some day.
    pub password_expires: bool,
    /// Whether it may change its password.
    pub may_change_password: bool,
    /// Whether it needs a password.
    pub needs_password: bool,
    /// When it logged on last.
    pub last_logon: Option<Timestamp>,
    /// When it cannot log on any more.
    pub expires: Option<Timestamp>,
}

/// A local group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalGroup {
    /// Its name.
    pub name: String,
    /// What its members may.
    pub description: String,
    /// Its security identifier.
    pub sid: String,
    /// Its members.
    pub members: Vec<Member>,
}

/// A member of a local group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// With the domain or computer before it.
    pub name: String,
    /// Its security identifier.
    pub sid: String,
    /// Whether it is a group.
    pub is_group: bool,
    /// Whether it is of this machine, not of the domain.
    pub is_local: bool,
}

/// Users and groups of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// By name.
    pub users: Vec<LocalUser>,
    /// By name.
    pub groups: Vec<LocalGroup>,
    /// The last part of the next account's security identifier.
    pub next_id: u32,
}

/// Security identifier of the domain of the sandbox.
pub const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";

/// Name, description and last part of the identifier of the built-in groups.
///
/// Source: learn.microsoft.com, Local Accounts and Active Directory security groups.
const GROUPS: [(&str, &str, u32); 13] = [
    ("Access Control Assistance Operators", "Members can remotely query permissions of resources.", 579),
    ("Administrators", "Administrators have complete and unrestricted access to the computer/domain", 544),
    ("Backup Operators", "Members can override security to back up or restore files.", 551),
    ("Cryptographic Operators", "Members may perform cryptographic operations.", 569),
    ("Distributed COM Users", "Members may use Distributed COM objects on this machine.", 562),
    ("Event Log Readers", "Members may read event logs of this machine.", 573),
    ("Guests", "Guests have the access of members of Users, the Guest account less.", 546),
    ("Hyper-V Administrators", "Members have all access to the features of Hyper-V.", 578),
    ("Performance Monitor Users", "Members may read performance counters.", 558),
    ("Power Users", "Kept for older applications.", 547),
    ("Remote Desktop Users", "Members in this group are granted the right to logon remotely", 555),
    ("Remote Management Users", "Members may reach WMI resources by management protocols.", 580),
    ("Users", "Users are prevented from making accidental or intentional system-wide changes.", 545),
];

fn machine_sid(host: &Host) -> String {
    let mut rng = host.rng("sid");
    let mut part = || rng.between(100_000_000, 4_000_000_000);
    format!("S-1-5-21-{}-{}-{}", part(), part(), part())
}

/// The member that a host's Administrators should not have.
pub(super) fn odd_member(host: &Host) -> (String, String) {
    let name = host.rng("odd administrator").pick(&["jsmith", "svc-legacy", "helpdesk-temp", "contractor07"]);
    (format!("SANDBOX\\{name}"), format!("{DOMAIN_SID}-{}", 2100 + host.index() % 700))
}

fn user(name: &str, description: &str, sid: String) -> LocalUser {
    LocalUser {
        name: name.into(),
        full_name: String::new(),
        description: description.into(),
        is_enabled: false,
        sid,
        password_set: None,
        password_expires: true,
        may_change_password: true,
        needs_password: true,
        last_logon: None,
        expires: None,
    }
}

pub(super) fn draw(machine: &Machine) -> Accounts {
    let host = &machine.host;
    let mut rng = host.rng("accounts");
    let (sid, computer) = (machine_sid(host), host.name().to_uppercase());
    let ago = |days: u64| machine.since.checked_sub(SignedDuration::from_hours(24 * days as i64)).ok();
    let (set, logon) = (rng.between(5, 380), rng.between(1, 90));
    let administrator = LocalUser {
        is_enabled: true,
        password_set: ago(set),
        password_expires: rng.chance(500),
        last_logon: ago(logon),
        ..user("Administrator", "Built-in account for administering the computer/domain", format!("{sid}-500"))
    };
    let service = LocalUser {
        full_name: "Service account for tasks".into(),
        is_enabled: true,
        password_set: ago(set + 40),
        password_expires: false,
        may_change_password: false,
        last_logon: ago(rng.between(0, 5)),
        ..user("svc-task", "Runs scheduled tasks", format!("{sid}-1013"))
    };
    let guest = LocalUser {
        needs_password: false,
        may_change_password: false,
        password_expires: false,
        ..user("Guest", "Built-in account for guest access to the computer/domain", format!("{sid}-501"))
    };
    let default = LocalUser {
        needs_password: false,
        password_expires: false,
        ..user("DefaultAccount", "A user account managed by the system.", format!("{sid}-503"))
    };
    let guard = LocalUser {
        password_set: ago(set + 300),
        ..user(
            "WDAGUtilityAccount",
            "A user account managed and used by the system for Windows Defender Application Guard scenarios.",
            format!("{sid}-504"),
        )
    };
    let member = |name: &str, sid: String, is_group: bool, is_local: bool| {
        let place = if is_local { computer.as_str() } else { "SANDBOX" };
        Member { name: format!("{place}\\{name}"), sid, is_group, is_local }
    };
    let groups = GROUPS.map(|(name, description, id)| {
        let members = match name {
            "Administrators" => {
                let mut members = vec![
                    member("Domain Admins", format!("{DOMAIN_SID}-512"), true, false),
                    member("sandbox", format!("{DOMAIN_SID}-1115"), false, false),
                    member("Administrator", format!("{sid}-500"), false, true),
                ];
                if host.has(Illness::OddAdministrator) {
                    let (name, sid) = odd_member(host);
                    members.push(Member { name, sid, is_group: false, is_local: false });
                }
                members
            }
            "Backup Operators" => vec![member("svc-backup", format!("{DOMAIN_SID}-1120"), false, false)],
            "Guests" => vec![member("Guest", format!("{sid}-501"), false, true)],
            "Remote Desktop Users" if host.role() == Role::App => {
                vec![member("App Operators", format!("{DOMAIN_SID}-1203"), true, false)]
            }
            "Users" => {
                let system = |name: &str, sid: &str| Member {
                    name: format!("NT AUTHORITY\\{name}"),
                    sid: sid.into(),
                    is_group: true,
                    is_local: false,
                };
                vec![
                    system("Authenticated Users", "S-1-5-11"),
                    system("INTERACTIVE", "S-1-5-4"),
                    member("Domain Users", format!("{DOMAIN_SID}-513"), true, false),
                    member("svc-task", format!("{sid}-1013"), false, true),
                ]
            }
            _ => Vec::new(),
        };
        LocalGroup { name: name.into(), description: description.into(), sid: format!("S-1-5-32-{id}"), members }
    });
    Accounts { users: vec![administrator, default, guest, service, guard], groups: groups.into(), next_id: 1014 }
}

impl Machine {
    /// Its users and groups.
    pub fn accounts(&self) -> std::sync::Arc<Accounts> {
        self.accounts.read(|| draw(self))
    }

    /// Changes its users and groups.
    pub fn change_accounts<R>(&self, change: impl FnOnce(&mut Accounts) -> R) -> R {
        self.accounts.change(|| draw(self), change)
    }

    /// Adds a user; `false` if there is one of this name.
    pub fn add_user(&self, user: LocalUser, now: Timestamp) -> bool {
        let new = user.clone();
        let is_new = self.change_accounts(|accounts| {
            let is_new = !accounts.users.iter().any(|other| other.name.eq_ignore_ascii_case(&user.name));
            if is_new {
                accounts.next_id += 1;
                accounts.users.push(user);
                accounts.users.sort_by_cached_key(|user| user.name.to_lowercase());
            }
            is_new
        });
        if is_new {
            self.note_user(&new, now);
        }
        is_new
    }

    /// Adds a member to a group; `false` if it is one already or there is no such group.
    pub fn add_member(&self, group: &str, member: Member, now: Timestamp) -> bool {
        let changed = self.change_accounts(|accounts| {
            let group = accounts.groups.iter_mut().find(|own| own.name.eq_ignore_ascii_case(group))?;
            if group.members.iter().any(|own| own.name.eq_ignore_ascii_case(&member.name)) {
                return None;
            }
            group.members.push(member.clone());
            Some(group.clone())
        });
        if let Some(group) = &changed {
            self.note_member(group, &member, now);
        }
        changed.is_some()
    }

    /// The security identifier of the machine itself, before the last part of its accounts'.
    pub fn sid(&self) -> String {
        machine_sid(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::Illness;
    use super::Machine;

    #[test]
    fn odd_administrators_are_members() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        for index in 0..300 {
            let machine = Machine::draw(1, index, now);
            let accounts = machine.accounts();
            let group = accounts.groups.iter().find(|group| group.name == "Administrators").expect("a group");
            let is_odd = group.members.len() > 3;
            assert_eq!(is_odd, machine.host().has(Illness::OddAdministrator), "{index}");
        }
    }
}
