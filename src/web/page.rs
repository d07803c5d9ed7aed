//! What all pages have in common: their frame, and how states, times and names look.

use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::view::{Snapshot, State};

/// What stays as it is in a part of a path.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The places that every page leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Matrix,
    Checks,
    Alerts,
    Schedule,
    Elsewhere,
}

impl Place {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Overview, "/", "Overview"),
        (Self::Matrix, "/matrix", "Matrix"),
        (Self::Checks, "/checks", "Checks"),
        (Self::Alerts, "/alerts", "Alerts"),
        (Self::Schedule, "/schedule", "Schedule"),
    ];
}

/// What every page says of how it looks.
pub(super) fn looks() -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
        link rel="stylesheet" href="/assets/style.css";
    }
}

/// A page around its content.
pub(super) fn frame(place: Place, title: &str, snapshot: &Snapshot, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (looks())
                title { (title) " · " (snapshot.title) }
                script src="/assets/live.js" defer {}
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header {
                    a.brand href="/" { (snapshot.title) }
                    nav aria-label="Pages" {
                        @for (own, path, name) in Place::ALL {
                            a href=(path) aria-current=[(own == place).then_some("page")] { (name) }
                        }
                    }
                    p #live role="status" { "as of " (clock(snapshot.taken)) }
                }
                main #content tabindex="-1" {
                    @if !snapshot.troubles.is_empty() {
                        section.troubles aria-label="Troubles of this program" {
                            @for trouble in &snapshot.troubles { p { (trouble) } }
                        }
                    }
                    (content)
                }
            }
        }
    }
}

/// A state as people read it: by its word and its shape, not by its colour alone.
pub(super) fn badge(state: State) -> Markup {
    html! { span class={ "badge " (state.word()) } { (shape(state)) (state.word()) } }
}

/// The shape of a state.
pub(super) fn shape(state: State) -> Markup {
    let path = match state {
        State::Ok => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z",
        State::Warning => "M8 1 15.5 14.5H.5Z",
        State::Critical => "M3.5 1 8 5.5 12.5 1 15 3.5 10.5 8 15 12.5 12.5 15 8 10.5 3.5 15 1 12.5 5.5 8 1 3.5Z",
        State::Unknown => "M8 .5 15.5 8 8 15.5.5 8Z",
        State::Pending => "M3 7h10v2H3Z",
    };
    html! { svg.shape viewBox="0 0 16 16" width="10" height="10" aria-hidden="true" { path d=(path) {} } }
}

/// A moment, as long ago as it is.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    let passed = now.duration_since(at);
    let text =
        if passed.is_negative() { format!("in {}", span(passed.abs())) } else { format!("{} ago", span(passed)) };
    html! { time datetime=(exact(at)) title=(exact(at)) { (text) } }
}

/// For how long something has been so.
pub(super) fn since(at: Timestamp, now: Timestamp) -> Markup {
    let passed = now.duration_since(at).max(SignedDuration::ZERO);
    html! { time datetime=(exact(at)) title={ "since " (exact(at)) } { (span(passed)) } }
}

/// A time of day in UTC, for what is about now.
pub(super) fn clock(at: Timestamp) -> Markup {
    html! { time datetime=(exact(at)) { (at.strftime("%H:%M:%S UTC")) } }
}

/// A moment to the second.
pub(super) fn exact(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A duration as people say it, in its largest unit or two.
fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// The page of a host.
pub(super) fn host_path(host: &str) -> String {
    format!("/hosts/{}", part(host))
}

/// The page of a check.
pub(super) fn check_path(check: &str) -> String {
    format!("/checks/{}", part(check))
}

/// The page of a check on a host.
pub(super) fn cell_path(host: &str, check: &str) -> String {
    format!("/hosts/{}/{}", part(host), part(check))
}

/// The page of a run.
pub(super) fn run_path(run: &str) -> String {
    format!("/runs/{}", part(run))
}

/// The matrix of a group.
pub(super) fn group_path(group: &str) -> String {
    format!("/matrix?group={}", part(group))
}

/// A text as a part of a path, or as the value of a query.
pub(super) fn part(text: &str) -> String {
    utf8_percent_encode(text, PART).to_string()
}

/// A link to where a person put one, if it is a page.
pub(super) fn runbook(target: &str) -> Markup {
    let is_page = target.starts_with("https://") || target.starts_with("http://");
    html! {
        @if is_page { a href=(target) rel="noreferrer noopener" { "runbook" } } @else { "runbook: " (target) }
    }
}

/// A list with commas that a line may break behind.
pub(super) fn breakable(list: &str) -> Markup {
    html! { @for (place, part) in list.split(',').enumerate() { @if place > 0 { "," wbr; } (part) } }
}

/// How many there are of a thing, with the thing in the right number.
pub(super) fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// A number as people read it, without more digits than tell something.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_their_largest_units() {
        let said = |seconds| span(SignedDuration::from_secs(seconds));
        assert_eq!(
            [0, 59, 60, 3599, 3600, 86_399, 86_400].map(said),
            ["0 s", "59 s", "1 min", "59 min", "1 h 0 min", "23 h 59 min", "1 d 0 h"]
        );
    }

    #[test]
    fn numbers_have_no_digits_that_tell_nothing() {
        assert_eq!([12.0, 0.5, 1.23456, -0.0001, 1e9].map(number), ["12", "0.5", "1.235", "0", "1000000000"]);
    }

    #[test]
    fn names_stay_one_part_of_a_path() {
        assert_eq!(cell_path("a/../b?c#d", "é x"), "/hosts/a%2F..%2Fb%3Fc%23d/%C3%A9%20x");
    }

    #[test]
    fn only_pages_become_links() {
        assert!(runbook("https://wiki/x").into_string().contains("href"));
        for hostile in ["javascript:alert(1)", "data:text/html,x", " https://x", "//x"] {
            assert!(!runbook(hostile).into_string().contains("href"), "{hostile}");
        }
    }
}
