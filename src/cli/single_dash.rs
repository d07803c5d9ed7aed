//! PowerShell's own parameters, typed out of habit: `-ComputerName web01`. Short flags take their value without a blank,
//! so `-timeout 5m` would be `-t imeout`; a word that is the name of a flag is refused with the right way to write it.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Parameters of Invoke-Command, New-PSSession and Copy-Item, and what to write for them.
const POWERSHELL: [(&str, &str); 41] = [
    ("computername", "--targets"),
    ("cn", "--targets"),
    ("hostname", "--targets, with --transport ssh"),
    ("session", "--targets: sessions are opened and kept by psfleet"),
    ("sshconnection", "an inventory, which holds hosts with their own settings (-i FILE)"),
    ("scriptblock", "the script itself, in quotes and without a flag"),
    ("command", "the script itself, in quotes and without a flag"),
    ("filepath", "the FILE.ps1 itself, without a flag"),
    ("file", "the FILE.ps1 itself, without a flag"),
    ("literalpath", "the files themselves, without a flag"),
    ("path", "the files themselves, without a flag"),
    ("destination", "the destination behind the files, without a flag"),
    ("tosession", "`psfleet copy push` with --targets"),
    ("fromsession", "`psfleet copy pull` with --targets"),
    ("argumentlist", "--argument-list (or -a), once for each argument"),
    ("args", "--argument-list (or -a), once for each argument"),
    ("inputobject", "--input FILE"),
    ("throttlelimit", "--throttle"),
    ("credential", "--user NAME; the password is asked for, or stands in PSFLEET_PASSWORD"),
    ("username", "--user"),
    ("usessl", "--tls"),
    ("port", "--port"),
    ("authentication", "--auth"),
    ("configurationname", "--configuration-name"),
    ("keyfilepath", "--identity"),
    ("certificatethumbprint", "--auth: certificates are not built yet"),
    ("sshtransport", "--transport ssh"),
    ("subsystem", "--subsystem"),
    ("connectingtimeout", "--connect-timeout"),
    ("sessionoption", "the timeouts and TLS flags of `psfleet run --help`"),
    ("enablenetworkaccess", "a name of the host instead of a local session"),
    ("asjob", "the shell's own background jobs: psfleet runs until all hosts are done"),
    ("jobname", "the shell's own background jobs: psfleet runs until all hosts are done"),
    ("indisconnectedsession", "a run in the foreground: disconnected sessions are not built yet"),
    ("hidecomputername", "--select with the properties that you want"),
    ("whatif", "--plan"),
    ("confirm", "--plan, which shows what would be done"),
    ("erroraction", "$ErrorActionPreference inside the script"),
    ("warningaction", "$WarningPreference inside the script"),
    ("vmname", "--targets with the machine's network name"),
    ("containerid", "--targets with the container's network name"),
];

/// A beginning of a PowerShell parameter that is taken for it, in characters; shorter ones are short flags.
const SHORTEST: usize = 5;

/// The first word with a single dash that is meant as a flag of a longer name, and what to write instead.
pub fn mistake(cli: &Command, typed: &[OsString]) -> Option<String> {
    let command = cli.find_subcommand(typed.get(1)?.to_str()?)?;
    let command = typed.get(2).and_then(|word| command.find_subcommand(word.to_str()?)).unwrap_or(command);
    let mut before: Option<&str> = None;
    for word in typed.iter().skip(2).map(|word| word.to_str().unwrap_or_default()) {
        if word == "--" {
            return None;
        }
        let is_value = before.is_some_and(|flag| takes_dashes(command, flag));
        if !is_value && let Some(instead) = meant(command, word) {
            return Some(format!("'{word}' is not a flag of psfleet; write {instead}"));
        }
        before = Some(word);
    }
    None
}

/// What to write for a word like `-Name`, `-Name:value` or `-name=value`.
fn meant(command: &Command, word: &str) -> Option<String> {
    let name = word.strip_prefix('-').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let name = name.split([':', '=']).next().unwrap_or(name).to_ascii_lowercase();
    if name.chars().count() < 2 {
        return None;
    }
    let folded = |long: &str| long.replace('-', "").to_ascii_lowercase();
    let long = command.get_arguments().find_map(|arg| {
        let names = arg.get_long_and_visible_aliases().into_iter().flatten();
        let hidden = arg.get_all_aliases().into_iter().flatten();
        let is_meant = names.chain(hidden).any(|long| long == name || folded(long) == folded(&name));
        is_meant.then(|| arg.get_long()).flatten()
    });
    let fits = |known: &&(&str, &str)| known.0 == name || (name.len() >= SHORTEST && known.0.starts_with(&name));
    let known = POWERSHELL.iter().find(|known| known.0 == name).or_else(|| POWERSHELL.iter().find(fits));
    match (long, known) {
        (_, Some((exact, instead))) if *exact == name => Some((*instead).to_owned()),
        (Some(long), _) => Some(format!("--{long}, with two dashes")),
        (None, Some((_, instead))) => Some((*instead).to_owned()),
        (None, None) => None,
    }
}

/// Whether the word behind this one is its value, even if it begins with a dash.
fn takes_dashes(command: &Command, word: &str) -> bool {
    let is_flag = |arg: &&Arg| {
        arg.get_short().is_some_and(|short| word.strip_prefix('-') == Some(short.to_string().as_str()))
            || word
                .strip_prefix("--")
                .is_some_and(|long| arg.get_long_and_visible_aliases().into_iter().flatten().any(|known| known == long))
    };
    command.get_arguments().find(is_flag).is_some_and(|arg| arg.is_allow_hyphen_values_set())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::mistake;
    use crate::cli::Cli;

    fn said(line: &str) -> Option<String> {
        let typed: Vec<_> = format!("psfleet {line}").split(' ').map(Into::into).collect();
        mistake(&Cli::command(), &typed)
    }

    #[test]
    fn powershells_parameters_name_the_flag() {
        for (line, flag) in [
            ("run -ComputerName web01 hostname", "--targets"),
            ("run -t web01 -ScriptBlock {1}", "the script itself"),
            ("run -FilePath a.ps1", "the FILE.ps1 itself"),
            ("run 1 -ArgumentList 1", "--argument-list"),
            ("run 1 -throttlelimit 5", "--throttle"),
            ("run 1 -Credential bob", "--user NAME"),
            ("run 1 -WhatIf", "--plan"),
            ("run 1 -WhatIf:$true", "--plan"),
            ("run 1 -Compu web01", "--targets"),
            ("run 1 -timeout 5m", "--timeout, with two dashes"),
            ("run 1 -THROTTLE=5", "--throttle, with two dashes"),
            ("run 1 -connecttimeout 5s", "--connect-timeout, with two dashes"),
            ("enter -ComputerName web01", "--targets"),
            ("copy push -Destination C:/x", "the destination behind the files"),
            ("hosts list -inventory x", "--inventory, with two dashes"),
        ] {
            let said = said(line).unwrap_or_else(|| panic!("{line} passes"));
            assert!(said.contains(flag), "{line}: {said}");
        }
    }

    #[test]
    fn short_flags_and_values_pass() {
        for line in [
            "run -tweb01 -c8 -ojson -uadmin 1",
            "run -t web01 -q -v 1",
            "run 1 -a -Force -a -ComputerName",
            "run --argument-list -ComputerName 1",
            "run 1 -- -ComputerName",
            "run - -t web01",
            "run 1 -p Name=-ComputerName",
            "run 1 -a -1",
            "version",
        ] {
            assert_eq!(said(line), None, "{line}");
        }
    }
}
