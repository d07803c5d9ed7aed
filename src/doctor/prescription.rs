//! What the table of remedies says of a cause: code, next step, commands, script.

use super::cause::Cause;
use super::remedy::{REMEDIES, Remedy};
use crate::script::quoted;

impl Cause {
    /// Every cause.
    pub fn all() -> impl Iterator<Item = Self> {
        REMEDIES.iter().map(|remedy| remedy.cause)
    }

    /// The cause of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        REMEDIES.iter().find(|remedy| remedy.code == code).map(|remedy| remedy.cause)
    }

    /// The stable code, also the name of its fix script.
    pub fn code(self) -> &'static str {
        self.remedy().map_or("", |remedy| remedy.code)
    }

    /// The next step, where a run has no hint of its own.
    pub fn next(self) -> &'static str {
        self.remedy().map_or("", |remedy| remedy.next)
    }

    /// The commands to run on the host, for these users.
    pub fn commands(self, users: &[&str]) -> Vec<String> {
        let users: Vec<_> = users.iter().map(|user| quoted(user)).collect();
        let users = format!("@({})", users.join(", "));
        let commands = self.remedy().map_or(&[][..], |remedy| remedy.commands);
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

    fn remedy(self) -> Option<&'static Remedy> {
        REMEDIES.iter().find(|remedy| remedy.cause == self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cause_has_one_remedy_and_a_code_of_its_own() {
        let codes: BTreeSet<_> = Cause::all().map(Cause::code).collect();
        assert_eq!(codes.len(), REMEDIES.len());
        for cause in Cause::all() {
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
        for command in Cause::Quota.commands(&[]) {
            assert!(command.contains("if ($now -ne 0 -and $now -lt "), "{command}");
        }
    }
}
