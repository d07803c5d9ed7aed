//! Members whose values are made when they are asked for, and what belongs to an object without being shown.

use std::sync::Arc;

use super::super::ast::Script;
use super::{List, Obj, ObjMembers, Val, locked};
use crate::clixml::TypeNames;

/// A member that is more than a value. A property's last value is among the notes, for all who only read.
#[derive(Debug, Clone)]
pub(in super::super) enum Live {
    /// A ScriptProperty.
    Property { get: Arc<Script>, set: Option<Arc<Script>> },
    /// Another name of a property.
    Alias(Arc<str>),
    /// A ScriptMethod.
    Method(Arc<Script>),
    /// The object that this one is a member of.
    Owner(Val),
}

impl Obj {
    /// The live member of a name.
    pub(in super::super) fn live(&self, name: &str) -> Option<Live> {
        let members = locked(&self.members);
        members.live.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, live)| live.clone())
    }

    /// All live members.
    pub(in super::super) fn lives(&self) -> Vec<(Arc<str>, Live)> {
        locked(&self.members).live.clone()
    }

    pub(in super::super) fn has_live(&self) -> bool {
        !locked(&self.members).live.is_empty()
    }

    /// Adds a live member, or replaces the member of its name.
    pub(in super::super) fn set_live(&self, name: &str, live: Live) {
        self.remove(name);
        if !matches!(live, Live::Method(_) | Live::Owner(_)) {
            self.set_note(name, Val::Null);
        }
        locked(&self.members).live.push((name.into(), live));
    }

    /// Forgets a note or live member.
    pub(in super::super) fn remove(&self, name: &str) {
        let mut members = locked(&self.members);
        let removed: Vec<_> = members.notes.extract_if(.., |(known, _)| known.eq_ignore_ascii_case(name)).collect();
        let live: Vec<_> = members.live.extract_if(.., |(known, _)| known.eq_ignore_ascii_case(name)).collect();
        drop(members);
        // Values are freed without the lock.
        drop((removed, live));
    }

    /// Its type and those that this derives from, as scripts have it.
    pub(in super::super) fn type_names(&self) -> TypeNames {
        locked(&self.members).type_names.clone().unwrap_or_else(|| self.schema.type_names.clone())
    }

    pub(in super::super) fn set_type_names(&self, names: TypeNames) {
        locked(&self.members).type_names = Some(names);
    }

    /// The same members again, apart.
    pub(in super::super) fn copied(&self) -> Val {
        let members = self.members().into();
        Val::Object(Arc::new(Self { schema: self.schema.clone(), text: self.text.clone(), members }))
    }

    /// What belongs to no other.
    pub(super) fn bare(values: Vec<Val>, notes: Vec<(Arc<str>, Val)>) -> ObjMembers {
        ObjMembers { values, notes, ..ObjMembers::default() }
    }
}

impl List {
    /// A list of something that belongs to an object.
    pub(in super::super) fn owned(type_name: &str, owner: &Val, items: Vec<Val>) -> Val {
        let mut list = Self::of(type_name, items);
        list.owner = Some(owner.clone());
        Val::List(Arc::new(list))
    }
}
