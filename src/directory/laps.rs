//! Passwords of local administrators, as computers write them into their own entries (LAPS): each computer makes a new
//! one from time to time.

use jiff::Timestamp;
use serde::Deserialize;

use super::computer::Attributes;
use super::filetime::time_of;
use super::filter::escaped;
use crate::secret::{MOST, Secret};

/// Attributes of Windows LAPS (MS-ADA2), and of the product before it.
const PASSWORD: &str = "msLAPS-Password";
const ENCRYPTED: &str = "msLAPS-EncryptedPassword";
const EXPIRES: &str = "msLAPS-PasswordExpirationTime";
const LEGACY_PASSWORD: &str = "ms-Mcs-AdmPwd";
const LEGACY_EXPIRES: &str = "ms-Mcs-AdmPwdExpirationTime";

/// The attributes that are asked for.
pub const LAPS_ATTRIBUTES: [&str; 7] =
    ["name", "dNSHostName", PASSWORD, ENCRYPTED, EXPIRES, LEGACY_PASSWORD, LEGACY_EXPIRES];

/// A host whose computer is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The host's name: that of the computer, or of DNS.
    pub name: String,
    /// Where it is reached, perhaps by its name in DNS.
    pub address: String,
}

/// The local administrator of a computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalAdmin {
    /// The account, where the directory says whose the password is.
    pub account: Option<String>,
    /// Its password.
    pub password: Secret<String>,
    /// When the computer should have made a new one.
    pub expires: Option<Timestamp>,
}

/// What the entry of a computer has of its local administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Laps {
    /// The password in the clear.
    Clear(LocalAdmin),
    /// The password, encrypted for somebody whom only Windows can prove to be.
    Encrypted,
    /// There is a password, and whoever asks does not get to see it.
    Hidden,
    /// Nothing that whoever asks gets to see.
    Nothing,
    /// Something that is no password.
    Damaged,
    /// Several computers have the host's name.
    Several,
}

/// What a directory has of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LapsOfHost {
    /// The password, or why there is none.
    pub laps: Laps,
    /// As whom the directory was asked; nobody if unset.
    pub reader: Option<String>,
    /// When.
    pub asked: Timestamp,
}

impl Sought {
    /// The filter of the computers of these hosts.
    pub fn filter(hosts: &[Self]) -> String {
        let of_host = |host: &Self| {
            let [name, address] = [&host.name, &host.address].map(|text| escaped(text));
            match host.name.eq_ignore_ascii_case(&host.address) {
                true => format!("(name={name})(dNSHostName={name})"),
                false => format!("(name={name})(dNSHostName={name})(dNSHostName={address})"),
            }
        };
        format!("(&(objectClass=computer)(|{}))", hosts.iter().map(of_host).collect::<String>())
    }

    /// What the host's computer has, if it is among these. Where we connect to says more than what the host is called.
    pub fn among(&self, computers: &[Kept]) -> Option<Laps> {
        let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let by_dns = |computer: &Kept, name: &str| computer.dns_name.as_deref().is_some_and(|own| is(own, name));
        let is_own: [&dyn Fn(&Kept) -> bool; 3] =
            [&|computer| by_dns(computer, &self.address), &|computer| by_dns(computer, &self.name), &|computer| {
                is(&computer.name, &self.name)
            }];
        is_own.iter().find_map(|is_own| {
            let mut own = computers.iter().filter(|computer| is_own(computer));
            let found = own.next()?;
            Some(if own.next().is_some() { Laps::Several } else { found.laps.clone() })
        })
    }
}

/// The entry of a computer, as far as LAPS is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    name: String,
    dns_name: Option<String>,
    laps: Laps,
}

impl Kept {
    /// Of an entry; an attribute that is no text is there without values. None where the computer has no name.
    pub fn of_entry(mut attributes: Attributes) -> Option<Self> {
        let mut take = |wanted: &str| {
            let name = attributes.keys().find(|name| name.eq_ignore_ascii_case(wanted))?.clone();
            attributes.remove(&name)
        };
        let mut one = |wanted: &str| take(wanted).and_then(|values| values.into_iter().next());
        let (name, dns_name) = (one("name")?, one("dNSHostName"));
        let expires = one(EXPIRES);
        let legacy_expires = one(LEGACY_EXPIRES);
        let time = |text: Option<String>| text.and_then(|text| time_of(&text));
        let mut secret = |wanted: &str| {
            let values = take(wanted)?;
            Some(values.into_iter().next().filter(|text| text.len() <= MOST).map(Secret::new))
        };
        let found = |admin: Option<LocalAdmin>| admin.map_or(Laps::Damaged, Laps::Clear);
        let laps = match (secret(PASSWORD), secret(ENCRYPTED), secret(LEGACY_PASSWORD)) {
            (Some(text), ..) => found(text.and_then(|text| of_windows(&text, time(expires)))),
            (None, Some(_), _) => Laps::Encrypted,
            // What the older product has left there is no longer true where Windows has taken over.
            (None, None, _) if expires.is_some() => Laps::Hidden,
            (None, None, Some(text)) => {
                let expires = time(legacy_expires);
                let text = text.filter(|text| !text.expose().is_empty());
                found(text.map(|password| LocalAdmin { account: None, password, expires }))
            }
            (None, None, None) if legacy_expires.is_some() => Laps::Hidden,
            (None, None, None) => Laps::Nothing,
        };
        Some(Self { name, dns_name, laps })
    }
}

/// `{"n":"Administrator","t":"1d8161b41c41cde","p":"…"}`: account, time of the password in hexadecimal, password.
fn of_windows(text: &Secret<String>, expires: Option<Timestamp>) -> Option<LocalAdmin> {
    #[derive(Deserialize)]
    struct Clear {
        n: String,
        p: String,
    }
    let Clear { n, p } = serde_json::from_str(text.expose()).ok()?;
    let password = Secret::new(p);
    // What no account may have in its name would be somebody else's, or obeyed by a terminal.
    let is_name = !n.is_empty() && !n.contains(|character: char| character.is_control() || "\\@/:".contains(character));
    (is_name && !password.expose().is_empty()).then_some(LocalAdmin { account: Some(n), password, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(values: &[(&str, &str)]) -> Attributes {
        let named = [("name", "WEB01"), ("dNSHostName", "web01.contoso.com")];
        let all = named.iter().chain(values);
        all.map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect()
    }

    fn laps(values: &[(&str, &str)]) -> Laps {
        Kept::of_entry(entry(values)).expect("a name").laps
    }

    fn clear(account: Option<&str>, password: &str, expires: Option<&str>) -> Laps {
        Laps::Clear(LocalAdmin {
            account: account.map(str::to_owned),
            password: Secret::new(password.to_owned()),
            expires: expires.map(|text| text.parse().expect("a time")),
        })
    }

    /// After the example of Microsoft's "Windows LAPS schema extensions".
    const OF_WINDOWS: (&str, &str) =
        ("msLAPS-Password", r#"{"n":"Administrator","t":"1d8161b41c41cde","p":"A6a3#7%eb!5\"hk"}"#);
    const EXPIRED: &str = "134325648000000000";

    #[test]
    fn the_password_of_windows_comes_before_the_older_one() {
        let time = "2026-08-30T12:00:00Z";
        let older = [("ms-Mcs-AdmPwd", "Old.1"), ("ms-mcs-admpwdexpirationtime", EXPIRED)];
        assert_eq!(laps(&older), clear(None, "Old.1", Some(time)));
        assert_eq!(laps(&[("MSLAPS-PASSWORD", OF_WINDOWS.1)]), clear(Some("Administrator"), "A6a3#7%eb!5\"hk", None));
        let both = [OF_WINDOWS, ("msLAPS-PasswordExpirationTime", EXPIRED), older[0]];
        assert_eq!(laps(&both), clear(Some("Administrator"), "A6a3#7%eb!5\"hk", Some(time)));
    }

    #[test]
    fn why_there_is_no_password() {
        assert_eq!(laps(&[]), Laps::Nothing);
        assert_eq!(laps(&[("ms-Mcs-AdmPwdExpirationTime", EXPIRED)]), Laps::Hidden);
        let left_over = [("msLAPS-PasswordExpirationTime", EXPIRED), ("ms-Mcs-AdmPwd", "Old.1")];
        assert_eq!(laps(&left_over), Laps::Hidden, "the older one is no longer true");
        let mut attributes = entry(&[("ms-Mcs-AdmPwd", "Old.1")]);
        attributes.insert("msLAPS-EncryptedPassword".to_owned(), Vec::new());
        assert_eq!(Kept::of_entry(attributes).expect("a name").laps, Laps::Encrypted, "an attribute that is no text");
        let huge = format!(r#"{{"n":"a","p":"{}"}}"#, "x".repeat(MOST));
        for text in
            ["", "{}", "secret", r#"{"n":"","p":"x"}"#, r#"{"n":"a","p":""}"#, r#"{"n":"AD\\svc","p":"x"}"#, &huge]
        {
            assert_eq!(laps(&[("msLAPS-Password", text)]), Laps::Damaged);
        }
        assert_eq!(laps(&[("ms-Mcs-AdmPwd", "")]), Laps::Damaged);
        assert_eq!(Kept::of_entry(Attributes::new()), None);
    }

    #[test]
    fn a_computer_is_found_by_either_name() {
        let kept = |name: &str, dns_name: Option<&str>| Kept {
            name: name.to_owned(),
            dns_name: dns_name.map(str::to_owned),
            laps: clear(None, name, None),
        };
        let computers = [kept("WEB01", Some("web01.contoso.com")), kept("DB01", None), kept("x", Some("db02.a.com"))];
        let sought = |name: &str, address: &str| Sought { name: name.to_owned(), address: address.to_owned() };
        let found = |name: &str, address: &str| sought(name, address).among(&computers);
        assert_eq!(found("web01", "10.0.0.1"), Some(clear(None, "WEB01", None)));
        assert_eq!(found("Web01.Contoso.com", "10.0.0.1"), Some(clear(None, "WEB01", None)));
        assert_eq!(found("shop", "web01.contoso.com"), Some(clear(None, "WEB01", None)));
        assert_eq!(found("db01", "db02.a.com"), Some(clear(None, "x", None)), "it is sent there");
        let twice = [kept("WEB01", Some("web01.a.com")), kept("web01", Some("web01.b.com"))];
        assert_eq!(sought("WEB01", "10.0.0.1").among(&twice), Some(Laps::Several));
        assert_eq!(sought("WEB01", "web01.b.com").among(&twice), Some(clear(None, "web01", None)));
        assert_eq!(found("db0", "db01"), None, "an address is no name of a computer's own");
        assert_eq!(
            Sought::filter(&[sought("a*", "a*"), sought("b", "b.c")]),
            "(&(objectClass=computer)(|(name=a\\2a)(dNSHostName=a\\2a)(name=b)(dNSHostName=b)(dNSHostName=b.c)))"
        );
    }
}
