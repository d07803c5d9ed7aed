//! What a 401 means: the credential was refused, or the mechanism.

use super::answer::Answer;
use super::credssp_fault::SWITCH_ON;
use super::kerberos_fault::kerberos;
use crate::auth::Mechanism;
use crate::outcome::Reason;
use crate::transport::Error;

/// Clocks that differ by more are refused, in seconds: what Kerberos and domain controllers allow by default.
const SKEW: i64 = 300;

/// The credential, of which the server has seen a proof. `ahead` is by how many seconds its clock is ahead of ours.
pub(super) fn refused(mechanism: &dyn Mechanism, over_tls: bool, ahead: Option<i64>) -> Error {
    let name = mechanism.name();
    if let Some(fault) = mechanism.no_kerberos() {
        let message = format!(
            "access denied ({name} by NTLM): the user or the password was refused; it was NTLM because there is no \
             Kerberos: {fault}"
        );
        let mend = kerberos(fault, false).hint.unwrap_or_default();
        return Error::new(Reason::LogonDenied, message)
            .with_hint(format!("check user and password; for Kerberos, which the host may insist on: {mend}"));
    }
    let message = format!("access denied ({name}): the user or the password was refused");
    if let Some(ahead) = ahead.filter(|ahead| ahead.abs() > SKEW && mechanism.standing().is_none()) {
        let (minutes, side) = ((ahead.abs() + 30) / 60, if ahead > 0 { "ahead of" } else { "behind" });
        return Error::new(Reason::LogonDenied, message).with_hint(format!(
            "the host's clock is {minutes} minutes {side} ours, which by itself is refused like this: w32tm /resync \
             there, chronyc makestep here; then check user and password"
        ));
    }
    let hint = match (mechanism.standing().is_some(), over_tls) {
        (true, _) => "check user and password; WinRM accepts only local accounts of the host over Basic",
        (false, true) => {
            "check user and password; a wrong clock gets the same answer, and so does failed channel binding, as \
             behind a proxy that terminates TLS"
        }
        (false, false) => "check user and password; a wrong clock gets the same answer",
    };
    Error::new(Reason::LogonDenied, message).with_hint(hint)
}

/// The mechanism, before there was a proof.
pub(super) fn not_taken(mechanism: &dyn Mechanism, answer: &Answer, over_tls: bool) -> Error {
    // CredSSP alone has legs behind the proof.
    let is_credssp = mechanism.goes_on_behind_proof();
    match answer.offers(mechanism.scheme()) {
        true if is_credssp => return no_credssp(),
        true if mechanism.standing().is_none() => return no_ntlm(),
        _ => {}
    }
    let offered = answer.schemes();
    let list = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
    let message = format!("the server does not take {}; it offers {list}", mechanism.name());
    let hint = if is_credssp { SWITCH_ON } else { hint(&offered, over_tls) };
    Error::new(Reason::AuthMethod, message).with_hint(hint)
}

/// CredSSP is offered, but its legs get no answer.
fn no_credssp() -> Error {
    Error::new(Reason::AuthMethod, "the server offers CredSSP, but breaks off its logon")
        .with_hint(
            "it needs TLS 1.2 with ECDHE and AES-GCM, in CredSSP's own TLS, which may be switched off there: see the System \
             event log (source Schannel); --auth negotiate logs on without CredSSP",
        )
}

/// Negotiate is offered, but not with NTLM inside: what Windows says under "Restrict NTLM: Incoming NTLM traffic".
pub(super) fn no_ntlm() -> Error {
    Error::new(Reason::AuthMethod, "the server refuses NTLM: it accepts only Kerberos").with_hint(
        "Kerberos is needed there: address the host by its name and log on with --auth kerberos, as user@REALM or with a ticket of kinit; or \
         have the policy 'Restrict NTLM: Incoming NTLM traffic' allow this account",
    )
}

/// Which `--auth` a server's offer calls for.
fn hint(offered: &[&str], over_tls: bool) -> &'static str {
    let offers = |scheme: &str| offered.iter().any(|name| name.eq_ignore_ascii_case(scheme));
    if offers("Negotiate") {
        "use --auth negotiate"
    } else if offers("Basic") && over_tls {
        "use --auth basic"
    } else if offers("Basic") {
        "use --auth basic with --tls"
    } else if offers("Kerberos") {
        "Kerberos is needed there: use --auth kerberos, as user@REALM or with a ticket of kinit"
    } else {
        "see what the listener allows there: winrm get winrm/config/service/auth"
    }
}
