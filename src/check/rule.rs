//! What is demanded of the objects of one host.

use crate::config::{Given, Place};
use crate::output::Property;

use super::expression::{Expression, Pattern};
use super::range::Range;
use super::template::Template;

/// One rule over the objects that a script returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What overrides and messages call it.
    pub name: Option<String>,
    /// Where it begins in its file.
    pub at: Place,
    /// The property whose value names what an object stands for, such as a drive.
    pub instance: Option<Property>,
    /// Only objects for which this holds are judged.
    pub only: Option<Expression>,
    /// How they are judged.
    pub judge: Judge,
    /// How numbers appear in performance data.
    pub perf: Perf,
    /// What is said of an object that raises the alarm.
    pub message: Option<Template>,
}

/// How objects are judged.
#[derive(Debug, Clone, PartialEq)]
pub enum Judge {
    /// A number of each object is held against ranges.
    Number(Property, Alarms<Range>),
    /// An expression that holds for an object is an alarm.
    Holds(Alarms<Expression>),
    /// The number of objects, or of those for which an expression holds, is held against ranges.
    Count(Option<Expression>, Alarms<Range>),
    /// Text of each object in which a pattern is found is an alarm; an object's own text without a property.
    Matches(Option<Property>, Alarms<Pattern>),
    /// It is an alarm if a pattern is found in no object.
    Misses(Option<Property>, Alarms<Pattern>),
}

/// What raises which alarm, and where that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarms<T> {
    /// WARNING.
    pub warn: Option<Given<T>>,
    /// CRITICAL.
    pub crit: Option<Given<T>>,
}

/// How numbers appear in performance data.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Perf {
    /// The unit, such as `%`, `s` or `MB`; empty for none.
    pub unit: String,
    /// The least number that can be.
    pub min: Option<f64>,
    /// The greatest number that can be.
    pub max: Option<f64>,
}
