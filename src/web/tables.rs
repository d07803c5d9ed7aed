//! The pages of hosts, checks, alerts and the schedule: tables of what is known.

use maud::{Markup, html};

use super::overview::line;
use super::page::{
    Place, ago, badge, breakable, cell_path, check_path, count, exact, frame, group_path, runbook, since,
};
use super::view::{Alert, Cell, Check, Run, Snapshot, State};
use crate::hostlist::fold;

/// A host with all its checks, the worst first.
pub(super) fn host(snapshot: &Snapshot, index: usize) -> Markup {
    let host = &snapshot.hosts[index];
    let mut rows: Vec<(&Check, &Cell)> = snapshot
        .checks
        .iter()
        .enumerate()
        .filter_map(|(check, known)| Some((known, snapshot.cell(index, check)?)))
        .collect();
    rows.sort_by_key(|(_, cell)| (cell.silenced, std::cmp::Reverse(cell.state)));
    let content = html! {
        h1 { (host.name) " " (badge(snapshot.worst(index))) }
        @if !host.groups.is_empty() {
            p.about { "In " @for (place, group) in host.groups.iter().enumerate() {
                @if place > 0 { ", " } a href=(group_path(group)) { (group) }
            } }
        }
        div.scroll tabindex="0" role="region" aria-label="Checks" {
            table {
                thead { tr { th scope="col" { "State" } th scope="col" { "Check" } th scope="col" { "Says" } th scope="col" { "For" } th scope="col" { "Asked" } } }
                tbody { @for (check, cell) in rows {
                    tr class=[cell.silenced.then_some("silenced")] {
                        td { (badge(cell.state)) @if cell.silenced { span.note { "silenced" } } }
                        th scope="row" { a href=(cell_path(&host.name, &check.name)) { (check.title) } }
                        td.says { (cell.text) }
                        td.when { (since(cell.since, snapshot.taken)) }
                        td.when { (ago(cell.seen, snapshot.taken)) }
                    }
                } }
            }
        }
    };
    frame(Place::Elsewhere, &host.name, snapshot, content)
}

/// All checks.
pub(super) fn checks(snapshot: &Snapshot) -> Markup {
    let content = html! {
        h1 { "Checks" }
        div.scroll tabindex="0" role="region" aria-label="Checks" {
            table {
                thead { tr { th scope="col" { "Check" } th scope="col" { "Hosts by state" } th scope="col" { "Runs" } th scope="col" { "Next" } th scope="col" { "Owner" } } }
                tbody { @for (index, check) in snapshot.checks.iter().enumerate() {
                    tr {
                        th scope="row" { a href=(check_path(&check.name)) { (check.title) } }
                        td { (share(snapshot, index)) }
                        td { (check.schedule) }
                        td.when { @if let Some(next) = check.next { (ago(next, snapshot.taken)) } }
                        td { @if let Some(owner) = &check.owner { (owner) } }
                    }
                } }
            }
        }
    };
    frame(Place::Checks, "Checks", snapshot, content)
}

/// How many hosts are in which state, as words.
fn share(snapshot: &Snapshot, check: usize) -> Markup {
    html! { span.share { @for state in State::WORST_FIRST {
        @let number = in_state(snapshot, check, state).len();
        @if number > 0 { span class={ "badge " (state.word()) } { (super::page::shape(state)) (number) span.sr { " " (state.word()) } } }
    } } }
}

fn in_state(snapshot: &Snapshot, check: usize, state: State) -> Vec<usize> {
    let is = |host: &usize| snapshot.cell(*host, check).is_some_and(|cell| cell.state == state);
    (0..snapshot.hosts.len()).filter(is).collect()
}

/// A check with all its hosts, the worst first.
pub(super) fn check(snapshot: &Snapshot, index: usize) -> Markup {
    let check = &snapshot.checks[index];
    let content = html! {
        h1 { (check.title) " " (share(snapshot, index)) }
        @if !check.description.is_empty() { p { (check.description) } }
        dl.facts {
            dt { "Runs" } dd { (check.schedule) @if let Some(next) = check.next { ", next " (ago(next, snapshot.taken)) } }
            @if let Some(owner) = &check.owner { dt { "Owner" } dd { (owner) } }
            @if let Some(target) = &check.runbook { dt { "What to do" } dd { (runbook(target)) } }
            @if !check.labels.is_empty() { dt { "Labels" } dd { @for (key, value) in &check.labels { code { (key) "=" (value) } " " } } }
            @if !check.rules.is_empty() { dt { "Rules" } dd { @for rule in &check.rules { code { (rule) } br; } } }
        }
        @for verdict in snapshot.fleet.iter().filter(|verdict| verdict.check == check.name) {
            p { "Fleet: " (badge(verdict.state)) " " (verdict.text) }
        }
        @for state in State::WORST_FIRST {
            @let hosts = in_state(snapshot, index, state);
            @if !hosts.is_empty() { (hosts_in(snapshot, index, state, &hosts)) }
        }
    };
    frame(Place::Checks, &check.title, snapshot, content)
}

/// The hosts of a check that are in a state: those that are well by name, the others with what they say.
fn hosts_in(snapshot: &Snapshot, check: usize, state: State, hosts: &[usize]) -> Markup {
    let name = &snapshot.checks[check].name;
    html! {
        section aria-labelledby=(state.word()) {
            h2 id=(state.word()) { (badge(state)) " " (count(hosts.len(), "host")) }
            @if !state.is_problem() {
                p.folded { (breakable(&fold(hosts.iter().map(|host| &*snapshot.hosts[*host].name)))) }
            }
            @let open = state.is_problem();
            details open[open] {
                summary { @if open { "Each of them" } @else { "Each of them, with what it says" } }
                div.scroll tabindex="0" role="region" aria-label={ "Hosts that are " (state.word()) } {
                    table {
                        thead { tr { th scope="col" { "Host" } th scope="col" { "Says" } th scope="col" { "For" } th scope="col" { "Asked" } } }
                        tbody { @for host in hosts { @if let Some(cell) = snapshot.cell(*host, check) {
                            @let host = &snapshot.hosts[*host].name;
                            tr class=[cell.silenced.then_some("silenced")] {
                                th scope="row" { a href=(cell_path(host, name)) { (host) } @if cell.silenced { span.note { "silenced" } } }
                                td.says { (cell.text) }
                                td.when { (since(cell.since, snapshot.taken)) }
                                td.when { (ago(cell.seen, snapshot.taken)) }
                            }
                        } } }
                    }
                }
            }
        }
    }
}

/// What people were told of, and what is silenced.
pub(super) fn alerts(snapshot: &Snapshot) -> Markup {
    let content = html! {
        h1 { "Alerts" }
        section aria-labelledby="open" {
            h2 #open { "Open" }
            @if snapshot.alerts.is_empty() { p.quiet { "None." } } @else { (open_alerts(&snapshot.alerts, snapshot)) }
        }
        section aria-labelledby="silences" {
            h2 #silences { "Silences" }
            @if snapshot.silences.is_empty() { p.quiet { "None." } } @else {
                div.scroll tabindex="0" role="region" aria-label="Table of silences" {
                    table {
                        thead { tr { th scope="col" { "What" } th scope="col" { "Ends" } th scope="col" { "By" } th scope="col" { "Why" } th scope="col" { "Name" } } }
                        tbody { @for silence in &snapshot.silences { tr {
                            th scope="row" { (silence.what) } td.when { (ago(silence.until, snapshot.taken)) }
                            td { (silence.author) } td.says { (silence.reason) } td { code { (silence.id) } }
                        } } }
                    }
                }
            }
        }
    };
    frame(Place::Alerts, "Alerts", snapshot, content)
}

fn open_alerts(alerts: &[Alert], snapshot: &Snapshot) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of alerts" {
            table {
                thead { tr { th scope="col" { "State" } th scope="col" { "Check" } th scope="col" { "Hosts" } th scope="col" { "Says" } th scope="col" { "For" } th scope="col" { "Told" } } }
                tbody { @for alert in alerts { tr {
                    td { (badge(alert.state)) }
                    th scope="row" { a href=(check_path(&alert.check)) { (alert.check) } }
                    td.hosts { span.number { (alert.hosts.len()) } " " (breakable(&fold(alert.hosts.iter().map(String::as_str)))) }
                    td.says { (alert.text) }
                    td.when { (since(alert.since, snapshot.taken)) }
                    td { (alert.told.join(", ")) }
                } } }
            }
        }
    }
}

/// When what runs next.
pub(super) fn schedule(snapshot: &Snapshot) -> Markup {
    let mut due: Vec<&Check> = snapshot.checks.iter().collect();
    due.sort_by_key(|check| (check.next.is_none(), check.next));
    let content = html! {
        h1 { "Schedule" }
        div.scroll tabindex="0" role="region" aria-label="Schedule" {
            table {
                thead { tr { th scope="col" { "Next" } th scope="col" { "Check" } th scope="col" { "Runs" } th scope="col" { "At" } } }
                tbody { @for check in due { tr {
                    td.when { @if let Some(next) = check.next { (ago(next, snapshot.taken)) } @else { "not planned" } }
                    th scope="row" { a href=(check_path(&check.name)) { (check.title) } }
                    td { (check.schedule) }
                    td.when { @if let Some(next) = check.next { (exact(next)) } }
                } } }
            }
        }
    };
    frame(Place::Schedule, "Schedule", snapshot, content)
}

/// A run.
pub(super) fn run(snapshot: &Snapshot, run: &Run) -> Markup {
    let content = html! {
        h1 { "Run " code { (run.id) } }
        p { (line(run, snapshot.taken)) }
        dl.facts {
            dt { "Begun" } dd { (exact(run.begun)) }
            dt { "Ended" } dd { @match run.ended { Some(ended) => (exact(ended)), None => "under way" } }
            dt { "Hosts" } dd { (run.done) " of " (run.targets) @if run.failed > 0 { ", " (run.failed) " did not answer" } }
            dt { "Checks" } dd { @for check in &run.checks { a href=(check_path(check)) { (check) } " " } }
        }
        p { "More of it: " code { "psfleet runs show " (run.id) } }
    };
    frame(Place::Elsewhere, "Run", snapshot, content)
}
