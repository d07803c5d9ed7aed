//! What `psfleet serve` shows and answers over HTTP: pages for people, metrics, probes and JSON for programs.
//!
//! In: a [`Source`], which knows how the checks stand; [`Access`], which says who may read. Out: a router, and
//! [`serve`], which answers on a listener. Nothing here runs a check, keeps anything, or changes anything.
//!
//! Pages are whole without a script; `assets/live.js` asks for them again when something has changed. Everything that
//! comes from a host or a file is text to a page. No page asks anything of another server.

mod access;
mod cell_page;
mod events;
mod guard;
mod machine;
mod matrix;
mod overview;
mod page;
mod patient;
mod plot;
mod refusal;
mod routes;
mod server;
mod source;
mod tables;
mod tls;
mod token;
pub mod view;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;

pub use access::Access;
pub use refusal::Refusal;
pub use server::{Limits, serve};
pub use source::{NoProbe, Probe, Source};
pub use tls::Tls;
pub use token::{draw_token, hash_token};

/// The largest body that is read, in bytes: a token.
const BODY: usize = 2048;

/// Everything that is answered from a source to those who may have it.
pub fn router(source: Arc<dyn Source>, access: Access) -> Router {
    let access = Arc::new(access);
    let login = Router::new().route(guard::LOGIN, get(guard::login_page).post(guard::log_in));
    Router::new()
        .merge(routes::pages().with_state(source))
        .merge(login.with_state(Arc::clone(&access)))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(access, guard::let_in))
        .layer(from_fn(guard::with_headers))
}
