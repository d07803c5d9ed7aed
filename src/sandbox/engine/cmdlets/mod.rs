//! The commands of the engine.

/// A command that is known and refused, in one sentence.
macro_rules! refused {
    ($name:literal, [$($param:literal),*], $what:literal) => {
        Spec {
            name: $name,
            aliases: &[],
            params: &[$($param),*],
            make: |_, _| Err(ErrorRecord::unsupported($what).into()),
        }
    };
}

mod accounts;
mod binding;
mod cdxml;
mod cim;
mod cim_method;
mod compare;
mod computer_info;
mod counter;
mod csv;
mod discovery;
mod events;
mod features;
mod filter;
mod format_object;
mod group;
mod host;
mod hotfixes;
mod html;
mod invoke;
mod items;
mod jobs;
mod json;
mod listing;
mod measure;
mod member;
mod members;
mod object;
mod param;
mod per_input;
mod power;
mod printers;
mod processes;
mod property;
mod protection;
mod random;
mod reach;
mod select;
mod services;
mod session;
mod shares;
mod shown;
mod smb;
mod sort;
pub(super) mod system;
mod tasks;
mod time;
mod unique;
mod unix_format;
mod variable;
mod wmi;
mod write;
mod xml;

use super::eval::{Cmdlet, Evaluator, Run};

pub(super) use binding::{Bound, END_OF_PARAMETERS, bind, common, common_parameters};
pub(super) use cim::of_instance as of_cim_instance;
pub(super) use format_object::print;
pub(super) use items::file_static;
pub(super) use members::{method, method_failed};
use per_input::PerInput;
pub(super) use sort::sort_values;

/// A command: name, other names, parameters in the notation of [`param`], and how to make one.
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) params: &'static [&'static str],
    pub(super) make: fn(&mut Evaluator<'_>, Bound) -> Run<Box<dyn Cmdlet>>,
}

/// All commands.
static ALL: &[&[Spec]] = &[
    &accounts::SPECS,
    &events::SPECS,
    &features::SPECS,
    &jobs::SPECS,
    &printers::SPECS,
    &protection::SPECS,
    &shares::SPECS,
    &smb::SPECS,
    &tasks::SPECS,
    &host::SPECS,
    &hotfixes::SPECS,
    &processes::SPECS,
    &services::SPECS,
    &cim::SPECS,
    &compare::SPECS,
    &csv::SPECS,
    &discovery::SPECS,
    &invoke::SPECS,
    &random::SPECS,
    &unique::SPECS,
    &variable::SPECS,
    &csv::FILES,
    &json::SPECS,
    &cim_method::SPECS,
    &computer_info::SPECS,
    &counter::SPECS,
    &wmi::SPECS,
    &filter::SPECS,
    &format_object::SPECS,
    &group::SPECS,
    &items::CONTENT,
    &items::COPY,
    &items::FILES,
    &items::LIST,
    &items::LOCATION,
    &items::MAKE,
    &items::PATHS,
    &items::PROPERTY,
    &items::SELECT_STRING,
    &items::TEE,
    &items::TEST,
    &listing::SPECS,
    &measure::SPECS,
    &member::SPECS,
    &object::SPECS,
    &power::SPECS,
    &reach::SPECS,
    &select::SPECS,
    &sort::SPECS,
    &system::SPECS,
    &time::SPECS,
    &write::SPECS,
    &html::SPECS,
    &session::SPECS,
    &xml::SPECS,
];

/// All aliases with the commands that they stand for.
pub(super) fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |spec: &'static Spec| spec.aliases.iter().map(|alias| (*alias, spec.name));
    ALL.iter().flat_map(|specs| specs.iter()).flat_map(of)
}

/// The command that an alias stands for: aliases come before functions (about_Command_Precedence). `help` and `man`
/// are functions themselves.
pub(super) fn of_alias(name: &str) -> Option<&'static str> {
    let is_alias = |alias: &str| alias.eq_ignore_ascii_case(name) && !matches!(alias, "help" | "man");
    aliases().find(|(alias, _)| is_alias(alias)).map(|(_, command)| command)
}

fn specs() -> impl Iterator<Item = &'static Spec> {
    ALL.iter().flat_map(|specs| specs.iter())
}

/// The names of all commands, without aliases.
pub(super) fn names<'a>() -> impl Iterator<Item = &'a str> {
    ALL.iter().flat_map(|specs| specs.iter()).map(|spec| spec.name)
}

/// Cmdlets whose class is not called after them; those of modules made of CIM classes are functions of their own name.
/// Source: the .NET type names in public transcripts of `$Error[0].FullyQualifiedErrorId`.
const CLASSES: &[(&str, &str)] = &[
    ("Get-WindowsFeature", "Microsoft.Windows.ServerManager.Commands.GetWindowsFeatureCommand"),
    ("Install-WindowsFeature", "Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"),
    ("Uninstall-WindowsFeature", "Microsoft.Windows.ServerManager.Commands.RemoveWindowsFeatureCommand"),
    ("Get-WindowsOptionalFeature", "Microsoft.Dism.Commands.GetWindowsOptionalFeatureCommand"),
    ("Get-WBSummary", "Microsoft.Windows.ServerBackup.Commands.GetWBSummaryCommand"),
    // Its records carry no class: the id is the caller's own.
    ("Write-Error", ""),
];

/// How the nouns of functions begin, which are made of CIM classes and whose errors carry their own name.
const FUNCTION_NOUNS: [&str; 4] = ["Mp", "Print", "ScheduledTask", "Smb"];

/// How grave what a cmdlet changes is, as `ConfirmImpact` numbers it: what `$ConfirmPreference` is compared with.
/// Source: learn.microsoft.com, the pages of these commands, which say that they ask.
pub(super) fn impact(name: &str) -> i32 {
    match name {
        "Unregister-ScheduledTask" | "Set-SmbServerConfiguration" => 3,
        _ => 2,
    }
}

/// The .NET class that PowerShell names behind the comma of an error's id.
pub(super) fn class(name: &str) -> String {
    if let Some((_, class)) = CLASSES.iter().find(|(cmdlet, _)| *cmdlet == name) {
        return (*class).to_owned();
    }
    match name.split_once('-') {
        Some((verb, noun)) if noun.starts_with("Cim") => {
            format!("Microsoft.Management.Infrastructure.CimCmdlets.{verb}{noun}Command")
        }
        Some((_, noun)) if FUNCTION_NOUNS.iter().any(|start| noun.starts_with(start)) => name.to_owned(),
        Some((verb, noun)) => format!("Microsoft.PowerShell.Commands.{verb}{noun}Command"),
        None => String::new(),
    }
}

/// The command of a name or alias, with or without its module.
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    let name = name.rsplit('\\').next().unwrap_or(name);
    let is_it = |spec: &&Spec| {
        spec.name.eq_ignore_ascii_case(name) || spec.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    };
    ALL.iter().flat_map(|specs| specs.iter()).find(is_it)
}

#[cfg(test)]
mod tests {
    use super::find;

    /// The page of the documentation names every command, and no other.
    #[test]
    fn documentation_lists_the_commands() {
        let page = include_str!("../../../docs/sandbox_engine.md");
        let section = page.split("## Commands").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section");
        for spec in super::ALL.iter().flat_map(|specs| specs.iter()) {
            assert!(section.contains(&format!("`{}`", spec.name)), "{} is not documented", spec.name);
        }
        let named = section.split('`').skip(1).step_by(2).filter(|name| name.contains('-') && !name.starts_with('-'));
        for name in named {
            assert!(find(name).is_some(), "{name} is documented but does not exist");
        }
    }

    #[test]
    fn aliases_and_modules() {
        for name in ["?", "%", "gsv", "Microsoft.PowerShell.Utility\\sort-object", "HOSTNAME"] {
            assert!(find(name).is_some(), "{name}");
        }
    }
}
