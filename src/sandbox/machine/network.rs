//! Addresses, names and ports.
//!
//! A fleet lives in one network: addresses follow from the place of a host, so names and addresses of all hosts are
//! known without asking them.

use std::net::Ipv4Addr;

use super::{Host, Machine, Role, Service, processes, services};

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
pub(super) const MOST_HOSTS: u32 = 50_000;

/// Places of the domain controllers that every fleet has, even one too small to show them.
pub(super) const CONTROLLERS: [u32; 2] = [9, 19];

/// A port on which something listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// The port.
    pub port: u16,
    /// The process.
    pub process_id: u32,
    /// Whether the kernel listens, on behalf of others.
    pub is_kernel: bool,
}

/// A port, the service that opens it, and the process of the system that listens instead of the service's own.
struct Listener {
    port: u16,
    service: Option<&'static str>,
    process: Option<&'static str>,
}

/// A service's own process listens.
const fn own(port: u16, service: &'static str) -> Listener {
    Listener { port, service: Some(service), process: None }
}

/// The kernel listens for a service.
const fn kernel(port: u16, service: &'static str) -> Listener {
    Listener { port, service: Some(service), process: Some("System") }
}

/// A process of the system listens as long as the system runs.
const fn always(port: u16, process: &'static str) -> Listener {
    Listener { port, service: None, process: Some(process) }
}

/// TCP ports of every Windows server with remoting and remote desktop.
const COMMON: [Listener; 9] = [
    own(135, "RpcSs"),
    always(139, "System"),
    kernel(445, "LanmanServer"),
    own(3389, "TermService"),
    kernel(5985, "WinRM"),
    kernel(47001, "WinRM"),
    own(49664, "SamSs"),
    always(49665, "wininit"),
    own(49666, "EventLog"),
];

/// UDP ports of every Windows server.
const UDP: [Listener; 4] = [own(123, "W32Time"), always(137, "System"), always(138, "System"), own(5355, "Dnscache")];
const UDP_OF_CONTROLLERS: [Listener; 4] = [own(53, "DNS"), own(88, "Kdc"), own(389, "NTDS"), own(464, "Kdc")];

fn of_role(role: Role) -> &'static [Listener] {
    const WEB: [Listener; 2] = [kernel(80, "W3SVC"), kernel(443, "W3SVC")];
    const APP: [Listener; 2] = [own(8080, "ContosoOrders"), own(8443, "ContosoOrders")];
    const SQL: [Listener; 2] = [own(1433, "MSSQLSERVER"), own(1434, "MSSQLSERVER")];
    const DC: [Listener; 8] = [
        own(53, "DNS"),
        own(88, "Kdc"),
        own(389, "NTDS"),
        own(464, "Kdc"),
        own(593, "RpcSs"),
        own(636, "NTDS"),
        own(3268, "NTDS"),
        own(9389, "ADWS"),
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
            dns: CONTROLLERS.map(address).into(),
        }
    }

    /// TCP ports on which it listens in the beginning, in order.
    pub fn listening(&self) -> Vec<Listening> {
        listening(self, &services::draw(self), COMMON.iter().chain(of_role(self.role())))
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
        (index < self.fleet() || CONTROLLERS.contains(&index)).then(|| self.at(index))
    }
}

fn listening<'a>(host: &Host, services: &[Service], listeners: impl Iterator<Item = &'a Listener>) -> Vec<Listening> {
    let mut all: Vec<Listening> = listeners
        .filter_map(|listener| {
            let by_service = match listener.service {
                Some(name) => Some(services.iter().find(|own| own.is_named(name) && own.is_active())?),
                None => None,
            };
            let process_id = match (listener.process, by_service) {
                (Some(name), _) => processes::id_of_core(host, name),
                (None, service) => service?.process_id,
            };
            Some(Listening { port: listener.port, process_id, is_kernel: listener.process == Some("System") })
        })
        .collect();
    all.sort_by_key(|listening| listening.port);
    all
}

impl Machine {
    /// TCP ports on which it listens now, in order: those of services only while they run.
    pub fn listening(&self) -> Vec<Listening> {
        listening(&self.host, &self.services(), COMMON.iter().chain(of_role(self.host.role())))
    }

    /// UDP ports that are open now, in order.
    pub fn udp_listening(&self) -> Vec<Listening> {
        let of_role: &[Listener] = if self.host.role() == Role::DomainController { &UDP_OF_CONTROLLERS } else { &[] };
        listening(&self.host, &self.services(), UDP.iter().chain(of_role))
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
    use jiff::Timestamp;

    use super::{Host, Machine, index_of};

    #[test]
    fn fleets_have_only_their_own_hosts() {
        let asking = Host::draw(5, 0).among(30);
        for (name, is_there) in [("web003", true), ("dc002", true), ("web999", false), ("10.20.1.49", true)] {
            assert_eq!(asking.fellow(name).is_some(), is_there, "{name}");
        }
        assert!(asking.fellow("10.20.1.50").is_none());
        let small = Host::draw(5, 0).among(3);
        assert!(small.fellow("dc001").is_some() && small.fellow("app001").is_none());
    }

    #[test]
    fn ports_close_with_their_services() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let machine = Machine::draw(1, 0, now);
        let _ = machine.start_service("W3SVC", now);
        let has = |port| machine.listening().iter().any(|listening| listening.port == port);
        assert!(has(443) && has(139) && has(49665));
        machine.stop_service("W3SVC", true, now).expect("it stops");
        assert!(!has(443) && has(139));
        assert_eq!(machine.listening().iter().find(|own| own.port == 445).map(|own| own.process_id), Some(4));
    }

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
