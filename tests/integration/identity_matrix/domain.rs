//! A domain: MIT's KDC, and hosts of the sandbox whose tickets the system's GSSAPI accepts.

use std::path::Path;
use std::process::Command;

use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;
use tokio::runtime::Handle;

use super::HOSTS;
use super::cell::{Place, Row, inventory, psfleet, row};
use super::winrm::relay;
use crate::kerberos::{faketime, principals};
use crate::support::kdc::{Kdc, REALM};
use crate::support::sandbox::fleet;

const PASSWORD: &str = "right-5ecret";

/// What is given in a cell.
#[derive(Default)]
struct Given<'g> {
    what: &'static str,
    /// How far our clock is ahead.
    ahead: &'static str,
    password: Option<&'g str>,
    arguments: Vec<&'g str>,
}

/// The hosts of one security, and what counts their failed logons.
#[derive(Clone, Copy)]
struct Site<'s> {
    kdc: &'s Kdc,
    fleet: &'s Fleet,
    inventory: &'s Path,
    faketime: &'s str,
    security: &'static str,
}

impl Site<'_> {
    fn rows(&self, mechanism: &'static str, peer: &'static str, cells: &[Given<'_>]) -> Vec<Row> {
        let auth = mechanism.to_lowercase();
        let one = |given: &Given<'_>| {
            let faked = [self.faketime, "-f", given.ahead];
            let prefix = if given.ahead.is_empty() { &[][..] } else { &faked[..] };
            let arguments = [&["--auth", auth.as_str()][..], &given.arguments].concat();
            let mut command = psfleet(prefix, &self.kdc.file(""), self.inventory, &arguments);
            self.kdc.environment(&mut command).envs(given.password.map(|password| ("PSFLEET_PASSWORD", password)));
            self.row(Place { mechanism, peer, security: self.security }, given.what, &mut command)
        };
        cells.iter().map(one).collect()
    }

    fn row(&self, place: Place, given: &str, command: &mut Command) -> Row {
        let of_kdc = || self.kdc.logged(&["AS_REQ", "PREAUTH_FAILED"]);
        row(place, given, command, || of_kdc() + self.fleet.stats().failed_logons as usize)
    }
}

fn by<'g>(what: &'static str, arguments: &[&'g str]) -> Given<'g> {
    Given { what, arguments: arguments.to_vec(), ..Given::default() }
}

fn with<'g>(what: &'static str, password: &'g str, arguments: &[&'g str]) -> Given<'g> {
    Given { password: Some(password), ..by(what, arguments) }
}

fn ahead<'g>(what: &'static str, ahead: &'static str, arguments: &[&'g str]) -> Given<'g> {
    Given { ahead, ..by(what, arguments) }
}

/// A user's first ticket in a cache of its own.
fn cache(kdc: &Kdc, name: &str, lifetime: &str) -> String {
    kdc.kinit("psfleet", PASSWORD, lifetime);
    std::fs::rename(kdc.cache(), kdc.file(name)).expect("a cache");
    format!("FILE:{}", kdc.file(name).display())
}

fn keytab(kdc: &Kdc, user: &str) -> String {
    let file = kdc.file(&format!("{user}.keytab")).display().to_string();
    kdc.admin(&format!("ktadd -norandkey -k {file} {user}"));
    file
}

fn hosts(fleet: &Fleet, file: &Path) {
    let tls = fleet.authority().map_or("tls = false".to_owned(), |ca| format!("tls = true\nca = '{}'", ca.display()));
    inventory(file, &tls, fleet.hosts().map(|(name, address, _)| (name, address.port())));
}

pub(super) fn rows(runtime: &Handle, _: Option<&Path>) -> Option<Vec<Row>> {
    let faketime = faketime()?;
    let users = ["psfleet", "mistaken", "changed", "late", "locked"].map(|user| (user, PASSWORD));
    let mut kdc = Kdc::start(&users, &runtime.block_on(principals(HOSTS)))?;
    let changed = keytab(&kdc, "changed");
    for command in [
        "addprinc -randkey HTTP/elsewhere",
        "modprinc -clearpolicy mistaken",
        "cpw -pw another-5ecret changed",
        "modprinc -pwexpire yesterday late",
        "modprinc -allow_tix locked",
    ] {
        kdc.admin(command);
    }
    let keytab = keytab(&kdc, "psfleet");
    let [long, fresh, short] =
        [("long", "2h"), ("fresh", "2h"), ("short", "10m")].map(|(name, life)| cache(&kdc, name, life));
    let options = Options { hosts: HOSTS, keytab: Some(kdc.keytab()), ..Options::default() };
    let auth = vec![AuthMethod::Negotiate, AuthMethod::Kerberos];
    let [plain, sealed] = [false, true].map(|tls| {
        let options = Options { auth: auth.clone(), tls, ..options.clone() };
        let fleet = runtime.block_on(fleet(options));
        let file = kdc.file(if tls { "https.toml" } else { "http.toml" });
        hosts(&fleet, &file);
        (fleet, file)
    });
    let http = Site { kdc: &kdc, fleet: &plain.0, inventory: &plain.1, faketime, security: "HTTP, sealed" };
    let https =
        Site { kdc: &kdc, fleet: &sealed.0, inventory: &sealed.1, faketime, security: "HTTPS, channel binding" };
    let [ada, mistaken, late, locked, other] =
        ["psfleet", "mistaken", "late", "locked", "other"].map(|user| format!("{user}@{REALM}"));
    let changed_user = format!("changed@{REALM}");
    let gssapi = "sandbox (GSSAPI), MIT's KDC";
    let mut rows = http.rows(
        "Kerberos",
        gssapi,
        &[
            by("good: a ticket of kinit", &["--ccache", &long]),
            with("good: a password", PASSWORD, &["-u", &ada]),
            by("good: a keytab", &["-u", &ada, "--keytab", &keytab]),
            by("good: a ticket to be forwarded", &["--ccache", &long, "--delegate"]),
            with("wrong: the password", "wrong", &["-u", &mistaken]),
            by("wrong: the keytab is older than the password", &["-u", &changed_user, "--keytab", &changed]),
            with("expired: the password", PASSWORD, &["-u", &late]),
            ahead("expired: the ticket", "+30m", &["--ccache", &short]),
            with("locked", PASSWORD, &["-u", &locked]),
            ahead("skewed clock: ours", "+20m", &["--ccache", &fresh]),
            ahead("skewed clock: the host's", "+20m", &["--ccache", &long]),
            by("unknown SPN", &["--ccache", &long, "--spn", "HTTP/nowhere"]),
            by("unknown SPN: that of another host", &["--ccache", &long, "--spn", "HTTP/elsewhere"]),
            by("no ticket", &[]),
            by("no ticket: the cache is another user's", &["-u", &other, "--ccache", &long]),
            by("no ticket: no such cache", &["--ccache", "FILE:nowhere"]),
            by("no ticket: no such keytab", &["-u", &ada, "--keytab", "nowhere.keytab"]),
            by("no ticket: the keytab is another user's", &["-u", &other, "--keytab", &keytab]),
            with("no ticket to be forwarded", PASSWORD, &["-u", &ada, "--delegate"]),
        ],
    );
    let by_address = kdc.file("address.toml");
    let port = plain.0.hosts().next().map_or(0, |(_, address, _)| address.port());
    inventory(&by_address, "tls = false", [("127.0.0.1", port)]);
    let addressed = Site { inventory: &by_address, ..http };
    rows.extend(addressed.rows(
        "Kerberos",
        gssapi,
        &[by("unknown SPN: the host is addressed by its number", &["--ccache", &long])],
    ));
    rows.extend(https.rows(
        "Kerberos",
        gssapi,
        &[
            by("good: a ticket of kinit", &["--ccache", &long]),
            with("good: a password", PASSWORD, &["-u", &ada]),
            with("wrong: the password", "wrong", &["-u", &mistaken]),
            ahead("skewed clock: the host's", "+20m", &["--ccache", &long]),
            by("unknown SPN", &["--ccache", &long, "--spn", "HTTP/nowhere"]),
        ],
    ));
    let (local, strict) = (plain.0.password().expose().as_str(), kdc.file("strict"));
    rows.extend(http.rows(
        "Negotiate",
        gssapi,
        &[
            by("good: a ticket of kinit", &["--ccache", &long]),
            with("good: a password of the domain", PASSWORD, &["-u", &ada, "--spn", "HTTP/web001"]),
            with("wrong: a password of the domain", "wrong", &["-u", &mistaken, "--spn", "HTTP/web001"]),
            with("expired: a password of the domain", PASSWORD, &["-u", &late, "--spn", "HTTP/web001"]),
            with("locked: an account of the domain", PASSWORD, &["-u", &locked, "--spn", "HTTP/web001"]),
            Given {
                password: Some(PASSWORD),
                ..ahead("skewed clock: ours, with a password", "+20m", &["-u", &ada, "--spn", "HTTP/web001"])
            },
            ahead("skewed clock: ours, with a ticket", "+20m", &["--ccache", &fresh]),
            by("no ticket", &[]),
        ],
    ));
    rows.extend(http.rows(
        "Negotiate",
        "sandbox (sspi)",
        &[
            with("good: a local account", local, &["-u", "psfleet"]),
            with("wrong: a local account", "wrong", &["-u", "psfleet"]),
            with("unknown SPN, so NTLM, which the host refuses", PASSWORD, &["-u", &ada, "--spn", "HTTP/nowhere"]),
            with("delegation of a local account", local, &["-u", "psfleet", "--delegate"]),
        ],
    ));
    std::fs::create_dir(&strict).expect("a folder");
    std::fs::write(strict.join("psfleet.toml"), "ntlm = \"refuse\"\n").expect("a configuration");
    let unknown = ["--auth", "negotiate", "-u", &ada, "--spn", "HTTP/nowhere"];
    let mut command = psfleet(&[], &strict, http.inventory, &unknown);
    kdc.environment(&mut command).env("PSFLEET_PASSWORD", PASSWORD);
    let place = Place { mechanism: "Negotiate", security: http.security, peer: gssapi };
    rows.push(http.row(place, "unknown SPN, and `ntlm = \"refuse\"`", &mut command));
    rows.extend(https.rows(
        "Negotiate",
        gssapi,
        &[
            with("good: a password of the domain", PASSWORD, &["-u", &ada, "--spn", "HTTP/web001"]),
            with("wrong: a password of the domain", "wrong", &["-u", &mistaken, "--spn", "HTTP/web001"]),
        ],
    ));
    let local = sealed.0.password().expose().as_str();
    rows.extend(https.rows(
        "Negotiate",
        "sandbox (sspi)",
        &[
            with("good: a local account", local, &["-u", "psfleet"]),
            with("wrong: a local account", "wrong", &["-u", "psfleet"]),
        ],
    ));
    // Somebody in between has a certificate of the right authority.
    let ca = sealed.0.authority().expect("an authority");
    let relays: Vec<_> =
        sealed.0.hosts().map(|(name, address, _)| (name, runtime.block_on(relay(address.port(), ca)))).collect();
    let authority = kdc.file("relay.pem");
    std::fs::write(&authority, relays.iter().map(|(_, relay)| relay.certificate.as_str()).collect::<String>())
        .expect("written");
    let between = kdc.file("relay.toml");
    let defaults = format!("tls = true\nca = '{}'", authority.display());
    inventory(&between, &defaults, relays.iter().map(|(name, relay)| (*name, relay.port)));
    let relayed = Site { inventory: &between, security: "HTTPS that a proxy terminates", ..https };
    rows.extend(relayed.rows("Kerberos", gssapi, &[by("good: a ticket of kinit", &["--ccache", &long])]));
    rows.extend(relayed.rows("Negotiate", gssapi, &[by("good: a ticket of kinit", &["--ccache", &long])]));
    rows.extend(relayed.rows("NTLM", "sandbox (sspi)", &[with("good", local, &["-u", "psfleet"])]));
    kdc.stop();
    let silent = Site { kdc: &kdc, fleet: &plain.0, inventory: &plain.1, faketime, security: "HTTP, sealed" };
    let (peer, ada) = ("sandbox (GSSAPI), no KDC", ada.as_str());
    rows.extend(silent.rows("Kerberos", peer, &[with("good: a password", PASSWORD, &["-u", ada])]));
    let given = with("good: a password of the domain", PASSWORD, &["-u", ada, "--spn", "HTTP/web001"]);
    rows.extend(silent.rows("Negotiate", peer, &[given]));
    for (fleet, _) in [plain, sealed] {
        runtime.block_on(fleet.shutdown());
    }
    Some(rows)
}
