//! What a check finds on one host.

use super::range::Range;
use super::rule::Perf;
use super::state::State;

/// What a check finds on one host.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// The worst of all findings.
    pub state: State,
    /// What is not in order, worst first, in the order of the rules.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are kept.
    pub more: u64,
    /// How many objects were judged to be in order by every rule that looks at single objects.
    pub fine: u64,
    /// Numbers, for those who draw curves.
    pub numbers: Vec<Number>,
}

/// One rule on one object, or on all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub state: State,
    /// What the object stands for, such as a drive; empty for none.
    pub instance: String,
    /// What is so, in one line that is safe to print.
    pub text: String,
}

/// A number of performance data.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// What it is of: safe to print, on one line.
    pub label: String,
    /// The number.
    pub value: f64,
    /// What raises WARNING.
    pub warn: Option<Range>,
    /// What raises CRITICAL.
    pub crit: Option<Range>,
    /// Its unit and its bounds.
    pub perf: Perf,
}

impl Verdict {
    /// A verdict without objects: nobody can tell.
    pub fn unknown(text: impl Into<String>) -> Self {
        let finding = Finding { state: State::Unknown, instance: String::new(), text: text.into() };
        Self { state: State::Unknown, findings: vec![finding], ..Self::default() }
    }

    /// What there is to say, in one line.
    pub fn summary(&self) -> String {
        if self.findings.is_empty() {
            return self.in_order();
        }
        let mut text = self.findings.iter().map(|finding| finding.text.as_str()).collect::<Vec<_>>().join("; ");
        if self.more > 0 {
            text.push_str(&format!("; {} more", self.more));
        }
        text
    }

    fn in_order(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().take(4).map(Number::shown).collect();
        match (numbers.is_empty(), self.fine) {
            (false, _) if self.numbers.len() > numbers.len() => format!("{}, ...", numbers.join(", ")),
            (false, _) => numbers.join(", "),
            (true, 0) => "nothing to complain about".to_owned(),
            (true, 1) => "1 object in order".to_owned(),
            (true, count) => format!("{count} objects in order"),
        }
    }
}

impl Number {
    /// The number with its label and unit, for people.
    pub fn shown(&self) -> String {
        let space = if self.perf.unit.is_empty() { "" } else { " " };
        format!("{} {}{space}{}", self.label, self.value, self.perf.unit)
    }
}
