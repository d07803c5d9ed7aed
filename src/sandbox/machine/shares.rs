//! What a host shares: folders and printers.

use super::{Host, Role};

/// A folder that others reach by the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its name, with a `$` at the end if it is hidden.
    pub name: String,
    /// The folder; empty for `IPC$`.
    pub path: String,
    /// What it is for.
    pub description: &'static str,
    /// Whether Windows made it.
    pub is_special: bool,
}

/// A printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printer {
    /// Its name.
    pub name: &'static str,
    /// Its driver.
    pub driver: &'static str,
    /// Its port.
    pub port: &'static str,
    /// The name that it is shared under, if it is.
    pub share: Option<&'static str>,
    /// Where it stands.
    pub location: &'static str,
    /// Documents that wait.
    pub jobs: Vec<PrintJob>,
}

/// A document that waits to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintJob {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub document: &'static str,
    /// Who prints it.
    pub user: &'static str,
    /// Its size in bytes.
    pub bytes: u32,
    /// Its pages.
    pub pages: u32,
    /// How many minutes before the sandbox started it came.
    pub minutes_ago: u32,
}

const VIRTUAL: [(&str, &str, &str); 2] = [
    ("Microsoft Print to PDF", "Microsoft Print To PDF", "PORTPROMPT:"),
    ("Microsoft XPS Document Writer", "Microsoft XPS Document Writer v4", "PORTPROMPT:"),
];

/// Printers of hosts that print for others: name, driver, port, share, place.
type Shared = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn of_role(role: Role) -> &'static [Shared] {
    match role {
        Role::File => &[
            ("PRN-Floor1", "HP Universal Printing PCL 6", "IP_10.20.3.51", "PRN-Floor1", "First floor"),
            ("PRN-Floor2", "HP Universal Printing PCL 6", "IP_10.20.3.52", "PRN-Floor2", "Second floor"),
        ],
        Role::App => &[("LBL-Warehouse", "ZDesigner ZT410-203dpi ZPL", "IP_10.20.4.20", "LBL-Warehouse", "Warehouse")],
        Role::Web | Role::Sql | Role::DomainController => &[],
    }
}

impl Host {
    /// Its shares, by name.
    pub fn shares(&self) -> Vec<Share> {
        let share = |name: String, path: String, description, is_special| Share { name, path, description, is_special };
        let mut all = vec![
            share("ADMIN$".into(), "C:\\Windows".into(), "Remote Admin", true),
            share("IPC$".into(), String::new(), "Remote IPC", true),
        ];
        for disk in self.disks().into_iter().filter(|disk| disk.drive_type == 3) {
            all.push(share(disk.id.replace(':', "$"), format!("{}\\", disk.id), "Default share", true));
        }
        match self.role() {
            Role::File => {
                for (name, about) in
                    [("Public", "For everyone"), ("Projects", "Project files"), ("Home", "Home folders")]
                {
                    all.push(share(name.into(), format!("E:\\Shares\\{name}"), about, false));
                }
            }
            Role::DomainController => {
                let scripts = format!("C:\\Windows\\SYSVOL\\sysvol\\{}\\SCRIPTS", self.domain());
                all.push(share("NETLOGON".into(), scripts, "Logon server share ", false));
                all.push(share("SYSVOL".into(), "C:\\Windows\\SYSVOL\\sysvol".into(), "Logon server share ", false));
            }
            _ => {}
        }
        all.sort_by_cached_key(|share| share.name.to_lowercase());
        all
    }

    /// Its printers.
    pub fn printers(&self) -> Vec<Printer> {
        let mut rng = self.rng("print jobs");
        let plain = |&(name, driver, port): &(&'static str, &'static str, &'static str)| Printer {
            name,
            driver,
            port,
            share: None,
            location: "",
            jobs: Vec::new(),
        };
        let mut all: Vec<Printer> = VIRTUAL.iter().map(plain).collect();
        for &(name, driver, port, share, location) in of_role(self.role()) {
            let count = rng.between(0, 3);
            let job = |place: u64, rng: &mut super::Rng| PrintJob {
                id: (20 + place) as u32,
                document: rng.pick(&[
                    "Invoice 20417.pdf",
                    "Delivery note",
                    "Microsoft Word - Minutes.docx",
                    "Label 8842",
                ]),
                user: rng.pick(&["jsmith", "adavis", "mjones"]),
                bytes: rng.between(20_000, 900_000) as u32,
                pages: rng.between(1, 14) as u32,
                minutes_ago: rng.between(1, 50) as u32,
            };
            let jobs = (0..count).map(|place| job(place, &mut rng)).collect();
            all.push(Printer { name, driver, port, share: Some(share), location, jobs });
        }
        all.sort_by_cached_key(|printer| printer.name.to_lowercase());
        all
    }
}
