//! A fleet to show: as large as wanted, with everything that pages have a place for.

use std::sync::{Arc, RwLock};

use jiff::{SignedDuration, Timestamp};
use psfleet::web::view::{Alert, Cell, Check, Entry, History, Host, Measure, Run, Silence, Snapshot, State, Verdict};
use psfleet::web::{NoProbe, Probe, Source};
use tokio::sync::watch;

/// The checks, by name and title.
const CHECKS: [(&str, &str); 16] = [
    ("antivirus-age", "Antivirus signatures"),
    ("backup-age", "Last backup"),
    ("certificate-expiry", "Certificates"),
    ("clock-skew", "Clock"),
    ("cpu-load", "CPU load"),
    ("dirty-volumes", "Dirty volumes"),
    ("disk-space", "Disk space"),
    ("event-log-errors", "Event log errors"),
    ("hotfix-age", "Hotfixes"),
    ("legacy-protocols", "SMB1 and TLS"),
    ("local-administrators", "Local administrators"),
    ("memory", "Memory and paging"),
    ("pending-reboot", "Pending reboot"),
    ("scheduled-tasks", "Scheduled tasks"),
    ("services", "Services"),
    ("uptime", "Uptime"),
];

/// The groups, and how many hosts are in each.
const GROUPS: [(&str, usize); 5] = [("app", 140), ("db", 60), ("dc", 6), ("file", 34), ("web", 260)];

/// The run that is under way.
pub(super) const RUNNING: &str = "0193e1a0-7b1c-7def-8123-000000000001";

/// A source whose run goes on when it is told to.
pub(super) struct Sample {
    now: RwLock<Arc<Snapshot>>,
    number: watch::Sender<u64>,
}

/// A number that looks drawn and is the same each time.
fn drawn(seed: usize, below: usize) -> usize {
    let mixed = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    usize::try_from((mixed ^ (mixed >> 32)) % below as u64).expect("small")
}

fn seconds(number: usize) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(number).expect("small"))
}

impl Sample {
    /// Five hundred hosts and sixteen checks.
    pub(super) fn fleet() -> Arc<Self> {
        let taken = Timestamp::now();
        let checks: Vec<Check> =
            CHECKS.iter().enumerate().map(|(n, (name, title))| check(name, title, n, taken)).collect();
        let hosts: Vec<Host> = GROUPS.iter().flat_map(|(group, hosts)| (1..=*hosts).map(|n| host(group, n))).collect();
        let row = |host: usize| {
            checks.iter().enumerate().map(|(n, check)| cell(&check.name, host * 31 + n * 7919, taken)).collect()
        };
        let cells = (0..hosts.len()).map(row).collect();
        let fleet = vec![Verdict {
            check: "disk-space".to_owned(),
            state: State::Critical,
            text: "6.2 % of hosts are not ok, more than 5 %".to_owned(),
        }];
        let title = "contoso fleet".to_owned();
        let (runs, alerts, silences) = (runs(taken), alerts(taken), silences(taken));
        Self::of(Snapshot { title, taken, checks, hosts, cells, fleet, runs, alerts, silences, troubles: Vec::new() })
    }

    /// Whatever it is.
    pub(super) fn of(snapshot: Snapshot) -> Arc<Self> {
        Arc::new(Self { now: RwLock::new(Arc::new(snapshot)), number: watch::channel(0).0 })
    }

    /// The run goes on, and begins again after its end.
    pub(super) fn step(&self) {
        let mut now = self.now.write().expect("nobody panicked");
        let mut next = (**now).clone();
        next.taken = Timestamp::now();
        if let Some(run) = next.runs.first_mut() {
            run.done = if run.done < run.targets { (run.done + 17).min(run.targets) } else { 0 };
        }
        *now = Arc::new(next);
        self.number.send_modify(|number| *number += 1);
    }
}

fn check(name: &str, title: &str, n: usize, now: Timestamp) -> Check {
    Check {
        name: name.to_owned(),
        title: title.to_owned(),
        description: format!("Looks whether {} is as it should be, on every host of the fleet.", title.to_lowercase()),
        owner: Some("platform team".to_owned()),
        runbook: Some("https://wiki.contoso.com/runbooks/x".to_owned()),
        labels: [("area".to_owned(), "storage".to_owned())].into(),
        schedule: "every 15 min".to_owned(),
        next: Some(now + seconds(300 + drawn(n, 600))),
        rules: vec!["FreePercent of each Drive: warning outside 10:, critical outside 5:".to_owned()],
    }
}

fn host(group: &str, n: usize) -> Host {
    Host { name: format!("{group}{n:03}"), groups: vec![group.to_owned(), "prod".to_owned()] }
}

fn cell(check: &str, seed: usize, now: Timestamp) -> Option<Cell> {
    let drawn = drawn(seed, 1000);
    let state = match drawn {
        0..15 => State::Critical,
        15..35 => State::Warning,
        35..41 => State::Unknown,
        41..43 => State::Pending,
        996.. => return None,
        _ => State::Ok,
    };
    let few = drawn % 9 + 1;
    let text = match (state, check) {
        (State::Ok, _) => "all well".to_owned(),
        (State::Pending, _) => String::new(),
        (State::Unknown, _) => "unreachable: connect to 10.0.4.7:5985 timed out after 15 s".to_owned(),
        (_, "disk-space") => format!("D: has {few} % free (3.2 of 120 GB)"),
        (_, "services") => "2 automatic services are stopped: Spooler, W32Time".to_owned(),
        _ => format!("{few} found where none should be"),
    };
    let measures = vec![measure("C:", 41.5), measure("D:", few as f64)];
    let (since, seen) = (now - seconds((drawn + 1) * 377), now - seconds(drawn % 900));
    Some(Cell { state, text, since, seen, silenced: drawn.is_multiple_of(13), measures })
}

fn measure(name: &str, value: f64) -> Measure {
    let [warn, crit] = ["10:", "5:"].map(|range| Some(range.to_owned()));
    Measure { name: name.to_owned(), value, unit: "%".to_owned(), warn, crit }
}

fn runs(now: Timestamp) -> Vec<Run> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let (begun, ended) = (now - seconds(400), Some(now - seconds(340)));
    let id = RUNNING.replace("001", "002");
    vec![
        Run {
            id: RUNNING.to_owned(),
            checks: names(&["disk-space", "memory"]),
            begun: now,
            ended: None,
            targets: 500,
            done: 112,
            failed: 2,
        },
        Run { id, checks: names(&["services"]), begun, ended, targets: 500, done: 500, failed: 3 },
    ]
}

fn alerts(now: Timestamp) -> Vec<Alert> {
    vec![Alert {
        check: "disk-space".to_owned(),
        hosts: ["web001", "web002", "web007"].map(str::to_owned).to_vec(),
        state: State::Critical,
        text: "D: has 4 % free".to_owned(),
        since: now - seconds(4000),
        told: vec!["ops@contoso.com 40 min ago".to_owned()],
    }]
}

fn silences(now: Timestamp) -> Vec<Silence> {
    vec![Silence {
        id: "s-12".to_owned(),
        what: "check backup-age on db[01-09]".to_owned(),
        until: now + seconds(7200),
        author: "mia".to_owned(),
        reason: "storage move".to_owned(),
    }]
}

#[async_trait::async_trait]
impl Source for Sample {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.now.read().expect("nobody panicked"))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    async fn history(&self, host: &str, check: &str, most: usize) -> Result<History, String> {
        let snapshot = self.snapshot();
        let place = snapshot.host(host).zip(snapshot.check(check));
        let cell = place.and_then(|((row, _), (column, _))| snapshot.cell(row, column));
        let cell = cell.ok_or_else(|| format!("nothing is kept of {check} on {host}"))?;
        let run = snapshot.runs.first().map(|run| run.id.clone()).unwrap_or_default();
        let entry = |n: usize| {
            let drawn = drawn(host.len() * 1000 + n, 100);
            let state = match drawn {
                _ if n == 0 => cell.state,
                0..5 => State::Critical,
                5..10 => State::Warning,
                10 => State::Unknown,
                _ => State::Ok,
            };
            let text = if state == State::Ok { "all well".to_owned() } else { cell.text.clone() };
            let measures =
                vec![measure("C:", 41.5 - n as f64 * 0.02), measure("D:", 4.0 + n as f64 * 0.11 + (drawn % 3) as f64)];
            Entry { at: cell.seen - seconds(900 * n), state, text, measures, run: run.clone() }
        };
        let record = "[\n  {\n    \"Drive\": \"C:\",\n    \"FreePercent\": 41.5\n  },\n  {\n    \"Drive\": \"D:\",\n    \"FreePercent\": 4.0\n  }\n]";
        Ok(History { entries: (0..120.min(most)).map(entry).collect(), record: Some(record.to_owned()) })
    }

    async fn probe(&self, host: &str, check: &str) -> Result<Probe, NoProbe> {
        let snapshot = self.snapshot();
        if snapshot.host(host).is_none() {
            return Err(NoProbe::Unknown(format!("no host is called {host}")));
        }
        if check == "services" {
            return Err(NoProbe::Busy);
        }
        Ok(Probe { state: State::Warning, text: "few".to_owned(), measures: vec![measure("D:", 7.5)], seconds: 0.25 })
    }
}
