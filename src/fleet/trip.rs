//! What the outcome of a target says whose credential was refused elsewhere.

use crate::event::RunHeader;
use crate::outcome::Reason;
use crate::schedule::{Trip, TripCause};
use crate::target::TargetId;
use crate::transport::Error;

/// Why the credential is not sent to a target, and what the user can do.
pub(super) fn refusal(header: &RunHeader, target: TargetId, trip: Trip) -> Error {
    let user =
        header.targets[target.index()].credential.as_ref().and_then(|credential| credential.user()).unwrap_or("");
    let Trip { last, count, cause } = trip;
    let host = header.host(last);
    let ways = format!("-x {host} continues without it, --auth-fail-limit {} allows one more", count.saturating_add(1));
    let (message, hint) = match cause {
        TripCause::NeverAccepted if count == 1 => {
            (format!("{host} refused the credential of {user}"), "check the user and the password first")
        }
        TripCause::NeverAccepted => (
            format!("{count} hosts refused the credential of {user}, {host} last"),
            "check the user and the password first",
        ),
        TripCause::RefusedInARow => (
            format!("{count} hosts in a row refused the credential of {user}, {host} last"),
            "other hosts had accepted it before: was the password changed, or is the account locked?",
        ),
        TripCause::Unanswered => (
            format!(
                "the credential of {user} was sent {count} times, and each time the host closed the connection or fell \
                 silent, {host} last"
            ),
            "no host has said yet whether the password is right, so each of these may count as a failed logon: check \
             one such host first",
        ),
    };
    Error::new(Reason::CredentialTripped, format!("not tried: {message}; {ways}")).with_hint(hint)
}
