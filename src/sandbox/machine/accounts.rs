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
const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";

/// Names of the domain's accounts that hosts know, with the last part of their identifiers.
const DOMAIN_ACCOUNTS: [(&str, u32); 10] = [
    ("Administrator", 500),
    ("Domain Admins", 512),
    ("Domain Users", 513),
    ("Enterprise Admins", 519),
    ("sandbox", 1115),
    ("Server Admins", 1110),
    ("svc-backup", 1120),
    ("svc-monitor", 1131),
    ("svc-orders", 1132),
    ("App Operators", 1203),
];

/// The security identifier of an account of the domain, which has every account that somebody names.
pub fn domain_sid(name: &str) -> String {
    let known = DOMAIN_ACCOUNTS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    let id = known.map_or_else(
        || {
            3000 + name.to_lowercase().bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
                % 5000
        },
        |(_, id)| *id,
    );
    format!("{DOMAIN_SID}-{id}")
}

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

/// A domain controller has the accounts of the domain, the others have some of their own.
fn machine_sid(host: &Host) -> String {
    if host.role() == Role::DomainController {
        return DOMAIN_SID.to_owned();
    }
    let mut rng = host.rng("sid");
    let mut part = || rng.between(100_000_000, 4_000_000_000);
    format!("S-1-5-21-{}-{}-{}", part(), part(), part())
}

/// The member that a host's Administrators should not have.
pub(super) fn odd_member(host: &Host) -> (String, String) {
    let name = host.rng("odd administrator").pick(&["jsmith", "svc-legacy", "helpdesk-temp", "contractor07"]);
    (format!("SANDBOX\\{name}"), domain_sid(name))
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
    let (sid, authority) = (machine_sid(host), host.account_authority());
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
    let own = |name: &str, id: u32| Member {
        name: format!("{authority}\\{name}"),
        sid: format!("{sid}-{id}"),
        is_group: false,
        is_local: host.role() != Role::DomainController,
    };
    let of_domain = |name: &str, is_group: bool| Member {
        name: format!("SANDBOX\\{name}"),
        sid: domain_sid(name),
        is_group,
        is_local: false,
    };
    let groups = GROUPS.map(|(name, description, id)| {
        let members = match name {
            "Administrators" => {
                let mut members =
                    vec![of_domain("Domain Admins", true), of_domain("sandbox", false), own("Administrator", 500)];
                if host.has(Illness::OddAdministrator) {
                    let (name, sid) = odd_member(host);
                    members.push(Member { name, sid, is_group: false, is_local: false });
                }
                members
            }
            "Backup Operators" => vec![of_domain("svc-backup", false)],
            "Guests" => vec![own("Guest", 501)],
            "Remote Desktop Users" if host.role() == Role::App => vec![of_domain("App Operators", true)],
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
                    of_domain("Domain Users", true),
                    own("svc-task", 1013),
                ]
            }
            _ => Vec::new(),
        };
        LocalGroup { name: name.into(), description: description.into(), sid: format!("S-1-5-32-{id}"), members }
    });
    Accounts { users: vec![administrator, default, guest, service, guard], groups: groups.into(), next_id: 1014 }
}

/// Why an account was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountRefusal {
    /// There is one of this name.
    Exists,
    /// There is no such group.
    Missing,
    /// The sandbox keeps no more of a host.
    Full,
}

/// Users, groups, and members of all groups that a host keeps.
const MOST_ACCOUNTS: usize = 1_000;

impl Accounts {
    fn member_count(&self) -> usize {
        self.groups.iter().map(|group| group.members.len()).sum()
    }
}

impl Host {
    /// What stands before the names of its own accounts.
    pub fn account_authority(&self) -> String {
        if self.role() == Role::DomainController { "SANDBOX".into() } else { self.name().to_uppercase() }
    }
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

    /// Adds a user.
    ///
    /// # Errors
    /// [`AccountRefusal`]
    pub fn add_user(&self, user: LocalUser, now: Timestamp) -> Result<(), AccountRefusal> {
        let new = user.clone();
        self.change_accounts(|accounts| {
            if accounts.users.iter().any(|other| other.name.eq_ignore_ascii_case(&user.name)) {
                return Err(AccountRefusal::Exists);
            }
            if accounts.users.len() >= MOST_ACCOUNTS {
                return Err(AccountRefusal::Full);
            }
            accounts.next_id += 1;
            let key = user.name.to_lowercase();
            let place = accounts.users.partition_point(|own| own.name.to_lowercase() < key);
            accounts.users.insert(place, user);
            Ok(())
        })?;
        self.note_user(&new, now);
        Ok(())
    }

    /// Makes a group without members.
    ///
    /// # Errors
    /// [`AccountRefusal`]
    pub fn add_group(&self, name: &str, description: String) -> Result<LocalGroup, AccountRefusal> {
        let sid = self.sid();
        self.change_accounts(|accounts| {
            if accounts.groups.iter().any(|group| group.name.eq_ignore_ascii_case(name)) {
                return Err(AccountRefusal::Exists);
            }
            if accounts.groups.len() >= MOST_ACCOUNTS {
                return Err(AccountRefusal::Full);
            }
            let sid = format!("{sid}-{}", accounts.next_id);
            accounts.next_id += 1;
            let group = LocalGroup { name: name.to_owned(), description, sid, members: Vec::new() };
            let key = name.to_lowercase();
            let place = accounts.groups.partition_point(|own| own.name.to_lowercase() < key);
            accounts.groups.insert(place, group.clone());
            Ok(group)
        })
    }

    /// Adds a member to a group.
    ///
    /// # Errors
    /// [`AccountRefusal`]
    pub fn add_member(&self, group: &str, member: Member, now: Timestamp) -> Result<(), AccountRefusal> {
        let group = self.change_accounts(|accounts| {
            let is_full = accounts.member_count() >= MOST_ACCOUNTS;
            let group = accounts.groups.iter_mut().find(|own| own.name.eq_ignore_ascii_case(group));
            let group = group.ok_or(AccountRefusal::Missing)?;
            if group.members.iter().any(|own| own.name.eq_ignore_ascii_case(&member.name)) {
                return Err(AccountRefusal::Exists);
            }
            if is_full {
                return Err(AccountRefusal::Full);
            }
            group.members.push(member.clone());
            Ok(group.clone())
        })?;
        self.note_member(&group, &member, now);
        Ok(())
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
    use super::{AccountRefusal, LocalUser, MOST_ACCOUNTS, Machine};

    #[test]
    fn accounts_have_an_end() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let user = machine.accounts().users[0].clone();
        let named = |place: usize| LocalUser { name: format!("user{place}"), ..user.clone() };
        assert_eq!(machine.add_user(user.clone(), now), Err(AccountRefusal::Exists));
        let added = (0..).find(|place| machine.add_user(named(*place), now).is_err());
        assert_eq!((added, machine.accounts().users.len()), (Some(MOST_ACCOUNTS - 5), MOST_ACCOUNTS));
        assert_eq!(machine.add_user(named(5_000), now), Err(AccountRefusal::Full));
    }

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
