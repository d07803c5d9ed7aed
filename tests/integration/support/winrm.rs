//! WinRM targets, and the little SOAP that scripted servers need.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use psfleet::secret::Secret;
use psfleet::target::{AuthMethod, Credential, Endpoint, Target, Timeouts, Tls, WinrmEndpoint};
use psfleet::transport::http::TlsCache;
use psfleet::transport::wsman::WsmanCarrier;
use psfleet::transport::{Carrier, Error};
use uuid::Uuid;

/// A target on 127.0.0.1, with Basic in the clear; change what the test needs.
pub(crate) fn target(port: u16) -> Target {
    let endpoint = WinrmEndpoint {
        address: "127.0.0.1".into(),
        port,
        path: "/wsman".into(),
        tls: Tls::Off,
        auth: AuthMethod::Basic,
        configuration_name: "Microsoft.PowerShell".into(),
        workstation: Default::default(),
        kerberos: Default::default(),
        trusted: true,
        allow_unencrypted: true,
        jump: Vec::new(),
    };
    let credential = Credential::of("user", Some(Secret::new("password".into())));
    Target {
        name: "target".into(),
        endpoint: Endpoint::Winrm(endpoint),
        credential: Some(Arc::new(credential)),
        vars: Default::default(),
        labels: Default::default(),
        timeouts: Timeouts { connect: Duration::from_secs(5), ..Timeouts::default() },
    }
}

/// The same with changes to its endpoint.
pub(crate) fn target_with(port: u16, change: impl FnOnce(&mut WinrmEndpoint)) -> Target {
    let mut target = target(port);
    if let Endpoint::Winrm(endpoint) = &mut target.endpoint {
        change(endpoint);
    }
    target
}

/// Connects and creates a shell, with `x` for its opening messages.
pub(crate) async fn connect(target: &Target) -> Result<(), Error> {
    let carrier = WsmanCarrier::new(target, &TlsCache::new())?;
    carrier.create(Uuid::from_u128(1), vec![Bytes::from_static(b"x")]).await
}

/// TLS that trusts a CA file, or nobody but the system's roots.
pub(crate) fn tls(ca: Option<PathBuf>) -> Tls {
    Tls::On { ca, insecure: false, pins: Vec::new(), min: Default::default() }
}

/// The last part of a request's action: `Create`, `Receive`, ...
pub(crate) fn action(body: &str) -> &str {
    let action = between(body, "Action", "</").unwrap_or_default();
    action.rsplit(['/', '>']).next().unwrap_or_default()
}

/// The value of the first attribute of this name.
pub(crate) fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    between(text, &format!(" {name}=\""), "\"")
}

/// What stands between two pieces of a text.
pub(crate) fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    Some(rest.split_once(end)?.0)
}

/// A SOAP envelope around a body.
pub(crate) fn envelope(body: &str) -> String {
    format!(
        concat!(
            r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" "#,
            r#"xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" "#,
            r#"xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"><s:Header/><s:Body>{}</s:Body></s:Envelope>"#
        ),
        body
    )
}

/// A fault with a code.
pub(crate) fn fault(code: u32) -> String {
    envelope(&format!(
        concat!(
            "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>scripted</s:Text></s:Reason>",
            r#"<s:Detail><f:WSManFault Code="{}" Machine="m"><f:Message>scripted</f:Message></f:WSManFault></s:Detail>"#,
            "</s:Fault>"
        ),
        code
    ))
}
