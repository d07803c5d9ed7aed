//! What the table of remedies says of a cause: code, next step, commands, script.

use super::cause::Cause;
use super::remedy::remedy;
use crate::script::quoted;

impl Cause {
    /// The cause of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.code() == code)
    }

    /// The next step, where a run has no hint of its own.
    pub fn next(self) -> &'static str {
        remedy(self).0
    }

    /// The commands to run on the host, for these users.
    pub fn commands(self, users: &[&str]) -> Vec<String> {
        let users: Vec<_> = users.iter().map(|user| quoted(user)).collect();
        let users = format!("@({})", users.join(", "));
        let (_, commands) = remedy(self);
        commands.iter().map(|command| command.replace("{users}", &users)).collect()
    }

    /// A script of the commands, for Windows PowerShell 5.1 and later; safe to run twice. `hosts` says what for.
    pub fn script(self, users: &[&str], hosts: &str) -> String {
        // No line of a comment may end early.
        let hosts: String = hosts.chars().filter(|character| !character.is_control()).collect();
        let head = format!(
            "# {}: {}\n# For: {hosts}\n# Made by psfleet doctor. Run it on each of these hosts as an administrator; it may be run twice.\n",
            self.code(),
            self.next()
        );
        let mut script = head + "$ErrorActionPreference = 'Stop'\n";
        for command in self.commands(users) {
            script.push_str(&command);
            script.push('\n');
        }
        script
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::wsman::Quota;

    #[test]
    fn every_cause_has_a_remedy_and_a_code_of_its_own() {
        for &cause in Cause::ALL {
            assert_eq!(Cause::of_code(cause.code()), Some(cause));
            assert!(!cause.next().is_empty() && !cause.commands(&["ada"]).is_empty(), "{}", cause.code());
        }
    }

    #[test]
    fn users_are_quoted_and_hosts_stay_in_their_comment() {
        let script = Cause::EndpointDenied.script(&["CONTOSO\\o'neil", "ada"], "web[01-02]\nRemove-Item C:\\");
        assert!(script.contains("@('CONTOSO\\o''neil', 'ada')"), "{script}");
        assert!(!script.contains("\nRemove-Item"), "{script}");
    }

    #[test]
    fn accounts_of_a_domain_are_never_taken_for_local_ones() {
        for cause in [Cause::AccountLocked, Cause::EndpointDenied] {
            for command in cause.commands(&["CONTOSO\\Administrator"]) {
                let guarded = command.contains("$domain -notin '.', $env:COMPUTERNAME");
                assert_eq!(guarded, command.contains("Get-LocalUser"), "{command}");
            }
        }
    }

    #[test]
    fn a_quota_without_a_limit_is_not_given_one() {
        let commands = Cause::Quota.commands(&[]);
        assert!(commands.iter().any(|command| command.contains("-ne 0 -and [long]$now -lt ")), "{commands:?}");
    }

    #[test]
    fn every_quota_that_a_host_names_is_raised() {
        let quotas = (0..=u32::from(u16::MAX)).map(|low| 0x8033_0000 | low).chain([1816]);
        let named: BTreeSet<_> = quotas.filter_map(Quota::of).map(|quota| quota.name).collect();
        assert!(named.len() > 6, "{named:?}");
        for cause in [Cause::Quota, Cause::QuotaLow] {
            let script = cause.script(&[], "web01");
            assert!(named.iter().all(|name| script.contains(&format!(" {name} = "))), "{named:?}: {script}");
        }
    }
}
