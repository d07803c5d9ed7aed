//! Cookies of one target, by which load balancers (in front of Exchange, for one) know which server has the shell.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};

use super::cookie_date::cookie_date;

/// More cookies than any load balancer sets.
const MAX: usize = 32;
/// A lifetime beyond this one is as good as none, in seconds: a year.
const LONGEST: u64 = 366 * 86_400;

/// Name and value of the cookies that the server has set.
///
/// Path and Domain play no part: every request of a session goes to the same host and path, which is where each of its
/// cookies was set.
#[derive(Default)]
pub(super) struct Cookies(Mutex<BTreeMap<String, Cookie>>);

/// A value and the end of its lifetime, `None` for that of the session.
struct Cookie {
    value: String,
    until: Option<SystemTime>,
}

impl Cookies {
    /// Remembers what an answer sets, and forgets what it lets expire: that is how a server takes a cookie back.
    pub(super) fn keep(&self, headers: &HeaderMap) {
        self.keep_at(headers, SystemTime::now());
    }

    /// The `Cookie` header of the next request.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        self.header_at(SystemTime::now())
    }

    fn keep_at(&self, headers: &HeaderMap, now: SystemTime) {
        for value in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let (name, value, until) = (name.trim(), value.trim().to_owned(), end(attributes, now));
            let mut cookies = self.lock();
            if until.is_some_and(|until| until <= now) {
                cookies.remove(name);
            } else if cookies.len() < MAX || cookies.contains_key(name) {
                cookies.insert(name.to_owned(), Cookie { value, until });
            }
        }
    }

    fn header_at(&self, now: SystemTime) -> Option<HeaderValue> {
        let mut cookies = self.lock();
        cookies.retain(|_, cookie| cookie.until.is_none_or(|until| until > now));
        if cookies.is_empty() {
            return None;
        }
        let pairs: Vec<String> = cookies.iter().map(|(name, cookie)| format!("{name}={}", cookie.value)).collect();
        HeaderValue::from_str(&pairs.join("; ")).ok()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Cookie>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a cookie with these attributes ends (RFC 6265 section 5.3): Max-Age counts more than Expires, the last of each
/// more than those before, and what cannot be read counts as not there.
fn end(attributes: &str, now: SystemTime) -> Option<SystemTime> {
    let (mut expires, mut max_age) = (None, None);
    for attribute in attributes.split(';') {
        let Some((name, value)) = attribute.split_once('=') else { continue };
        match name.trim() {
            name if name.eq_ignore_ascii_case("expires") => expires = cookie_date(value).or(expires),
            name if name.eq_ignore_ascii_case("max-age") => max_age = seconds(value.trim()).or(max_age),
            _ => {}
        }
    }
    max_age.map(|seconds| now + Duration::from_secs(seconds)).or(expires)
}

/// Seconds of a Max-Age, none of them for a negative one; the longest for what is too long to count.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if digits.len() < text.len() { 0 } else { digits.parse().unwrap_or(LONGEST).min(LONGEST) })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};

    use super::Cookies;

    /// 2026-07-01 12:00:00 UTC.
    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_782_907_200)
    }

    fn keep(cookies: &Cookies, sets: &[&'static str]) {
        for set in sets {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, HeaderValue::from_static(set));
            cookies.keep_at(&headers, noon());
        }
    }

    fn after(sets: &[&'static str]) -> Option<String> {
        let cookies = Cookies::default();
        keep(&cookies, sets);
        cookies.header_at(noon()).map(|header| header.to_str().expect("text").to_owned())
    }

    #[test]
    fn keeps_the_last_value_of_each() {
        assert_eq!(after(&["a=1; Path=/; HttpOnly", "b=2; Domain=x", "a=3", "nonsense"]).as_deref(), Some("a=3; b=2"));
        assert_eq!(after(&[]), None);
    }

    #[test]
    fn a_cookie_that_is_let_expire_is_forgotten() {
        for gone in [
            "X=; expires=Mon, 26-Sep-1988 00:00:00 GMT",
            "X=two; Expires=Wed, 01 Jul 2026 11:59:59 GMT; path=/",
            "X=; EXPIRES=Thu, 01-Jan-70 00:00:01 GMT",
            "X=; max-age=0",
            "X=; Max-Age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
            "X=; Expires=Fri Jan  1 00:00:00 1999",
        ] {
            assert_eq!(after(&["X=one", gone]), None, "{gone}");
            assert_eq!(after(&["X=one", gone, "X=three"]).as_deref(), Some("X=three"), "{gone}");
        }
    }

    #[test]
    fn a_cookie_that_lives_on_is_kept() {
        for kept in [
            "X=; Expires=Wed, 01 Jul 2026 12:00:01 GMT",
            "X=; Max-Age=1; Expires=Mon, 26-Sep-1988 00:00:00 GMT",
            "X=; Max-Age=99999999999999999999999",
            "X=; Max-Age=soon",
            "X=; Expires=never",
            "X=; Expires",
        ] {
            assert_eq!(after(&["X=one", kept]).as_deref(), Some("X="), "{kept}");
        }
    }

    #[test]
    fn a_lifetime_ends_in_the_middle_of_a_session() {
        let cookies = Cookies::default();
        keep(&cookies, &["a=1; Max-Age=60", "b=2; Expires=Wed, 01 Jul 2026 13:00:00 GMT"]);
        let at = |seconds| cookies.header_at(noon() + Duration::from_secs(seconds));
        assert_eq!(at(59), Some(HeaderValue::from_static("a=1; b=2")));
        assert_eq!(at(60), Some(HeaderValue::from_static("b=2")));
        assert_eq!(at(3600), None);
    }
}
