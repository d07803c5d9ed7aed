//! New-Object and Add-Member.

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::types::TypeRef;
use super::super::value::Val;
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 2] = [
    Spec {
        name: "New-Object",
        aliases: &[],
        params: &["TypeName@0", "ArgumentList|Args@1", "Property", "ComObject"],
        make: |_, bound| {
            bound.refuse(&["ComObject"])?;
            Ok(Box::new(New { bound }))
        },
    },
    Spec {
        name: "Add-Member",
        aliases: &[],
        params: &[
            "NotePropertyName|Name|MemberType@0",
            "NotePropertyValue|Value@1",
            "NotePropertyMembers",
            "InputObject",
            "PassThru!",
            "Force!",
            "SecondValue@2",
        ],
        make: |_, bound| Ok(Box::new(Add { bound })),
    },
];

struct New {
    bound: Bound,
}

impl Cmdlet for New {
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let name = self.bound.text("TypeName").unwrap_or_default();
        let Some(kind) = TypeRef::find(&name) else {
            let message =
                format!("Cannot find type [{name}]: verify that the assembly containing this type is loaded.");
            let id = "TypeNotFound,Microsoft.PowerShell.Commands.NewObjectCommand";
            return Err(ErrorRecord::new("System.Management.Automation.PSArgumentException", message, id, 9).into());
        };
        let Some(made) = evaluator.construct(&kind, &self.bound.items("ArgumentList"))? else {
            return Err(ErrorRecord::unsupported(&format!("how to make a [{}]", kind.text())).into());
        };
        if let (Some(Val::Hash(properties)), Val::Object(object)) = (self.bound.get("Property"), &made) {
            for (name, value) in properties.entries() {
                object.set_note(&text(&name), value);
            }
        }
        // A list that is made here must not be taken apart on its way out.
        out.put(evaluator, made)
    }
}

struct Add {
    bound: Bound,
}

impl Cmdlet for Add {
    fn begin(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        match self.bound.get("InputObject").cloned() {
            Some(input) => self.process(evaluator, input, out),
            None => Ok(()),
        }
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        if let Val::Object(object) = &input {
            let name = self.bound.text("NotePropertyName");
            let value = self.bound.get("NotePropertyValue").cloned().unwrap_or(Val::Null);
            match (name, self.bound.get("SecondValue"), self.bound.get("NotePropertyMembers")) {
                // Add-Member NoteProperty Name Value
                (Some(kind), Some(second), _) if kind.eq_ignore_ascii_case("NoteProperty") => {
                    object.set_note(&text(&value), second.clone());
                }
                (Some(name), ..) => object.set_note(&name, value),
                (None, _, Some(Val::Hash(members))) => {
                    members.entries().into_iter().for_each(|(name, value)| object.set_note(&text(&name), value));
                }
                _ => {}
            }
        }
        if self.bound.switch("PassThru") { out.put(evaluator, input) } else { Ok(()) }
    }
}
