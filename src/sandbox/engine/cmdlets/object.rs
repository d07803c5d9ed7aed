//! New-Object and Add-Member.

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Cmdlet, Evaluator, Flow, Run, Sink};
use super::super::value::{Live, Val};
use super::{Bound, Spec};
use crate::clixml::TypeNames;

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
            "InputObject<+",
            "MemberType|Type",
            "Name",
            "Value",
            "SecondValue",
            "NotePropertyName",
            "NotePropertyValue",
            "NotePropertyMembers",
            "TypeName",
            "PassThru!",
            "Force!",
            "Positional@*",
        ],
        make: |_, bound| Ok(Box::new(Add { addition: Addition::of(&bound)?, bound })),
    },
];

struct New {
    bound: Bound,
}

impl Cmdlet for New {
    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        let name = self.bound.text("TypeName").unwrap_or_default();
        let kind = match evaluator.find_type(&name) {
            Ok(kind) => kind,
            // As with `[X]::new()`: there may be such a type, and only the sandbox has none.
            Err(Flow::Throw(record)) => {
                let id = "TypeNotFound,Microsoft.PowerShell.Commands.NewObjectCommand";
                let kind = "System.Management.Automation.PSArgumentException";
                return Err(ErrorRecord::new(kind, record.message().clone(), id, 9).into());
            }
            Err(other) => return Err(other),
        };
        let args = self.bound.items("ArgumentList");
        let made = evaluator.construct(&kind, &args).map_err(|flow| of_constructor(flow, args.len()))?;
        let Some(made) = made else {
            return Err(ErrorRecord::unsupported(&format!("how to make a [{}]", kind.text())).into());
        };
        if let (Some(Val::Hash(properties)), Val::Object(object)) = (self.bound.get("Property"), &made) {
            for (name, value) in properties.entries() {
                if evaluator.is_class(object) {
                    evaluator.set_member(&made, &text(&name), value)?;
                } else {
                    object.set_note(&text(&name), value);
                }
            }
        }
        // A list that is made here must not be taken apart on its way out.
        out.put(evaluator, made)
    }
}

/// The fault of a constructor in the words of New-Object.
fn of_constructor(flow: Flow, count: usize) -> Flow {
    let Flow::Throw(record) = flow else { return flow };
    if matches!(&*record.id, "SandboxLimit" | "SandboxUnsupported") {
        return Flow::Throw(record);
    }
    let (message, own) = (record.message(), record.exception.clone());
    let is_told = message.starts_with("Exception calling") || message.starts_with("Cannot find an overload");
    let message = if is_told {
        message.to_string()
    } else {
        format!("Exception calling \".ctor\" with \"{count}\" argument(s): \"{message}\"")
    };
    let kind = "System.Management.Automation.MethodInvocationException";
    let id = "ConstructorInvokedThrowException,Microsoft.PowerShell.Commands.NewObjectCommand";
    // A constructor's own exception is the cause, as it is or as the call wrapped it.
    let cause = if own.is_a(kind) { own.inner.clone() } else { Some(own) };
    ErrorRecord::new(kind, message, id, 0).with_cause(cause).into()
}

/// What Add-Member adds.
enum Addition {
    Notes(Vec<(String, Val)>),
    /// A member whose value is made when it is asked for, or a method.
    Live(String, Live),
}

impl Addition {
    /// The first places are a name and a value, a table, or a kind, a name and a value.
    fn of(bound: &Bound) -> Run<Self> {
        let mut places = bound.items("Positional").into_iter().peekable();
        if bound.get("NotePropertyMembers").is_none()
            && let Some(Val::Hash(_)) = places.peek()
        {
            return Ok(Self::of_table(&places.next().unwrap_or(Val::Null)));
        }
        if let Some(table) = bound.get("NotePropertyMembers") {
            return Ok(Self::of_table(table));
        }
        let is_kind = |value: &Val| KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(&text(value)));
        let of_note = bound.get("NotePropertyName").is_some();
        if !of_note && bound.get("Name").is_none() && bound.get("TypeName").is_some() && places.peek().is_none() {
            return Ok(Self::Notes(Vec::new()));
        }
        let kind = match bound.text("MemberType") {
            Some(kind) => kind,
            None if !of_note && places.peek().is_some_and(is_kind) && bound.items("Positional").len() != 2 => {
                text(&places.next().unwrap_or(Val::Null))
            }
            None => "NoteProperty".into(),
        };
        let mut given =
            |name: &str, note: &str| bound.get(note).or_else(|| bound.get(name)).cloned().or_else(|| places.next());
        let name = given("Name", "NotePropertyName").map_or_else(String::new, |name| text(&name));
        let value = given("Value", "NotePropertyValue").unwrap_or(Val::Null);
        match (kind.to_lowercase().as_str(), value) {
            ("noteproperty", value) => Ok(Self::Notes(vec![(name, value)])),
            ("scriptmethod", Val::Script(script)) => Ok(Self::Live(name, Live::Method(script))),
            ("scriptproperty", Val::Script(get)) => {
                let set = bound.get("SecondValue").cloned().or_else(|| places.next());
                let set = if let Some(Val::Script(set)) = set { Some(set) } else { None };
                Ok(Self::Live(name, Live::Property { get, set }))
            }
            ("aliasproperty", value) => Ok(Self::Live(name, Live::Alias(text(&value).into()))),
            _ => Err(ErrorRecord::unsupported(&format!("members of the kind {kind}")).into()),
        }
    }

    fn of_table(table: &Val) -> Self {
        let entries = if let Val::Hash(hash) = table { hash.entries() } else { Vec::new() };
        Self::Notes(entries.into_iter().map(|(name, value)| (text(&name), value)).collect())
    }
}

/// Kinds of members that Add-Member knows.
const KINDS: [&str; 8] = [
    "NoteProperty",
    "ScriptProperty",
    "AliasProperty",
    "ScriptMethod",
    "CodeProperty",
    "CodeMethod",
    "MemberSet",
    "PropertySet",
];

struct Add {
    bound: Bound,
    addition: Addition,
}

impl Cmdlet for Add {
    fn begin(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        match self.bound.get("InputObject").cloned() {
            Some(input) => self.process(evaluator, input, out),
            None => Ok(()),
        }
    }

    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, out: &mut dyn Sink) -> Run<()> {
        let Val::Object(object) = &input else {
            return Err(ErrorRecord::unsupported("members that are added to values of .NET").into());
        };
        {
            let added = match &self.addition {
                Addition::Notes(notes) => notes.iter().map(|(name, value)| (name.clone(), Ok(value.clone()))).collect(),
                Addition::Live(name, live) => vec![(name.clone(), Err(live.clone()))],
            };
            for (name, added) in added {
                let is_known = object.get(&name).is_some() || object.live(&name).is_some();
                if is_known && !self.bound.switch("Force") {
                    let message = format!(
                        "Cannot add a member with the name \"{name}\" because a member with that name already exists. To overwrite the member anyway, add the Force parameter to your command."
                    );
                    let kind = "System.InvalidOperationException";
                    evaluator.write_error(
                        ErrorRecord::new(kind, message, "MemberAlreadyExists", 10).with_target(input.clone()),
                    )?;
                } else {
                    match added {
                        Ok(value) => object.set_note(&name, value),
                        Err(live) => object.set_live(&name, live),
                    }
                }
            }
            if let Some(name) = self.bound.text("TypeName") {
                let known = object.type_names();
                object.set_type_names(TypeNames::new([name.as_str()].into_iter().chain(known.iter())));
            }
        }
        if self.bound.switch("PassThru") { out.put(evaluator, input) } else { Ok(()) }
    }
}
