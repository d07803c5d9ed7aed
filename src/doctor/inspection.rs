//! What a host is asked in its PowerShell, as scripts of one line each, and what it answers: lines of `key=value`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use super::cause::Cause;
use super::finding::Finding;
use super::stage::Stage;
use crate::clixml::{Document, text};
use crate::session::Records;
use crate::stream::Stream;

/// Lines that are kept of an answer, and characters of each.
const MAX_LINES: usize = 32;
const MAX_LINE: usize = 200;

/// Which PowerShell it is, and whose. In constrained language only programs say who that is.
pub(super) const WHO: &str = "\"version=$($PSVersionTable.PSVersion)\"; \"edition=$($PSVersionTable.PSEdition)\"; \
     \"language=$($ExecutionContext.SessionState.LanguageMode)\"; try { $me = \
     [Security.Principal.WindowsIdentity]::GetCurrent(); \"user=$($me.Name)\"; $may = New-Object \
     Security.Principal.WindowsPrincipal $me; \
     \"elevated=$($may.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator))\" } catch { \
     \"user=$(whoami)\" }";

/// The quotas of WinRM. Only administrators may read them.
///
/// Those of the endpoint are a plugin's; the lower of both counts, and zero is no limit.
pub(super) const QUOTAS: &str = "$own = if ($PSSenderInfo.ConfigurationName) { $PSSenderInfo.ConfigurationName } else { \
     'microsoft.powershell' }; foreach ($name in 'MaxMemoryPerShellMB', 'MaxShellsPerUser', 'MaxConcurrentUsers', \
     'IdleTimeout') { foreach ($path in \"Shell\\$name\", \"Plugin\\$own\\Quotas\\$($name -replace 'Timeout', 'Timeoutms')\") \
     { $item = Get-Item \"WSMan:\\localhost\\$path\" -ErrorAction SilentlyContinue; if ($item) { \"$path=$($item.Value)\" \
     } } }";

/// A quota, the least value that serves a fleet, and what it counts.
type Least = (&'static str, u64, &'static str);

/// What a quota is where nothing is limited.
const UNLIMITED: u64 = 2_147_483_647;

/// The least values that serve a fleet.
const LEAST: [Least; 4] = [
    // What a host of 2008 R2 has by default serves no module of today.
    ("MaxMemoryPerShellMB", 1024, "MB"),
    ("MaxShellsPerUser", 10, "shells"),
    ("MaxConcurrentUsers", 5, "users"),
    ("IdleTimeout", 180_001, "ms"),
];

/// A quota of a host.
struct Quota {
    value: u64,
    /// It is the endpoint's, and not that of all shells.
    of_endpoint: bool,
}

/// Takes an answer.
#[derive(Default)]
pub(super) struct Answer(BTreeMap<String, String>);

impl Records for Answer {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream == Stream::Output && self.0.len() < MAX_LINES {
            let line: String = text(&value.root).chars().filter(|c| !c.is_control()).take(MAX_LINE).collect();
            self.0.extend(line.split_once('=').map(|(key, value)| (key.to_owned(), value.trim().to_owned())));
        }
        ControlFlow::Continue(())
    }
}

impl Answer {
    fn of(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The finding of [`WHO`].
    pub(super) fn who(&self, took: Duration) -> Finding {
        let name = if self.of("edition") == Some("Core") { "PowerShell" } else { "Windows PowerShell" };
        let mut detail = format!("{name} {}", self.of("version").unwrap_or("of an unknown version"));
        if let Some(user) = self.of("user") {
            detail.push_str(&format!(", as {user}"));
        }
        match self.of("elevated") {
            Some("True") => detail.push_str(" (administrator)"),
            Some("False") => detail.push_str(" (not an administrator)"),
            _ => {}
        }
        let language = self.of("language").unwrap_or("FullLanguage");
        let found = Finding::new(Stage::Pipeline, took, detail);
        match language {
            "FullLanguage" => found,
            language => {
                let detail = format!("{}, in {language} mode: scripts are restricted there", found.detail);
                Finding { detail, ..found }
                    .warns(None, Some("an application control policy, or the endpoint, restricts the language"))
            }
        }
    }

    /// The quota that counts, of those that the host and the endpoint have.
    fn quota(&self, name: &str) -> Option<Quota> {
        let is_of = |last: &str| last.strip_prefix(name).is_some_and(|rest| matches!(rest, "" | "ms"));
        let known = self.0.iter().filter_map(|(path, value)| {
            let (container, last) = path.rsplit_once('\\')?;
            let value: u64 = value.parse().ok().filter(|_| is_of(last))?;
            // For memory zero is no limit; nothing else takes it.
            let value = if value == 0 && name == "MaxMemoryPerShellMB" { UNLIMITED } else { value };
            Some(Quota { value, of_endpoint: container != "Shell" })
        });
        known.min_by_key(|quota| (quota.value, quota.of_endpoint))
    }

    /// The finding of [`QUOTAS`].
    pub(super) fn quotas(&self, took: Duration) -> Finding {
        let known: Vec<_> = LEAST.iter().filter_map(|least| Some((least, self.quota(least.0)?))).collect();
        if known.is_empty() {
            return Finding::new(Stage::Quotas, took, "they can be read by administrators alone");
        }
        let say = |(least, quota): &(&Least, Quota)| match quota.value {
            UNLIMITED.. => format!("{} unlimited", least.0),
            value => format!("{} {value}", least.0),
        };
        let found = Finding::new(Stage::Quotas, took, known.iter().map(say).collect::<Vec<_>>().join(", "));
        let low: Vec<_> = known
            .iter()
            .filter(|(least, quota)| quota.value < least.1)
            .map(|((name, least, unit), Quota { value, of_endpoint })| {
                let whose = if *of_endpoint { " of the endpoint" } else { "" };
                format!("{name}{whose} is {value}, and {least} {unit} should be there")
            })
            .collect();
        if low.is_empty() {
            found
        } else {
            Finding { detail: low.join("; "), ..found.warns(Some(Cause::QuotaLow), None) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    fn answer(lines: &[(&str, &str)]) -> Answer {
        Answer(lines.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn says_which_powershell_it_is_and_whose() {
        let lines = [("version", "5.1.17763.1"), ("edition", "Desktop"), ("user", "C\\ada"), ("elevated", "False")];
        let found = answer(&lines).who(Duration::ZERO);
        assert_eq!(found.detail, "Windows PowerShell 5.1.17763.1, as C\\ada (not an administrator)");
        assert_eq!(found.status, Status::Ok);
        let constrained = answer(&[("version", "7.4"), ("edition", "Core"), ("language", "ConstrainedLanguage")]);
        let found = constrained.who(Duration::ZERO);
        assert_eq!(found.status, Status::Warning);
        assert!(found.detail.starts_with("PowerShell 7.4, in ConstrainedLanguage mode"), "{}", found.detail);
    }

    #[test]
    fn low_quotas_are_warnings() {
        let quotas = |memory: &str| {
            answer(&[("Shell\\MaxMemoryPerShellMB", memory), ("Shell\\MaxShellsPerUser", "2147483647")])
                .quotas(Duration::ZERO)
        };
        assert_eq!(quotas("2048").detail, "MaxMemoryPerShellMB 2048, MaxShellsPerUser unlimited");
        assert_eq!(quotas("0").status, Status::Ok);
        let low = quotas("150");
        assert_eq!((low.status, low.cause), (Status::Warning, Some(Cause::QuotaLow)));
        assert_eq!(low.detail, "MaxMemoryPerShellMB is 150, and 1024 MB should be there");
        assert_eq!(answer(&[]).quotas(Duration::ZERO).status, Status::Ok);
        let of = r"Plugin\microsoft.powershell\Quotas\";
        let (memory, idle) = (format!("{of}MaxMemoryPerShellMB"), format!("{of}IdleTimeoutms"));
        let lines = [(&*memory, "150"), (r"Shell\MaxMemoryPerShellMB", "0"), (&*idle, "7200000")];
        let low = answer(&lines).quotas(Duration::ZERO);
        assert_eq!(low.detail, "MaxMemoryPerShellMB of the endpoint is 150, and 1024 MB should be there");
        assert_eq!(quotas("a lot").status, Status::Ok);
    }

    #[tokio::test]
    async fn an_answer_has_bounds() {
        let mut answer = Answer::default();
        for number in 0..1000 {
            let line = format!("key{number}={}", "x".repeat(10_000));
            let _ = answer.take(Stream::Output, Document::new(crate::clixml::Value::str(line))).await;
        }
        assert_eq!(answer.0.len(), MAX_LINES);
        assert!(answer.0.values().all(|value| value.len() < MAX_LINE));
    }
}
