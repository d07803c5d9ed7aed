//! Making what Format-Table, Format-List and Format-Wide return, of objects as a host would send them.
//!
//! Which properties stand in which order is that of PowerShell's views where [`views`] has them, else all properties.
//! Names, ids and order of the members are those that PowerShell 7.6 puts on the wire.

use super::lists::list_of;
use super::packet::CLASS;
use crate::clixml::{Content, Document, ListKind, Object, TypeNames, Value};
use crate::output::out_string::cell::{self, Numbers};
use crate::output::out_string::described::{Described, Item, for_each_item};
use crate::output::out_string::view::{self, View};
use crate::output::out_string::views;

/// What a sheet looks like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    /// The cmdlet.
    pub shape: Layout,
    /// Widths come from the cells.
    pub autosize: bool,
    /// No titles above the columns.
    pub hides_header: bool,
    /// Cells that are too wide go on below.
    pub wrap: bool,
    /// Columns of Format-Wide; 0 leaves it to the reader.
    pub columns: i32,
    /// The columns that were asked for; without any, the view of the first object has its own.
    pub asked: Option<Vec<Asked>>,
}

/// The cmdlet that makes a sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Format-Table.
    #[default]
    Table,
    /// Format-List.
    List,
    /// Format-Wide.
    Wide,
}

/// A column that was asked for: a property of the objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// Its name.
    pub name: String,
    /// Columns of text; 0 for as many as it takes.
    pub width: i32,
    /// 1 left, 2 centre, 3 right, 0 as the first value has it.
    pub alignment: i32,
}

/// An object to format, and the group that it is in: title and value.
pub(crate) struct Row {
    /// The object.
    pub document: Document,
    /// Of `-GroupBy`.
    pub group: Option<(String, String)>,
}

/// The records that the cmdlet returns for these objects.
pub(crate) fn orders(form: &Form, rows: &[Row]) -> Vec<Value> {
    let mut sheet = Sheet { form, plan: None, group: None, made: Vec::new() };
    for row in rows {
        let done: Result<(), std::convert::Infallible> = for_each_item(&row.document, |item| {
            match item {
                Item::Text(text) => sheet.text(&text),
                Item::Object(object) => sheet.object(&object, row.group.as_ref()),
            }
            Ok(())
        });
        match done {
            Ok(()) => {}
        }
    }
    sheet.end()
}

struct Sheet<'a> {
    form: &'a Form,
    plan: Option<Plan>,
    /// The group that is open.
    group: Option<Option<(String, String)>>,
    made: Vec<Value>,
}

/// What stands in each entry, settled by the first object but in lists.
struct Plan {
    view: Option<&'static View>,
    columns: Vec<(String, Source)>,
}

enum Source {
    Property(Numbers),
    View(&'static view::Column),
}

impl Sheet<'_> {
    fn text(&mut self, text: &str) {
        let text = record(
            "RawTextFormatEntry",
            &["FormatEntryInfo"],
            "29ED81BA914544d4BC430F027EE053E9",
            vec![("text", Value::str(text))],
        );
        self.made.push(entry(text, true));
    }

    fn object(&mut self, object: &Described<'_>, group: Option<&(String, String)>) {
        if self.plan.is_none() {
            let plan = Plan::of(self.form, object);
            let start = plan.start(self.form, object);
            self.made.push(start);
            self.plan = Some(plan);
        }
        let Some(plan) = &self.plan else { return };
        let group = group.cloned().or_else(|| plan.group(object));
        if self.group.as_ref() != Some(&group) {
            if self.group.is_some() {
                self.made.push(entry(parting(), true));
                self.made.push(group_end());
            }
            self.made.push(group_start(group.as_ref()));
            self.group = Some(group);
        }
        // A list looks at each object anew; a table keeps to the columns of the first.
        let own = (self.form.shape == Layout::List).then(|| Plan::of(self.form, object));
        let record = own.as_ref().unwrap_or(plan).entry(self.form, object);
        self.made.push(entry(record, false));
    }

    fn end(mut self) -> Vec<Value> {
        if self.group.is_some() {
            self.made.push(group_end());
        }
        if self.plan.is_some() {
            let members = vec![("groupingEntry", Value::Null)];
            let bases = ["ControlInfoData", "PacketInfoData"];
            self.made.push(record("FormatEndData", &bases, "cf522b78d86c486691226b40aa69e95c", members));
        }
        self.made
    }
}

impl Plan {
    fn of(form: &Form, object: &Described<'_>) -> Self {
        let numbers = if form.shape == Layout::Table { Numbers::Fixed } else { Numbers::Plain };
        let plain = |name: &str| (name.to_owned(), Source::Property(numbers));
        if let Some(asked) = &form.asked {
            let columns = match form.shape {
                // What was asked for is all that the object has, and by a pattern each may have something else.
                Layout::List => object.fields.iter().map(|(name, _)| plain(name)).collect(),
                Layout::Table | Layout::Wide => asked.iter().map(|column| plain(&column.name)).collect(),
            };
            return Self { view: None, columns };
        }
        let view = views::find(object);
        let of_view = view.and_then(|view| match (&view.shape, form.shape) {
            (view::Shape::Table { columns, .. }, Layout::Table) => {
                Some(columns.iter().map(|column| (column.title.to_owned(), Source::View(column))).collect())
            }
            (view::Shape::List(names), Layout::List) => Some(names.iter().map(|name| plain(name)).collect()),
            _ => None,
        });
        let of_list = || list_of(object).filter(|_| form.shape == Layout::List);
        let of_view = of_view.or_else(|| Some(of_list()?.iter().map(|name| plain(name)).collect()));
        let columns = of_view.unwrap_or_else(|| {
            let set = views::display_set(object).filter(|_| form.shape != Layout::List || view.is_none());
            let names: Vec<&str> = match set {
                Some(set) => set.to_vec(),
                None => object.fields.iter().map(|(name, _)| &**name).collect(),
            };
            let most = match form.shape {
                // PowerShell makes no wider tables of objects without a view.
                Layout::Table => 10,
                Layout::Wide => 1,
                Layout::List => usize::MAX,
            };
            names.into_iter().take(most).map(plain).collect()
        });
        Self { view: view.filter(|_| form.shape == Layout::Table), columns }
    }

    fn is_by_view(&self) -> bool {
        matches!(self.columns.first(), Some((_, Source::View(_))))
    }

    fn group(&self, object: &Described<'_>) -> Option<(String, String)> {
        let group = self.view.filter(|_| self.is_by_view())?.group.as_ref()?;
        Some((group.title.to_owned(), (group.value)(object)))
    }

    fn start(&self, form: &Form, object: &Described<'_>) -> Value {
        let (name, id, members) = match form.shape {
            Layout::Table => {
                let columns = self.columns.iter().enumerate().map(|(place, column)| {
                    let asked = form.asked.as_ref().and_then(|asked| asked.get(place));
                    column_info(column, asked, object)
                });
                let members = vec![
                    ("hideHeader", Value::Bool(form.hides_header)),
                    ("repeatHeader", Value::Bool(false)),
                    ("tableColumnInfoList", list("TableColumnInfo", columns.collect())),
                ];
                ("TableHeaderInfo", "e3b7a39c089845d388b2e84c5d38f5dd", members)
            }
            Layout::List => ("ListViewHeaderInfo", "830bdcb24c1642258724e441512233a4", Vec::new()),
            Layout::Wide => {
                let columns = vec![("columns", Value::I32(form.columns))];
                ("WideViewHeaderInfo", "b2e2775d33d544c794d0081f27021b5c", columns)
            }
        };
        let header = record(name, &["ShapeInfo"], id, members);
        // A view all of whose columns have no width is sized by its cells.
        let is_sized =
            self.columns.iter().all(|(_, source)| matches!(source, Source::View(column) if column.width == 0));
        let autosize = if form.autosize || (self.is_by_view() && is_sized) {
            record("AutosizeInfo", &[], "a27f094f0eec4d64845801a4c06a32ae", vec![("objectCount", Value::I32(0))])
        } else {
            Value::Null
        };
        let members = vec![
            ("pageHeaderEntry", Value::Null),
            ("pageFooterEntry", Value::Null),
            ("autosizeInfo", autosize),
            ("shapeInfo", header),
            ("groupingEntry", Value::Null),
        ];
        let bases = ["StartData", "ControlInfoData", "PacketInfoData"];
        record("FormatStartData", &bases, "033ecb2bc07a4d43b5ef94ed5a35d280", members)
    }

    fn entry(&self, form: &Form, object: &Described<'_>) -> Value {
        let mut fields = self.columns.iter().map(|(name, source)| (name, field(&source.text(name, object))));
        match form.shape {
            Layout::Table => {
                let wraps = self.view.is_some_and(|view| matches!(view.shape, view::Shape::Table { wrap: true, .. }));
                let members = vec![
                    ("formatPropertyFieldList", list("FormatPropertyField", fields.map(|(_, field)| field).collect())),
                    ("multiLine", Value::Bool(form.wrap || (wraps && self.is_by_view()))),
                ];
                record("TableRowEntry", &["FormatEntryInfo"], "0e59526e2dd441aa91e7fc952caf4a36", members)
            }
            Layout::List => {
                let by_view = form.asked.is_none() && views::find(object).is_some();
                let items = fields.map(|(name, field)| {
                    let name = Value::str(name.as_str());
                    let (label, property) = if by_view { (name, Value::Null) } else { (Value::Null, name) };
                    let members = vec![("label", label), ("propertyName", property), ("formatPropertyField", field)];
                    record("ListViewField", &[], "b761477330ce4fb2a665999879324d73", members)
                });
                let members = vec![("listViewFieldList", list("ListViewField", items.collect()))];
                record("ListViewEntry", &["FormatEntryInfo"], "cf58f450baa848ef8eb3504008be6978", members)
            }
            Layout::Wide => {
                let field = fields.next().map_or_else(|| self::field(""), |(_, field)| field);
                let members = vec![("formatPropertyField", field)];
                record("WideViewEntry", &["FormatEntryInfo"], "59bf79de63354a7b9e4d1697940ff188", members)
            }
        }
    }
}

impl Source {
    fn text(&self, name: &str, object: &Described<'_>) -> String {
        match self {
            Self::View(column) => column.text(object),
            Self::Property(numbers) => {
                object.value(name).map(|value| cell::property(object.document, value, *numbers)).unwrap_or_default()
            }
        }
    }
}

fn column_info((name, source): &(String, Source), asked: Option<&Asked>, object: &Described<'_>) -> Value {
    let name = Value::str(name.as_str());
    let (width, alignment, label, property) = match source {
        Source::View(column) => (column.width as i32, if column.right { 3 } else { 0 }, name, Value::Null),
        Source::Property(_) => {
            let value = name.as_text().and_then(|text| object.value(&text.to_str_lossy()));
            let own = if value.is_some_and(|value| cell::is_right(object.document, value)) { 3 } else { 1 };
            let asked_alignment = asked.map_or(0, |asked| asked.alignment);
            let alignment = if asked_alignment == 0 { own } else { asked_alignment };
            (asked.map_or(0, |asked| asked.width), alignment, Value::Null, name)
        }
    };
    let members = vec![
        ("width", Value::I32(width)),
        ("alignment", Value::I32(alignment)),
        ("label", label),
        ("propertyName", property),
        ("HeaderMatchesProperty", Value::Bool(true)),
    ];
    record("TableColumnInfo", &[], "7572aa4155ec4558817a615acf7dd92e", members)
}

fn field(text: &str) -> Value {
    let members = vec![("propertyValue", Value::str(text)), ("alignment", Value::I32(0))];
    record("FormatPropertyField", &["FormatValue"], "78b102e894f742aca8c1d6737b6ff86a", members)
}

fn group_start(group: Option<&(String, String)>) -> Value {
    let entry = group.map_or(Value::Null, |(title, value)| {
        let text = vec![("text", Value::str(title.as_str()))];
        let text = record("FormatTextField", &["FormatValue"], "b8d9e369024a43a580b9e0c9279e3354", text);
        let inner =
            vec![("formatValueList", list("FormatValue", vec![text, field(value)])), ("frameInfo", Value::Null)];
        let inner = record("FormatEntry", &["FormatValue"], "fba029a113a5458d932a2ed4871fadf2", inner);
        let members = vec![("formatValueList", list("FormatValue", vec![inner]))];
        let bases = ["FreeFormatEntry", "FormatEntryInfo"];
        record("GroupingEntry", &bases, "919820b7eadb48be8e202c5afa5c2716", members)
    });
    let members = vec![("shapeInfo", Value::Null), ("groupingEntry", entry)];
    let bases = ["StartData", "ControlInfoData", "PacketInfoData"];
    record("GroupStartData", &bases, "9e210fe47d09416682b841769c78b8a3", members)
}

fn entry(inner: Value, out_of_band: bool) -> Value {
    let members =
        vec![("formatEntryInfo", inner), ("outOfBand", Value::Bool(out_of_band)), ("writeStream", Value::str("None"))];
    record("FormatEntryData", &["PacketInfoData"], "27c87ef9bbda4f709f6b4002fa4af63c", members)
}

/// What stands between two groups: an empty line, out of band.
fn parting() -> Value {
    let inner = vec![("formatValueList", list("FormatValue", Vec::new())), ("frameInfo", Value::Null)];
    let inner = record("FormatEntry", &["FormatValue"], "fba029a113a5458d932a2ed4871fadf2", inner);
    let members = vec![("formatValueList", list("FormatValue", vec![inner]))];
    record("ComplexViewEntry", &["FormatEntryInfo"], "22e7ef3c896449d4a6f2dedea05dd737", members)
}

fn group_end() -> Value {
    let members = vec![("groupingEntry", Value::Null)];
    record("GroupEndData", &["ControlInfoData", "PacketInfoData"], "4ec4f0187cb04f4cb6973460dfe252df", members)
}

/// The namespace of the classes.
const SPACE: &str = "Microsoft.PowerShell.Commands.Internal.Format";

fn record(class: &str, bases: &[&str], id: &str, members: Vec<(&'static str, Value)>) -> Value {
    let own = std::iter::once(class).chain(bases.iter().copied()).chain(["FormatInfoData"]);
    let names = own.map(|name| format!("{SPACE}.{name}"));
    let names: Vec<String> = names.chain(["System.Object".to_owned()]).collect();
    let mut props = vec![(CLASS.into(), Value::str(id))];
    props.extend(members.into_iter().map(|(name, value)| (name.into(), value)));
    Object {
        to_string: names.first().map(|name| name.as_str().into()),
        type_names: TypeNames::new(names.iter().map(String::as_str)),
        props,
        ..Object::default()
    }
    .into()
}

fn list(class: &str, items: Vec<Value>) -> Value {
    let name = format!("System.Collections.Generic.List`1[[{SPACE}.{class}, System.Management.Automation]]");
    Object {
        type_names: TypeNames::new([name.as_str(), "System.Object"]),
        content: Content::List(ListKind::List, items),
        ..Object::default()
    }
    .into()
}
