//! A computer, as a directory has it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dn::{parts, unescaped};
use super::filetime::time_of;

/// The attributes that are asked for.
pub const ATTRIBUTES: [&str; 10] = [
    "cn",
    "name",
    "dNSHostName",
    "distinguishedName",
    "operatingSystem",
    "operatingSystemVersion",
    "lastLogonTimestamp",
    "location",
    "description",
    "msDS-SiteName",
];

/// Characters of a value that are kept.
const LONGEST: usize = 1024;

/// The label of the place in the network.
const SITE: &str = "site";

/// The attributes of an entry by their names, each with its values.
pub type Attributes = HashMap<String, Vec<String>>;

/// A computer of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computer {
    /// Its name, without its domain.
    pub name: String,
    /// The name that DNS has for it, if the directory knows.
    pub dns_name: Option<String>,
    /// Its entry.
    pub dn: String,
    /// What is known of it besides: labels of the host, none of them empty.
    pub labels: Vec<(String, String)>,
}

/// What a directory answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The computers, by their names.
    pub computers: Vec<Computer>,
    /// When it was asked.
    pub asked: Timestamp,
}

impl Computer {
    /// Of an entry; none where it has no name.
    pub fn of_entry(dn: &str, attributes: &Attributes) -> Option<Self> {
        let one = |wanted: &str| {
            let found = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?.1.first()?;
            let found: String = found.trim().chars().take(LONGEST).collect();
            Some(found).filter(|value| !value.is_empty())
        };
        let name = one("name").or_else(|| one("cn"))?;
        let units = units(dn);
        let labels = [
            ("ou", units.first().cloned()),
            ("ou_path", Some(units.iter().rev().map(String::as_str).collect::<Vec<_>>().join("/"))),
            ("os", one("operatingSystem")),
            ("os_version", one("operatingSystemVersion")),
            (SITE, one("msDS-SiteName")),
            ("location", one("location")),
            ("description", one("description")),
            ("last_logon", one("lastLogonTimestamp").and_then(|text| time_of(&text)).map(day)),
        ];
        let labels = labels.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        let labels = labels.filter(|(_, value)| !value.is_empty()).collect();
        Some(Self { name, dns_name: one("dNSHostName"), dn: dn.to_owned(), labels })
    }

    /// Puts it into a site, whatever its entry says.
    pub fn put_into(&mut self, site: &str) {
        self.labels.retain(|(key, _)| key != SITE);
        self.labels.push((SITE.to_owned(), site.to_owned()));
    }
}

/// The day of a time: the directory knows it no better.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take_while(|character| *character != 'T').collect()
}

/// The organizational units and containers on the way to an entry, the nearest one first (RFC 4514).
fn units(dn: &str) -> Vec<String> {
    let parts = parts(dn);
    let named = parts.iter().skip(1).filter_map(|part| part.split_once('='));
    let units = named.filter(|(kind, _)| ["ou", "cn"].contains(&kind.trim().to_ascii_lowercase().as_str()));
    units.map(|(_, value)| unescaped(value.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::{Attributes, Computer, units};

    #[test]
    fn an_entry_is_a_computer() {
        let entry = |pairs: &[(&str, &str)]| -> Attributes {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect()
        };
        let attributes = entry(&[
            ("name", "WEB01"),
            ("dnshostname", "web01.contoso.com"),
            ("operatingSystem", "Windows Server 2022 Standard"),
            ("operatingSystemVersion", "10.0 (20348)"),
            ("lastLogonTimestamp", "134325648000000000"),
            ("description", " "),
        ]);
        let computer = Computer::of_entry("CN=WEB01,OU=Web,OU=Servers,DC=contoso,DC=com", &attributes).expect("a name");
        assert_eq!((computer.name.as_str(), computer.dns_name.as_deref()), ("WEB01", Some("web01.contoso.com")));
        let labels: Vec<String> = computer.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            labels,
            [
                "ou=Web",
                "ou_path=Servers/Web",
                "os=Windows Server 2022 Standard",
                "os_version=10.0 (20348)",
                "last_logon=2026-08-30",
            ]
        );
        assert_eq!(Computer::of_entry("CN=x", &entry(&[("name", "")])), None);
    }

    #[test]
    fn names_of_units_are_unescaped() {
        for (dn, found) in [
            ("CN=a,OU=x\\, y,DC=z", vec!["x, y"]),
            ("CN=a,OU=B\\C3\\BCro,OU=\\#1,DC=z", vec!["Büro", "#1"]),
            ("CN=a\\,OU=no,CN=Computers,DC=z", vec!["Computers"]),
            ("CN=a,OU=x\\", vec!["x"]),
            ("CN=a,OU=\\C3", vec!["\u{fffd}"]),
            ("", vec![]),
        ] {
            assert_eq!(units(dn), found, "{dn}");
        }
    }
}
