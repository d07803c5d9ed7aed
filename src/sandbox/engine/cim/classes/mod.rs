//! What the machine has of each class, a file for each group of classes.

mod accounts;
mod connections;
mod disks;
mod events;
mod network;
mod performance;
mod printers;
mod services;
mod software;
mod storage;
mod system;

pub(in super::super) use network::mac;

use super::super::eval::Evaluator;
use super::super::value::Val;
use super::instance::{Row, number, texts};
use super::schema::Class;

/// A group's objects of a class; nothing for a class of another group.
type Group = fn(&Evaluator<'_>, &str) -> Option<Vec<Row>>;

const GROUPS: [Group; 11] = [
    system::rows,
    services::rows,
    disks::rows,
    storage::rows,
    software::rows,
    accounts::rows,
    events::rows,
    printers::rows,
    network::rows,
    connections::rows,
    performance::rows,
];

/// The objects of a class; a class that no group fills has none, as on most real hosts.
pub(super) fn rows(evaluator: &Evaluator<'_>, class: &Class) -> Vec<Row> {
    GROUPS.iter().find_map(|group| group(evaluator, class.name)).unwrap_or_default()
}

fn s(text: impl Into<std::sync::Arc<str>>) -> Val {
    Val::str(text)
}

fn yes(value: bool) -> Val {
    Val::Bool(value)
}

/// A list of numbers.
fn numbers(items: &[i64]) -> Val {
    Val::array(items.iter().map(|item| number(*item)).collect())
}

/// The host's name as Windows shows it.
fn computer(evaluator: &Evaluator<'_>) -> String {
    evaluator.host.name().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use crate::sandbox::engine::tests::with_evaluator;

    /// A property that the class has not would be lost.
    #[test]
    fn rows_name_properties_of_their_class() {
        with_evaluator(|evaluator| {
            let mut lost = std::collections::BTreeSet::new();
            for class in schema::all() {
                for (name, _) in super::rows(evaluator, class).iter().flatten() {
                    if !class.property_names().any(|property| property == *name) {
                        lost.insert(format!("{}.{name}", class.name));
                    }
                }
            }
            assert!(lost.is_empty(), "{lost:?}");
        });
    }
}
