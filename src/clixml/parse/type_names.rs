//! Lists of type names, which objects name by number when they come again.

use super::frames::Frame;
use super::{OF_ID, Parser};
use crate::clixml::reader::Tag;
use crate::clixml::{DecodeError, TypeNames};

impl<'a> Parser<'a> {
    /// Begins a list, and ends it at once if it has been met before.
    pub(super) fn open_type_names(&mut self, start: &Tag<'a>, offset: usize) -> Result<(), DecodeError> {
        let id = self.attributes(start, offset)?.id;
        if !self.known_type_names(start, id) {
            self.decoder.types.begin();
            self.frames.push(Frame::TypeNames { id, from: self.reader.position() });
            if start.is_empty {
                self.close();
            }
        }
        Ok(())
    }

    /// Reads the list of type names that the element just begun holds, if it has been met before.
    fn known_type_names(&mut self, start: &Tag<'a>, id: Option<u32>) -> bool {
        if start.is_empty || start.full_name != "TN" {
            return false;
        }
        let Some((read, names)) = self.decoder.types.find(self.reader.rest_text()) else { return false };
        self.reader.skip_to_end(read.len());
        let names = names.clone();
        self.set_type_names(id, names);
        true
    }

    pub(super) fn set_type_names(&mut self, id: Option<u32>, names: TypeNames) {
        if let Some(id) = id {
            self.account.charge(OF_ID);
            self.type_lists.insert(id, names.clone());
        }
        if let Some(object) = self.frames.object() {
            object.type_names = names;
        }
    }

    pub(super) fn type_names_ref(&mut self, start: &Tag<'a>, offset: usize) -> Result<(), DecodeError> {
        let id = self.attributes(start, offset)?.id;
        self.text(start)?;
        let names = id.and_then(|id| self.type_lists.get(id)).cloned().unwrap_or_default();
        if let Some(object) = self.frames.object() {
            object.type_names = names;
        }
        Ok(())
    }
}
