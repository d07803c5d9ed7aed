//! PowerShell's own parameters, typed out of habit: `-ComputerName web01`. Short flags take their value without a
//! blank, so `-timeout 5m` would be `-t imeout`; a word that is the name of a flag is refused with the right way to
//! write it.

use clap::Arg;

use super::typed::{Typed, takes_value};
use super::unknown_flag;

/// Parameters of Invoke-Command, New-PSSession and Copy-Item, and what to do instead, as the end of a sentence.
const POWERSHELL: [(&str, &str); 41] = [
    ("computername", "write --targets"),
    ("cn", "write --targets"),
    ("hostname", "write --targets, with --transport ssh"),
    ("session", "write --targets: sessions are opened and kept by psfleet"),
    ("sshconnection", "write -i FILE: an inventory holds hosts with their own settings"),
    ("scriptblock", "write the script itself, in quotes and without a flag"),
    ("command", "write the script itself, in quotes and without a flag"),
    ("filepath", "write the FILE.ps1 itself, without a flag"),
    ("file", "write the FILE.ps1 itself, without a flag"),
    ("literalpath", "write the files themselves, without a flag"),
    ("path", "write the files themselves, without a flag"),
    ("destination", "write the destination after the files, without a flag"),
    ("tosession", "write `psfleet copy push` with --targets"),
    ("fromsession", "write `psfleet copy pull` with --targets"),
    ("argumentlist", "write --argument-list (or -a), once for each argument"),
    ("args", "write --argument-list (or -a), once for each argument"),
    ("inputobject", "write --input FILE"),
    ("throttlelimit", "write --throttle"),
    ("credential", "write --user NAME; the password is prompted for, or comes from PSFLEET_PASSWORD"),
    ("username", "write --user"),
    ("usessl", "write --tls"),
    ("port", "write --port"),
    ("authentication", "write --auth"),
    ("configurationname", "write --configuration-name"),
    ("keyfilepath", "write --identity"),
    ("certificatethumbprint", "write --auth certificate --certificate FILE, in PEM or PKCS#12"),
    ("sshtransport", "write --transport ssh"),
    ("subsystem", "a name other than powershell is set in an inventory or psfleet.toml: subsystem = \"NAME\""),
    ("connectingtimeout", "write --connect-timeout"),
    ("sessionoption", "each option has a flag of its own: the timeouts and TLS flags of `psfleet run --help`"),
    ("enablenetworkaccess", "write the name of the host instead of a local session"),
    ("asjob", "psfleet runs until all hosts are done; your shell can run it in the background"),
    ("jobname", "psfleet runs until all hosts are done; your shell can run it in the background"),
    ("indisconnectedsession", "write --detach; psfleet runs collect gets what the script writes"),
    ("hidecomputername", "write --select with the properties that you want"),
    ("whatif", "write --plan"),
    ("confirm", "write --plan, which shows what would be done"),
    ("erroraction", "set $ErrorActionPreference inside the script"),
    ("warningaction", "set $WarningPreference inside the script"),
    ("vmname", "write --targets with the machine's network name"),
    ("containerid", "write --targets with the container's network name"),
];

/// A beginning of a PowerShell parameter that is taken for it, in characters; shorter ones are short flags.
const SHORTEST: usize = 5;

/// The first word with a single dash that is meant as a flag of a longer name, and what to write instead.
pub(super) fn mistake(typed: &Typed<'_>) -> Option<String> {
    let mut before = "";
    for word in typed.words() {
        let is_value = typed.flag_before(before).is_some_and(Arg::is_allow_hyphen_values_set);
        if let (false, Some(mistake)) = (is_value, meant(typed, word)) {
            return Some(mistake);
        }
        before = word;
    }
    None
}

/// What is wrong with a word like `-Name`, `-Name:value` or `-name=value`.
fn meant(typed: &Typed<'_>, word: &str) -> Option<String> {
    let letters = word.strip_prefix('-').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let name = letters.split([':', '=']).next().unwrap_or(letters).to_ascii_lowercase();
    if name.chars().count() < 2 || typed.names.len() < 2 {
        return None;
    }
    if let mistake @ Some(_) = unknown_flag::of_script(typed, word) {
        return mistake;
    }
    let folded = |long: &str| long.replace('-', "").to_ascii_lowercase();
    let long = typed.command.get_arguments().find_map(|arg| {
        let names = arg.get_long_and_visible_aliases().into_iter().flatten();
        let hidden = arg.get_all_aliases().into_iter().flatten();
        let is_meant = names.chain(hidden).any(|long| long == name || folded(long) == folded(&name));
        is_meant.then(|| arg.get_long()).flatten()
    });
    let exists = |known: &&(&str, &str)| flags_named(known.1).all(|flag| typed.flag(flag).is_some());
    let fits = |known: &&(&str, &str)| known.0 == name || (name.len() >= SHORTEST && known.0.starts_with(&name));
    let known = POWERSHELL.iter().filter(exists).find(|known| known.0 == name);
    let known = known.or_else(|| POWERSHELL.iter().filter(exists).find(fits));
    let instead = match (long, known) {
        (_, Some((exact, instead))) if *exact == name => (*instead).to_owned(),
        (Some(long), _) => format!("write --{long}, with two dashes"),
        (None, Some((_, instead))) => (*instead).to_owned(),
        (None, None) if means_host(&name) && typed.command.get_positionals().any(|arg| arg.get_id() == "target") => {
            "write the host itself, without a flag".to_owned()
        }
        (None, None) if is_short_flags(typed, letters) => return None,
        (None, None) => return Some(unknown_flag::unknown(typed, word)),
    };
    Some(format!("'{word}' is not a flag of psfleet; {instead}"))
}

/// Whether a parameter of PowerShell names the host, for commands that have no flag for it.
fn means_host(name: &str) -> bool {
    POWERSHELL.iter().any(|(known, instead)| *known == name && instead.starts_with("write --targets"))
}

/// The flags that a text names by their long names, except where it is about another command.
fn flags_named(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split('`').step_by(2).flat_map(str::split_whitespace);
    words.filter_map(|word| word.strip_prefix("--")).map(|long| long.trim_end_matches([':', ',', ';']))
}

/// Whether clap takes the word for short flags, the last one perhaps with its value.
fn is_short_flags(typed: &Typed<'_>, letters: &str) -> bool {
    for letter in letters.chars() {
        match typed.command.get_arguments().find(|arg| arg.get_short() == Some(letter)) {
            Some(flag) if takes_value(flag) => return true,
            Some(_) => {}
            // clap's own: help and version.
            None if matches!(letter, 'h' | 'V') => {}
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{POWERSHELL, flags_named, mistake};
    use crate::cli::Cli;
    use crate::cli::typed::Typed;

    fn said(line: &str) -> Option<String> {
        let typed: Vec<_> = format!("psfleet {line}").split(' ').map(Into::into).collect();
        mistake(&Typed::of(&Cli::command(), &typed))
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
            ("enter -ComputerName web01", "write the host itself"),
            ("copy push -Destination C:/x", "the destination after the files"),
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

    #[test]
    fn what_is_named_exists_for_the_command() {
        let cli = Cli::command();
        for line in ["run", "copy push", "copy pull", "enter", "hosts list", "sandbox"] {
            for (name, _) in POWERSHELL {
                let typed: Vec<_> = format!("psfleet {line} -{name}").split(' ').map(Into::into).collect();
                let typed = Typed::of(&cli, &typed);
                let said = mistake(&typed).unwrap_or_default();
                let (_, instead) = said.split_once("; ").unwrap_or_default();
                for flag in flags_named(instead) {
                    assert!(typed.flag(flag).is_some(), "psfleet {line}: {said}");
                }
            }
        }
        for line in ["run", "copy push"] {
            let typed: Vec<_> = format!("psfleet {line}").split(' ').map(Into::into).collect();
            assert!(Typed::of(&cli, &typed).flag("throttle").is_some());
        }
        assert_eq!(flags_named("write --auth: `x --help` has --tls, too").collect::<Vec<_>>(), ["auth", "tls"]);
    }

    #[test]
    fn entries_are_ends_of_a_sentence() {
        for (line, sentence) in [
            (
                "run 1 -CertificateThumbprint x",
                "'-CertificateThumbprint' is not a flag of psfleet; write --auth certificate",
            ),
            ("run 1 -AsJob", "not a flag of psfleet; psfleet runs until all hosts are done"),
            ("run 1 -Subsystem x", "subsystem = \"NAME\""),
            ("run 1 -ErrorAction Stop", "; set $ErrorActionPreference inside the script"),
            ("run 1 -Port 22", "; write --port"),
        ] {
            let said = said(line).unwrap_or_else(|| panic!("{line} passes"));
            assert!(said.contains(sentence), "{line}: {said}");
        }
    }

    #[test]
    fn other_words_are_named_whole() {
        for (line, sentence) in [
            (
                "run 1 -Role web",
                "'-Role' is not a flag of psfleet run; a parameter of the script is given with -p Role=web",
            ),
            (
                "run 1 -Force",
                "'-Force' is not a flag of psfleet run; a parameter of the script is given with -p Force, and",
            ),
            ("run 1 -Xyz:5", "is given with -p Xyz=5, and"),
            ("copy push a b -Zip", "'-Zip' is not a flag of psfleet copy push; `psfleet copy push --help` lists them"),
            ("enter web01 -ThrottleLimit 5", "'-ThrottleLimit' is not a flag of psfleet enter; `psfleet enter --help`"),
        ] {
            let said = said(line).unwrap_or_else(|| panic!("{line} passes"));
            assert!(said.contains(sentence), "{line}: {said}");
        }
    }

    #[test]
    fn a_parameter_of_the_script_is_one() {
        let script = "param($Role,[switch]$Force,$Count,[Alias('Lv')]$Level,$Path)1";
        for (flags, instead) in [
            ("-Role web", "'-Role' is a parameter of the script; write -p Role=web"),
            ("-Force -q", "'-Force' is a parameter of the script; write -p Force"),
            ("-role:web", "write -p Role=web"),
            ("-count=3", "write -p Count=3"),
            ("-Lv High", "write -p Level=High"),
            ("-Path C:\\x", "'-Path' is a parameter of the script; write -p 'Path=C:\\x'"),
            ("-ROLE -Force", "write -p Role=VALUE"),
        ] {
            let said = said(&format!("run -t web01 {script} {flags}")).unwrap_or_else(|| panic!("{flags} passes"));
            assert!(said.contains(instead), "{flags}: {said}");
        }
    }
}
