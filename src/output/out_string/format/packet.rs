//! Reading the objects that Format-* returns, whatever a host has put into them.
//!
//! References are never followed: PowerShell makes each of these objects anew, so one that is referred to twice is a
//! trick. What remains is no larger than what was received.

use crate::clixml::{Document, Object, Value};

/// The property that names the class of an object.
pub(super) const CLASS: &str = "ClassId2e4f51ef21dd47e99d3c952918aff9cd";

/// What all classes derive from.
const ROOT: &str = "Microsoft.PowerShell.Commands.Internal.Format.FormatInfoData";

/// The classes, by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    FormatStart,
    FormatEnd,
    GroupStart,
    GroupEnd,
    Entry,
    TableHeader,
    ListHeader,
    WideHeader,
    CustomHeader,
    TableRow,
    ListEntry,
    WideEntry,
    CustomEntry,
    RawText,
    Text,
    Property,
    NewLine,
    Nested,
}

const IDS: &[(&str, Class)] = &[
    ("033ecb2bc07a4d43b5ef94ed5a35d280", Class::FormatStart),
    ("cf522b78d86c486691226b40aa69e95c", Class::FormatEnd),
    ("9e210fe47d09416682b841769c78b8a3", Class::GroupStart),
    ("4ec4f0187cb04f4cb6973460dfe252df", Class::GroupEnd),
    ("27c87ef9bbda4f709f6b4002fa4af63c", Class::Entry),
    ("e3b7a39c089845d388b2e84c5d38f5dd", Class::TableHeader),
    ("830bdcb24c1642258724e441512233a4", Class::ListHeader),
    ("b2e2775d33d544c794d0081f27021b5c", Class::WideHeader),
    ("5197dd85ca6f4cce9ae9e6fd6ded9d76", Class::CustomHeader),
    ("0e59526e2dd441aa91e7fc952caf4a36", Class::TableRow),
    ("cf58f450baa848ef8eb3504008be6978", Class::ListEntry),
    ("59bf79de63354a7b9e4d1697940ff188", Class::WideEntry),
    ("22e7ef3c896449d4a6f2dedea05dd737", Class::CustomEntry),
    ("29ed81ba914544d4bc430f027ee053e9", Class::RawText),
    ("b8d9e369024a43a580b9e0c9279e3354", Class::Text),
    ("78b102e894f742aca8c1d6737b6ff86a", Class::Property),
    ("de7e8b96fbd84db5a43aa82eb34580ec", Class::NewLine),
    ("fba029a113a5458d932a2ed4871fadf2", Class::Nested),
];

/// One of these objects.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(&'a Object);

impl<'a> Node<'a> {
    /// The object of a record, if Format-* has made it.
    pub(super) fn read(document: &'a Document) -> Option<Self> {
        let node = Self(document.root.as_object()?);
        (node.0.type_names.contains(ROOT) && node.class().is_some()).then_some(node)
    }

    /// Its class; none if PowerShell has no such class.
    pub(super) fn class(self) -> Option<Class> {
        let id = self.0.member(CLASS)?.as_text()?;
        IDS.iter()
            .find(|(known, _)| id.as_str().is_some_and(|id| id.eq_ignore_ascii_case(known)))
            .map(|(_, class)| *class)
    }

    /// The object in a property.
    pub(super) fn node(self, name: &str) -> Option<Self> {
        self.0.member(name).and_then(Value::as_object).map(Self)
    }

    /// The objects in a list.
    pub(super) fn nodes(self, name: &str) -> impl Iterator<Item = Self> {
        let items = self.0.member(name).and_then(Value::as_list).unwrap_or_default();
        items.iter().filter_map(Value::as_object).map(Self)
    }

    /// A text, tabs as PowerShell expands them; none if it is null.
    pub(super) fn text(self, name: &str) -> Option<String> {
        self.0.member(name)?.as_text().map(|text| text.to_str_lossy().replace('\t', "    "))
    }

    /// A number; 0 if there is none.
    pub(super) fn number(self, name: &str) -> i64 {
        self.0.member(name).and_then(Value::as_i64).unwrap_or(0)
    }

    /// A switch.
    pub(super) fn flag(self, name: &str) -> bool {
        self.0.member(name).and_then(Value::as_bool) == Some(true)
    }

    /// What stands above a column or before a value.
    pub(super) fn label(self) -> String {
        self.text("label").or_else(|| self.text("propertyName")).unwrap_or_default()
    }

    /// The text of a `FormatPropertyField`.
    pub(super) fn value(self) -> String {
        self.text("propertyValue").unwrap_or_default()
    }
}

/// The forms that a sheet may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Table,
    List,
    Wide,
    Custom,
}

impl Shape {
    /// The cmdlet that makes sheets of this form.
    pub(super) fn cmdlet(self) -> &'static str {
        match self {
            Self::Table => "Format-Table",
            Self::List => "Format-List",
            Self::Wide => "Format-Wide",
            Self::Custom => "Format-Custom",
        }
    }

    /// The form by the class of a header or an entry.
    pub(super) fn of(class: Class) -> Option<Self> {
        match class {
            Class::TableHeader | Class::TableRow => Some(Self::Table),
            Class::ListHeader | Class::ListEntry => Some(Self::List),
            Class::WideHeader | Class::WideEntry => Some(Self::Wide),
            Class::CustomHeader | Class::CustomEntry => Some(Self::Custom),
            _ => None,
        }
    }
}

/// Whether a record is one of those that Format-* returns.
pub(crate) fn is_order(document: &Document) -> bool {
    Node::read(document).is_some()
}

/// The cmdlet that has made a record, if it starts a sheet, and the properties in the columns of a table.
pub(crate) fn start(document: &Document) -> Option<(&'static str, Vec<String>)> {
    let order = Node::read(document).filter(|order| order.class() == Some(Class::FormatStart))?;
    let header = order.node("shapeInfo")?;
    let names = header.nodes("tableColumnInfoList").filter_map(|column| column.text("propertyName"));
    Some((Shape::of(header.class()?)?.cmdlet(), names.collect()))
}
