//! Which hosts: the flags that every command with targets shares.

use clap::Args;

use crate::config::Machine;
use crate::inventory::Order;

/// The target flags as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Targets")]
pub struct TargetArgs {
    /// Hosts to use: web[01-40], @group, @all, *.dmz, label:site=ber, fact:TYPE.PROPERTY=VALUE, @file.csv, ssh://user@host; a,b is both, a&b only
    /// what is in both, a!b without b
    #[arg(
        short = 't',
        long = "targets",
        alias = "computer-name",
        value_name = "EXPR",
        env = "PSFLEET_TARGETS",
        value_delimiter = '\n',
        allow_hyphen_values = true
    )]
    pub targets: Vec<String>,

    /// Hosts to leave out (same language as --targets)
    #[arg(short = 'x', long, value_name = "EXPR", env = "PSFLEET_EXCLUDE", value_delimiter = '\n')]
    pub exclude: Vec<String>,

    /// Inventory file: TOML, YAML, JSON, CSV, a plain list, ssh_config, Ansible's INI and YAML, or a program that answers --list; - reads
    /// a list from stdin
    #[arg(
        short = 'i',
        long,
        value_name = "FILE",
        env = "PSFLEET_INVENTORY",
        value_delimiter = '\n',
        allow_hyphen_values = true
    )]
    pub inventory: Vec<String>,

    /// Take only N of the matched hosts, drawn at random
    #[arg(long, value_name = "N", env = "PSFLEET_PICK", value_parser = super::number::whole::<usize>)]
    pub pick: Option<usize>,

    /// Order in which hosts are connected to: name, shuffle or label:KEY; with --throttle 1 they also run in it
    /// [default: as in the inventory]
    #[arg(long, value_name = "ORDER", env = "PSFLEET_ORDER")]
    pub order: Option<Order>,
}

impl TargetArgs {
    /// What stdin holds, where it names hosts.
    pub(in crate::cli) fn stdin_of(&self, machine: &Machine) -> Option<String> {
        let is_stdin = |text: &String| text.split([',', '&', '!', '\n']).any(|atom| atom.trim() == "-");
        let named = self.inventory.iter().chain(&self.targets).chain(&self.exclude).any(is_stdin);
        let text = machine.stdin().filter(|_| named)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::TargetArgs;
    use crate::inventory::Order;

    fn parse(line: &[&str]) -> Result<TargetArgs, clap::Error> {
        let matches = TargetArgs::augment_args(Command::new("t").no_binary_name(true)).try_get_matches_from(line)?;
        TargetArgs::from_arg_matches(&matches)
    }

    #[test]
    fn flags_repeat_and_the_powershell_name_works() {
        let args =
            parse(&["-t", "a,b", "--computer-name", "-", "-x", "b", "-i", "-", "--order", "label:site"]).unwrap();
        assert_eq!(args.targets, ["a,b", "-"]);
        assert_eq!(args.exclude, ["b"]);
        assert_eq!(args.inventory, ["-"]);
        assert_eq!(args.order, Some(Order::Label("site".into())));
    }

    #[test]
    fn an_unknown_order_is_refused() {
        assert!(parse(&["--order", "size"]).is_err());
        assert!(parse(&["--order", "label:"]).is_err());
    }
}
