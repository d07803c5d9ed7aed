//! Items as scripts see them.

use super::super::eval::Evaluator;
use super::super::value::Val;
use super::drive::{drive_object, provider_object};
use super::path::{ItemPath, shown_path};
use super::{Item, Provider};

/// The properties that say where items are, made once for all items of a command.
pub(in super::super) struct Decor {
    provider: &'static dyn Provider,
    provider_object: Val,
    drive: Option<Val>,
}

impl Decor {
    /// For items that a path leads to.
    pub(in super::super) fn of(evaluator: &Evaluator<'_>, path: &ItemPath) -> Self {
        let drive = path.drive.as_ref().map(|drive| drive_object(evaluator, drive));
        Self { provider: path.provider, provider_object: provider_object(path.provider), drive }
    }

    /// The provider of the items.
    pub(in super::super) fn provider(&self) -> &'static dyn Provider {
        self.provider
    }

    /// The full path of an item: provider and path.
    pub(in super::super) fn full_path(&self, path: &str) -> String {
        let path = shown_path(self.provider, path);
        format!("{}\\{}::{path}", self.provider.module(), self.provider.name())
    }

    /// An item as an object, with where it is.
    pub(in super::super) fn object(&self, evaluator: &mut Evaluator<'_>, item: &Item) -> Val {
        let made = self.provider.object(evaluator, item);
        self.mark(&made, item);
        made
    }

    /// Says on an object where its item is.
    pub(in super::super) fn mark(&self, made: &Val, item: &Item) {
        let Val::Object(object) = made else { return };
        let mut notes = vec![("PSPath", Val::str(self.full_path(&item.path)))];
        if self.provider.is_nested() {
            if let Some((around, name)) = item.path.rsplit_once('\\') {
                notes.push(("PSParentPath", Val::str(self.full_path(around))));
                notes.push(("PSChildName", Val::str(name)));
            } else {
                notes.push(("PSParentPath", Val::str("")));
                notes.push(("PSChildName", Val::str(shown_path(self.provider, &item.path))));
            }
        }
        notes.extend(self.drive.iter().map(|drive| ("PSDrive", drive.clone())));
        notes.push(("PSProvider", self.provider_object.clone()));
        notes.push(("PSIsContainer", Val::Bool(item.is_container)));
        object.put_notes_first(notes);
    }
}
