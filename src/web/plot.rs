//! Small pictures: the course of a number, and the states of a check over time. They tell what the table beside them
//! tells, so that readers of the screen hear a summary.

use std::fmt::Write;

use maud::{Markup, html};

use super::page::{exact, number};
use super::view::{Entry, Measure};

const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 32.0;
/// Room for the stroke and the last point.
const EDGE: f64 = 3.0;
/// Times in a strip of states.
const STRIP: usize = 96;

/// The course of a number as a line.
pub(super) fn course(values: &[f64], measure: &Measure) -> Markup {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let (Some(first), Some(last)) = (finite.first(), finite.last()) else { return html! {} };
    let (low, high) = finite.iter().fold((*first, *first), |(low, high), value| (low.min(*value), high.max(*value)));
    if finite.len() < 2 {
        return html! {};
    }
    let extent = if high > low { high - low } else { 1.0 };
    let step = (WIDTH - 2.0 * EDGE) / (finite.len() - 1) as f64;
    let place = |index: usize, value: f64| {
        let height = if high > low { (value - low) / extent } else { 0.5 };
        (EDGE + step * index as f64, HEIGHT - EDGE - height * (HEIGHT - 2.0 * EDGE))
    };
    let mut points = String::new();
    for (index, value) in finite.iter().enumerate() {
        let (x, y) = place(index, *value);
        let _ = write!(points, "{x:.1},{y:.1} ");
    }
    let (x, y) = place(finite.len() - 1, *last);
    let about = format!(
        "{} times from {} to {}, lowest {}, highest {} {}",
        finite.len(),
        number(*first),
        number(*last),
        number(low),
        number(high),
        measure.unit
    );
    html! {
        svg.course viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) role="img" aria-label=(about.trim_end()) {
            title { (about.trim_end()) }
            polyline points=(points.trim_end()) {}
            circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="2.5" {}
        }
    }
}

/// The states of a check over time, the latest at the right.
pub(super) fn strip(entries: &[Entry]) -> Markup {
    let shown: Vec<&Entry> = entries.iter().take(STRIP).collect();
    let wrong = shown.iter().filter(|entry| entry.state.is_problem()).count();
    html! {
        div.strip role="img" aria-label={ (wrong) " of the last " (shown.len()) " times were not ok" } {
            @for entry in shown.iter().rev() {
                span class={ "tick " (entry.state.word()) } title={ (exact(entry.at)) " " (entry.state.word()) } {}
            }
        }
    }
}
