//! One host: name, role, operating system, memory, clock.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::network::{CONTROLLERS, MOST_HOSTS};
use super::{Disk, Illness, Rng};

/// A host of the sandbox; cheap to clone and to keep.
#[derive(Debug, Clone)]
pub struct Host {
    seed: u64,
    index: u32,
    /// How many hosts the fleet has.
    fleet: u32,
    role: Role,
    name: Arc<str>,
}

/// What a host is for; decides its name, services and disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// `web001`: IIS.
    Web,
    /// `app001`: .NET services.
    App,
    /// `sql001`: SQL Server.
    Sql,
    /// `file001`: file shares.
    File,
    /// `dc001`: a domain controller.
    DomainController,
}

/// The operating system of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatingSystem {
    /// As in `Win32_OperatingSystem.Caption`.
    pub caption: &'static str,
    /// Version with the build number.
    pub version: &'static str,
    /// The build number alone.
    pub build: &'static str,
    /// The update revision, the fourth part of the version.
    pub revision: u32,
}

impl Role {
    /// The role of a place in the fleet: of ten hosts five are web, two app, one each of the others.
    fn of(index: u32) -> (Self, u32, u32) {
        match index % 10 {
            place @ 0..=4 => (Self::Web, 5, place),
            place @ (5 | 6) => (Self::App, 2, place - 5),
            7 => (Self::Sql, 1, 0),
            8 => (Self::File, 1, 0),
            _ => (Self::DomainController, 1, 0),
        }
    }

    /// The place of the host of a name, as [`Host::draw`] makes names.
    pub(super) fn index_of(name: &str) -> Option<u32> {
        let digits = name.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let prefix = &name[..name.len() - digits.len()];
        let number = digits.parse::<u32>().ok()?.checked_sub(1)?;
        let index = (0..10).find_map(|place| {
            let (role, per_ten, at) = Self::of(place);
            let index = (number / per_ten).checked_mul(10)?.checked_add(place)?;
            (role.prefix() == prefix && number % per_ten == at).then_some(index)
        })?;
        (format!("{prefix}{:03}", number + 1) == name).then_some(index)
    }

    /// The first part of the host's name.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::App => "app",
            Self::Sql => "sql",
            Self::File => "file",
            Self::DomainController => "dc",
        }
    }
}

impl Host {
    /// The host at a place (from 0) of the fleet of a seed. Names are unique within a fleet: `web001` to `web005`,
    /// `app001`, `app002`, `sql001`, `file001`, `dc001`, `web006` and so on.
    pub fn draw(seed: u64, index: u32) -> Self {
        let (role, per_ten, place) = Role::of(index);
        let number = index / 10 * per_ten + place + 1;
        Self { seed, index, fleet: MOST_HOSTS, role, name: format!("{}{number:03}", role.prefix()).into() }
    }

    /// The same host in a fleet of so many hosts; without this the fleet is as large as it can be.
    pub fn among(self, hosts: u32) -> Self {
        Self { fleet: hosts, ..self }
    }

    /// How many hosts the fleet has.
    pub(super) fn fleet(&self) -> u32 {
        self.fleet
    }

    /// Another host of the same fleet.
    pub(super) fn at(&self, index: u32) -> Self {
        Self::draw(self.seed, index).among(self.fleet)
    }

    /// The name, as in `web001`; upper-cased it is `$env:COMPUTERNAME`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a name means this very host: its own in both forms, or one of those for the local machine.
    pub fn is_named(&self, name: &str) -> bool {
        let own = [self.name(), "localhost", ".", "127.0.0.1", "::1", &format!("{}.{}", self.name, self.domain())];
        own.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The DNS domain of the fleet.
    pub fn domain(&self) -> &'static str {
        "sandbox.test"
    }

    /// The same as Windows' older parts write it.
    pub fn domain_name(&self) -> &'static str {
        "SANDBOX"
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether it is the one domain controller that has the roles of a single master.
    pub fn is_primary_controller(&self) -> bool {
        self.index == CONTROLLERS[0]
    }

    /// Whom Windows is registered to, and their organization.
    pub fn registered(&self) -> (&'static str, &'static str) {
        ("Windows User", "Contoso")
    }

    /// The product id of Windows.
    pub fn product_id(&self) -> String {
        format!("00454-{:05}-07919-AA112", 20_000 + self.index % 60_000)
    }

    /// Its place in the fleet, from 0.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// 64 bits of chance for one purpose and number.
    pub(crate) fn chance(&self, salt: &str, number: u64) -> u64 {
        Rng::new(self.rng(salt).next() ^ number, self.index, salt).next()
    }

    pub(super) fn rng(&self, salt: &str) -> Rng {
        Rng::new(self.seed, self.index, salt)
    }

    /// The operating system; every fleet has some old ones.
    pub fn operating_system(&self) -> OperatingSystem {
        let mut rng = self.rng("os");
        let (caption, version, build, revisions) = match rng.between(0, 99) {
            0..45 => ("Microsoft Windows Server 2022 Standard", "10.0.20348", "20348", (2700, 4300)),
            45..70 => ("Microsoft Windows Server 2019 Standard", "10.0.17763", "17763", (6000, 7900)),
            70..85 => ("Microsoft Windows Server 2025 Datacenter", "10.0.26100", "26100", (1700, 6900)),
            _ => ("Microsoft Windows Server 2016 Standard", "10.0.14393", "14393", (6900, 8500)),
        };
        OperatingSystem { caption, version, build, revision: rng.between(revisions.0, revisions.1) as u32 }
    }

    /// How far the host's clock is off: below half a second on most, minutes on a few (what Kerberos refuses).
    pub fn clock_skew(&self) -> SignedDuration {
        let mut rng = self.rng("clock");
        let size =
            if self.has(Illness::ClockSkewed) { rng.between(90_000, 900_000) } else { rng.between(0, 450) } as i64;
        SignedDuration::from_millis(if rng.chance(500) { -size } else { size })
    }

    /// The time on the host's clock.
    pub fn now(&self, real: Timestamp) -> Timestamp {
        real.checked_add(self.clock_skew()).unwrap_or(real)
    }

    /// Minutes east of UTC of the host's time zone, which has no summer time.
    pub fn utc_offset_minutes(&self) -> i32 {
        self.rng("zone").pick(&[0, 0, 60, 60, 60, 120, -300, 330])
    }

    /// When it last started: each host restarts on its own cycle of weeks, those that were forgotten months before.
    pub fn boot_time(&self, now: Timestamp) -> Timestamp {
        let mut rng = self.rng("boot");
        let days = rng.between(7, 45);
        let period = (days * 86_400) as i64;
        let phase = rng.between(0, days * 86_400) as i64;
        let forgotten = if self.has(Illness::LongUptime) { rng.between(100, 500) as i64 * 86_400 } else { 0 };
        let since = (now.as_second() + phase).rem_euclid(period) + forgotten;
        Timestamp::from_second(now.as_second() - since).unwrap_or(now)
    }

    /// When the system was installed: years ago, at the start of a cycle of no consequence.
    pub fn install_date(&self) -> Timestamp {
        let day = self.rng("install").between(17_800, 20_300);
        Timestamp::from_second((day * 86_400 + 36_000) as i64).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Logical processors.
    pub fn processors(&self) -> u32 {
        self.rng("processors").pick(&[2, 4, 4, 8, 16])
    }

    /// Its drives, by letter.
    pub fn disks(&self) -> Vec<Disk> {
        super::disks::draw(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::Timestamp;

    use super::Host;
    use crate::sandbox::machine::{ServiceStatus, StartType, hotfixes, services};

    fn fleet() -> impl Iterator<Item = Host> {
        (0..500).map(|index| Host::draw(7, index))
    }

    #[test]
    fn names_are_unique_and_stable() {
        assert_eq!(fleet().map(|host| host.name().to_owned()).collect::<HashSet<_>>().len(), 500);
        let names: Vec<_> = fleet().take(11).map(|host| host.name().to_owned()).collect();
        assert_eq!(names[4..], ["web005", "app001", "app002", "sql001", "file001", "dc001", "web006"]);
    }

    #[test]
    fn equal_seeds_give_equal_hosts() {
        let (one, same, other) = (Host::draw(1, 3), Host::draw(1, 3), Host::draw(2, 3));
        assert_eq!(services::draw(&one), services::draw(&same));
        assert_eq!(one.disks(), same.disks());
        assert_ne!(one.disks(), other.disks());
    }

    /// A health check must find something on a fleet of the README's size, and must not find it everywhere.
    #[test]
    fn some_hosts_are_ill() {
        let share = |ill: &dyn Fn(&Host) -> bool| fleet().filter(|host| ill(host)).count() * 100 / 500;
        let full = share(&|host| host.disks().iter().any(|disk| disk.free_bytes * 10 < disk.size_bytes));
        let skewed = share(&|host| host.clock_skew().abs().as_secs() >= 60);
        let stopped = share(&|host| {
            let down = |status, start| status == ServiceStatus::Stopped && start == StartType::Automatic;
            services::draw(host)
                .iter()
                .any(|service| service.name != "sppsvc" && down(service.status, service.start_type))
        });
        let unpatched = share(&|host| hotfixes::draw(host, 20_700).len() < 4);
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let old = share(&|host| now.duration_since(host.boot_time(now)).as_hours() > 24 * 90);
        for (what, percent) in
            [("full", full), ("skewed", skewed), ("stopped", stopped), ("unpatched", unpatched), ("old", old)]
        {
            assert!((1..50).contains(&percent), "{what}: {percent} %");
        }
    }

    #[test]
    fn boot_time_stays_until_the_next_boot() {
        let host = Host::draw(1, 1);
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let boot = host.boot_time(now);
        assert!(boot <= now);
        assert_eq!(host.boot_time(boot + jiff::SignedDuration::from_secs(5)), boot);
    }
}
