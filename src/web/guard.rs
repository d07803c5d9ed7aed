//! What stands before every page: who may have it, and what a browser may do with it.

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{FromRequest, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{DOCTYPE, html};
use serde::Deserialize;

use super::access::{Access, COOKIE, STAY};
use super::page::looks;
use super::refusal::Leave;

/// Nothing from elsewhere, no script and no style but the files that are served, no frame around a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What a browser may take to send the token, once it has sent the head of its request.
const TYPING: Duration = Duration::from_secs(10);

/// What goes with every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Adds the headers.
pub(super) async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What a fleet is like is not for caches. The assets say otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Answers those who may not have what they ask for.
pub(super) async fn let_in(Shared(access): Shared<Arc<Access>>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) && request.uri().path() != LOGIN {
        let allowed = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allowed, "Only GET and HEAD: nothing is changed here.\n")
            .into_response();
    }
    if is_free(request.uri().path()) && access.has_token() {
        return next.run(request).await;
    }
    let leave = access.of(request.headers(), Timestamp::now()).await;
    let is_page = wants_page(request.headers());
    match leave {
        Leave::Granted => next.run(request).await,
        Leave::NoToken | Leave::WrongToken if is_page => Redirect::to(LOGIN).into_response(),
        refused => refusal(refused),
    }
}

/// The page that takes the token.
pub(super) const LOGIN: &str = "/login";

/// What is shown without a token where there is one: it tells nothing of the fleet.
fn is_free(path: &str) -> bool {
    path == LOGIN || path == "/healthz" || path.starts_with("/assets/")
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn refusal(leave: Leave) -> Response {
    let (status, words) = match leave {
        Leave::Misdirected => (
            StatusCode::MISDIRECTED_REQUEST,
            "This server answers to localhost and 127.0.0.1 alone. To reach it by another name, give it a token.\n",
        ),
        Leave::Busy => (StatusCode::TOO_MANY_REQUESTS, "Too many tokens are being verified. Try again in a second.\n"),
        Leave::WrongToken => (StatusCode::UNAUTHORIZED, "The token is wrong.\n"),
        Leave::NoToken | Leave::Granted => {
            (StatusCode::UNAUTHORIZED, "A token is needed: send it as Authorization: Bearer TOKEN.\n")
        }
    };
    let mut response = (status, words).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"psfleet\""));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Shows the form, where there is a token.
pub(super) async fn login_page(Shared(access): Shared<Arc<Access>>) -> Response {
    if access.has_token() { form(StatusCode::OK, None) } else { Redirect::to("/").into_response() }
}

fn form(status: StatusCode, wrong: Option<&str>) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (looks())
                title { "psfleet" }
            }
            body {
                main.login {
                    h1 { "psfleet" }
                    @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
                    form method="post" action=(LOGIN) {
                        label for="token" { "Token" }
                        input #token name="token" type="password" autocomplete="current-password" required autofocus;
                        button { "Log in" }
                    }
                }
            }
        }
    };
    (status, Html(page.0)).into_response()
}

#[derive(Deserialize)]
pub(super) struct Typed {
    token: String,
}

/// Takes the token that was typed.
pub(super) async fn log_in(Shared(access): Shared<Arc<Access>>, request: Request) -> Response {
    let typed = match tokio::time::timeout(TYPING, Form::<Typed>::from_request(request, &())).await {
        Ok(Ok(Form(typed))) => typed,
        Ok(Err(refused)) => return refused.into_response(),
        Err(_) => {
            return (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")], "The token did not come.\n")
                .into_response();
        }
    };
    match access.log_in(&typed.token, Timestamp::now()).await {
        Ok(cookie) => {
            let secure = if access.is_tls() { "; Secure" } else { "" };
            let cookie =
                format!("{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", STAY.as_secs());
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        Err(Leave::Busy) => {
            form(StatusCode::TOO_MANY_REQUESTS, Some("Too many tokens are being verified. Try again in a second."))
        }
        Err(_) => form(StatusCode::UNAUTHORIZED, Some("The token is wrong.")),
    }
}
