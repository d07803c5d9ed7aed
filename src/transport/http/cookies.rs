//! Cookies of one target: load balancers in front of Exchange and the like know by them which server has the shell.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};

/// More cookies than any load balancer sets.
const MAX: usize = 32;

/// Name and value of the cookies that the server has set; scope and lifetime are those of the session.
#[derive(Default)]
pub(super) struct Cookies(Mutex<BTreeMap<String, String>>);

impl Cookies {
    /// Remembers what an answer sets.
    pub(super) fn keep(&self, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let pair = value.split(';').next().unwrap_or("");
            let Some((name, value)) = pair.split_once('=') else { continue };
            let mut cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if cookies.len() < MAX || cookies.contains_key(name.trim()) {
                cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    /// The `Cookie` header of the next request.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cookies.is_empty() {
            return None;
        }
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        HeaderValue::from_str(&pairs.join("; ")).ok()
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, HeaderValue, SET_COOKIE};

    use super::Cookies;

    #[test]
    fn keeps_the_last_value_of_each() {
        let cookies = Cookies::default();
        assert!(cookies.header().is_none());
        for set in ["a=1; Path=/; HttpOnly", "b=2", "a=3", "nonsense"] {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, HeaderValue::from_static(set));
            cookies.keep(&headers);
        }
        assert_eq!(cookies.header(), Some(HeaderValue::from_static("a=3; b=2")));
    }
}
