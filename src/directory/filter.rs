//! The filter of a question (RFC 4515), made of what an inventory says.

use std::time::Duration;

use jiff::Timestamp;

use super::filetime::{PER_SECOND, of_time};

/// Entries of computers, in Active Directory and in Samba.
const COMPUTERS: &str = "(objectClass=computer)";

/// `userAccountControl` has ADS_UF_ACCOUNTDISABLE, by the matching rule LDAP_MATCHING_RULE_BIT_AND (MS-ADTS 3.1.1.3.4.4).
const DISABLED: &str = "(userAccountControl:1.2.840.113556.1.4.803:=2)";

pub(super) fn whole(
    own: Option<&str>,
    enabled_only: bool,
    last_logon: Option<Duration>,
    now: Timestamp,
) -> Result<String, String> {
    let own = own.map_or(COMPUTERS, str::trim);
    if !(own.starts_with('(') && own.ends_with(')')) {
        return Err(format!(
            "'{own}' is not a filter of LDAP: it stands in parentheses, as in (operatingSystem=*Server*)"
        ));
    }
    let mut parts = vec![own.to_owned()];
    if enabled_only {
        parts.push(format!("(!{DISABLED})"));
    }
    if let Some(limit) = last_logon {
        parts.push(format!("(lastLogonTimestamp>={})", of_time(now) - ticks(limit)));
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { format!("(&{})", parts.concat()) })
}

/// A text in a filter (RFC 4515, section 3).
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '(' | ')' | '\\' | '\0' => escaped.push_str(&format!("\\{:02x}", u32::from(character))),
            other => escaped.push(other),
        }
    }
    escaped
}

fn ticks(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(PER_SECOND)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::super::filetime::time_of;
    use super::whole;

    #[test]
    fn parts_are_joined() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a time");
        let said = |own, enabled, days: Option<u64>| {
            whole(own, enabled, days.map(|days| Duration::from_secs(days * 86_400)), now)
        };
        assert_eq!(said(None, false, None).expect("a filter"), "(objectClass=computer)");
        let all = said(Some(" (cn=web*) "), true, Some(90)).expect("a filter");
        assert_eq!(
            all,
            "(&(cn=web*)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(lastLogonTimestamp>=134325648000000000))"
        );
        let limit = all.rsplit(">=").next().and_then(|rest| rest.strip_suffix("))")).expect("a number");
        assert_eq!(time_of(limit).map(|time| time.to_string()).as_deref(), Some("2026-08-30T12:00:00Z"));
        assert!(said(Some("cn=web*"), false, None).expect_err("no parentheses").contains("'cn=web*'"));
    }

    #[test]
    fn what_was_never_noted_is_no_time() {
        for text in ["0", "", "never", "-5", "9223372036854775807"] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }
}
