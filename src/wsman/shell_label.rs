//! The label of shells that we open, by which they are found again.

use std::fmt;

/// What every label of ours begins with.
const PREFIX: &str = "psfleet-";
/// Longest user and machine in a label, in characters.
const MAX_PART: usize = 64;

/// Who opened a shell: `psfleet-USER@MACHINE-PROCESS`, in the element `Name` of MS-WSMV 2.2.4.37.
///
/// Everybody who may list the host's shells can read it, so it holds nothing secret. Others can write the same: a
/// label says whose a shell is, and proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShellLabel {
    /// The user's login name there.
    pub user: String,
    /// The machine that psfleet ran on.
    pub machine: String,
    /// The number of its process.
    pub process: u32,
}

impl ShellLabel {
    /// The label of a process. Of the names only what belongs into one word is kept.
    pub fn new(user: &str, machine: &str, process: u32) -> Self {
        Self { user: word(user), machine: word(machine).replace('@', "_"), process }
    }

    /// Reads a shell's name; `None` if it is not a label of ours.
    pub fn parse(name: &str) -> Option<Self> {
        let (owner, process) = name.strip_prefix(PREFIX)?.rsplit_once('-')?;
        let (user, machine) = owner.rsplit_once('@')?;
        let label = Self::new(user, machine, process.parse().ok()?);
        (label.to_string() == name).then_some(label)
    }
}

impl fmt::Display for ShellLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}@{}-{}", self.user, self.machine, self.process)
    }
}

fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '\\');
    text.trim().chars().map(|c| if is_plain(c) { c } else { '_' }).take(MAX_PART).collect()
}

#[cfg(test)]
mod tests {
    use super::ShellLabel;

    #[test]
    fn is_read_as_it_was_written() {
        for (user, machine) in
            [("ada", "web-01"), ("CONTOSO\\ada", "pc"), ("ada@contoso.com", "pc.contoso.com"), ("", "")]
        {
            let label = ShellLabel::new(user, machine, 4711);
            assert_eq!(ShellLabel::parse(&label.to_string()), Some(label.clone()), "{label}");
            assert_eq!((&*label.user, &*label.machine), (user, machine));
        }
        assert_eq!(ShellLabel::new("a<b\n", "m@n", 1).to_string(), "psfleet-a_b@m_n-1");
        assert!(ShellLabel::new(&"x".repeat(1000), &"y".repeat(1000), u32::MAX).to_string().len() < 160);
    }

    #[test]
    fn nothing_else_is_ours() {
        for name in [
            "",
            "psfleet",
            "psfleet-",
            "psfleet-a@b",
            "psfleet-a-1",
            "psfleet-a@b-x",
            "Psfleet-a@b-1",
            "xpsfleet-a@b-1",
            "psfleet-a@b-01",
            "psfleet-a b@c-1",
        ] {
            assert_eq!(ShellLabel::parse(name), None, "{name}");
        }
    }
}
