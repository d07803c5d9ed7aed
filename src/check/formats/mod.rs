//! Verdicts as people and programs read them.

mod csv;
mod json;
mod junit;
mod nagios;
mod prom;
mod table;
#[cfg(test)]
mod tests;

use super::report::Report;

pub use json::{fleet_line, host_line};
pub use table::{Look, Paint};

/// A format of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By state, the worst first, for people.
    Table,
    /// One line as monitoring plugins print it.
    Nagios,
    /// JUnit's XML.
    Junit,
    /// Prometheus' text format.
    Prom,
    /// One document.
    Json,
    /// One line for each verdict, as it is known.
    Jsonl,
    /// One row for each verdict.
    Csv,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Table, Self::Nagios, Self::Junit, Self::Prom, Self::Json, Self::Jsonl, Self::Csv];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Nagios => "nagios",
            Self::Junit => "junit",
            Self::Prom => "prom",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// Its line of help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Table => "By state, the worst first, hosts that say the same together",
            Self::Nagios => "One line with performance data, as monitoring plugins print it",
            Self::Junit => "JUnit's XML: a suite for each check, a test case for each host",
            Self::Prom => "Prometheus' text format, for the textfile collector",
            Self::Json => "One document",
            Self::Jsonl => "One line for each host and check, as it is known",
            Self::Csv => "One row for each host and check",
        }
    }

    /// The report in this format.
    pub fn write(self, report: &Report, look: &Look) -> String {
        match self {
            Self::Table => table::write(report, look),
            Self::Nagios => nagios::write(report),
            Self::Junit => junit::write(report),
            Self::Prom => prom::write(report),
            Self::Json => json::document(report),
            Self::Jsonl => json::lines(report),
            Self::Csv => csv::write(report),
        }
    }
}
