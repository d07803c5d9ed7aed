//! The classes of Windows (CIM and WMI): what PowerShell shows of their objects, from a list that PowerShell itself has
//! made.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::view::{Column, Shape, View};

/// `view` lines have columns (title:width:property), `set` lines the properties that a list shows.
const CLASSES: &str = include_str!("cim.txt");

/// By type name in lower case: PowerShell's own names differ in case from those of the objects.
static KNOWN: LazyLock<Classes> = LazyLock::new(|| Classes::read(CLASSES));

#[derive(Default)]
struct Classes {
    views: HashMap<String, View>,
    sets: HashMap<String, &'static [&'static str]>,
}

/// The view of a type.
pub(crate) fn view(type_name: &str) -> Option<&'static View> {
    KNOWN.views.get(&key(type_name)?)
}

/// The properties that are shown of a type without a view.
pub(crate) fn set(type_name: &str) -> Option<&'static [&'static str]> {
    KNOWN.sets.get(&key(type_name)?).copied()
}

/// Only these types have a `#` in their names.
fn key(type_name: &str) -> Option<String> {
    type_name.contains('#').then(|| type_name.to_ascii_lowercase())
}

impl Classes {
    // What is made here lives as long as the program, as if it stood in the code.
    fn read(text: &'static str) -> Self {
        let mut classes = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            let (Some(kind), Some(name)) = (words.next(), words.next()) else { continue };
            if kind == "view" {
                let columns: &'static [Column] = words.filter_map(column).collect::<Vec<_>>().leak();
                let shape = Shape::Table { columns, wrap: false };
                let view = View { types: vec![name].leak(), needs: &[], shape, group: None };
                classes.views.insert(name.to_ascii_lowercase(), view);
            } else {
                classes.sets.insert(name.to_ascii_lowercase(), words.collect::<Vec<_>>().leak());
            }
        }
        classes
    }
}

fn column(text: &'static str) -> Option<Column> {
    let mut parts = text.split(':');
    let (title, width, property) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    Some(Column::left(title, width).of(property))
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, KNOWN, set, view};
    use crate::output::out_string::view::Shape;

    #[test]
    fn every_line_is_understood() {
        let lines = |kind: &str| CLASSES.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!((KNOWN.views.len(), KNOWN.sets.len()), (lines("view "), lines("set ")));
        let columns = |line: &str| line.split(' ').skip(2).count();
        for line in CLASSES.lines().filter(|line| line.starts_with("view ")) {
            let name = line.split(' ').nth(1).unwrap();
            let Some(Shape::Table { columns: known, .. }) = view(name).map(|view| &view.shape) else {
                panic!("{line}")
            };
            assert_eq!(known.len(), columns(line), "{line}");
        }
    }

    #[test]
    fn names_compare_without_case() {
        assert!(view("Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Processor").is_some());
        let bios = set("System.Management.ManagementObject#root\\cimv2\\Win32_BIOS").unwrap();
        assert_eq!(bios, ["SMBIOSBIOSVersion", "Manufacturer", "Name", "SerialNumber", "Version"]);
        assert!(view("Win32_Processor").is_none() && set("System.Object").is_none());
    }
}
