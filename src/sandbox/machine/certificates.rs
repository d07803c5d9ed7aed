//! Certificates of the machine's and the user's stores.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Host, Illness, Machine, Rng, Role};

/// A certificate in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// `LocalMachine` or `CurrentUser`.
    pub location: &'static str,
    /// `My`, `Root`, `CA`, ...
    pub store: &'static str,
    /// The name that it is for.
    pub subject: String,
    /// The name of who signed it.
    pub issuer: String,
    /// Twenty bytes in capital hexadecimal digits.
    pub thumbprint: String,
    /// In capital hexadecimal digits.
    pub serial_number: String,
    /// Valid from here on.
    pub not_before: Timestamp,
    /// Valid until then.
    pub not_after: Timestamp,
    /// The name for people, often empty.
    pub friendly_name: String,
    /// Whether the store has the key that belongs to it.
    pub has_private_key: bool,
    /// What it may be used for: names and object identifiers.
    pub usages: &'static [(&'static str, &'static str)],
    /// The DNS names that it is for.
    pub dns_names: Vec<String>,
}

/// The stores of a location.
pub const STORES: [&str; 12] = [
    "AuthRoot",
    "CA",
    "ClientAuthIssuer",
    "Disallowed",
    "My",
    "Remote Desktop",
    "Root",
    "SmartCardRoot",
    "Trust",
    "TrustedPeople",
    "TrustedPublisher",
    "WebHosting",
];

const SERVER: &[(&str, &str)] = &[("Server Authentication", "1.3.6.1.5.5.7.3.1")];
const BOTH: &[(&str, &str)] =
    &[("Client Authentication", "1.3.6.1.5.5.7.3.2"), ("Server Authentication", "1.3.6.1.5.5.7.3.1")];
const CONTROLLER: &[(&str, &str)] = &[
    ("Client Authentication", "1.3.6.1.5.5.7.3.2"),
    ("Server Authentication", "1.3.6.1.5.5.7.3.1"),
    ("KDC Authentication", "1.3.6.1.5.2.3.5"),
];

const ISSUER: &str = "CN=Contoso Issuing CA 1, DC=sandbox, DC=test";
const ROOT: &str = "CN=Contoso Root CA, DC=sandbox, DC=test";

/// Roots that every host trusts: subject, first and last year.
const ROOTS: [(&str, i64, i64); 6] = [
    (
        "CN=Microsoft Root Certificate Authority 2011, O=Microsoft Corporation, L=Redmond, S=Washington, C=US",
        2011,
        2036,
    ),
    (
        "CN=Microsoft Root Certificate Authority 2010, O=Microsoft Corporation, L=Redmond, S=Washington, C=US",
        2010,
        2035,
    ),
    ("CN=DigiCert Global Root G2, OU=www.digicert.com, O=DigiCert Inc, C=US", 2013, 2038),
    ("CN=DigiCert Global Root CA, OU=www.digicert.com, O=DigiCert Inc, C=US", 2006, 2031),
    ("CN=ISRG Root X1, O=Internet Security Research Group, C=US", 2015, 2035),
    (ROOT, 2018, 2038),
];

const DAY: i64 = 86_400;

fn hex(rng: &mut Rng, digits: usize) -> String {
    let mut all = String::new();
    while all.len() < digits {
        all += &format!("{:016X}", rng.next());
    }
    all.truncate(digits);
    all
}

fn years(year: i64) -> Timestamp {
    Timestamp::from_second((year - 1970) * 31_556_952).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn later(time: Timestamp, seconds: i64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(time)
}

struct Maker {
    rng: Rng,
    since: Timestamp,
    all: Vec<Certificate>,
}

impl Maker {
    /// A certificate of the machine that ends some days from now, after some days of life.
    fn add(&mut self, store: &'static str, names: (&str, &str), ends_in: i64, life: i64) -> &mut Certificate {
        let not_after = later(self.since, ends_in * DAY - self.rng.between(0, 80_000) as i64);
        let certificate = Certificate {
            location: "LocalMachine",
            store,
            subject: names.0.to_owned(),
            issuer: names.1.to_owned(),
            thumbprint: hex(&mut self.rng, 40),
            serial_number: hex(&mut self.rng, 38),
            not_before: later(not_after, -life * DAY),
            not_after,
            friendly_name: String::new(),
            has_private_key: store == "My" || store == "Remote Desktop",
            usages: SERVER,
            dns_names: Vec::new(),
        };
        let place = self.all.len();
        self.all.push(certificate);
        &mut self.all[place]
    }
}

pub(super) fn draw(host: &Host, since: Timestamp) -> Vec<Certificate> {
    let mut maker = Maker { rng: host.rng("certificates"), since, all: Vec::new() };
    let full = format!("{}.{}", host.name(), host.domain());
    let own = format!("CN={full}");
    let ends_in = match host.has(Illness::CertificateExpiring) {
        true => maker.rng.between(2, 29),
        false => maker.rng.between(60, 660),
    };
    let certificate = maker.add("My", (&own, ISSUER), ends_in as i64, 730);
    certificate.friendly_name = "Machine".into();
    certificate.usages = if host.role() == Role::DomainController { CONTROLLER } else { BOTH };
    certificate.dns_names = vec![full.clone(), host.name().to_owned()];
    if host.role() == Role::Web {
        let ends_in = maker.rng.between(45, 390) as i64;
        let site = maker.add("My", ("CN=orders.contoso.com", ISSUER), ends_in, 397);
        site.friendly_name = "orders.contoso.com".into();
        site.dns_names = vec!["orders.contoso.com".into(), "www.contoso.com".into()];
        let service = format!("CN=WMSvc-SHA2-{}", host.name().to_uppercase());
        let ends_in = maker.rng.between(1200, 3400) as i64;
        maker.add("My", (&service, &service), ends_in, 3650).friendly_name = "WMSVC-SHA2".into();
    }
    let ends_in = maker.rng.between(40, 180) as i64;
    maker.add("Remote Desktop", (&own, &own), ends_in, 182).dns_names = vec![full];
    for (subject, first, last) in ROOTS {
        let root = maker.add("Root", (subject, subject), 0, 0);
        (root.not_before, root.not_after, root.usages) = (years(first), years(last), &[]);
        root.thumbprint = hex(&mut Rng::new(7, first as u32, subject), 40);
    }
    let issuing = maker.add("CA", (ISSUER, ROOT), 0, 0);
    (issuing.not_before, issuing.not_after, issuing.usages) = (years(2020), years(2034), &[]);
    issuing.thumbprint = hex(&mut Rng::new(7, 1, ISSUER), 40);
    maker.all
}

impl Machine {
    /// The certificates of all stores.
    pub fn certificates(&self) -> Arc<Vec<Certificate>> {
        self.certificates.read(|| draw(&self.host, self.since))
    }

    /// Changes them.
    pub fn change_certificates<R>(&self, change: impl FnOnce(&mut Vec<Certificate>) -> R) -> R {
        self.certificates.change(|| draw(&self.host, self.since), change)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::{Host, Illness};
    use super::draw;

    #[test]
    fn certificates_end_soon_on_ill_hosts_alone() {
        let since = Timestamp::from_second(1_790_000_000).expect("a valid time");
        for index in 0..300 {
            let host = Host::draw(1, index);
            let own = draw(&host, since);
            let days = |end: Timestamp| end.duration_since(since).as_hours() as f64 / 24.0;
            let soon = own.iter().filter(|certificate| certificate.store == "My" && days(certificate.not_after) < 30.0);
            assert_eq!(soon.count() > 0, host.has(Illness::CertificateExpiring), "{index}");
            for certificate in own {
                assert!(certificate.not_after > since && certificate.not_before < since, "{certificate:?}");
                assert_eq!(certificate.thumbprint.len(), 40);
            }
        }
    }
}
