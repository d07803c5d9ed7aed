//! Tells browsers that something has changed, as server-sent events. They ask for the page again by themselves.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream;

use super::source::Site;

/// Nobody is told more often.
const PACE: Duration = Duration::from_millis(500);
/// A silent stream says that it is there this often, so that proxies keep it and a dead browser is found out.
const ALIVE: Duration = Duration::from_secs(15);

/// A stream of changes. A reader that is slow gets the latest and no list of what it has missed.
pub(super) async fn stream(Shared(site): Shared<Site>) -> impl IntoResponse {
    let changes = site.changes();
    let events = stream::unfold((changes, true), |(mut changes, first)| async move {
        if !first {
            changes.changed().await.ok()?;
            tokio::time::sleep(PACE).await;
        }
        let number = *changes.borrow_and_update();
        let event = Event::default()
            .event(if first { "hello" } else { "changed" })
            .id(number.to_string())
            .data(number.to_string());
        Some((Ok::<_, Infallible>(event), (changes, false)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE))
}
