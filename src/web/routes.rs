//! Which path shows what.

use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;

use super::matrix::{self, Choice, Shown};
use super::page::{Place, frame};
use super::source::Site;
use super::view::Snapshot;
use super::{cell_page, events, machine, overview, tables};

/// Times that a page of a check on a host shows.
const HISTORY: usize = 200;

/// All pages.
pub(super) fn pages() -> Router<Site> {
    Router::new()
        .route("/", get(|site: Shared<Site>| async move { shown(&overview::page(&site.snapshot())) }))
        .route("/matrix", get(matrix_page))
        .route("/checks", get(|site: Shared<Site>| async move { shown(&tables::checks(&site.snapshot())) }))
        .route("/checks/{check}", get(check_page))
        .route("/hosts/{host}", get(host_page))
        .route("/hosts/{host}/{check}", get(cell_of))
        .route("/alerts", get(|site: Shared<Site>| async move { shown(&tables::alerts(&site.snapshot())) }))
        .route("/schedule", get(|site: Shared<Site>| async move { shown(&tables::schedule(&site.snapshot())) }))
        .route("/runs/{run}", get(run_page))
        .route("/events", get(events::stream))
        .route("/healthz", get(machine::health))
        .route("/metrics", get(machine::metrics))
        .route("/probe", get(machine::probe))
        .route("/api/v1/checks", get(machine::checks))
        .route("/api/v1/hosts", get(machine::hosts))
        .route("/api/v1/hosts/{host}", get(machine::host))
        .route("/api/v1/hosts/{host}/{check}", get(machine::history))
        .route("/api/v1/problems", get(machine::problems))
        .route("/api/v1/alerts", get(machine::alerts))
        .route("/api/v1/runs", get(machine::runs))
        .route("/api/{*rest}", get(machine::unknown))
        .route("/assets/{name}", get(asset))
        .fallback(|site: Shared<Site>| async move { missing(&site.snapshot(), "There is no such page.") })
}

fn shown(page: &Markup) -> Response {
    Html(page.0.clone()).into_response()
}

/// A page that says what there is not.
fn missing(snapshot: &Snapshot, what: &str) -> Response {
    let content = html! { h1 { "Not found" } p { (what) } p { a href="/" { "To the overview" } } };
    let page = frame(Place::Elsewhere, "Not found", snapshot, content);
    (StatusCode::NOT_FOUND, Html(page.0)).into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chosen {
    group: Option<String>,
    state: Option<String>,
    page: Option<String>,
}

async fn matrix_page(Shared(site): Shared<Site>, Query(chosen): Query<Chosen>) -> Response {
    let choice = Choice {
        group: chosen.group.filter(|group| group != "*"),
        state: chosen.state.as_deref().and_then(Shown::named),
        page: chosen.page.and_then(|page| page.parse().ok()).unwrap_or(1),
    };
    shown(&matrix::page(&site.snapshot(), &choice))
}

async fn check_page(Shared(site): Shared<Site>, Path(check): Path<String>) -> Response {
    let snapshot = site.snapshot();
    match snapshot.check(&check) {
        Some((index, _)) => shown(&tables::check(&snapshot, index)),
        None => missing(&snapshot, &format!("No check is called {check}.")),
    }
}

async fn host_page(Shared(site): Shared<Site>, Path(host): Path<String>) -> Response {
    let snapshot = site.snapshot();
    match snapshot.host(&host) {
        Some((index, _)) => shown(&tables::host(&snapshot, index)),
        None => missing(&snapshot, &format!("No host is called {host}.")),
    }
}

async fn cell_of(Shared(site): Shared<Site>, Path((host, check)): Path<(String, String)>) -> Response {
    let snapshot = site.snapshot();
    let (Some((row, _)), Some((column, _))) = (snapshot.host(&host), snapshot.check(&check)) else {
        return missing(&snapshot, &format!("There is no host {host} with a check {check}."));
    };
    let Some(cell) = snapshot.cell(row, column) else {
        return missing(&snapshot, &format!("{check} is not asked of {host}."));
    };
    match site.history(&host, &check, HISTORY).await {
        Ok(history) => shown(&cell_page::page(&snapshot, (row, column), cell, &history)),
        Err(why) => {
            let content = html! { h1 { "No history" } p { "The history could not be read: " (why) } };
            let page = frame(Place::Elsewhere, "No history", &snapshot, content);
            (StatusCode::SERVICE_UNAVAILABLE, Html(page.0)).into_response()
        }
    }
}

async fn run_page(Shared(site): Shared<Site>, Path(run): Path<String>) -> Response {
    let snapshot = site.snapshot();
    match snapshot.runs.iter().find(|known| known.id == run) {
        Some(run) => shown(&tables::run(&snapshot, run)),
        None => {
            missing(&snapshot, &format!("Run {run} is not among the last ones; psfleet runs show finds older ones."))
        }
    }
}

async fn asset(Shared(site): Shared<Site>, Path(name): Path<String>) -> Response {
    let (kind, content) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_str!("assets/style.css")),
        "live.js" => ("text/javascript; charset=utf-8", include_str!("assets/live.js")),
        "icon.svg" => ("image/svg+xml", include_str!("assets/icon.svg")),
        _ => return missing(&site.snapshot(), "There is no such file."),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], content).into_response()
}
