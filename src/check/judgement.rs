//! Judging what a script returns, object by object.

use std::collections::HashSet;
use std::sync::Arc;

use crate::clixml::Document;
use crate::output::{Property, sanitize_line};

use super::alarms;
use super::definition::Definition;
use super::rule::{Alarms, Judge, Rule};
use super::state::State;
use super::verdict::{Finding, Number, Verdict};

/// Findings and numbers that are kept of one host: a script may return anything.
const MOST: usize = 500;

/// Letters of a host's text that are quoted in a message.
const QUOTED: usize = 200;

/// The property by which a script says that it cannot tell.
const UNKNOWN: &str = "Unknown";

/// A check on one host, while its objects arrive.
pub struct Judgement {
    definition: Arc<Definition>,
    host: Arc<str>,
    objects: u64,
    errors: u64,
    first_error: String,
    /// What each rule over all objects has counted.
    counted: Vec<u64>,
    labels: HashSet<String>,
    verdict: Verdict,
}

impl Judgement {
    /// Nothing has arrived yet.
    pub fn new(definition: Arc<Definition>, host: Arc<str>) -> Self {
        Self {
            counted: vec![0; definition.rules.len()],
            definition,
            host,
            objects: 0,
            errors: 0,
            first_error: String::new(),
            labels: HashSet::new(),
            verdict: Verdict::default(),
        }
    }

    /// Judges an object.
    pub fn object(&mut self, document: &Document) {
        self.objects += 1;
        let unknown = UNKNOWN.parse::<Property>().ok().and_then(|property| property.text(document, &self.host));
        if let Some(reason) = unknown.filter(|reason| !reason.trim().is_empty()) {
            return self.find(State::Unknown, String::new(), quoted(&reason));
        }
        let found = self.verdict.findings.len() as u64 + self.verdict.more;
        let definition = Arc::clone(&self.definition);
        for (place, rule) in definition.rules.iter().enumerate() {
            if rule.only.as_ref().is_none_or(|only| only.condition.holds(document, &self.host)) {
                self.judge(place, rule, document);
            }
        }
        self.verdict.fine += u64::from(found == self.verdict.findings.len() as u64 + self.verdict.more);
    }

    /// Notes an error record that did not end the script.
    pub fn error(&mut self, message: &str) {
        self.errors += 1;
        if self.first_error.is_empty() {
            self.first_error = quoted(message);
        }
    }

    /// The verdict, once nothing more comes. `failure` says why the script did not come to its end.
    pub fn finish(mut self, failure: Option<&str>) -> Verdict {
        match failure {
            Some(why) => self.find(State::Unknown, String::new(), quoted(why)),
            None if self.objects == 0 && self.errors > 0 => {
                let text = format!("the script returned nothing, and wrote an error: {}", self.first_error);
                self.find(State::Unknown, String::new(), text);
            }
            None => self.judge_all(),
        }
        let mut verdict = self.verdict;
        verdict.findings.sort_by_key(|finding| std::cmp::Reverse(finding.state));
        verdict
    }

    /// The rules over all objects.
    fn judge_all(&mut self) {
        let judges_none = |rule: &Rule| matches!(rule.judge, Judge::Count(..) | Judge::Misses(..));
        if self.objects == 0 && !self.definition.rules.iter().any(judges_none) {
            let state = self.definition.empty;
            if state != State::Ok {
                self.find(state, String::new(), "the script returned nothing".to_owned());
            }
            return;
        }
        let definition = Arc::clone(&self.definition);
        for (place, rule) in definition.rules.iter().enumerate() {
            let count = self.counted.get(place).copied().unwrap_or_default();
            match &rule.judge {
                Judge::Count(of, alarms) => {
                    let number = count as f64;
                    let what = of.as_ref().map_or(String::new(), |of| format!(" with {}", of.text));
                    let objects = if count == 1 { "object" } else { "objects" };
                    self.number(rule, "count", String::new(), number, alarms);
                    if let Some((state, range)) = alarms::of_range(alarms, number) {
                        let usual = format!("{count} {objects}{what} (alarm {})", range.alarm_text());
                        let text =
                            filled(rule, usual, |name| if name == "Count" { count.to_string() } else { String::new() });
                        self.find(state, String::new(), text);
                    }
                }
                Judge::Misses(property, alarms) if count == 0 => {
                    let Some((state, pattern)) = alarms::worst(alarms) else { continue };
                    let of = property.as_ref().map_or("object".to_owned(), ToString::to_string);
                    let text = filled(rule, format!("no {of} matches {}", pattern.text), |_| String::new());
                    self.find(state, String::new(), text);
                }
                _ => {}
            }
        }
    }

    fn judge(&mut self, place: usize, rule: &Rule, document: &Document) {
        let host = Arc::clone(&self.host);
        let host = &*host;
        let instance = || {
            let text = rule.instance.as_ref().and_then(|property| property.text(document, host));
            quoted(&text.unwrap_or_default())
        };
        let alarm = match &rule.judge {
            Judge::Number(property, alarms) => {
                return self.judge_number(rule, (property, alarms), instance(), document);
            }
            Judge::Holds(alarms) => {
                alarms::of(alarms, |held| held.condition.holds(document, host)).map(|(state, held)| {
                    let parts: Vec<String> = named(&held.condition.properties(), document, host);
                    (state, format!("{} (alarm when {})", parts.join(", "), held.text))
                })
            }
            Judge::Matches(property, alarms) => {
                let text = text_of(property.as_ref(), document, host);
                alarms::of(alarms, |pattern| pattern.is_in(&text)).map(|(state, pattern)| {
                    (state, format!("{} (alarm when it matches {})", quoted(&text), pattern.text))
                })
            }
            Judge::Count(of, _) => {
                let counts = of.as_ref().is_none_or(|of| of.condition.holds(document, host));
                return self.count(place, counts);
            }
            Judge::Misses(property, alarms) => {
                let text = text_of(property.as_ref(), document, host);
                return self.count(place, alarms::of(alarms, |pattern| pattern.is_in(&text)).is_some());
            }
        };
        let Some((state, usual)) = alarm else { return };
        let instance = instance();
        let text = message(rule, &instance, usual, document, host);
        self.find(state, instance, text);
    }

    fn judge_number(
        &mut self,
        rule: &Rule,
        (property, alarms): (&Property, &Alarms<super::Range>),
        instance: String,
        document: &Document,
    ) {
        let host = Arc::clone(&self.host);
        let host = &*host;
        let Some(number) = property.number(document, host).filter(|number| number.is_finite()) else {
            let found = property.text(document, host);
            let found = found.map_or("is missing".to_owned(), |text| format!("is no number: {}", quoted(&text)));
            let text = with_instance(&instance, format!("{property} {found}"));
            return self.find(State::Unknown, instance, text);
        };
        let name = rule.name.clone().unwrap_or_else(|| property.to_string());
        self.number(rule, &name, instance.clone(), number, alarms);
        if let Some((state, range)) = alarms::of_range(alarms, number) {
            let space = if rule.perf.unit.is_empty() { "" } else { " " };
            let usual = format!("{property} is {number}{space}{} (alarm {})", rule.perf.unit, range.alarm_text());
            let text = message(rule, &instance, usual, document, host);
            self.find(state, instance, text);
        }
    }

    fn count(&mut self, place: usize, counts: bool) {
        if let Some(count) = self.counted.get_mut(place) {
            *count += u64::from(counts);
        }
    }

    /// Keeps a number under a label that no other has.
    fn number(&mut self, rule: &Rule, name: &str, instance: String, value: f64, alarms: &Alarms<super::Range>) {
        if self.verdict.numbers.len() >= MOST {
            return;
        }
        let alone = self.definition.rules.iter().filter(|rule| matches!(rule.judge, Judge::Number(..))).count() == 1;
        let usual = match (instance.is_empty(), alone) {
            (true, _) => rule.name.clone().unwrap_or_else(|| name.to_owned()),
            (false, true) => instance,
            (false, false) => format!("{instance} {name}"),
        };
        let label = (1..).map(|place| if place == 1 { usual.clone() } else { format!("{usual} {place}") });
        let label = label.take(MOST + 1).find(|label| !self.labels.contains(label)).unwrap_or(usual);
        self.labels.insert(label.clone());
        let [warn, crit] = [&alarms.warn, &alarms.crit].map(|given| given.as_ref().map(|given| given.value));
        self.verdict.numbers.push(Number { label, value, warn, crit, perf: rule.perf.clone() });
    }

    fn find(&mut self, state: State, instance: String, text: String) {
        self.verdict.state = self.verdict.state.max(state);
        match self.verdict.findings.len() < MOST {
            true => self.verdict.findings.push(Finding { state, instance, text }),
            false => self.verdict.more += 1,
        }
    }
}

/// The message of a rule for an object, or the usual one.
fn message(rule: &Rule, instance: &str, usual: String, document: &Document, host: &str) -> String {
    if rule.message.is_none() {
        return with_instance(instance, usual);
    }
    filled(rule, usual, |name| {
        name.parse::<Property>().ok().and_then(|property| property.text(document, host)).unwrap_or_default()
    })
}

/// The message of a rule with these values, or the usual one. One line that is safe to print.
fn filled(rule: &Rule, usual: String, mut value: impl FnMut(&str) -> String) -> String {
    rule.message.as_ref().map_or(usual, |message| message.filled(|name| quoted(&value(name))))
}

fn with_instance(instance: &str, text: String) -> String {
    match instance {
        "" => text,
        // A drive brings its own.
        _ if instance.ends_with(':') => format!("{instance} {text}"),
        _ => format!("{instance}: {text}"),
    }
}

/// The properties with what an object has there.
fn named(names: &[&str], document: &Document, host: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let part = |name: &&str| {
        let value = name.parse::<Property>().ok().and_then(|property| property.text(document, host));
        format!("{name} is {}", value.map_or("nothing".to_owned(), |text| quoted(&text)))
    };
    names.iter().filter(|name| seen.insert(name.to_lowercase())).map(part).collect()
}

fn text_of(property: Option<&Property>, document: &Document, host: &str) -> String {
    match property {
        Some(property) => property.text(document, host).unwrap_or_default(),
        None => Property::whole(document),
    }
}

/// A host's text as it may stand in a message: one line, safe to print, and not too long.
fn quoted(text: &str) -> String {
    let safe = sanitize_line(text.trim());
    match safe.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}...", safe.get(..end).unwrap_or_default()),
        None => safe.into_owned(),
    }
}

#[cfg(test)]
mod tests;
