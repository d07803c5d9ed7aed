//! The script for PowerShell 2, which knows no using expressions: each becomes a parameter.

use std::collections::BTreeMap;

use crate::clixml::Value;
use crate::psrp::Argument;

use super::Source;
use super::evaluated::Evaluated;
use super::param;
use super::sent::Sent;
use super::variable_path::Path;

/// Replaces every expression by a variable `$__using_NAME` and adds these to the parameters. Accessors stay: they are
/// found on the remote side.
pub(super) fn rewrite(source: &Source, evaluated: &[Evaluated]) -> Sent {
    let mut names = Names::default();
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for found in evaluated {
        let occurrence = &found.occurrence;
        let base = found.prefixes.first().map_or(&Value::Null, |(_, value)| value);
        let name = names.name(&occurrence.variable, base);
        let text = match (occurrence.braced, occurrence.splatted) {
            (true, _) => format!("${{{name}}}"),
            (_, true) => format!("@{name}"),
            _ => format!("${name}"),
        };
        edits.push((occurrence.start, occurrence.variable_end, text));
    }
    edits.push(names.declaration(source));
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    Sent { script: apply(source.text(), &edits), arguments: names.arguments() }
}

/// The new parameters: by the variable's path in lower case, their names and values.
#[derive(Default)]
struct Names(BTreeMap<String, (String, Value)>);

impl Names {
    fn name(&mut self, variable: &str, value: &Value) -> String {
        let path = Path::parse(variable);
        let plain = match path.drive {
            Some(drive) => format!("{drive}_{}", path.name),
            None => path.name.to_owned(),
        };
        let key = plain.to_lowercase();
        let taken: Vec<String> = self.0.values().map(|(name, _)| name.to_lowercase()).collect();
        let entry = self.0.entry(key).or_insert_with(|| (unique(&identifier(&plain), &taken), value.clone()));
        entry.0.clone()
    }

    /// Where the parameters are declared: before the script's own, or on a line before the script. A block that cannot
    /// be read is none; PowerShell will say what is wrong with it.
    fn declaration(&self, source: &Source) -> (usize, usize, String) {
        let names: Vec<String> = self.0.values().map(|(name, _)| format!("${name}")).collect();
        let list = names.join(", ");
        match param::block(source).ok().flatten() {
            Some(block) if block.is_empty => (block.content, block.content, list),
            Some(block) => (block.content, block.content, format!("{list}, ")),
            None => (0, 0, format!("param({list})\n")),
        }
    }

    fn arguments(&self) -> Vec<Argument> {
        let argument =
            |(name, value): &(String, Value)| Argument { name: Some(format!("-{name}")), value: value.clone() };
        self.0.values().map(argument).collect()
    }
}

/// The variable's name with everything that an unbraced name can't hold made an underscore.
fn identifier(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("__using_{plain}")
}

fn unique(name: &str, taken: &[String]) -> String {
    let numbered = std::iter::once(name.to_owned()).chain((2..).map(|number: u32| format!("{name}_{number}")));
    numbered.into_iter().find(|name| !taken.contains(&name.to_lowercase())).unwrap_or_else(|| name.to_owned())
}

fn apply(text: &str, edits: &[(usize, usize, String)]) -> String {
    let mut out = String::with_capacity(text.len() + 16 * edits.len());
    let mut at = 0;
    for (start, end, new) in edits {
        out.push_str(text.get(at..*start).unwrap_or_default());
        out.push_str(new);
        at = *end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
