//! What a view is: how PowerShell shows the objects of a type that it knows.

use super::described::Described;

/// How objects of some types are shown.
pub(crate) struct View {
    /// The types, without `Deserialized.`; an object that has one of them is shown by this view.
    pub types: &'static [&'static str],
    /// Objects that lack these properties are left to the next view of the type.
    pub needs: &'static [&'static str],
    /// The form.
    pub shape: Shape,
    /// What objects under one header have in common besides their type.
    pub group: Option<Group>,
}

/// The form of a view.
pub(crate) enum Shape {
    /// A row for each object; with `wrap`, a cell that is too wide goes on below instead of being cut.
    Table {
        /// From left to right.
        columns: &'static [Column],
        /// Whether cells may take several lines.
        wrap: bool,
    },
    /// These properties, a line each.
    List(&'static [&'static str]),
    /// Text.
    Text(fn(&Described<'_>) -> String),
}

/// A line above the header of a table.
pub(crate) struct Group {
    /// What stands before the value.
    pub title: &'static str,
    /// The value.
    pub value: fn(&Described<'_>) -> String,
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    /// The header.
    pub title: &'static str,
    /// Columns of text; 0 for what is left, or for what the cells need if no column before it has a width.
    pub width: usize,
    /// Whether cells stand at the right.
    pub right: bool,
    /// What stands in the cell.
    pub source: Source,
}

/// What stands in a cell.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// A property.
    Property(&'static str),
    /// A text made of the whole object.
    Made(fn(&Described<'_>) -> String),
}

impl Column {
    /// A property under its own name, at the left.
    pub(crate) const fn left(title: &'static str, width: usize) -> Self {
        Self { title, width, right: false, source: Source::Property(title) }
    }

    /// A property under its own name, at the right.
    pub(crate) const fn right(title: &'static str, width: usize) -> Self {
        Self { right: true, ..Self::left(title, width) }
    }

    /// This column, showing another property.
    pub(crate) const fn of(self, property: &'static str) -> Self {
        Self { source: Source::Property(property), ..self }
    }

    /// This column, showing a text made of the object.
    pub(crate) const fn made(self, text: fn(&Described<'_>) -> String) -> Self {
        Self { source: Source::Made(text), ..self }
    }

    /// The cell of an object.
    pub(crate) fn text(&self, object: &Described<'_>) -> String {
        match self.source {
            Source::Property(name) => object.text(name),
            Source::Made(text) => text(object),
        }
    }
}

impl View {
    /// Whether it shows such an object.
    pub(crate) fn shows(&self, object: &Described<'_>) -> bool {
        object.is_any(self.types)
    }
}
