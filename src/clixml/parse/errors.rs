//! What a pass complains of, and where.

use super::frames::Frame;
use super::{Objs, Parser};
use crate::clixml::DecodeError;
use crate::clixml::reader::Broken;

impl Parser<'_> {
    /// The tag of the innermost open frame, for messages.
    pub(super) fn open_tag(&self) -> &'static str {
        match self.frames.last() {
            None if self.objs == Some(Objs::Inside) => "Objs",
            None => "",
            Some(Frame::Object { .. }) => "Obj",
            Some(Frame::Props(_)) => "Props",
            Some(Frame::Notes(_) | Frame::MemberSet { .. }) => "MS",
            Some(Frame::List { kind, .. }) => kind.tag(),
            Some(Frame::Dict { .. }) => "DCT",
            Some(Frame::Entry { .. }) => "En",
            Some(Frame::TypeNames { .. }) => "TN",
            Some(Frame::Progress { .. }) => "PR",
        }
    }

    /// Charges bytes before they are taken.
    pub(super) fn afford(&mut self, bytes: usize, offset: usize) -> Result<(), DecodeError> {
        self.account.charge(bytes);
        if self.account.is_overdrawn() {
            Err(self.limit(offset, "bytes of memory", self.limits.memory))
        } else {
            Ok(())
        }
    }

    pub(super) fn limit(&self, offset: usize, what: &'static str, limit: usize) -> DecodeError {
        DecodeError::Limit { offset: self.at(offset), what, limit }
    }

    pub(super) fn broken(&self, broken: Broken, tag: &str) -> DecodeError {
        DecodeError::Xml { offset: self.at(broken.offset), tag: brief(tag), source: broken.source }
    }

    pub(super) fn invalid(&self, tag: &str, part: &'static str, text: &str, offset: usize) -> DecodeError {
        DecodeError::Invalid { offset: self.at(offset), tag: brief(tag), part, text: brief(text) }
    }

    pub(super) fn misplaced(&self, tag: &str, offset: usize) -> DecodeError {
        DecodeError::Misplaced { offset: self.at(offset), tag: brief(tag), parent: self.open_tag().to_owned() }
    }

    pub(super) fn stray(&self, offset: usize) -> DecodeError {
        DecodeError::StrayText { offset: self.at(offset), tag: self.open_tag().to_owned() }
    }

    pub(super) fn doctype(&self, offset: usize) -> DecodeError {
        DecodeError::Doctype { offset: self.at(offset) }
    }

    pub(super) fn unclosed(&self, tag: &str) -> DecodeError {
        DecodeError::Unclosed { offset: self.at(self.reader.position()), tag: brief(tag) }
    }

    /// An offset of the XML reader in the whole text.
    pub(super) fn at(&self, offset: usize) -> u64 {
        (self.skipped + offset) as u64
    }
}

/// A remote name or text for a message, cut to 64 characters.
pub(super) fn brief(tag: &str) -> String {
    tag.chars().take(64).collect()
}
