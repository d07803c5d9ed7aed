//! A check on a host: what it says now, what it said before, and what it is made of.

use maud::{Markup, html};

use super::page::{Place, ago, badge, check_path, exact, frame, host_path, number, run_path, runbook, since};
use super::plot;
use super::view::{Cell, Entry, History, Measure, Snapshot};

/// The page.
pub(super) fn page(snapshot: &Snapshot, (host, check): (usize, usize), cell: &Cell, history: &History) -> Markup {
    let (host, check) = (&snapshot.hosts[host], &snapshot.checks[check]);
    let content = html! {
        p.path { a href=(host_path(&host.name)) { (host.name) } " / " a href=(check_path(&check.name)) { (check.name) } }
        h1 { (check.title) " on " (host.name) " " (badge(cell.state)) }
        p.says { (cell.text) }
        dl.facts {
            dt { "So for" } dd { (since(cell.since, snapshot.taken)) @if cell.silenced { span.note { "silenced" } } }
            dt { "Asked" } dd { (ago(cell.seen, snapshot.taken)) @if let Some(next) = check.next { ", next " (ago(next, snapshot.taken)) } }
            @if let Some(target) = &check.runbook { dt { "What to do" } dd { (runbook(target)) } }
        }
        @if !cell.measures.is_empty() { (measures(&cell.measures, history)) }
        (entries(&history.entries, snapshot))
        @if let Some(record) = &history.record {
            section aria-labelledby="record" {
                h2 #record { "What the host returned" }
                pre tabindex="0" { code { (record) } }
            }
        }
    };
    frame(Place::Elsewhere, &format!("{} on {}", check.name, host.name), snapshot, content)
}

/// What was measured, with its course.
fn measures(measures: &[Measure], history: &History) -> Markup {
    html! {
        section aria-labelledby="measures" {
            h2 #measures { "Measured" }
            div.scroll tabindex="0" role="region" aria-label="Table of what was measured" {
                table {
                    thead { tr { th scope="col" { "Of" } th scope="col" { "Value" } th scope="col" { "Warning" } th scope="col" { "Critical" } th scope="col" { "Before" } } }
                    tbody { @for measure in measures { tr {
                        th scope="row" { (measure.name) }
                        td.number { (number(measure.value)) @if !measure.unit.is_empty() { " " (measure.unit) } }
                        td.number { @if let Some(range) = &measure.warn { code { (range) } } }
                        td.number { @if let Some(range) = &measure.crit { code { (range) } } }
                        td { (plot::course(&course(&measure.name, history), measure)) }
                    } } }
                }
            }
        }
    }
}

/// The values of a measure, the oldest first.
fn course(name: &str, history: &History) -> Vec<f64> {
    let of = |entry: &Entry| entry.measures.iter().find(|measure| measure.name == name).map(|measure| measure.value);
    history.entries.iter().rev().filter_map(of).collect()
}

/// A run by the end of its name, where it differs from others of the day; a link while there is a page of it.
fn run(id: &str, snapshot: &Snapshot) -> Markup {
    let cut = id.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    html! {
        @if snapshot.runs.iter().any(|run| run.id == id) { a href=(run_path(id)) title=(id) { (id[cut..]) } }
        @else { span title=(id) { (id[cut..]) } }
    }
}

fn entries(entries: &[Entry], snapshot: &Snapshot) -> Markup {
    html! {
        section aria-labelledby="history" {
            h2 #history { "History" }
            @if entries.is_empty() { p.quiet { "Nothing is kept of it." } } @else {
                (plot::strip(entries))
                div.scroll tabindex="0" role="region" aria-label="Table of times" {
                    table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "State" } th scope="col" { "Said" } th scope="col" { "Run" } } }
                        tbody { @for entry in entries { tr {
                            th.when scope="row" { time datetime=(exact(entry.at)) { (exact(entry.at)) } }
                            td { (badge(entry.state)) }
                            td.says { (entry.text) }
                            td.number { (run(&entry.run, snapshot)) }
                        } } }
                    }
                }
            }
        }
    }
}
