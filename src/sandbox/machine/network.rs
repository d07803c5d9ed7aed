//! Addresses, names and ports.
//!
//! A fleet lives in one network: addresses follow from the place of a host, so names and addresses of all hosts are
//! known without asking them.

use std::net::Ipv4Addr;

use super::{Host, Role};

/// The one network adapter of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// The connection's name.
    pub name: &'static str,
    /// The device's name.
    pub description: &'static str,
    /// Six bytes.
    pub mac: [u8; 6],
    /// The number of the interface.
    pub interface_index: u32,
    /// With braces.
    pub guid: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// Where other networks are.
    pub gateway: Ipv4Addr,
    /// Servers for names.
    pub dns: Vec<Ipv4Addr>,
}

/// Bits of the network in an address.
pub const PREFIX_LENGTH: u8 = 16;
/// The mask of these bits.
pub const SUBNET_MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 0, 0);
/// How many hosts have an address.
const MOST_HOSTS: u32 = 50_000;

/// A port on which something listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// Name of the process, as [`super::Process`] has it.
    pub process: &'static str,
}

const fn listener(port: u16, process: &'static str) -> Listener {
    Listener { port, process }
}

/// TCP ports of every Windows server with remoting and remote desktop.
const COMMON: [Listener; 9] = [
    listener(135, "svchost"),
    listener(139, "System"),
    listener(445, "System"),
    listener(3389, "svchost"),
    listener(5985, "System"),
    listener(47001, "System"),
    listener(49664, "lsass"),
    listener(49665, "wininit"),
    listener(49666, "svchost"),
];

fn of_role(role: Role) -> &'static [Listener] {
    const WEB: [Listener; 2] = [listener(80, "System"), listener(443, "System")];
    const APP: [Listener; 2] = [listener(8080, "Contoso.Orders"), listener(8443, "Contoso.Orders")];
    const SQL: [Listener; 2] = [listener(1433, "sqlservr"), listener(1434, "sqlservr")];
    const DC: [Listener; 8] = [
        listener(53, "dns"),
        listener(88, "lsass"),
        listener(389, "lsass"),
        listener(464, "lsass"),
        listener(593, "svchost"),
        listener(636, "lsass"),
        listener(3268, "lsass"),
        listener(9389, "Microsoft.ActiveDirectory.WebServices"),
    ];
    match role {
        Role::Web => &WEB,
        Role::App => &APP,
        Role::Sql => &SQL,
        Role::File => &[],
        Role::DomainController => &DC,
    }
}

impl Host {
    /// Its address: hosts fill the network in the order of their places.
    pub fn address(&self) -> Ipv4Addr {
        address(self.index())
    }

    /// Its network adapter.
    pub fn adapter(&self) -> Adapter {
        let mut rng = self.rng("adapter");
        let id = rng.next().to_be_bytes();
        Adapter {
            name: "Ethernet0",
            description: "vmxnet3 Ethernet Adapter",
            mac: [0x00, 0x50, 0x56, 0x80 | id[0] & 0x3F, id[1], id[2]],
            interface_index: rng.between(3, 14) as u32,
            guid: format!("{{{}}}", self.part_guid("adapter").to_uppercase()),
            address: self.address(),
            gateway: Ipv4Addr::new(10, 20, 0, 1),
            dns: vec![address(9), address(19)],
        }
    }

    /// TCP ports on which it listens, in order.
    pub fn listeners(&self) -> Vec<Listener> {
        let mut all: Vec<_> = COMMON.iter().chain(of_role(self.role())).copied().collect();
        all.sort_by_key(|listener| listener.port);
        all
    }

    /// Its full name.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.name(), self.domain())
    }

    /// The host of the same fleet that has this name, short or full, or this address.
    pub fn fellow(&self, name: &str) -> Option<Self> {
        if self.is_named(name) {
            return Some(self.clone());
        }
        let index = match name.parse::<Ipv4Addr>() {
            Ok(address) => index_of(address)?,
            Err(_) => {
                let lower = name.trim_end_matches('.').to_ascii_lowercase();
                let short = lower.strip_suffix(self.domain()).and_then(|name| name.strip_suffix('.'));
                Role::index_of(short.unwrap_or(&lower))?
            }
        };
        (index < MOST_HOSTS).then(|| self.at(index))
    }
}

fn address(index: u32) -> Ipv4Addr {
    Ipv4Addr::new(10, 20, (1 + index / 200) as u8, (20 + index % 200) as u8)
}

fn index_of(address: Ipv4Addr) -> Option<u32> {
    let [10, 20, third @ 1..=255, fourth @ 20..=219] = address.octets() else { return None };
    Some((u32::from(third) - 1) * 200 + u32::from(fourth) - 20)
}

#[cfg(test)]
mod tests {
    use super::{Host, index_of};

    #[test]
    fn names_and_addresses_lead_back() {
        let asking = Host::draw(5, 0);
        for index in [0, 4, 5, 6, 7, 8, 9, 10, 199, 200, 4999] {
            let host = Host::draw(5, index);
            assert_eq!(index_of(host.address()), Some(index));
            for name in [host.name().to_owned(), host.full_name().to_uppercase(), host.address().to_string()] {
                assert_eq!(asking.fellow(&name).map(|found| found.index()), Some(index), "{name}");
            }
        }
        for name in ["web", "web1", "nosuch001", "sql0001x", "8.8.8.8", "web000"] {
            assert!(asking.fellow(name).is_none(), "{name}");
        }
    }
}
