//! Input objects of a pipeline, serialized once and shared by all targets.

use std::sync::Arc;

use crate::clixml::{self, Document, Value};

/// Objects for `$input`, in order, each in the form in which it travels.
#[derive(Debug, Clone, Default)]
pub struct Input {
    bytes: Vec<u8>,
    /// Where each object ends.
    ends: Vec<usize>,
}

impl Input {
    /// Adds an object.
    pub fn push(&mut self, object: &Document) {
        self.bytes.extend_from_slice(&message_data(object));
        self.ends.push(self.bytes.len());
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each object in the form in which it travels.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.bytes.get(start..end)
    }
}

/// Objects in the form in which they travel, as [`Input::messages`] gives them.
impl FromIterator<Vec<u8>> for Input {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(messages: I) -> Self {
        let mut input = Self::default();
        for message in messages {
            input.bytes.extend_from_slice(&message);
            input.ends.push(input.bytes.len());
        }
        input
    }
}

impl<'d> FromIterator<&'d Document> for Input {
    fn from_iter<I: IntoIterator<Item = &'d Document>>(objects: I) -> Self {
        let mut input = Self::default();
        objects.into_iter().for_each(|object| input.push(object));
        input
    }
}

/// The data of PIPELINE_INPUT. A null is a message without any, as PowerShell sends it: its server (7.6.9) ends when it
/// reads `<Nil />` there.
pub(super) fn message_data(object: &Document) -> Vec<u8> {
    if *object.root.unboxed() == Value::Null { Vec::new() } else { clixml::encode(object).into_bytes() }
}

/// What of a shared input has not been sent to one pipeline yet.
#[derive(Debug, Clone)]
pub(super) struct Unsent {
    input: Arc<Input>,
    next: usize,
}

impl Unsent {
    pub(super) fn new(input: Arc<Input>) -> Self {
        Self { input, next: 0 }
    }

    /// The next object; `None` when all are sent.
    pub(super) fn take(&mut self) -> Option<&[u8]> {
        let object = self.input.get(self.next)?;
        self.next += 1;
        Some(object)
    }
}
