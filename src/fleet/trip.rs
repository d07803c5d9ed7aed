//! What a target is told whose credential was refused elsewhere.

use crate::event::{Reason, RunHeader};
use crate::schedule::Trip;
use crate::target::TargetId;
use crate::transport::Error;

/// Why the credential is not sent to a target, and what the user can do.
pub(super) fn refusal(header: &RunHeader, target: TargetId, trip: Trip) -> Error {
    let user = header.targets[target.index()].credential.as_ref().map_or("", |credential| &credential.user);
    let Trip { refused_by, refusals, was_proven } = trip;
    let host = header.host(refused_by);
    let ways =
        format!("-x {host} goes on without it, --auth-fail-limit {} allows one more", refusals.saturating_add(1));
    let (message, hint) = match (was_proven, refusals) {
        (false, 1) => (format!("{host} refused the credential of {user}"), "look at the user and the password first"),
        (false, _) => (
            format!("{refusals} hosts refused the credential of {user}, {host} last"),
            "look at the user and the password first",
        ),
        (true, _) => (
            format!("{refusals} hosts in a row refused the credential of {user}, {host} last"),
            "other hosts had accepted it before: was the password changed, or is the account locked?",
        ),
    };
    Error::new(Reason::CredentialTripped, format!("not tried: {message}; {ways}")).with_hint(hint)
}
