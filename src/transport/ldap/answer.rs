//! What the codes of a directory mean (RFC 4511, appendix A), and Active Directory's behind them.

use ldap3::LdapResult;

use super::{Error, said, shown};
use crate::directory::Query;

const OPERATIONS_ERROR: u32 = 1;
const PROTOCOL_ERROR: u32 = 2;
const STRONGER_AUTH_REQUIRED: u32 = 8;
const CONFIDENTIALITY_REQUIRED: u32 = 13;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN: u32 = 34;
const INAPPROPRIATE_AUTH: u32 = 48;
const INVALID_CREDENTIALS: u32 = 49;
const INSUFFICIENT_RIGHTS: u32 = 50;

/// What Active Directory has against a logon: the Windows error that it puts behind `data`, in hexadecimal.
const OF_WINDOWS: [(&str, &str); 9] = [
    ("525", "there is no such user"),
    ("52e", "user or password are wrong"),
    ("530", "the user may not log on at this time"),
    ("531", "the user may not log on from here"),
    ("532", "the password has expired"),
    ("533", "the account is disabled"),
    ("701", "the account has expired"),
    ("773", "the password must be changed first"),
    ("775", "the account is locked out"),
];

/// Why a user is not let in.
pub(super) fn not_bound(result: &LdapResult, user: &str) -> Error {
    let text = |what: &str| format!("the directory does not let '{user}' in: {what}");
    match result.rc {
        INVALID_CREDENTIALS => {
            let known = data(&result.text).and_then(|code| OF_WINDOWS.iter().find(|(known, _)| *known == code));
            let what = known.map_or("user or password are wrong", |(_, what)| what);
            Error::new(text(what))
                .with_hint("a directory takes user@domain, DOMAIN\\user or the name of the user's own entry")
        }
        STRONGER_AUTH_REQUIRED | CONFIDENTIALITY_REQUIRED | INAPPROPRIATE_AUTH => {
            Error::new(text(&format!("it wants a safer way{}", said(result))))
                .with_hint("use an ldaps:// URL, or start_tls = true")
        }
        code => Error::new(text(&format!("it answers with code {code}{}", said(result)))),
    }
}

/// Why a search has no result.
pub(super) fn not_found(result: &LdapResult, base: &str, is_bound: bool) -> Error {
    match result.rc {
        NO_SUCH_OBJECT => {
            let nearest = Some(&result.matched).filter(|matched| !matched.is_empty());
            let nearest = nearest.map(|matched| format!("; it has '{}'", shown(matched))).unwrap_or_default();
            // It may be the directory's own word.
            let base = shown(base);
            Error::new(format!("the directory has no entry '{base}'{nearest}"))
        }
        INVALID_DN => Error::new(format!("'{}' is not the name of an entry", shown(base)))
            .with_hint("as in OU=Servers,DC=contoso,DC=com"),
        OPERATIONS_ERROR | INSUFFICIENT_RIGHTS | INAPPROPRIATE_AUTH | STRONGER_AUTH_REQUIRED if !is_bound => {
            Error::new("the directory answers nobody without a logon")
                .with_hint("name a user in [ldap], or with --user")
        }
        INSUFFICIENT_RIGHTS => Error::new("the directory lets this user see nothing there"),
        code => Error::new(format!("the directory answers the search with code {code}{}", said(result))),
    }
}

/// Why the directory does not begin.
pub(super) fn refused(result: &LdapResult, query: &Query) -> Error {
    let text = format!("{} answers with code {}{}", query.url(), result.rc, said(result));
    match result.rc {
        PROTOCOL_ERROR => Error::new(text).with_hint("it may not know StartTLS: use an ldaps:// URL"),
        _ => not_found(result, query.base.as_deref().unwrap_or_default(), query.user.is_some()),
    }
}

/// The code behind `data` in Active Directory's words.
fn data(text: &str) -> Option<&str> {
    let rest = text.split("data ").nth(1)?;
    Some(rest.split(|character: char| !character.is_ascii_hexdigit()).next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use ldap3::LdapResult;

    use super::{not_bound, not_found};

    fn result(rc: u32, matched: &str, text: &str) -> LdapResult {
        LdapResult { rc, matched: matched.to_owned(), text: text.to_owned(), refs: Vec::new(), ctrls: Vec::new() }
    }

    #[test]
    fn codes_are_words() {
        // As domain controllers write it, from public reports; the last is Samba's.
        let of_windows = |code| {
            format!("80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data {code}, v4563")
        };
        for (text, what) in [
            (of_windows("52e"), "user or password are wrong"),
            (of_windows("775"), "the account is locked out"),
            (of_windows("999"), "user or password are wrong"),
            ("Simple Bind Failed: NT_STATUS_LOGON_FAILURE".to_owned(), "user or password are wrong"),
        ] {
            let error = not_bound(&result(49, "", &text), "x@y");
            assert_eq!(error.message, format!("the directory does not let 'x@y' in: {what}"), "{text}");
        }
        let error = not_bound(&result(8, "", "BindSimple: Transport encryption required.\u{1b}"), "x");
        assert!(
            error.message.ends_with("it wants a safer way (BindSimple: Transport encryption required.)"),
            "{error:?}"
        );
        let error = not_found(&result(32, "\u{1b}]0;t\u{7}\r\n\u{202e}x", ""), "OU=\u{9b}x", true);
        assert_eq!(error.message, "the directory has no entry 'OU=x'; it has ']0;tx'");
        let error = not_found(&result(32, "DC=a", ""), "OU=x,DC=a", true);
        assert_eq!(error.message, "the directory has no entry 'OU=x,DC=a'; it has 'DC=a'");
        assert!(not_found(&result(1, "", ""), "", false).message.contains("without a logon"));
        assert!(not_found(&result(53, "", "busy"), "", true).message.ends_with("with code 53 (busy)"));
    }
}
