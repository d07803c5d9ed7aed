//! What a directory knows of an account's failed logons, and how many more lock it.

use jiff::Timestamp;

use super::computer::Attributes;
use super::filetime::{FROM_1601, PER_SECOND};
use super::filter::escaped;

/// Failed logons of an account, as Active Directory counts them: each controller for itself, and the one that holds the
/// PDC role for all. What a fine-grained password policy says is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedLogons {
    /// How many there were lately.
    pub count: u32,
    /// How many lock the account; none if zero.
    pub threshold: u32,
    /// It is locked out.
    pub is_locked: bool,
    /// For how many seconds a failed logon counts.
    pub remembered: i64,
}

impl FailedLogons {
    /// Of the account's entry.
    pub const OF_ACCOUNT: [&'static str; 3] = ["badPwdCount", "badPasswordTime", "lockoutTime"];

    /// Of the domain's own entry.
    pub const OF_DOMAIN: [&'static str; 3] = ["lockoutThreshold", "lockOutObservationWindow", "lockoutDuration"];

    /// What two entries say; `None` where they are silent, as to those who may not know.
    pub fn of(account: &Attributes, domain: &Attributes, now: Timestamp) -> Option<Self> {
        let number = |entry: &Attributes, name: &str| entry.get(name)?.first()?.parse::<i64>().ok();
        let threshold = number(domain, Self::OF_DOMAIN[0])?;
        let count = number(account, Self::OF_ACCOUNT[0])?;
        // Spans are negative there; the longest is for ever.
        let span = |name: &str| number(domain, name).and_then(i64::checked_neg).map(|ticks| ticks / PER_SECOND);
        let since = |name: &str| {
            let ticks = number(account, name).filter(|ticks| *ticks > 0)?;
            Some(now.as_second().saturating_sub(ticks / PER_SECOND - FROM_1601))
        };
        let remembered = span(Self::OF_DOMAIN[1]).unwrap_or(i64::MAX);
        let is_recent = since(Self::OF_ACCOUNT[1]).is_none_or(|seconds| seconds < remembered);
        let lasts = span(Self::OF_DOMAIN[2]).filter(|seconds| *seconds > 0).unwrap_or(i64::MAX);
        Some(Self {
            count: if is_recent { u32::try_from(count).unwrap_or(0) } else { 0 },
            threshold: u32::try_from(threshold).unwrap_or(0),
            is_locked: since(Self::OF_ACCOUNT[2]).is_some_and(|seconds| seconds < lasts),
            remembered,
        })
    }

    /// Whether one more locks the account.
    pub fn is_last(&self) -> bool {
        self.threshold > 0 && self.count + 1 >= self.threshold
    }

    /// The filter of the account with this name: `DOMAIN\\user`, `user@domain` or `user`.
    pub fn filter(user: &str) -> String {
        let bare = user.rsplit_once('\\').map_or(user, |(_, name)| name);
        let name = bare.split_once('@').map_or(bare, |(name, _)| name);
        let (name, principal) = (escaped(name), escaped(bare));
        format!("(&(objectCategory=person)(|(sAMAccountName={name})(userPrincipalName={principal})))")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(values: &[(&str, &str)]) -> Attributes {
        values.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect()
    }

    #[test]
    fn failed_logons_count_for_as_long_as_the_domain_says() {
        let now = Timestamp::from_second(1_700_000_000).expect("a time");
        let ago = |seconds: i64| ((now.as_second() - seconds + FROM_1601) * PER_SECOND).to_string();
        let minutes = |count: i64| (-count * 60 * PER_SECOND).to_string();
        let domain = entry(&[
            ("lockoutThreshold", "3"),
            ("lockOutObservationWindow", &minutes(30)),
            ("lockoutDuration", &minutes(30)),
        ]);
        let of = |count: &str, failed: i64, locked: &str| {
            let account = entry(&[("badPwdCount", count), ("badPasswordTime", &ago(failed)), ("lockoutTime", locked)]);
            FailedLogons::of(&account, &domain, now).expect("known")
        };
        let found = of("2", 60, "0");
        assert!(found.is_last() && !found.is_locked && found.remembered == 1800);
        assert!(!of("1", 60, "0").is_last() && !of("2", 1801, "0").is_last());
        assert!(of("3", 60, &ago(60)).is_locked && !of("3", 1900, &ago(1900)).is_locked);
        let forever = entry(&[("lockoutThreshold", "3"), ("lockoutDuration", "-9223372036854775808")]);
        let locked = entry(&[("badPwdCount", "3"), ("lockoutTime", &ago(1_000_000))]);
        assert!(FailedLogons::of(&locked, &forever, now).is_some_and(|found| found.is_locked));
        let never = entry(&[("lockoutThreshold", "0")]);
        assert!(FailedLogons::of(&entry(&[("badPwdCount", "9")]), &never, now).is_some_and(|found| !found.is_last()));
        assert_eq!(FailedLogons::of(&entry(&[]), &domain, now), None);
    }

    #[test]
    fn a_user_is_looked_for_by_each_of_its_names() {
        assert_eq!(
            FailedLogons::filter("CONTOSO\\a*(b)"),
            "(&(objectCategory=person)(|(sAMAccountName=a\\2a\\28b\\29)(userPrincipalName=a\\2a\\28b\\29)))"
        );
        assert!(
            FailedLogons::filter("ada@contoso.com").contains("(sAMAccountName=ada)(userPrincipalName=ada@contoso.com)")
        );
    }
}
