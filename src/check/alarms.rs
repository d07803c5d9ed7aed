//! Which alarm something raises: CRITICAL before WARNING.

use super::range::Range;
use super::rule::Alarms;
use super::state::State;

/// The worst alarm whose condition is met.
pub(super) fn of<T>(alarms: &Alarms<T>, mut met: impl FnMut(&T) -> bool) -> Option<(State, &T)> {
    let both = [(State::Critical, &alarms.crit), (State::Warning, &alarms.warn)];
    both.into_iter().filter_map(|(state, given)| Some((state, &given.as_ref()?.value))).find(|(_, value)| met(value))
}

/// The worst alarm there is.
pub(super) fn worst<T>(alarms: &Alarms<T>) -> Option<(State, &T)> {
    of(alarms, |_| true)
}

/// The worst alarm that a number raises.
pub(super) fn of_range(alarms: &Alarms<Range>, number: f64) -> Option<(State, &Range)> {
    of(alarms, |range| range.alarms(number))
}
