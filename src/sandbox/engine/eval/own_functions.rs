//! The short functions that a session of Windows PowerShell begins with.

use std::sync::{Arc, LazyLock};

use super::super::ast::Script;
use super::super::parser;

/// Each with its definition.
/// Source: the functions that InitialSessionState of Windows PowerShell 5.1 makes, as `Get-ChildItem Function:` shows them.
const TEXTS: [(&str, &str); 4] = [
    ("cd..", "Set-Location .."),
    ("cd\\", "Set-Location \\"),
    ("Pause", "$null = Read-Host 'Press Enter to continue...'"),
    (
        "prompt",
        "\n\"PS $($executionContext.SessionState.Path.CurrentLocation)$('>' * ($nestedPromptLevel + 1)) \";\n\
         # .Link\n# https://go.microsoft.com/fwlink/?LinkID=225750\n# .ExternalHelp System.Management.Automation.dll-help.xml\n",
    ),
];

static ALL: LazyLock<Vec<(Arc<str>, Arc<Script>)>> = LazyLock::new(|| {
    let drives = ('A'..='Z').map(|letter| (format!("{letter}:"), format!("Set-Location {letter}:")));
    let named = TEXTS.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let parsed = |(name, text): (String, String)| Some((Arc::from(name), parser::parse(&text).ok()?));
    drives.chain(named).filter_map(parsed).collect()
});

/// All of them.
pub(super) fn all() -> &'static [(Arc<str>, Arc<Script>)] {
    &ALL
}

/// The one of a name in lower case.
pub(super) fn find(name: &str) -> Option<(Arc<str>, Arc<Script>)> {
    let could_be =
        name.len() == 2 && name.ends_with(':') || TEXTS.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if !could_be {
        return None;
    }
    ALL.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).cloned()
}

#[cfg(test)]
mod tests {
    use super::{TEXTS, all, find};

    #[test]
    fn all_can_be_read() {
        assert_eq!(all().len(), 26 + TEXTS.len());
        assert!(find("cd..").is_some() && find("q:").is_some() && find("cd").is_none());
    }
}
