//! Installed software, as the uninstall keys list it.

use jiff::tz::Offset;

use super::super::{Host, Machine, RegistryData, Role};

/// A program in the list of installed ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The name of its key: a product code for those that Windows Installer put there.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Who made it.
    pub publisher: &'static str,
    /// KiB
    pub(super) size: u32,
    pub(super) is_32_bit: bool,
}

impl Program {
    /// Whether Windows Installer put it there.
    pub fn is_msi(&self) -> bool {
        self.key.starts_with('{')
    }

    /// Its key in the list of programs.
    pub(super) fn path(&self) -> String {
        let part = if self.is_32_bit { "WOW6432Node\\" } else { "" };
        format!("HKEY_LOCAL_MACHINE\\SOFTWARE\\{part}Microsoft\\Windows\\CurrentVersion\\Uninstall\\{}", self.key)
    }

    /// The day on which it came to a host, as in `20240131`.
    pub fn installed_on(&self, host: &Host) -> String {
        let days = host.rng(&format!("installed on {}", self.key)).between(0, 400) as i64;
        let day = jiff::Timestamp::from_second(host.install_date().as_second() + days * 86_400);
        Offset::UTC.to_datetime(day.unwrap_or(host.install_date())).strftime("%Y%m%d").to_string()
    }
}

const fn program(
    key: &'static str,
    name: &'static str,
    version: &'static str,
    publisher: &'static str,
    size: u32,
) -> Program {
    Program { key, name, version, publisher, size, is_32_bit: false }
}

const fn on_32_bit(program: Program) -> Program {
    Program { is_32_bit: true, ..program }
}

const MICROSOFT: &str = "Microsoft Corporation";

/// What most hosts have.
const COMMON: &[Program] = &[
    program("{A7B9E2C1-33D4-4F86-9C55-0F1A7C2E8B10}", "VMware Tools", "12.3.5.22544099", "VMware, Inc.", 98_000),
    program("{5A2D6C9E-7B14-4B0B-8B1D-3F2C9A7E6D51}", "PowerShell 7-x64", "7.4.6.0", MICROSOFT, 276_000),
    program(
        "{0D3E9E15-DE7A-300B-96F1-B4AF12B96488}",
        "Microsoft Visual C++ 2022 X64 Minimum Runtime - 14.38.33135",
        "14.38.33135",
        MICROSOFT,
        2_300,
    ),
    program("{DEE44C8A-4C8B-4E0D-9A55-2C1F2E6B7A90}", "Contoso Monitoring Agent", "3.8.1", "Contoso Ltd.", 54_000),
    on_32_bit(program(
        "{7DAD0258-515C-3DD4-8964-BD714199E0F7}",
        "Microsoft Visual C++ 2012 x86 Minimum Runtime - 11.0.61030",
        "11.0.61030",
        MICROSOFT,
        1_800,
    )),
    on_32_bit(program("Microsoft Edge", "Microsoft Edge", "128.0.2739.79", MICROSOFT, 0)),
];

fn of_role(role: Role) -> &'static [Program] {
    const WEB: &[Program] = &[
        program("{9BCA2118-F753-4A1E-BCF3-5A820729965C}", "IIS URL Rewrite Module 2", "7.2.1993", MICROSOFT, 2_500),
        program(
            "{C1E6B8A4-1B0C-4B5D-9E0D-7F7B0F1E5C22}",
            "Microsoft ASP.NET Core 8.0.8 Hosting Bundle Options",
            "8.0.8.24369",
            MICROSOFT,
            620,
        ),
    ];
    const APP: &[Program] = &[
        program("{61087A79-AC85-455C-934D-1FA22CC64F36}", "Contoso Orders", "4.2.0.118", "Contoso Ltd.", 41_000),
        program(
            "{2F3B1D8C-6C7E-4E55-8D7B-91E0A5B3C744}",
            "Microsoft .NET Runtime - 8.0.8 (x64)",
            "64.32.16453",
            MICROSOFT,
            71_000,
        ),
    ];
    const SQL: &[Program] = &[
        program("Microsoft SQL Server SQL2019", "Microsoft SQL Server 2019 (64-bit)", "15.0.4385.2", MICROSOFT, 0),
        program(
            "{853997DA-6FCB-4FB9-918E-E0FF881FAF65}",
            "Microsoft ODBC Driver 17 for SQL Server",
            "17.10.5.1",
            MICROSOFT,
            3_900,
        ),
        on_32_bit(program(
            "{E359515A-92E7-4FA3-A2C9-E1BA02D8DE6E}",
            "SQL Server Management Studio",
            "15.0.18424.0",
            MICROSOFT,
            1_900_000,
        )),
    ];
    const FILE: &[Program] =
        &[program("{3C28BFD4-90C7-3138-87EF-418DC16E9598}", "Contoso Backup Client", "9.1.2", "Contoso Ltd.", 188_000)];
    match role {
        Role::Web => WEB,
        Role::App => APP,
        Role::Sql => SQL,
        Role::File => FILE,
        Role::DomainController => &[],
    }
}

/// What is installed on a host: some of the usual, and what its role needs.
pub(super) fn installed(host: &Host) -> Vec<&'static Program> {
    let mut rng = host.rng("software");
    let usual =
        COMMON.iter().enumerate().filter(|(place, _)| *place < 3 || rng.chance(700)).map(|(_, program)| program);
    usual.chain(of_role(host.role())).collect()
}

impl Machine {
    /// The programs that Windows Installer put there and that nobody removed from the list.
    pub fn products(&self) -> Vec<&'static Program> {
        let registry = self.registry();
        let is_listed = |program: &&&Program| {
            let key = registry.find(&program.path());
            key.is_some_and(|key| matches!(key.value("DisplayName"), Some(RegistryData::Text(_))))
        };
        let all = installed(&self.host);
        all.iter().filter(|program| program.is_msi()).filter(is_listed).copied().collect()
    }
}
