//! Get-Member.

mod of_value;
mod tables;

use std::sync::LazyLock;

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::value::{Obj, Schema, Val};
use super::{Bound, Spec};
use std::sync::Arc;

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Get-Member",
    aliases: &["gm"],
    params: &["Name@0", "MemberType|Type", "InputObject<", "Static!", "Force!", "View"],
    make,
}];

/// `System.Management.Automation.PSMemberTypes`: kinds of members, and sets of kinds.
const KINDS: [(&str, i32); 15] = [
    ("AliasProperty", 1),
    ("CodeProperty", 2),
    ("Property", 4),
    ("NoteProperty", 8),
    ("ScriptProperty", 16),
    ("Properties", 31),
    ("PropertySet", 32),
    ("Method", 64),
    ("CodeMethod", 128),
    ("ScriptMethod", 256),
    ("Methods", 448),
    ("ParameterizedProperty", 512),
    ("MemberSet", 1024),
    ("Event", 2048),
    ("All", 8191),
];

static DEFINITION: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["Microsoft.PowerShell.Commands.MemberDefinition", "System.Object"],
        &["TypeName", "Name", "MemberType", "Definition"],
    )
});

struct GetMember {
    names: Vec<String>,
    /// Kinds that are wanted, as bits.
    kinds: i32,
    /// Type names that were described already.
    known: Vec<String>,
    input: Option<Val>,
    found_input: bool,
    /// The members of the type itself are wanted.
    is_static: bool,
}

fn make(_: &mut Evaluator<'_>, mut bound: Bound) -> Run<Box<dyn Cmdlet>> {
    bound.refuse(&["View"])?;
    let mut kinds = 0;
    for name in bound.texts("MemberType").iter().flat_map(|names| names.split(',')) {
        kinds |= kind_named(name.trim())?;
    }
    Ok(Box::new(GetMember {
        names: bound.texts("Name"),
        kinds: if kinds == 0 { 8191 } else { kinds },
        known: Vec::new(),
        input: bound.take("InputObject"),
        found_input: false,
        is_static: bound.switch("Static"),
    }))
}

fn kind_named(name: &str) -> Run<i32> {
    let is_it = |known: &str| known.eq_ignore_ascii_case(name);
    let starts = |known: &str| known.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let mut starting = KINDS.iter().filter(|(known, _)| !name.is_empty() && starts(known));
    let only = match (starting.next(), starting.next()) {
        (Some((_, number)), None) => Some(*number),
        _ => None,
    };
    let number = KINDS.iter().find(|(known, _)| is_it(known)).map(|(_, number)| *number).or(only);
    number.ok_or_else(|| {
        let message = format!(
            "Cannot bind parameter 'MemberType'. Cannot convert value \"{name}\" to type \"System.Management.Automation.PSMemberTypes\"."
        );
        let kind = "System.Management.Automation.ParameterBindingException";
        ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into()
    })
}

impl Cmdlet for GetMember {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1)?;
        if input.is_null() {
            return Ok(());
        }
        self.found_input = true;
        let (type_name, mut members) =
            if self.is_static { of_value::static_members(&input)? } else { of_value::members(&input) };
        if !self.is_static {
            members.extend(
                evaluator.method_definitions(&input).into_iter().map(|(name, definition)| of_value::Member {
                    kind: "Method",
                    name,
                    definition,
                }),
            );
            members.sort_by_key(|member| (member.kind, member.name.to_lowercase()));
        }
        if self.known.contains(&type_name) {
            return Ok(());
        }
        for member in members {
            evaluator.step(1)?;
            let number = KINDS.iter().find(|(kind, _)| *kind == member.kind).map_or(0, |(_, number)| *number);
            if number & self.kinds == 0 || !self.wants(evaluator, &member.name)? {
                continue;
            }
            let values = vec![
                Val::str(type_name.as_str()),
                Val::str(&*member.name),
                Val::of_enum("System.Management.Automation.PSMemberTypes", member.kind, number),
                Val::str(member.definition.as_str()),
            ];
            out.put(evaluator, Obj::typed(&DEFINITION, member.definition, values))?;
        }
        self.known.push(type_name);
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if let Some(input) = self.input.take() {
            self.process(evaluator, input, out)?;
        }
        if self.found_input {
            return Ok(());
        }
        let message = "You must specify an object for the Get-Member cmdlet.";
        evaluator.write_error(ErrorRecord::new("System.InvalidOperationException", message, "NoObjectInGetMember", 2))
    }
}

impl GetMember {
    fn wants(&self, evaluator: &mut Evaluator<'_>, name: &str) -> Run<bool> {
        for pattern in &self.names {
            if evaluator.patterns.like(name, pattern, false)? {
                return Ok(true);
            }
        }
        Ok(self.names.is_empty())
    }
}

/// The text of a value in a definition such as `int a=1`.
fn shown(value: &Val) -> String {
    match value {
        Val::List(list) => list.type_name.to_string(),
        Val::Null | Val::Void => "null".into(),
        Val::Object(object) if object.text.is_none() => String::new(),
        other => text(other),
    }
}
