//! The first page: how many are in which state, what is wrong, where, and what runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};

use super::page::{
    Place, ago, badge, breakable, cell_path, check_path, count, frame, group_path, host_path, run_path, since,
};
use super::view::{Run, Snapshot, State};
use crate::hostlist::fold;

/// Problems that are alike, on all hosts that have them.
struct Problem<'s> {
    check: &'s str,
    state: State,
    silenced: bool,
    hosts: Vec<&'s str>,
    /// What the first of them says.
    text: &'s str,
    /// Whether all say the same.
    alike: bool,
    /// When it began on the first of them.
    since: Timestamp,
}

/// How many rows of problems the first page has; the matrix has all.
const MOST: usize = 50;

/// The page.
pub(super) fn page(snapshot: &Snapshot) -> Markup {
    let problems = problems(snapshot);
    let content = html! {
        h1.sr { "Overview" }
        (totals(snapshot))
        @if !snapshot.fleet.is_empty() { (fleet(snapshot)) }
        section aria-labelledby="problems" {
            h2 #problems { "Problems" }
            @if problems.is_empty() { p.quiet { "Nothing is wrong that is known." } } @else { (table(&problems, snapshot)) }
        }
        (running(snapshot))
        (groups(snapshot))
    };
    frame(Place::Overview, "Overview", snapshot, content)
}

/// How many checks on hosts are in each state.
fn totals(snapshot: &Snapshot) -> Markup {
    let mut counts: BTreeMap<State, usize> = BTreeMap::new();
    let mut silenced = 0;
    for cell in snapshot.cells.iter().flatten().flatten() {
        *counts.entry(cell.state).or_default() += 1;
        silenced += usize::from(cell.silenced && cell.state.is_problem());
    }
    html! {
        section.totals aria-label="Checks by state" {
            @for state in State::WORST_FIRST {
                @let number = counts.get(&state).copied().unwrap_or(0);
                @if number > 0 || state != State::Pending {
                    a class={ "total " (state.word()) @if number == 0 { " none" } } href={ "/matrix?state=" (state.word()) } {
                        strong { (number) } " " (state.word())
                    }
                }
            }
            p.about {
                (count(snapshot.hosts.len(), "host")) ", " (count(snapshot.checks.len(), "check"))
                @if silenced > 0 { ", " (count(silenced, "problem")) " silenced" }
            }
        }
    }
}

/// What the checks say of the fleet as a whole.
fn fleet(snapshot: &Snapshot) -> Markup {
    html! {
        section aria-labelledby="fleet" {
            h2 #fleet { "The fleet as a whole" }
            ul.verdicts {
                @for verdict in &snapshot.fleet {
                    li { (badge(verdict.state)) " " a href=(check_path(&verdict.check)) { (verdict.check) } ": " (verdict.text) }
                }
            }
        }
    }
}

/// Problems by check and state, the worst first, then those of the most hosts.
fn problems(snapshot: &Snapshot) -> Vec<Problem<'_>> {
    let mut found: BTreeMap<(usize, State, bool), Problem<'_>> = BTreeMap::new();
    for (host, row) in snapshot.hosts.iter().zip(&snapshot.cells) {
        for (index, (check, cell)) in snapshot.checks.iter().zip(row).enumerate() {
            let Some(cell) = cell.as_ref().filter(|cell| cell.state.is_problem()) else { continue };
            let problem = found.entry((index, cell.state, cell.silenced)).or_insert_with(|| Problem {
                check: &check.name,
                state: cell.state,
                silenced: cell.silenced,
                hosts: Vec::new(),
                text: &cell.text,
                alike: true,
                since: cell.since,
            });
            problem.hosts.push(&host.name);
            problem.alike &= problem.text == cell.text;
            problem.since = problem.since.min(cell.since);
        }
    }
    let mut problems: Vec<_> = found.into_values().collect();
    problems.sort_by(|one, two| {
        let rank = |problem: &Problem<'_>| (problem.silenced, std::cmp::Reverse((problem.state, problem.hosts.len())));
        rank(one).cmp(&rank(two)).then_with(|| one.check.cmp(two.check))
    });
    problems
}

fn table(problems: &[Problem<'_>], snapshot: &Snapshot) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of problems" {
            table.problems {
                thead { tr { th scope="col" { "State" } th scope="col" { "Check" } th scope="col" { "Hosts" } th scope="col" { "Says" } th scope="col" { "For" } } }
                tbody {
                    @for problem in problems.iter().take(MOST) {
                        tr class=[problem.silenced.then_some("silenced")] {
                            td { (badge(problem.state)) @if problem.silenced { span.note { "silenced" } } }
                            th scope="row" { a href=(check_path(problem.check)) { (problem.check) } }
                            td.hosts {
                                @match problem.hosts.as_slice() {
                                    [host] => a href=(cell_path(host, problem.check)) { (host) },
                                    hosts => {
                                        span.number { (hosts.len()) } " "
                                        a href={ (check_path(problem.check)) "#" (problem.state.word()) } { (breakable(&short(&fold(hosts.iter().copied())))) }
                                    },
                                }
                            }
                            td.says {
                                @if let (false, [host, ..]) = (problem.alike, problem.hosts.as_slice()) { a href=(cell_path(host, problem.check)) { (host) } ": " }
                                (problem.text)
                            }
                            td.when { (since(problem.since, snapshot.taken)) }
                        }
                    }
                }
            }
        }
        @if problems.len() > MOST {
            p { a href="/matrix?state=problem" { "All " (problems.len()) " kinds of problems are in the matrix" } }
        }
    }
}

/// A list of hosts as long as a cell of a table bears it.
fn short(hosts: &str) -> String {
    const LONG: usize = 60;
    match hosts.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &hosts[..end]),
        None => hosts.to_owned(),
    }
}

/// A tile for each host, by group.
fn groups(snapshot: &Snapshot) -> Markup {
    html! {
        section aria-labelledby="hosts" {
            h2 #hosts { "Hosts" }
            @for (group, hosts) in snapshot.groups() {
                @let wrong = hosts.iter().filter(|host| snapshot.worst(**host).is_problem()).count();
                div.group {
                    h3 {
                        a href=(group_path(group)) { @if group.is_empty() { "without a group" } @else { (group) } }
                        span.note { (count(hosts.len(), "host")) @if wrong > 0 { ", " (wrong) " with problems" } }
                    }
                    ul.tiles {
                        @for host in hosts {
                            @let (name, worst) = (&snapshot.hosts[host].name, snapshot.worst(host));
                            li { a class={ "tile " (worst.word()) } href=(host_path(name)) title={ (name) ": " (worst.word()) } {
                                span.sr { (name) ": " (worst.word()) }
                            } }
                        }
                    }
                }
            }
            p.legend { @for state in State::WORST_FIRST { span { span class={ "tile " (state.word()) } aria-hidden="true" {} (state.word()) } } }
        }
    }
}

/// What runs, and what ran last.
fn running(snapshot: &Snapshot) -> Markup {
    html! {
        section aria-labelledby="runs" {
            h2 #runs { "Runs" }
            @if snapshot.runs.is_empty() { p.quiet { "None yet." } }
            ul.runs { @for run in &snapshot.runs { li { (line(run, snapshot.taken)) } } }
        }
    }
}

/// A run in a line.
pub(super) fn line(run: &Run, now: Timestamp) -> Markup {
    html! {
        a href=(run_path(&run.id)) { (run.checks.join(", ")) }
        @match run.ended {
            None => {
                " " progress max=(run.targets.max(1)) value=(run.done) aria-label="hosts done" {}
                span.number { " " (run.done) " of " (run.targets) " hosts" }
            },
            Some(ended) => span.note { (count(run.targets as usize, "host")) ", ended " (ago(ended, now)) },
        }
        @if run.failed > 0 { span.note { (run.failed) " did not answer" } }
    }
}
