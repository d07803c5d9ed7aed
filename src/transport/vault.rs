//! Reads a secret of a HashiCorp Vault: the key/value engine of version 2, over its HTTP API.
//!
//! reqwest carries it, not the lanes of WinRM: nothing here belongs to a connection. TLS is checked as for hosts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderValue, LOCATION};
use reqwest::{Client, Response, StatusCode, redirect};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::http::{TlsTrust, tls_cause, tls_settings};
use crate::error_text;
use crate::secret::Secret;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer, as large as Vault lets a secret be by default.
const MOST: usize = 1 << 20;

/// Characters of what a server says that are shown.
const SHOWN: usize = 200;

/// A server, as HashiCorp's own variables name it.
#[derive(Debug, Clone)]
pub struct Server {
    /// `VAULT_ADDR`.
    pub url: String,
    /// `VAULT_TOKEN`, or what `vault login` has left.
    pub token: Option<Secret<String>>,
    /// `VAULT_NAMESPACE`.
    pub namespace: Option<String>,
    /// `VAULT_CACERT`: roots to trust besides the system's.
    pub ca: Option<PathBuf>,
}

/// What is read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where the engine is mounted.
    pub mount: &'a str,
    /// The secret's path below it.
    pub path: &'a str,
    /// The field of the secret.
    pub field: &'a str,
}

/// Why there is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl Server {
    /// Reads a secret; waits for the answer.
    ///
    /// # Errors
    /// The server cannot be reached or trusted, does not let us, or has no such secret.
    pub fn read(&self, wanted: &Wanted<'_>) -> Result<Secret<String>, Error> {
        let asking = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Error::new(error_text::io(&error)))?;
            runtime.block_on(self.ask(wanted))
        };
        // Settings are read before the run has begun, from wherever: on a thread with a runtime of its own.
        let answer = std::thread::scope(|scope| scope.spawn(asking).join());
        answer.unwrap_or_else(|_| Err(Error::new("the secret server's answer could not be read: a bug in psfleet")))
    }

    async fn ask(&self, wanted: &Wanted<'_>) -> Result<Secret<String>, Error> {
        let url = self.url_of(wanted)?;
        let at = self.shown();
        let Some(token) = &self.token else {
            return Err(Error::new(format!("there is no token for the secret server {at}"))
                .with_hint("set VAULT_TOKEN, or run vault login"));
        };
        let mut token = HeaderValue::from_str(token.expose())
            .map_err(|_| Error::new("the token for the secret server has characters that no token has"))?;
        token.set_sensitive(true);
        let mut request = self.client()?.get(url).header("X-Vault-Token", token).header("X-Vault-Request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        let mut response = request.send().await.map_err(|error| self.unreached(&error))?;
        let body = body(&mut response).await.map_err(|what| Error::new(format!("the secret server {at} {what}")))?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(&response, &body, wanted));
        }
        value(&body, wanted).map_err(|what| Error::new(format!("the secret server {at}: {what}")))
    }

    fn client(&self) -> Result<Client, Error> {
        let tls = tls_settings(&TlsTrust::Roots(self.ca.as_deref()))
            .map_err(|error| Error { message: error.message, hint: error.hint })?;
        // A proxy would see the token, and so would whoever a redirection leads to.
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("psfleet/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map_err(|_| Error::new("the client for the secret server cannot be set up"))
    }

    /// `GET /v1/:secret-mount-path/data/:path`.
    fn url_of(&self, wanted: &Wanted<'_>) -> Result<Url, Error> {
        let wrong = || {
            Error::new(format!("VAULT_ADDR is not the URL of a server: '{}'", self.shown()))
                .with_hint("write https://vault.contoso.com:8200")
        };
        let mut url = Url::parse(&self.url).map_err(|_| wrong())?;
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => {}
            ("http", Some(host)) if is_here(&host) => {}
            ("http", Some(_)) => {
                let what = "the token for the secret server would be sent in the clear (VAULT_ADDR begins with http:)";
                return Err(Error::new(what).with_hint("use https; http is for a server on this machine"));
            }
            _ => return Err(wrong()),
        }
        let (mount, below) = (wanted.mount.split('/'), wanted.path.split('/'));
        let segments = std::iter::once("v1").chain(mount).chain(["data"]).chain(below);
        url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(segments);
        Ok(url)
    }

    /// The server for people, without what a URL may hold besides.
    fn shown(&self) -> String {
        match Url::parse(&self.url) {
            Ok(url) => {
                safe(&url[url::Position::BeforeScheme..url::Position::AfterScheme])
                    + "://"
                    + &safe(&url[url::Position::BeforeHost..url::Position::AfterPort])
            }
            Err(_) => safe(&self.url),
        }
    }

    fn unreached(&self, error: &reqwest::Error) -> Error {
        let at = self.shown();
        if error.is_timeout() {
            return Error::new(format!("the secret server {at} has not answered within {} s", PATIENCE.as_secs()));
        }
        tracing::debug!(%error, "the secret server is not reached");
        let port = Url::parse(&self.url).ok().and_then(|url| url.port_or_known_default()).unwrap_or_default();
        let causes = std::iter::successors(std::error::Error::source(error), |cause| (*cause).source());
        let words = causes.filter_map(|cause| {
            let of_system = cause.downcast_ref::<io::Error>();
            // A TLS library's fault travels inside of one of the system's.
            let of_tls = of_system.and_then(|error| error.get_ref()).and_then(|inner| inner.downcast_ref());
            let of_tls = of_tls.map(|fault: &rustls::Error| tls_cause(fault, port).message);
            of_tls.or_else(|| of_system.filter(|error| error.get_ref().is_none()).map(error_text::io))
        });
        let why = words.last().unwrap_or_else(|| "it does not answer in HTTP".to_owned());
        Error::new(format!("the secret server {at} cannot be reached: {why}"))
            .with_hint("VAULT_ADDR says which server is asked, and VAULT_CACERT which CA its certificate is of")
    }

    fn refused(&self, response: &Response, body: &[u8], wanted: &Wanted<'_>) -> Error {
        let (at, status) = (self.shown(), response.status());
        let Wanted { mount, path, .. } = wanted;
        let said = said(body);
        match status {
            StatusCode::FORBIDDEN => Error::new(format!(
                "the secret server {at} does not let us read {mount}/{path}{said}"
            ))
            .with_hint(format!(
                "the token needs a policy that reads {mount}/data/{path}, or has expired: vault token lookup{}",
                if_slashed(wanted)
            )),
            StatusCode::NOT_FOUND => Error::new(format!("the secret server {at} has no {mount}/{path}{said}"))
                .with_hint(format!("look there: vault kv get -mount={mount} {path}{}", if_slashed(wanted))),
            StatusCode::SERVICE_UNAVAILABLE => {
                Error::new(format!("the secret server {at} is sealed or down for maintenance{said}"))
                    .with_hint("vault status says which; whoever runs the server unseals it, or try again later")
            }
            status if status.is_redirection() => {
                let to = response.headers().get(LOCATION).map(|to| safe(&String::from_utf8_lossy(to.as_bytes())));
                Error::new(format!("the secret server {at} sends us elsewhere: {}", to.unwrap_or_default()))
                    .with_hint("set VAULT_ADDR to where it sends us, if you trust that")
            }
            StatusCode::TOO_MANY_REQUESTS => {
                Error::new(format!("the secret server {at} is asked too often, or only stands by{said}"))
                    .with_hint("try again in a while, or set VAULT_ADDR to the active server: vault status")
            }
            status => Error::new(format!("the secret server {at} answers with HTTP status {}{said}", status.as_u16()))
                .with_hint(format!("try vault kv get -mount={mount} {path}; the server's log says more")),
        }
    }
}

/// Where the secret may be meant to be below a mount that has slashes: how that is written.
fn if_slashed(Wanted { mount, path, field }: &Wanted<'_>) -> String {
    match path.split_once('/') {
        Some((first, rest)) if !mount.contains('/') => {
            format!("; if {mount}/{first} is the mount, write vault:{mount}/{first}//{rest}#{field}")
        }
        _ => String::new(),
    }
}

fn is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// The body of an answer, up to a limit.
async fn body(response: &mut Response) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    // Its room at once, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST));
    while let Some(chunk) = response.chunk().await.map_err(|_| "broke off in its answer")? {
        if bytes.len() + chunk.len() > MOST {
            return Err("answers more than a secret is");
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The field of an answer: `{"data": {"data": {FIELD: VALUE, ...}, "metadata": ...}}`.
fn value(body: &[u8], wanted: &Wanted<'_>) -> Result<Secret<String>, String> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        data: Inner<'a>,
    }
    #[derive(Deserialize)]
    struct Inner<'a> {
        // Values stay where they are, in memory that is wiped.
        #[serde(borrow)]
        data: BTreeMap<Cow<'a, str>, &'a RawValue>,
    }
    let Wanted { mount, path, field } = wanted;
    let answer: Outer<'_> = serde_json::from_slice(body)
        .map_err(|_| format!("its answer is not that of a key/value engine of version 2, mounted at {mount}"))?;
    let fields = answer.data.data;
    let Some(value) = fields.get(*field) else {
        let known: Vec<String> = fields.keys().take(10).map(|name| safe(name)).collect();
        return Err(format!("{mount}/{path} has no field '{field}'; it has {}", known.join(", ")));
    };
    serde_json::from_str::<String>(value.get())
        .map(Secret::new)
        .map_err(|_| format!("the field '{field}' of {mount}/{path} is not text"))
}

/// What a server says is wrong: `{"errors": [...]}`.
fn said(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<String>,
    }
    let errors = serde_json::from_slice(body).map_or_else(|_| Vec::new(), |Errors { errors }| errors);
    let text = safe(errors.join("; ").trim());
    if text.is_empty() { text } else { format!(": {text}") }
}

/// A text of the server's that no terminal obeys.
fn safe(text: &str) -> String {
    text.chars().take(SHOWN).flat_map(char::escape_debug).collect::<String>().replace("\\'", "'").replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::{Server, Wanted, if_slashed};

    #[test]
    fn a_mount_with_slashes_is_a_path_of_the_url() {
        let server =
            Server { url: "https://vault.contoso.com:8200".to_owned(), token: None, namespace: None, ca: None };
        for (mount, path, url) in
            [("secret", "web/svc one", "/v1/secret/data/web/svc%20one"), ("team/kv", "svc", "/v1/team/kv/data/svc")]
        {
            let wanted = Wanted { mount, path, field: "f" };
            assert_eq!(server.url_of(&wanted).expect("a URL").path(), url);
        }
    }

    #[test]
    fn who_may_have_meant_a_mount_with_slashes_is_told_how_to_write_it() {
        let hint = |mount, path| if_slashed(&Wanted { mount, path, field: "f" });
        assert_eq!(hint("team", "kv/svc"), "; if team/kv is the mount, write vault:team/kv//svc#f");
        assert_eq!((hint("team/kv", "web/svc"), hint("kv", "svc")), (String::new(), String::new()));
    }
}
