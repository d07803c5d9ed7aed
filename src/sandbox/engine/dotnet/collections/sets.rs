//! Sets.

use std::sync::Arc;

use super::super::super::eval::Evaluator;
use super::super::super::value::{List, Val};
use super::super::{Outcome, arrays, set_ref};
use super::{Kind, kept, same, sort};

/// Sets: no value twice.
pub(super) fn set_method(
    evaluator: &mut Evaluator<'_>,
    own: Kind,
    list: &Arc<List>,
    name: &str,
    args: &[Val],
) -> Outcome {
    let ignores = list.ignores_case;
    let items = list.items();
    evaluator.step(items.len() as u64 / 32)?;
    let holds = |items: &[Val], wanted: &Val| items.iter().any(|item| same(item, wanted, ignores));
    let put = |mut items: Vec<Val>| {
        if own == Kind::SortedSet {
            sort(&mut items);
        }
        list.change(|own| *own = items);
        Val::Void
    };
    if matches!(name, "add" | "remove" | "contains" | "trygetvalue") {
        let value = kept(&list.type_name, args.first().unwrap_or(&Val::Null))?;
        let found = items.iter().position(|item| same(item, &value, ignores));
        return Ok(Some(Val::Bool(match name {
            "add" => {
                if found.is_none() {
                    match own {
                        Kind::SortedSet => {
                            put([items, vec![value]].concat());
                        }
                        _ => list.change(|items| items.push(value)),
                    }
                }
                found.is_none()
            }
            "remove" => {
                if let Some(at) = found {
                    let remove = |items: &mut Vec<Val>| drop(items.remove(at));
                    if own == Kind::Set { list.change_quietly(remove) } else { list.change(remove) }
                }
                found.is_some()
            }
            "contains" => found.is_some(),
            _ => {
                let value = found.and_then(|at| items.get(at).cloned()).unwrap_or(Val::Null);
                set_ref(evaluator, args.get(1), value)?;
                found.is_some()
            }
        })));
    }
    if !name.ends_with("with") && !name.starts_with("is") && !matches!(name, "setequals" | "overlaps" | "removewhere") {
        return Ok(None);
    }
    if let ("removewhere", Some(Val::Script(test))) = (name, args.first()) {
        let mut left = Vec::new();
        for item in &items {
            if !arrays::holds(evaluator, test, item)? {
                left.push(item.clone());
            }
        }
        let removed = items.len() - left.len();
        put(left);
        return Ok(Some(Val::I32(removed as i32)));
    }
    let others = args.first().cloned().unwrap_or(Val::Null).into_items();
    let others = others.iter().map(|item| kept(&list.type_name, item)).collect::<Result<Vec<_>, _>>()?;
    evaluator.step((others.len() as u64).saturating_mul(items.len() as u64) / 32)?;
    let within = |inner: &[Val], outer: &[Val]| inner.iter().all(|item| holds(outer, item));
    let lacks = |inner: &[Val], outer: &[Val]| outer.iter().any(|item| !holds(inner, item));
    Ok(Some(match name {
        "unionwith" => {
            let mut all = items;
            for other in others {
                if !holds(&all, &other) {
                    all.push(other);
                }
            }
            put(all)
        }
        "intersectwith" => put(items.into_iter().filter(|item| holds(&others, item)).collect()),
        "exceptwith" => put(items.into_iter().filter(|item| !holds(&others, item)).collect()),
        "symmetricexceptwith" => {
            let more: Vec<Val> = others.iter().filter(|other| !holds(&items, other)).cloned().collect();
            put(items.into_iter().filter(|item| !holds(&others, item)).chain(more).collect())
        }
        "issubsetof" => Val::Bool(within(&items, &others)),
        "issupersetof" => Val::Bool(within(&others, &items)),
        "ispropersubsetof" => Val::Bool(within(&items, &others) && lacks(&items, &others)),
        "ispropersupersetof" => Val::Bool(within(&others, &items) && lacks(&others, &items)),
        "setequals" => Val::Bool(within(&items, &others) && within(&others, &items)),
        "overlaps" => Val::Bool(others.iter().any(|other| holds(&items, other))),
        _ => return Ok(None),
    }))
}
