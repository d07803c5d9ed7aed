//! What programs ask for: metrics, probes, JSON, and whether this one is alive.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::source::{NoProbe, Probe, Site};
use super::view::{Cell, Measure, Snapshot, State};
use crate::metrics::{CHECK_FLEET_STATE, CHECK_STATE, CHECK_VALUE, Metrics};

/// The version of the JSON: it rises when something is taken away or means something else.
const VERSION: u32 = 1;
/// What a probe may take at most. Prometheus asks for ten seconds if it is not told otherwise.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is left of Prometheus' patience for the way back.
const MARGIN: Duration = Duration::from_millis(500);
/// Times of a history in JSON.
const HISTORY: usize = 1000;

/// The number of a state in metrics: that of Nagios, and 4 for what has not been asked yet.
fn code(state: State) -> f64 {
    match state {
        State::Ok => 0.0,
        State::Warning => 1.0,
        State::Critical => 2.0,
        State::Unknown => 3.0,
        State::Pending => 4.0,
    }
}

/// `GET /healthz`: that the program answers. It tells nothing of the fleet.
pub(super) async fn health() -> Response {
    text(StatusCode::OK, "ok\n".to_owned())
}

/// `GET /metrics`.
pub(super) async fn metrics(Shared(site): Shared<Site>) -> Response {
    exposition(&of(&site.snapshot()))
}

/// Series for hosts × checks and their measures: bounded by the inventory and the checks, never by what hosts say.
fn of(snapshot: &Snapshot) -> Metrics {
    let mut metrics = Metrics::default();
    for (host, row) in snapshot.hosts.iter().zip(&snapshot.cells) {
        for (check, cell) in snapshot.checks.iter().zip(row) {
            let Some(cell) = cell else { continue };
            let labels = [("check", &*check.name), ("host", &*host.name)];
            metrics.gauge(CHECK_STATE, &labels, code(cell.state));
            metrics.gauge(
                ("psfleet_check_silenced", "Whether a silence covers it."),
                &labels,
                f64::from(u8::from(cell.silenced)),
            );
            metrics.gauge(
                ("psfleet_check_last_run_timestamp_seconds", "When it was asked last."),
                &labels,
                cell.seen.as_second() as f64,
            );
            measured(&mut metrics, &labels, &cell.measures);
        }
    }
    for verdict in &snapshot.fleet {
        metrics.gauge(CHECK_FLEET_STATE, &[("check", &verdict.check)], code(verdict.state));
    }
    let running = snapshot.runs.iter().filter(|run| run.ended.is_none()).count();
    metrics.gauge(("psfleet_runs_under_way", "Runs that are under way."), &[], running as f64);
    metrics.gauge(("psfleet_alerts_open", "Alerts that are not over."), &[], snapshot.alerts.len() as f64);
    metrics.gauge(("psfleet_troubles", "What is wrong with this program itself."), &[], snapshot.troubles.len() as f64);
    metrics
}

/// Measures of one check on one host, up to a number that no honest check has.
fn measured(metrics: &mut Metrics, labels: &[(&str, &str)], measures: &[Measure]) {
    const MOST: usize = 64;
    for measure in measures.iter().take(MOST) {
        let mut labels = labels.to_vec();
        labels.extend([("label", &*measure.name), ("unit", &*measure.unit)]);
        metrics.gauge(CHECK_VALUE, &labels, measure.value);
    }
}

fn exposition(metrics: &Metrics) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, metrics.text()).into_response()
}

fn text(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Probed {
    target: Option<String>,
    check: Option<String>,
}

/// `GET /probe?target=&check=`: asks a host now, as Prometheus' blackbox exporter does.
pub(super) async fn probe(Shared(site): Shared<Site>, headers: HeaderMap, Query(probed): Query<Probed>) -> Response {
    if is_from_elsewhere(&headers) {
        return text(StatusCode::FORBIDDEN, "A page of another site has no hosts probed.\n".to_owned());
    }
    let (Some(target), Some(check)) = (probed.target, probed.check) else {
        return text(StatusCode::BAD_REQUEST, "Name both: /probe?target=HOST&check=CHECK\n".to_owned());
    };
    let labels = [("check", &*check), ("host", &*target)];
    let patience = patience(&headers);
    match tokio::time::timeout(patience, site.probe(&target, &check)).await {
        Ok(Ok(probe)) => exposition(&probed_metrics(&labels, &probe)),
        Ok(Err(NoProbe::Unknown(what))) => text(StatusCode::NOT_FOUND, format!("{what}\n")),
        Ok(Err(NoProbe::Busy)) => {
            text(StatusCode::SERVICE_UNAVAILABLE, "It is being asked, or too many others are.\n".to_owned())
        }
        Err(_) => {
            text(StatusCode::GATEWAY_TIMEOUT, format!("{target} did not answer within {} s.\n", patience.as_secs_f64()))
        }
    }
}

/// Whether a browser says that a page of another site asks: a probe is work, and reading its answer is not needed for that.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// How long a probe may take: a little less than Prometheus says that it waits.
fn patience(headers: &HeaderMap) -> Duration {
    let said = headers.get("x-prometheus-scrape-timeout-seconds").and_then(|value| value.to_str().ok()?.parse().ok());
    let said = said.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    said.map_or(PATIENCE, |said| said.saturating_sub(MARGIN).clamp(MARGIN, PATIENCE))
}

fn probed_metrics(labels: &[(&str, &str)], probe: &Probe) -> Metrics {
    let mut metrics = Metrics::default();
    let is_known = !matches!(probe.state, State::Unknown | State::Pending);
    metrics.gauge(("probe_success", "Whether the check could be asked."), &[], f64::from(u8::from(is_known)));
    metrics.gauge(("probe_duration_seconds", "How long it took."), &[], probe.seconds);
    metrics.gauge(CHECK_STATE, labels, code(probe.state));
    measured(&mut metrics, labels, &probe.measures);
    metrics
}

/// `GET /api/v1/checks`.
pub(super) async fn checks(Shared(site): Shared<Site>) -> Json<Value> {
    let snapshot = site.snapshot();
    Json(json!({ "v": VERSION, "t": snapshot.taken, "checks": snapshot.checks }))
}

/// `GET /api/v1/hosts`: each with the worst of its checks.
pub(super) async fn hosts(Shared(site): Shared<Site>) -> Json<Value> {
    let snapshot = site.snapshot();
    let hosts = snapshot.hosts.iter().enumerate();
    let hosts: Vec<Value> = hosts
        .map(|(index, host)| json!({ "name": host.name, "groups": host.groups, "state": snapshot.worst(index) }))
        .collect();
    Json(json!({ "v": VERSION, "t": snapshot.taken, "hosts": hosts }))
}

/// `GET /api/v1/hosts/HOST`: its checks.
pub(super) async fn host(Shared(site): Shared<Site>, Path(host): Path<String>) -> Response {
    let snapshot = site.snapshot();
    let Some((index, found)) = snapshot.host(&host) else { return no(&format!("no host is called {host}")) };
    let cells: Vec<Value> = snapshot
        .checks
        .iter()
        .enumerate()
        .filter_map(|(column, check)| Some(cell(&check.name, snapshot.cell(index, column)?)))
        .collect();
    Json(json!({ "v": VERSION, "t": snapshot.taken, "name": found.name, "groups": found.groups, "checks": cells }))
        .into_response()
}

fn cell(check: &str, cell: &Cell) -> Value {
    let mut value = serde_json::to_value(cell).unwrap_or_default();
    value["check"] = check.into();
    value
}

/// `GET /api/v1/hosts/HOST/CHECK`: how it stands and stood.
pub(super) async fn history(Shared(site): Shared<Site>, Path((host, check)): Path<(String, String)>) -> Response {
    let snapshot = site.snapshot();
    let place = snapshot.host(&host).zip(snapshot.check(&check));
    let Some(found) = place.and_then(|((row, _), (column, _))| snapshot.cell(row, column)) else {
        return no(&format!("no host {host} has a check {check}"));
    };
    match site.history(&host, &check, HISTORY).await {
        Ok(history) => {
            let mut value = cell(&check, found);
            value["v"] = VERSION.into();
            value["host"] = host.into();
            value["record"] = history.record.into();
            value["history"] = serde_json::to_value(&history.entries).unwrap_or_default();
            Json(value).into_response()
        }
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "v": VERSION, "error": why }))).into_response(),
    }
}

/// `GET /api/v1/problems`: everything that is not ok, a line a host and check.
pub(super) async fn problems(Shared(site): Shared<Site>) -> Json<Value> {
    let snapshot = site.snapshot();
    let mut found = Vec::new();
    for (host, row) in snapshot.hosts.iter().zip(&snapshot.cells) {
        for (check, known) in snapshot.checks.iter().zip(row) {
            if let Some(known) = known.as_ref().filter(|known| known.state.is_problem()) {
                let mut value = cell(&check.name, known);
                value["host"] = host.name.clone().into();
                found.push(value);
            }
        }
    }
    Json(json!({ "v": VERSION, "t": snapshot.taken, "problems": found, "fleet": snapshot.fleet }))
}

/// `GET /api/v1/alerts`: alerts and silences.
pub(super) async fn alerts(Shared(site): Shared<Site>) -> Json<Value> {
    let snapshot = site.snapshot();
    Json(json!({ "v": VERSION, "t": snapshot.taken, "alerts": snapshot.alerts, "silences": snapshot.silences }))
}

/// `GET /api/v1/runs`: what runs and what ran last.
pub(super) async fn runs(Shared(site): Shared<Site>) -> Json<Value> {
    let snapshot = site.snapshot();
    Json(json!({ "v": VERSION, "t": snapshot.taken, "runs": snapshot.runs }))
}

/// Anything else below `/api/`.
pub(super) async fn unknown() -> Response {
    no("there is no such thing: /api/v1/ has checks, hosts, hosts/HOST, hosts/HOST/CHECK, problems, alerts and runs")
}

fn no(what: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "v": VERSION, "error": what }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_ends_before_its_client_gives_up() {
        let within = |said: &str| {
            patience(&HeaderMap::from_iter([(
                "x-prometheus-scrape-timeout-seconds".parse().expect("a name"),
                said.parse().expect("a value"),
            )]))
        };
        assert_eq!(within("10").as_millis(), 9500);
        assert_eq!(within("0").as_millis(), 500);
        for said in ["100000", "-1", "NaN", "soon", "1e300"] {
            assert_eq!(within(said), PATIENCE, "{said}");
        }
        assert_eq!(patience(&HeaderMap::new()), PATIENCE);
    }
}
