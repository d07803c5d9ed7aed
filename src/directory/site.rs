//! Sites: where in the network a computer is, by its address. Active Directory knows which subnets are at which site, and
//! has the addresses where its servers are those of DNS, too.

use std::collections::HashMap;
use std::net::IpAddr;

use super::computer::Computer;
use super::dn;
use super::filter::escaped;

/// The attributes of a subnet: `10.1.0.0/16`, and the entry of its site.
pub const SUBNET: &str = "name";
/// See [`SUBNET`].
pub const SITE_OF_SUBNET: &str = "siteObject";

/// The attribute of a name of DNS.
pub const DNS_RECORD: &str = "dnsRecord";

/// Subnets, each with its site.
#[derive(Debug, Default)]
pub struct Sites(Vec<(Subnet, String)>);

#[derive(Debug)]
struct Subnet {
    address: IpAddr,
    /// Bits of the address that are the subnet's.
    length: u32,
}

/// The addresses of computers, by their names in DNS in small letters.
#[derive(Debug, Default)]
pub struct Addresses(HashMap<String, Vec<IpAddr>>);

impl Sites {
    /// Takes note of a subnet such as `10.1.0.0/16`, and the entry of its site; of nothing else.
    pub fn add(&mut self, subnet: &str, site: &str) {
        self.0.extend(Subnet::of(subnet).zip(dn::first(site)));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The site of a computer with these addresses: that of the smallest subnet that has one of them.
    pub fn of(&self, addresses: &[IpAddr]) -> Option<&str> {
        let own = self.0.iter().filter(|(subnet, _)| addresses.iter().any(|address| subnet.has(*address)));
        own.max_by_key(|(subnet, _)| subnet.length).map(|(_, site)| site.as_str())
    }
}

impl Subnet {
    fn of(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let (address, length): (IpAddr, u32) = (address.parse().ok()?, length.parse().ok()?);
        (length <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self { address, length })
    }

    fn has(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(u32::BITS - self.length).unwrap_or_default();
                (own.to_bits() ^ other.to_bits()) & mask == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(u128::BITS - self.length).unwrap_or_default();
                (own.to_bits() ^ other.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

impl Addresses {
    /// The filter of the names of these computers in DNS; none where DNS knows none of them.
    pub fn filter(computers: &[Computer]) -> Option<String> {
        let names = computers.iter().filter_map(|computer| computer.dns_name.as_deref()?.split('.').next());
        let names: String = names.map(|name| format!("(name={})", escaped(name))).collect();
        (!names.is_empty()).then(|| format!("(&(objectClass=dnsNode)(|{names}))"))
    }

    /// Takes note of a name of DNS, by its entry in a zone and its records (MS-DNSP 2.3.2.2).
    pub fn add<'r>(&mut self, entry: &str, records: impl Iterator<Item = &'r [u8]>) {
        let parts = dn::parts(entry);
        let value = |part: Option<&&str>| part?.split_once('=').map(|(_, value)| dn::unescaped(value.trim()));
        if let (Some(name), Some(zone)) = (value(parts.first()), value(parts.get(1))) {
            let known = self.0.entry(format!("{name}.{zone}").to_lowercase()).or_default();
            known.extend(records.filter_map(address));
        }
    }

    /// Those of a computer.
    pub fn of(&self, computer: &Computer) -> &[IpAddr] {
        let name = computer.dns_name.as_deref().map(|name| name.trim_end_matches('.').to_lowercase());
        name.and_then(|name| self.0.get(&name)).map_or(&[], Vec::as_slice)
    }
}

/// The address in a record, whose type is at 2 and whose data is at 24. Other records have none.
fn address(record: &[u8]) -> Option<IpAddr> {
    const TYPE_A: u16 = 1;
    const TYPE_AAAA: u16 = 28;
    let kind = u16::from_le_bytes(record.get(2..4)?.try_into().ok()?);
    let data = record.get(24..)?;
    match kind {
        TYPE_A => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
        TYPE_AAAA => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Addresses, Computer, Sites};

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn the_smallest_subnet_counts() {
        let mut sites = Sites::default();
        for (subnet, site) in [
            ("0.0.0.0/0", "World"),
            ("10.1.0.0/16", "Berlin"),
            ("10.1.7.0/24", "Lab\\, Berlin"),
            ("10.1.7.9/32", "Desk"),
            ("2001:db8::/32", "Six"),
            ("10.2.0.0/33", "None"),
            ("10.2.0.0", "None"),
            ("::/129", "None"),
        ] {
            sites.add(subnet, &format!("CN={site},CN=Sites,CN=Configuration,DC=x"));
        }
        sites.add("10.3.0.0/16", "");
        for (texts, site) in [
            (&["10.1.2.3"][..], Some("Berlin")),
            (&["10.1.7.1"], Some("Lab, Berlin")),
            (&["10.1.7.9"], Some("Desk")),
            (&["192.0.2.1", "2001:db8::1"], Some("Six")),
            (&["10.2.0.1"], Some("World")),
            (&["10.3.0.1"], Some("World")),
            (&["2001:db9::1"], None),
            (&[], None),
        ] {
            assert_eq!(sites.of(&addresses(texts)), site, "{texts:?}");
        }
    }

    /// A record as a directory has it.
    fn record(kind: u8, data: &[u8]) -> Vec<u8> {
        let head = [4, 0, kind, 0, 5, 0xf0, 0, 0, 1, 0, 0, 0, 0, 0, 3, 0x84, 0, 0, 0, 0, 0, 0, 0, 0];
        [&head, data].concat()
    }

    fn computer(dns_name: Option<&str>) -> Computer {
        let labels = vec![("site".to_owned(), "Old".to_owned())];
        Computer { name: "web01".to_owned(), dns_name: dns_name.map(str::to_owned), dn: String::new(), labels }
    }

    #[test]
    fn addresses_are_read_from_records() {
        let records = [
            record(1, &[10, 1, 2, 3]),
            record(28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            record(5, &[10, 1, 2, 4]),
            record(1, &[10, 1, 2]),
            record(0, &[]),
            vec![4],
        ];
        let mut known = Addresses::default();
        known.add("DC=Web01,DC=contoso.com,CN=MicrosoftDNS,DC=x", records.iter().map(Vec::as_slice));
        known.add("DC=alone", records.iter().map(Vec::as_slice));
        known.add("", std::iter::empty());
        let mut web = computer(Some("WEB01.contoso.com."));
        assert_eq!(known.of(&web), addresses(&["10.1.2.3", "2001:db8::1"]));
        assert!(known.of(&computer(Some("web01"))).is_empty() && known.of(&computer(None)).is_empty());
        let filter = Addresses::filter(&[computer(Some("w*.contoso.com")), computer(None)]);
        assert_eq!(filter.as_deref(), Some("(&(objectClass=dnsNode)(|(name=w\\2a)))"));
        assert_eq!(Addresses::filter(&[computer(None)]), None);
        web.put_into("Berlin");
        assert_eq!(web.labels, [("site".to_owned(), "Berlin".to_owned())]);
    }
}
