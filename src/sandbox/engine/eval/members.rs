//! The members of objects that scripts make and look at: what Add-Member adds, and `PSObject`.

use std::sync::{Arc, LazyLock};

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::types::TypeRef;
use super::super::value::{List, Live, Obj, Schema, Val};
use super::{Evaluator, Flow, Run};
use crate::clixml::TypeNames;

/// The collection of an object's members.
pub(super) const MEMBERS: &str = "System.Management.Automation.PSMemberInfoIntegratingCollection`1";
const TYPE_NAMES: &str = "System.Collections.ObjectModel.Collection`1[[System.String]]";
/// Where a member keeps the object that it belongs to.
const OWNER: &str = "\0owner";
/// What `PSObject` gives.
const MEMBER_SET: &str = "System.Management.Automation.PSMemberSet";

const NAMES: [&str; 7] = ["MemberType", "IsSettable", "IsGettable", "Value", "TypeNameOfValue", "Name", "IsInstance"];

/// A kind of member: its name, its number in `PSMemberTypes`, and its schema.
struct Kind(&'static str, i32, Arc<Schema>);

static KINDS: LazyLock<[Kind; 6]> = LazyLock::new(|| {
    let kind = |name: &'static str, class: &str, number| {
        let class = format!("System.Management.Automation.{class}");
        let base = "System.Management.Automation.PSMemberInfo";
        Kind(name, number, Schema::new(&[class.as_str(), base, "System.Object"], &NAMES))
    };
    [
        kind("NoteProperty", "PSNoteProperty", 8),
        kind("Property", "PSProperty", 4),
        kind("ScriptProperty", "PSScriptProperty", 16),
        kind("AliasProperty", "PSAliasProperty", 1),
        kind("ScriptMethod", "PSScriptMethod", 256),
        kind("Method", "PSMethod", 64),
    ]
});

/// A member of an object, or of none yet.
fn member(owner: Option<&Val>, kind: &str, name: &str, value: Val) -> Val {
    let Some(Kind(kind, number, schema)) = KINDS.iter().find(|known| known.0 == kind) else { return Val::Null };
    let of_value = match kind {
        _ if value.is_null() => "System.Object".into(),
        &"ScriptProperty" | &"ScriptMethod" => "System.Object".into(),
        _ => value.type_name(),
    };
    let shown = format!("{} {name}={}", TypeRef::named(of_value.clone()).text(), text(&value));
    let values = vec![
        Val::of_enum("System.Management.Automation.PSMemberTypes", *kind, *number),
        Val::Bool(*kind != "ScriptMethod"),
        Val::Bool(true),
        value.stored(),
        Val::Str(of_value),
        Val::str(name),
        Val::Bool(*kind != "Property"),
    ];
    let made = Obj::typed(schema, shown, values);
    if let (Val::Object(made), Some(owner)) = (&made, owner) {
        made.set_live(OWNER, Live::Owner(owner.clone()));
    }
    made
}

/// `PSObject`
pub(super) fn psobject(value: &Val) -> Val {
    let mut methods: Vec<Val> = Vec::new();
    let kind_of = |name: &str| match value {
        Val::Object(object) => match object.live(name) {
            Some(Live::Property { .. }) => "ScriptProperty",
            Some(Live::Alias(_)) => "AliasProperty",
            _ if object.schema.names.iter().any(|own| own.eq_ignore_ascii_case(name)) => "Property",
            _ => "NoteProperty",
        },
        _ => "Property",
    };
    let properties: Vec<Val> = super::properties(value)
        .into_iter()
        .map(|(name, own)| member(Some(value), kind_of(&name), &name, own))
        .collect();
    if let Val::Object(object) = value {
        for (name, live) in object.lives() {
            if let Live::Method(script) = live {
                methods.push(member(Some(value), "ScriptMethod", &name, Val::Script(script)));
            }
        }
    }
    if matches!(value, Val::Object(object) if object.text.is_none()) {
        let own = ["ToString", "GetType", "Equals", "GetHashCode"];
        methods.extend(own.map(|name| member(Some(value), "Method", name, Val::Null)));
    }
    let all = properties.iter().chain(&methods).cloned().collect();
    let notes = vec![
        ("Members".into(), List::owned(MEMBERS, value, all)),
        ("Properties".into(), List::owned(MEMBERS, value, properties)),
        ("Methods".into(), List::owned(MEMBERS, value, methods)),
        ("ImmediateBaseObject".into(), value.clone()),
        ("BaseObject".into(), value.clone()),
        ("TypeNames".into(), type_names(value)),
    ];
    Obj::bag(TypeNames::new([MEMBER_SET, "System.Management.Automation.PSMemberInfo", "System.Object"]), notes)
}

/// `PSTypeNames`
pub(super) fn type_names(value: &Val) -> Val {
    let names: Vec<Val> = match value {
        Val::Object(object) => object.type_names().iter().map(Val::str).collect(),
        Val::Net(instance) => instance.type_names().into_iter().map(|name| Val::str(&*name)).collect(),
        Val::Exception(exception) => exception.types.iter().map(|name| Val::str(name.as_str())).collect(),
        other => vec![Val::str(other.type_name()), Val::str("System.Object")],
    };
    List::owned(TYPE_NAMES, value, names)
}

impl Evaluator<'_> {
    /// Gives the live properties of an object, or of the items of a list, the values that they have now: for commands,
    /// which only read.
    pub(in super::super) fn refresh(&mut self, value: &Val) -> Run<()> {
        match value {
            Val::Object(object) if object.has_live() => {
                for (name, live) in object.lives() {
                    if !matches!(live, Live::Method(_) | Live::Owner(_)) {
                        let now = self.live_value(value, &live)?;
                        object.set(&name, now);
                    }
                }
                Ok(())
            }
            Val::List(list) if list.owner.is_none() => {
                let items = list.peek();
                self.step(items.len() as u64 / 8)?;
                items.iter().filter(|item| matches!(item, Val::Object(_))).try_for_each(|item| self.refresh(item))
            }
            _ => Ok(()),
        }
    }

    /// What a live property has now; nothing, if its script fails.
    fn live_value(&mut self, object: &Val, live: &Live) -> Run<Val> {
        self.step(1)?;
        match live {
            Live::Property { get, .. } => match self.call_on(object, get, Vec::new()) {
                Err(Flow::Throw(record)) if !record.is_limit() => Ok(Val::Null),
                done => done.map(Val::stored),
            },
            Live::Alias(target) => Ok(self.member(object, target).unwrap_or(Val::Null)),
            _ => Ok(Val::Null),
        }
    }

    /// A live property of an object, with its value now.
    pub(super) fn refresh_member(&mut self, value: &Val, name: &str) -> Run<()> {
        match value {
            Val::Object(object) if object.has_live() => {
                if name.eq_ignore_ascii_case("psobject") {
                    return self.refresh(value);
                }
                if let Some(live) = object.live(name).filter(|live| !matches!(live, Live::Method(_) | Live::Owner(_))) {
                    let now = self.live_value(value, &live)?;
                    object.set(name, now);
                }
                Ok(())
            }
            Val::List(list) => {
                let has_live = |item: &Val| matches!(item, Val::Object(object) if object.has_live());
                list.peek().iter().filter(|item| has_live(item)).try_for_each(|item| self.refresh_member(item, name))
            }
            _ => Ok(()),
        }
    }

    /// Sets a live property, or a member's value also where it belongs; says whether that was all.
    pub(super) fn set_live(&mut self, value: &Val, object: &Arc<Obj>, name: &str, new: &Val) -> Run<bool> {
        if !object.has_live() {
            return Ok(false);
        }
        match object.live(name) {
            Some(Live::Property { set: Some(set), .. }) => {
                self.call_on(value, &set, vec![new.clone()])?;
                return Ok(true);
            }
            Some(Live::Property { .. }) => {
                let message = format!("Set accessor for property \"{name}\" is unavailable.");
                let class = "System.Management.Automation.SetValueException";
                return Err(ErrorRecord::new(class, message, "SetWithoutSetterFromScriptProperty", 0).into());
            }
            Some(Live::Alias(target)) => {
                self.set_member(value, &target, new.clone())?;
                return Ok(true);
            }
            _ => {}
        }
        if let (Some(Live::Owner(owner)), true) = (object.live(OWNER), name.eq_ignore_ascii_case("value")) {
            let own = object.get("Name").map_or_else(String::new, |name| text(&name));
            self.set_member(&owner, &own, new.clone())?;
        }
        Ok(false)
    }

    /// `[psnoteproperty]::new(name, value)` and its like.
    pub(super) fn new_member(&self, kind: &TypeRef, args: &[Val]) -> Option<Val> {
        let kind = kind.name().strip_prefix("PS")?;
        let name = args.first().map_or_else(String::new, text);
        let value = args.get(1).cloned().unwrap_or(Val::Null);
        let made = member(None, kind, &name, value);
        if let (Val::Object(made), Some(Val::Script(set))) = (&made, args.get(2)) {
            made.set_note("SetterScript", Val::Script(set.clone()));
        }
        Some(made).filter(|made| !made.is_null())
    }

    /// Methods of `PSObject` and what it lists; nothing for other values and names.
    pub(super) fn member_method(&mut self, target: &Val, name: &str, args: &[Val]) -> Run<Option<Val>> {
        if let Val::Object(object) = target {
            if object.type_name() == MEMBER_SET && name == "copy" {
                return Ok(match object.get("BaseObject") {
                    Some(Val::Object(base)) => Some(base.copied()),
                    other => other,
                });
            }
            return Ok(None);
        }
        let Val::List(list) = target else { return Ok(None) };
        let Some(owner) = list.owner.clone() else { return Ok(None) };
        let first = args.first().map_or_else(String::new, text);
        let named = |item: &Val| if let Val::Object(item) = item { item.get("Name") } else { None };
        if *list.type_name == *TYPE_NAMES {
            return self.change_type_names(&owner, list, name, args);
        }
        match name {
            "item" | "get_item" => {
                let is_it = |item: &Val| named(item).is_some_and(|name| text(&name).eq_ignore_ascii_case(&first));
                Ok(Some(list.items().into_iter().find(is_it).unwrap_or(Val::Null)))
            }
            "match" => {
                let mut found = Vec::new();
                for item in list.items() {
                    let own = named(&item).map_or_else(String::new, |name| text(&name));
                    if self.patterns.like(&own, &first, false)? {
                        found.push(item);
                    }
                }
                Ok(Some(Val::list("System.Management.Automation.ReadOnlyPSMemberInfoCollection`1", found)))
            }
            "add" | "remove" => {
                let Val::Object(object) = &owner else {
                    return Err(ErrorRecord::unsupported("members that are added to values of .NET").into());
                };
                if name == "remove" {
                    object.remove(&first);
                    return Ok(Some(Val::Void));
                }
                let Some(Val::Object(new)) = args.first() else { return Ok(None) };
                self.add_member(object, new)?;
                Ok(Some(Val::Void))
            }
            _ => Ok(None),
        }
    }

    fn add_member(&mut self, object: &Arc<Obj>, new: &Obj) -> Run<()> {
        let part = |name: &str| new.get(name).unwrap_or(Val::Null);
        let (name, value) = (text(&part("Name")), part("Value"));
        let set = if let Val::Script(set) = part("SetterScript") { Some(set) } else { None };
        match (new.type_name().rsplit('.').next().unwrap_or(""), value) {
            ("PSScriptProperty", Val::Script(get)) => object.set_live(&name, Live::Property { get, set }),
            ("PSScriptMethod", Val::Script(script)) => object.set_live(&name, Live::Method(script)),
            ("PSAliasProperty", target) => object.set_live(&name, Live::Alias(text(&target).into())),
            (_, value) => object.set_note(&name, value),
        }
        Ok(())
    }

    fn change_type_names(&mut self, owner: &Val, list: &Arc<List>, name: &str, args: &[Val]) -> Run<Option<Val>> {
        if !matches!(name, "insert" | "add" | "remove" | "removeat" | "clear") {
            return Ok(None);
        }
        let Val::Object(object) = owner else {
            return Err(ErrorRecord::unsupported("type names of values of .NET that are changed").into());
        };
        let plain = Val::List(list.clone());
        let given = super::super::dotnet::value_method(self, &plain, name, args)?;
        let names: Vec<String> = list.items().iter().map(text).collect();
        object.set_type_names(TypeNames::new(names.iter().map(String::as_str)));
        Ok(given)
    }
}
