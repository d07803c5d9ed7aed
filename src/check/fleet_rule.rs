//! What is demanded of all hosts of a run together.

use std::fmt;
use std::str::FromStr;

use crate::config::{Given, Place};

use super::state::State;

/// One rule over the verdicts of a check on all hosts.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetRule {
    /// Where it begins in its file.
    pub at: Place,
    /// Which verdicts an alarm such as `>5% of hosts` counts.
    pub of: Counted,
    /// What raises WARNING.
    pub warn: Option<Given<Demand>>,
    /// What raises CRITICAL.
    pub crit: Option<Given<Demand>>,
}

/// Which verdicts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those of this state.
    Is(State),
    /// Those of any other.
    IsNot(State),
}

/// What is demanded.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    /// An alarm when it holds: `>5% of hosts`.
    Alarm(Comparison, Amount),
    /// An alarm when it does not hold: `at least 2 of each label:pool ok`.
    Share {
        /// At least so many, or at most.
        at_least: bool,
        /// How many.
        amount: Amount,
        /// The label by whose values hosts are counted apart; all hosts together without it.
        each: Option<String>,
        /// Which verdicts are counted.
        of: Counted,
    },
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// More than.
    Above,
    /// As many or more.
    AtLeast,
    /// Fewer than.
    Below,
    /// As many or fewer.
    AtMost,
}

/// A number of hosts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many.
    Hosts(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl Counted {
    /// Whether a verdict is one of them.
    pub fn takes(self, state: State) -> bool {
        match self {
            Self::Is(counted) => state == counted,
            Self::IsNot(left_out) => state != left_out,
        }
    }
}

impl FromStr for Counted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.split_once(char::is_whitespace) {
            Some((not, state)) if not.eq_ignore_ascii_case("not") => state.parse().map(Self::IsNot),
            _ => text.parse().map(Self::Is),
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(state) => f.write_str(state.word()),
            Self::IsNot(state) => write!(f, "not {}", state.word()),
        }
    }
}

impl Comparison {
    /// The signs, the longer ones first.
    const SIGNS: [(&'static str, Self); 4] =
        [(">=", Self::AtLeast), ("<=", Self::AtMost), (">", Self::Above), ("<", Self::Below)];

    /// Whether a number compares so with another.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            Self::Below => left < right,
            Self::AtMost => left <= right,
        }
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a number of hosts; write 3 or 5%");
        match text.trim().strip_suffix('%') {
            Some(number) => {
                let percent: f64 = number.trim().parse().map_err(|_| wrong())?;
                let fits = (0.0..=100.0).contains(&percent);
                fits.then_some(Self::Percent(percent)).ok_or_else(|| format!("'{text}' is not from 0% to 100%"))
            }
            None => text.trim().parse().map(Self::Hosts).map_err(|_| wrong()),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosts(number) => write!(f, "{number}"),
            Self::Percent(number) => write!(f, "{number}%"),
        }
    }
}

const FORMS: &str = "write '>5% of hosts', '>=3 hosts' or 'at least 2 of each label:pool ok'";

impl FromStr for Demand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if let Some((sign, comparison)) = Comparison::SIGNS.into_iter().find(|(sign, _)| trimmed.starts_with(sign)) {
            let rest = trimmed[sign.len()..].trim();
            let amount = ["of hosts", "hosts", "host"].into_iter().find_map(|end| rest.strip_suffix(end));
            return Ok(Self::Alarm(comparison, amount.unwrap_or(rest).parse()?));
        }
        let words: Vec<&str> = trimmed.split_whitespace().collect();
        let lower = trimmed.to_ascii_lowercase();
        let at_least = lower.starts_with("at least ");
        let wrong = || format!("'{text}' is not understood; {FORMS}");
        if !at_least && !lower.starts_with("at most ") {
            return Err(wrong());
        }
        let amount = words.get(2).ok_or_else(wrong)?.parse()?;
        let (each, of) = match &words[3..] {
            ["of", "each", label, of @ ..] => {
                let key = label.strip_prefix("label:").filter(|key| !key.is_empty());
                let wrong = || format!("'{label}' is not a label; write label:NAME, such as label:pool");
                (Some(key.ok_or_else(wrong)?.to_owned()), of)
            }
            ["of", "hosts", of @ ..] | ["hosts", of @ ..] | of => (None, of),
        };
        if of.is_empty() {
            return Err(format!("'{text}' lacks the state that is counted, such as ok at its end; {FORMS}"));
        }
        Ok(Self::Share { at_least, amount, each, of: of.join(" ").parse()? })
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm(comparison, amount) => {
                let sign = Comparison::SIGNS.iter().find(|(_, known)| known == comparison).map_or("", |(sign, _)| sign);
                write!(f, "{sign}{amount} of hosts")
            }
            Self::Share { at_least, amount, each, of } => {
                let bound = if *at_least { "least" } else { "most" };
                match each {
                    Some(label) => write!(f, "at {bound} {amount} of each label:{label} {of}"),
                    None => write!(f, "at {bound} {amount} of hosts {of}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Amount, Comparison, Counted, Demand};
    use crate::check::State;

    #[test]
    fn demands_are_read() {
        let alarm = |text: &str| text.parse::<Demand>();
        assert_eq!(alarm(">5% of hosts"), Ok(Demand::Alarm(Comparison::Above, Amount::Percent(5.0))));
        assert_eq!(alarm(">= 3 hosts"), Ok(Demand::Alarm(Comparison::AtLeast, Amount::Hosts(3))));
        assert_eq!(alarm("<1"), Ok(Demand::Alarm(Comparison::Below, Amount::Hosts(1))));
        let each = Demand::Share {
            at_least: true,
            amount: Amount::Hosts(2),
            each: Some("pool".to_owned()),
            of: Counted::Is(State::Ok),
        };
        assert_eq!(alarm("at least 2 of each label:pool ok"), Ok(each));
        let most =
            Demand::Share { at_least: false, amount: Amount::Percent(10.0), each: None, of: Counted::IsNot(State::Ok) };
        assert_eq!(alarm("at most 10% of hosts not ok"), Ok(most));
    }

    #[test]
    fn what_is_not_understood_names_what_to_write() {
        for (text, expect) in [
            ("", "'' is not understood; write '>5% of hosts'"),
            ("5%", "'5%' is not understood"),
            (">x", "'x' is not a number of hosts; write 3 or 5%"),
            (">200%", "not from 0% to 100%"),
            ("at least 2 of each pool ok", "'pool' is not a label; write label:NAME"),
            ("at least 2 of each label:pool", "lacks the state"),
            ("at least 2 fine", "'fine' is not a state; write ok, warning, critical or unknown"),
            ("at least", "is not understood"),
        ] {
            let error = text.parse::<Demand>().unwrap_err();
            assert!(error.contains(expect), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_shown_reads_the_same(text in "(at (least|most) |>|<=)?[0-9]{0,3}%?( of hosts| of each label:[a-zé]{0,2})?( not)?( ok|critical)?") {
            if let Ok(demand) = text.parse::<Demand>() {
                prop_assert_eq!(demand.to_string().parse::<Demand>(), Ok(demand));
            }
        }
    }
}
