//! What was seen on the way, in words, and what of it will be a fault one day.

use std::time::Duration;

use super::cause::Cause;
use super::finding::Finding;
use super::stage::Stage;
use crate::transport::Sight;
use crate::wsman::Identity;

/// A clock that is off by more seconds is worth a warning: Kerberos allows 300.
const CLOCK_SECONDS: u64 = 120;
/// A certificate that ends within so many days is.
const CERTIFICATE_DAYS: u64 = 30;
const DAY: u64 = 86_400;
/// An RSA key of fewer bits is.
const RSA_BITS: usize = 2048;
/// So many addresses are shown.
const ADDRESSES: usize = 4;

/// The finding of a sight.
pub(super) fn finding(sight: &Sight, took: Duration) -> Finding {
    let found = |detail: String| Finding::new(Stage::Way(sight.stage()), took, detail);
    match sight {
        Sight::Addresses(addresses) => {
            let shown: Vec<_> = addresses.iter().take(ADDRESSES).map(ToString::to_string).collect();
            let more = addresses.len().saturating_sub(ADDRESSES);
            found(format!("{}{}", shown.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() }))
        }
        Sight::Connected(peer) => found(format!("{peer} takes connections")),
        Sight::Secured { protocol, left, rsa_bits, unchecked, .. } => {
            let days = left / DAY;
            let key = rsa_bits.map(|bits| format!(", RSA key of {bits} bits")).unwrap_or_default();
            let checked = if *unchecked { ", not checked (--insecure)" } else { "" };
            let secured = found(format!("{protocol}, certificate ends in {days} days{key}{checked}"));
            if *left == 0 {
                warn(secured, Cause::Certificate, "the certificate has expired, and is accepted unseen")
            } else if days < CERTIFICATE_DAYS {
                warn(secured, Cause::Certificate, &format!("the certificate ends in {days} days"))
            } else if rsa_bits.is_some_and(|bits| bits < RSA_BITS) {
                warn(secured, Cause::Certificate, "the certificate's key is too short")
            } else {
                secured
            }
        }
        Sight::Identity(identity) => found(match identity {
            Some(Identity { vendor, version }) => format!("{vendor}, {version}"),
            None => "it says who it is only to those who have logged on".to_owned(),
        }),
        Sight::Offers(offers) if offers.is_empty() => found("it offers no mechanism by name".to_owned()),
        Sight::Offers(offers) => found(offers.join(", ")),
        Sight::Ahead(seconds) => {
            let off = seconds.unsigned_abs();
            let side = if *seconds < 0 { "behind" } else { "ahead of" };
            match off {
                0..=2 => found("as ours".to_owned()),
                _ if off > CLOCK_SECONDS => {
                    let text = format!("the clock is {} min {side} ours", off / 60);
                    found(text).warns(Some(Cause::Clock), None)
                }
                _ => found(format!("{off} s {side} ours")),
            }
        }
        Sight::Server { banner, key } => found(format!("{banner}, {key}")),
        Sight::Methods(methods) => found(methods.join(", ")),
    }
}

fn warn(found: Finding, cause: Cause, detail: &str) -> Finding {
    Finding { detail: format!("{detail} ({})", found.detail), ..found.warns(Some(cause), None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    fn of(sight: &Sight) -> (Status, String) {
        let found = finding(sight, Duration::ZERO);
        (found.status, found.detail)
    }

    #[test]
    fn a_clock_may_be_off_by_two_minutes() {
        assert_eq!(of(&Sight::Ahead(1)), (Status::Ok, "as ours".to_owned()));
        assert_eq!(of(&Sight::Ahead(-120)), (Status::Ok, "120 s behind ours".to_owned()));
        assert_eq!(of(&Sight::Ahead(121)), (Status::Warning, "the clock is 2 min ahead of ours".to_owned()));
        assert_eq!(of(&Sight::Ahead(i64::MIN)).0, Status::Warning);
    }

    #[test]
    fn a_certificate_that_ends_soon_is_a_warning() {
        let secured = |left, rsa_bits| {
            of(&Sight::Secured { protocol: "TLS 1.3", ends: left, left, rsa_bits, unchecked: left == 0 })
        };
        assert_eq!(secured(30 * DAY, None), (Status::Ok, "TLS 1.3, certificate ends in 30 days".to_owned()));
        let (status, detail) = secured(30 * DAY - 1, Some(2048));
        assert_eq!(status, Status::Warning);
        assert!(detail.starts_with("the certificate ends in 29 days (TLS 1.3, "), "{detail}");
        assert!(secured(0, None).1.starts_with("the certificate has expired"));
        assert!(secured(900 * DAY, Some(1024)).1.starts_with("the certificate's key is too short"));
    }
}
