//! The commands of the engine.

mod binding;
mod cim;
mod filter;
mod group;
mod machine;
mod measure;
mod object;
mod property;
mod select;
mod sort;
mod time;
mod write;

use super::eval::{Cmdlet, Evaluator, Run};

pub(super) use binding::{Bound, bind};
pub(super) use sort::sort_values;

/// A command: name, other names, parameters, and how to make one.
///
/// A parameter is written `Name|OtherName@0`: `@0` is its place, `@*` takes all places that are left, a `!` at the end
/// makes it a switch.
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) params: &'static [&'static str],
    pub(super) make: fn(&mut Evaluator<'_>, Bound) -> Run<Box<dyn Cmdlet>>,
}

/// All commands.
static ALL: [&[Spec]; 10] = [
    &machine::SPECS,
    &cim::SPECS,
    &filter::SPECS,
    &group::SPECS,
    &measure::SPECS,
    &object::SPECS,
    &select::SPECS,
    &sort::SPECS,
    &time::SPECS,
    &write::SPECS,
];

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
