//! `Host` and `Match`: the hosts to which the lines after them apply.

use super::directive::Mistake;
use super::line::Line;
use crate::pattern::matches_as_written;

/// The head of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Section {
    /// Patterns of names, each with whether it is negated.
    Host(Vec<(bool, String)>),
    /// Conditions that must all hold.
    Match(Vec<Condition>),
}

/// One condition of a `Match` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    negated: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    All,
    /// The second reading, which this asks for.
    Final,
    /// The second reading, which only canonical names would ask for.
    Canonical,
    Host(String),
    OriginalHost(String),
    User(String),
    LocalUser(String),
    Tagged(String),
    Command(String),
    SessionType(String),
    /// What only OpenSSH itself, or a program, could say.
    Unknowable(&'static str),
}

/// What is known about a connection while the file is read.
pub(super) struct Facts<'a> {
    /// The name that was asked for.
    pub original: &'a str,
    /// The address as far as it is known.
    pub host: &'a str,
    /// The name that `Host` patterns see: the original, in the second reading the address.
    pub named: &'a str,
    pub user: &'a str,
    pub local_user: &'a str,
    pub tag: &'a str,
    pub second: bool,
}

/// Whether a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Fails,
    /// It hangs on a condition that nobody here can judge.
    Unknowable(&'static str),
}

impl Section {
    /// Reads a `Host` line.
    pub(super) fn host(line: &Line) -> Result<Self, Mistake> {
        let pattern = |argument: &String| match argument.strip_prefix('!') {
            Some(rest) => (true, rest.to_owned()),
            None => (false, argument.clone()),
        };
        match line.arguments.iter().any(String::is_empty) {
            true => Err(("a pattern of 'host' is empty".to_owned(), None)),
            false => Ok(Self::Host(line.arguments.iter().map(pattern).collect())),
        }
    }

    /// Reads a `Match` line.
    pub(super) fn conditions(line: &Line) -> Result<Self, Mistake> {
        let wrong = |what: String| (what, None);
        let mut words = line.arguments.iter();
        let mut conditions: Vec<Condition> = Vec::new();
        while let Some(word) = words.next() {
            let (negated, word) = word.strip_prefix('!').map_or((false, word.as_str()), |rest| (true, rest));
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let name = name.to_lowercase();
            let plain = match name.as_str() {
                "all" => Some(What::All),
                "final" => Some(What::Final),
                "canonical" => Some(What::Canonical),
                _ => None,
            };
            let what = match plain {
                Some(what) => what,
                None => {
                    let value = value.map(str::to_owned).or_else(|| words.next().cloned());
                    what(&name, value.ok_or_else(|| wrong(format!("'{name}' of 'match' has no value")))?)
                        .ok_or_else(|| wrong(format!("unknown condition '{name}' of 'match'")))?
                }
            };
            if what == What::All && (conditions.len() > 1 || words.len() > 0) {
                return Err(wrong("'all' of 'match' must stand alone".to_owned()));
            }
            conditions.push(Condition { negated, what });
        }
        Ok(Self::Match(conditions))
    }

    /// Whether the section asks for a second reading of the files.
    pub(super) fn wants_second(&self) -> bool {
        let wants = |condition: &Condition| condition.what == What::Final && !condition.negated;
        matches!(self, Self::Match(conditions) if conditions.iter().any(wants))
    }

    /// Whether the lines behind it hold.
    pub(super) fn judge(&self, facts: &Facts<'_>) -> Verdict {
        match self {
            Self::Host(patterns) => {
                let hit = |wanted: bool| {
                    patterns.iter().any(|(not, text)| *not == wanted && matches_as_written(text, facts.named))
                };
                if hit(false) && !hit(true) { Verdict::Holds } else { Verdict::Fails }
            }
            Self::Match(conditions) => {
                for condition in conditions {
                    match condition.what.holds(facts) {
                        Ok(holds) if holds != condition.negated => {}
                        Ok(_) => return Verdict::Fails,
                        Err(what) => return Verdict::Unknowable(what),
                    }
                }
                Verdict::Holds
            }
        }
    }
}

fn what(name: &str, value: String) -> Option<What> {
    Some(match name {
        "host" => What::Host(value),
        "originalhost" => What::OriginalHost(value),
        "user" => What::User(value),
        "localuser" => What::LocalUser(value),
        "tagged" => What::Tagged(value),
        "command" => What::Command(value),
        "sessiontype" => What::SessionType(value),
        "exec" => What::Unknowable("exec"),
        "localnetwork" => What::Unknowable("localnetwork"),
        "version" => What::Unknowable("version"),
        _ => return None,
    })
}

impl What {
    fn holds(&self, facts: &Facts<'_>) -> Result<bool, &'static str> {
        // An empty text matches only an empty list.
        let listed = |text: &str, list: &str| if text.is_empty() { list.is_empty() } else { in_list(text, list) };
        Ok(match self {
            Self::All => true,
            Self::Final | Self::Canonical => facts.second,
            Self::Host(list) => in_list(&facts.host.to_lowercase(), &list.to_lowercase()),
            Self::OriginalHost(list) => in_list(&facts.original.to_lowercase(), &list.to_lowercase()),
            Self::User(list) => in_list(facts.user, list),
            Self::LocalUser(list) => in_list(facts.local_user, list),
            Self::Tagged(list) => listed(facts.tag, list),
            // What `ssh` is asked for by PowerShell.
            Self::Command(list) => in_list("powershell", list),
            Self::SessionType(list) => in_list("subsystem", list),
            Self::Unknowable(what) => return Err(what),
        })
    }
}

/// Whether a text matches a list of patterns, separated by commas; a negated pattern that matches excludes it.
pub(super) fn in_list(text: &str, list: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches_as_written(pattern, text) => return false,
            Some(_) => {}
            None => found |= matches_as_written(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::{Facts, Section, Verdict};

    fn section(text: &str) -> Result<Section, String> {
        let line = Line::parse(text).expect("a line").expect("arguments");
        let read = if line.keyword == "host" { Section::host(&line) } else { Section::conditions(&line) };
        read.map_err(|(what, _)| what)
    }

    fn judge(text: &str) -> Verdict {
        let facts = Facts {
            original: "web01",
            host: "web01.corp",
            named: "web01",
            user: "ops",
            local_user: "me",
            tag: "dmz",
            second: false,
        };
        section(text).expect("a section").judge(&facts)
    }

    #[test]
    fn hosts() {
        for text in ["Host web01", "Host db* web*", "Host *", "Host web?? !web02", "Host \"web01\""] {
            assert_eq!(judge(text), Verdict::Holds, "{text}");
        }
        for text in ["Host WEB01", "Host web1", "Host * !web*", "Host !db*", "Host web01.corp"] {
            assert_eq!(judge(text), Verdict::Fails, "{text}");
        }
    }

    #[test]
    fn conditions() {
        for text in [
            "Match all",
            "Match host WEB01.*",
            "Match originalhost web01 user ops",
            "Match localuser m* !user root",
            "Match host=web01.corp tagged=dmz",
            "Match !final all",
            "Match !canonical user ops,adm",
            "Match sessiontype subsystem",
        ] {
            assert_eq!(judge(text), Verdict::Holds, "{text}");
        }
        for text in [
            "Match !all",
            "Match host web01",
            "Match user OPS",
            "Match user *,!ops",
            "Match final",
            "Match canonical all",
            "Match tagged \"\"",
            "Match user root exec /bin/true",
        ] {
            assert_eq!(judge(text), Verdict::Fails, "{text}");
        }
        assert_eq!(judge("Match host web* exec \"test -f x\""), Verdict::Unknowable("exec"));
        assert_eq!(judge("Match localnetwork 10.0.0.0/8"), Verdict::Unknowable("localnetwork"));
    }

    #[test]
    fn mistakes() {
        assert_eq!(section("Match user"), Err("'user' of 'match' has no value".to_owned()));
        assert_eq!(section("Match address 10.0.0.1"), Err("unknown condition 'address' of 'match'".to_owned()));
        assert_eq!(section("Match all user x"), Err("'all' of 'match' must stand alone".to_owned()));
        assert_eq!(section("Host a \"\""), Err("a pattern of 'host' is empty".to_owned()));
    }
}
