//! Members that PowerShell has cut: where an object would be, only the name of its type came.
//!
//! PowerShell serializes down to a depth. What lies below it becomes a string, the object's `ToString()`, and nothing
//! on the wire tells that string from one that the script wrote. [`CutFinder`] decides by what is certain first:
//!
//! - Only on the last level can a string be a cut object. Adapted properties (`Props`) lie one level below their
//!   object; notes of a custom object and items of a collection lie on its own level, so texts of scripts are not
//!   meant.
//! - Collections cost no depth and are never cut: a string that names one is a text.
//! - Some types have a depth of their own, others name types as their very data (`exempt`): they are not looked into.
//!
//! What is left is a string that reads as the name of a type (`type_text`). Names of modules, packages and files read
//! so, too. So something more must speak for an object: type arguments or a text behind the name, the collection's own
//! type, the namespace of the object that has the member, or a word that member and type share (`StartInfo`,
//! `System.Diagnostics.ProcessStartInfo`). Members whose texts are names by right (`FullName`, `ImplementingType`) are
//! left out.
//!
//! # What it cannot know
//! An object whose `ToString()` says something of its own (a folder's path, a host's name) is not told, nor one of a
//! type without a namespace, such as a class of a script, unless the type of its collection names it.

mod exempt;
mod type_text;

use super::{Content, Document, Object, PsString, TypeNames, Value};
use exempt::is_exempt;
use type_text::{TypeText, holds_strings, is_naming, share_a_word};

/// Levels looked into below the top: PowerShell writes no more.
const DEEPEST: usize = 50;

/// Finds what was cut in objects that were serialized down to some depth.
///
/// # Source
/// The serializer of PowerShell 7 (`serialization.cs`), and what its engine sends; MS-PSRP does not tell of depths.
#[derive(Debug, Clone, Copy)]
pub struct CutFinder {
    depth: u32,
}

impl CutFinder {
    /// Finds what was cut at this depth; PowerShell's own is 1.
    pub fn new(depth: u32) -> Self {
        Self { depth }
    }

    /// The depth.
    pub fn depth(self) -> u32 {
        self.depth
    }

    /// Tells the path of each cut member, such as `MainModule` or `Parent`, `Modules`: of a collection once, of equal
    /// objects in a collection again and again.
    pub fn find<'d>(self, document: &'d Document, found: impl FnMut(&[&'d str])) {
        if let Value::Object(root) = &document.root {
            Walk { found, path: Vec::new(), owners: Vec::new(), levels: 0 }.object(root, self.depth);
        }
    }
}

/// A walk through one object. Recursion ends at [`DEEPEST`].
struct Walk<'d, F> {
    found: F,
    path: Vec<&'d str>,
    /// The types of the objects that hold the value at hand, the outermost first.
    owners: Vec<&'d TypeNames>,
    levels: usize,
}

impl<'d, F: FnMut(&[&'d str])> Walk<'d, F> {
    /// Looks into an object on a level from which it is `left` levels to the last one.
    fn object(&mut self, object: &'d Object, left: u32) {
        if self.levels == DEEPEST || object.is_member_set() {
            return;
        }
        self.levels += 1;
        match &object.content {
            // A number or text, perhaps with notes of its own.
            Content::Value(_) => {}
            Content::List(_, items) => self.items(items.iter().map(|item| (None, item)), &object.type_names, left),
            Content::Dict(entries) => {
                // The entries of a dictionary that is itself the output are its members to whoever reads it.
                let is_root = self.levels == 1;
                let key = |key: &'d Value| key.as_text().and_then(PsString::as_str).filter(|_| is_root);
                self.items(entries.iter().map(|(name, item)| (key(name), item)), &object.type_names, left);
            }
            Content::None => {}
        }
        self.members(object, left);
        self.levels -= 1;
    }

    fn members(&mut self, object: &'d Object, left: u32) {
        // An object that came whole on the last level has a depth of its own: 1 at least.
        let below = left.saturating_sub(1);
        let is_custom =
            object.props.is_empty() && object.type_names.contains("System.Management.Automation.PSCustomObject");
        // Notes that the type has, not the object, lie one level below; which is which the wire does not tell.
        let notes = if is_custom { left.max(1) } else { below };
        self.owners.push(&object.type_names);
        for (members, left) in [(&object.props, below), (&object.notes, notes)] {
            for (name, value) in members {
                self.member(name, value, left);
            }
        }
        self.owners.pop();
    }

    fn member(&mut self, name: &'d str, value: &'d Value, left: u32) {
        match value.unboxed() {
            Value::Str(text) if left == 0 && self.is_cut(name, text, None) => {
                self.path.push(name);
                (self.found)(&self.path);
                self.path.pop();
            }
            Value::Object(object) => {
                self.path.push(name);
                self.object(object, left);
                self.path.pop();
            }
            _ => {}
        }
    }

    /// The items of a collection of some type, each with the name that it is known by.
    fn items(
        &mut self,
        items: impl Iterator<Item = (Option<&'d str>, &'d Value)>,
        collection: &'d TypeNames,
        left: u32,
    ) {
        // Where one is cut, all are; and strings are none.
        let mut is_told = collection.first().is_some_and(holds_strings);
        for (name, item) in items {
            match item.unboxed() {
                Value::Str(text) if left == 0 && !is_told => {
                    let Some(&member) = self.path.last() else { continue };
                    if self.is_cut(member, text, collection.first()) {
                        (self.found)(&self.path);
                        is_told = true;
                    }
                }
                Value::Object(object) => {
                    self.path.extend(name);
                    self.object(object, left);
                    self.path.truncate(self.path.len() - usize::from(name.is_some()));
                }
                _ => {}
            }
        }
    }

    /// Whether a string on the last level stands for an object, as a member or in a member's collection.
    fn is_cut(&self, member: &str, text: &PsString, collection: Option<&str>) -> bool {
        let Some(text) = text.as_str() else { return false };
        let Some(read) = TypeText::read(text) else {
            // A class of a script has no namespace to know it by.
            return collection.is_some_and(|collection| collection.strip_suffix("[]") == Some(text))
                && !self.owners.iter().any(|owner| is_exempt(owner));
        };
        if is_naming(member) || self.owners.iter().any(|owner| is_exempt(owner)) {
            return false;
        }
        let is_near = |owner: &&TypeNames| owner.iter().any(|owner| read.is_near(owner));
        read.is_certain()
            || collection.is_some_and(|collection| read.is_element_of(collection))
            || self.owners.last().is_some_and(is_near)
            || share_a_word(member, read.short_name())
    }
}

#[cfg(test)]
mod tests;
