//! Group-Object.

use super::super::convert::text;
use super::super::eval::{Cmdlet, Evaluator, Run, Sink};
use super::super::ops;
use super::super::value::{Obj, Schema, Val};
use super::property::{Keys, Property};
use super::sort::order_by_keys;
use super::{Bound, Spec};

pub(super) static SPECS: [Spec; 1] = [Spec {
    name: "Group-Object",
    aliases: &["group"],
    params: &["Property@0", "NoElement!", "AsHashTable|AHT!", "AsString!", "CaseSensitive!", "InputObject<"],
    make,
}];

struct Group {
    properties: Vec<Property>,
    no_element: bool,
    as_hash: bool,
    as_string: bool,
    case_sensitive: bool,
    groups: Vec<(Vec<Val>, Vec<Val>)>,
    /// One object, whatever it is.
    given: Option<Val>,
}

fn make(_: &mut Evaluator<'_>, bound: Bound) -> Run<Box<dyn Cmdlet>> {
    Ok(Box::new(Group {
        properties: Property::all_of(bound.items("Property"), &Keys::GROUP)?,
        no_element: bound.switch("NoElement"),
        as_hash: bound.switch("AsHashTable"),
        as_string: bound.switch("AsString"),
        case_sensitive: bound.switch("CaseSensitive"),
        groups: Vec::new(),
        given: bound.get("InputObject").cloned(),
    }))
}

impl Cmdlet for Group {
    fn process(&mut self, evaluator: &mut Evaluator<'_>, input: Val, _out: &mut dyn Sink) -> Run<()> {
        evaluator.step(1 + self.groups.len() as u64 / 4)?;
        if input.is_null() {
            return Ok(());
        }
        let keys = if self.properties.is_empty() {
            vec![input.clone()]
        } else {
            let key = |property: &Property, evaluator: &mut Evaluator<'_>| {
                Ok(property.of_object(evaluator, &input)?.unwrap_or(Val::Null).stored())
            };
            self.properties.iter().map(|property| key(property, evaluator)).collect::<Run<Vec<_>>>()?
        };
        let is_same = |known: &[Val]| known.iter().zip(&keys).all(|(known, key)| same(known, key, self.case_sensitive));
        match self.groups.iter_mut().find(|(known, _)| is_same(known)) {
            Some((_, members)) => members.push(input),
            None => self.groups.push((keys, vec![input])),
        }
        Ok(())
    }

    fn end(&mut self, evaluator: &mut Evaluator<'_>, out: &mut dyn Sink) -> Run<()> {
        if let Some(given) = self.given.take() {
            self.process(evaluator, given, out)?;
        }
        let mut groups = std::mem::take(&mut self.groups);
        let name = |keys: &[Val]| keys.iter().map(text).collect::<Vec<_>>().join(", ");
        if self.as_hash {
            let entries = groups.into_iter().map(|(mut keys, members)| {
                let key = if self.as_string || keys.len() > 1 { Val::str(name(&keys)) } else { keys.remove(0) };
                (key, Val::list("System.Collections.ArrayList", members))
            });
            return out.put(evaluator, Val::hash(false, entries.collect()));
        }
        order_by_keys(&mut groups, self.case_sensitive, |(keys, _)| keys);
        let kind = if self.no_element { "GroupInfoNoElement" } else { "GroupInfo" };
        let type_name = format!("Microsoft.PowerShell.Commands.{kind}");
        let type_names = [type_name.as_str(), "Microsoft.PowerShell.Commands.GroupInfo", "System.Object"];
        let type_names = if self.no_element { &type_names[..] } else { &type_names[1..] };
        let schema = Schema::new(type_names, &["Values", "Count", "Group", "Name"]);
        for (keys, members) in groups {
            let (label, count) = (name(&keys), Val::I32(members.len() as i32));
            let collection = "System.Collections.ObjectModel.Collection`1[[System.Management.Automation.PSObject]]";
            let group = if self.no_element { Val::Null } else { Val::list(collection, members) };
            let values = vec![Val::list("System.Collections.ArrayList", keys), count, group, Val::str(label)];
            out.put(evaluator, Obj::typed(&schema, type_names[0], values))?;
        }
        Ok(())
    }
}

fn same(left: &Val, right: &Val, case_sensitive: bool) -> bool {
    match (left, right) {
        (Val::Object(_), Val::Object(_)) => text(left) == text(right),
        _ => left.is_null() == right.is_null() && ops::equal(left, right, case_sensitive),
    }
}
