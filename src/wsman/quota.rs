//! Quotas of WinRM: which one is used up, how large it is there, and the command that raises it.

use super::names::code;

/// A quota that an administrator can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Its name, as in the WSMan drive.
    pub name: &'static str,
    /// What it limits, in words.
    pub what: &'static str,
    place: Place,
    /// A value that serves most fleets.
    usual: u64,
}

/// Where it is set in the drive `WSMan:\localhost`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Shell,
    Service,
    /// The endpoint's own.
    Plugin,
}

impl Quota {
    /// The quota behind a fault; `None` where the fault does not say which.
    pub fn of(fault: u32) -> Option<Self> {
        use Place::*;
        let (name, what, place, usual) = match fault {
            // Windows' own code for a job that has used up its processes or its memory.
            code::NOT_ENOUGH_QUOTA => ("MaxMemoryPerShellMB", "a shell's memory and processes", Shell, 4096),
            code::QUOTA_MAX_SHELLS => ("MaxShellsPerUser", "the user's shells", Shell, 100),
            code::QUOTA_MAX_OPERATIONS => {
                ("MaxConcurrentOperationsPerUser", "the user's operations at once", Service, 4000)
            }
            code::QUOTA_MAX_SHELL_USERS => ("MaxConcurrentUsers", "the users at once", Shell, 100),
            code::QUOTA_ENDPOINT_FIRST => ("MaxShellsPerUser", "the user's shells of the endpoint", Plugin, 100),
            2_150_859_237 => ("MaxConcurrentUsers", "the endpoint's users at once", Plugin, 100),
            2_150_859_238 => ("MaxShells", "the endpoint's shells", Plugin, 300),
            2_150_859_239 => ("MaxConcurrentOperations", "the endpoint's operations at once", Plugin, 4000),
            code::QUOTA_ENDPOINT_LAST => {
                ("MaxConcurrentOperationsPerUser", "the user's operations on the endpoint at once", Plugin, 4000)
            }
            code::QUOTA_COMMANDS_PER_SHELL => ("MaxConcurrentCommandsPerShell", "a shell's commands", Plugin, 1000),
            _ => return None,
        };
        Some(Self { name, what, place, usual })
    }

    /// What is used up, with the value on the host where its words tell it.
    pub fn used_up(self, value: Option<u64>) -> String {
        match value {
            Some(value) => format!("{} are used up ({} is {value} there)", self.what, self.name),
            None => format!("{} are used up ({})", self.what, self.name),
        }
    }

    /// What the user can do there, for an endpoint of this name.
    pub fn hint(self, value: Option<u64>, configuration_name: &str) -> String {
        let more = value.map_or(self.usual, |value| self.usual.max(value.saturating_mul(2)));
        let Self { name, place, .. } = self;
        let raise = match place {
            Place::Shell => format!("Set-Item WSMan:\\localhost\\Shell\\{name} {more}"),
            Place::Service => format!("Set-Item WSMan:\\localhost\\Service\\{name} {more}"),
            Place::Plugin => format!(
                "Set-Item WSMan:\\localhost\\Plugin\\{configuration_name}\\Quotas\\{name} {more}; Restart-Service WinRM"
            ),
        };
        format!("close sessions that are left over there (`psfleet session clean` closes ours), or raise it: {raise}")
    }
}

/// The value of a quota in a server's words, in whatever language: the only number in them.
pub(super) fn value(words: &str) -> Option<u64> {
    let mut numbers = words.split(|character: char| !character.is_ascii_digit()).filter(|digits| !digits.is_empty());
    match (numbers.next(), numbers.next()) {
        (Some(number), None) => number.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_the_only_number() {
        let text = "This user is allowed a maximum number of 5 concurrent shells, which has been exceeded.";
        assert_eq!(value(text), Some(5));
        assert_eq!(value("Maximale Anzahl gleichzeitiger Shells: 25."), Some(25));
        for text in ["", "of 5 shells 6 are open", "99999999999999999999999", "no number"] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn each_says_how_it_is_raised() {
        let said = |fault, value| {
            let quota = Quota::of(fault).expect("a quota");
            (quota.used_up(value), quota.hint(value, "PowerShell.7"))
        };
        let (message, hint) = said(code::QUOTA_MAX_SHELLS, Some(80));
        assert_eq!(message, "the user's shells are used up (MaxShellsPerUser is 80 there)");
        assert!(hint.ends_with(r"Set-Item WSMan:\localhost\Shell\MaxShellsPerUser 160"), "{hint}");
        let (message, hint) = said(2_150_859_238, None);
        assert_eq!(message, "the endpoint's shells are used up (MaxShells)");
        let end = r"Set-Item WSMan:\localhost\Plugin\PowerShell.7\Quotas\MaxShells 300; Restart-Service WinRM";
        assert!(hint.ends_with(end), "{hint}");
        let (_, hint) = said(code::QUOTA_MAX_OPERATIONS, Some(15));
        assert!(hint.contains(r"Service\MaxConcurrentOperationsPerUser 4000"), "{hint}");
        assert_eq!(Quota::of(code::QUOTA_LIMIT), None, "it does not say which");
    }
}
