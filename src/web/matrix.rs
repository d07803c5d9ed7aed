//! The matrix: a row a host, a column a check, as many hosts a page as a browser shows at ease.

use maud::{Markup, html};

use super::page::{Place, cell_path, check_path, count, frame, host_path, part};
use super::view::{Cell, Snapshot, State};

/// Hosts on a page.
const ROWS: usize = 100;

/// Which hosts are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Those of a group.
    pub group: Option<String>,
    /// Those with a check in this state.
    pub state: Option<Shown>,
    /// From this page on, the first being 1.
    pub page: usize,
}

/// A state that hosts are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Any problem.
    Problem,
    /// This one.
    Only(State),
}

impl Shown {
    /// The choice of this word.
    pub(super) fn named(word: &str) -> Option<Self> {
        if word == "problem" { Some(Self::Problem) } else { State::named(word).map(Self::Only) }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Only(state) => state.word(),
        }
    }

    fn takes(self, cell: &Cell) -> bool {
        match self {
            Self::Problem => cell.state.is_problem(),
            Self::Only(state) => cell.state == state,
        }
    }
}

/// The page.
pub(super) fn page(snapshot: &Snapshot, choice: &Choice) -> Markup {
    let hosts = chosen(snapshot, choice);
    let pages = hosts.len().div_ceil(ROWS).max(1);
    let page = choice.page.clamp(1, pages);
    let shown = &hosts[(page - 1) * ROWS..(page * ROWS).min(hosts.len())];
    let content = html! {
        h1 { "Matrix" }
        (filters(snapshot, choice))
        p.about { (count(hosts.len(), "host")) @if pages > 1 { ", page " (page) " of " (pages) } }
        @if hosts.is_empty() { p.quiet { "No host is like that." } } @else { (table(snapshot, shown)) }
        @if pages > 1 {
            nav.pages aria-label="Pages of hosts" {
                @if page > 1 { a rel="prev" href=(link(choice, page - 1)) { "Previous " (ROWS) } }
                @if page < pages { a rel="next" href=(link(choice, page + 1)) { "Next " (ROWS.min(hosts.len() - page * ROWS)) } }
            }
        }
    };
    frame(Place::Matrix, "Matrix", snapshot, content)
}

fn chosen(snapshot: &Snapshot, choice: &Choice) -> Vec<usize> {
    let in_group = |host: &usize| match &choice.group {
        Some(group) if group.is_empty() => snapshot.hosts[*host].groups.is_empty(),
        Some(group) => snapshot.hosts[*host].groups.contains(group),
        None => true,
    };
    let in_state = |host: &usize| {
        let mut row = snapshot.cells.get(*host).into_iter().flatten().flatten();
        choice.state.is_none_or(|shown| row.any(|cell| shown.takes(cell)))
    };
    (0..snapshot.hosts.len()).filter(in_group).filter(in_state).collect()
}

/// A form that works without a script.
fn filters(snapshot: &Snapshot, choice: &Choice) -> Markup {
    let mut groups: Vec<&str> = snapshot.hosts.iter().flat_map(|host| &host.groups).map(String::as_str).collect();
    groups.sort_unstable();
    groups.dedup();
    let shown = choice.state.map(Shown::word);
    html! {
        form.filters method="get" action="/matrix" {
            label { "Group " select name="group" {
                option value="*" { "all" }
                @for group in groups { option value=(group) selected[choice.group.as_deref() == Some(group)] { (group) } }
            } }
            label { "With a check that is " select name="state" {
                option value="any" { "in any state" }
                option value="problem" selected[shown == Some("problem")] { "a problem" }
                @for state in State::WORST_FIRST {
                    option value=(state.word()) selected[shown == Some(state.word())] { (state.word()) }
                }
            } }
            button { "Show" }
        }
    }
}

fn link(choice: &Choice, page: usize) -> String {
    let group = choice.group.as_deref().map(|group| format!("group={}&", part(group))).unwrap_or_default();
    let state = choice.state.map(|shown| format!("state={}&", shown.word())).unwrap_or_default();
    format!("/matrix?{group}{state}page={page}")
}

fn table(snapshot: &Snapshot, hosts: &[usize]) -> Markup {
    html! {
        div.scroll.tall tabindex="0" role="region" aria-label="Hosts and checks" {
            table.matrix {
                thead { tr {
                    th scope="col" { "Host" }
                    @for check in &snapshot.checks { th scope="col" { a href=(check_path(&check.name)) title=(check.title) { (check.name) } } }
                } }
                tbody { @for host in hosts {
                    @let name = &snapshot.hosts[*host].name;
                    tr {
                        th scope="row" { a href=(host_path(name)) { (name) } }
                        @for (index, check) in snapshot.checks.iter().enumerate() {
                            td { @match snapshot.cell(*host, index) {
                                Some(cell) => (tile(name, &check.name, cell)),
                                None => span.sr { "not asked" },
                            } }
                        }
                    }
                } }
            }
        }
    }
}

fn tile(host: &str, check: &str, cell: &Cell) -> Markup {
    let word = cell.state.word();
    let silenced = cell.silenced && cell.state.is_problem();
    html! {
        a class={ "tile " (word) @if silenced { " silenced" } } href=(cell_path(host, check)) title={ (word) ": " (cell.text) } {
            span.sr { (word) @if silenced { ", silenced" } }
        }
    }
}
