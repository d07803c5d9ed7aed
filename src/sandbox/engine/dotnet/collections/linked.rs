//! Linked lists.

use std::sync::Arc;

use super::super::super::eval::Evaluator;
use super::super::super::value::{List, Val};
use super::super::{Outcome, arrays, thrown};
use super::{kept, property};

pub(super) fn linked(evaluator: &mut Evaluator<'_>, list: &Arc<List>, name: &str, args: &[Val]) -> Outcome {
    evaluator.step(list.len() as u64 / 256)?;
    let value = || kept(&list.type_name, args.first().unwrap_or(&Val::Null));
    Ok(Some(match name {
        "addlast" => {
            let value = value()?;
            list.change(|items| items.push(value));
            property(list, "last").unwrap_or(Val::Null)
        }
        "addfirst" => {
            let value = value()?;
            list.change(|items| items.insert(0, value));
            property(list, "first").unwrap_or(Val::Null)
        }
        "removefirst" | "removelast" => {
            if list.len() == 0 {
                return thrown("InvalidOperationException", "The LinkedList is empty.");
            }
            list.change(|items| drop(items.remove(if name == "removefirst" { 0 } else { items.len() - 1 })));
            Val::Void
        }
        "remove" => {
            let wanted = value()?;
            let found = list.items().iter().position(|item| arrays::same(item, &wanted));
            if let Some(at) = found {
                list.change(|items| drop(items.remove(at)));
            }
            Val::Bool(found.is_some())
        }
        _ => return Ok(None),
    }))
}
