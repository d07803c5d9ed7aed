//! Lists that show a dictionary, and walks through collections, which .NET ends when these are changed meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::{Hash, List, Val};

/// What a list shows of a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Part {
    Keys,
    Values,
    Entries,
}

/// A dictionary as a list; it has at any time what the dictionary has.
#[derive(Debug)]
pub(super) struct View {
    part: Part,
    of: Arc<Hash>,
}

impl View {
    pub(super) fn items(&self) -> Vec<Val> {
        let entries = self.of.entries();
        match self.part {
            Part::Keys => entries.into_iter().map(|(key, _)| key).collect(),
            Part::Values => entries.into_iter().map(|(_, value)| value).collect(),
            Part::Entries => super::super::dotnet::dictionary_entries(&self.of),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    pub(super) fn into_dictionary(self) -> Val {
        Val::Hash(self.of)
    }
}

/// The name of the class that shows a part of a dictionary.
fn class(dictionary: &str, part: Part) -> String {
    let (outer, types) = match dictionary.split_once("[[") {
        Some((outer, types)) => (outer, format!("[[{types}")),
        None => (dictionary, String::new()),
    };
    let is_list = outer.contains(".SortedList");
    let inner = match part {
        Part::Entries if types.is_empty() => format!("{}Enumerator", outer.rsplit('.').next().unwrap_or(outer)),
        Part::Entries => "Enumerator".to_owned(),
        _ if outer.ends_with(".OrderedDictionary") => "OrderedDictionaryKeyValueCollection".to_owned(),
        Part::Keys => if is_list { "KeyList" } else { "KeyCollection" }.to_owned(),
        Part::Values => if is_list { "ValueList" } else { "ValueCollection" }.to_owned(),
    };
    format!("{outer}+{inner}{types}")
}

impl Val {
    /// A part of a dictionary as a list.
    pub(in super::super) fn view(of: &Arc<Hash>, part: Part) -> Self {
        let mut list = List::of(class(&of.type_name, part), Vec::new());
        list.view = Some(View { part, of: Arc::clone(of) });
        Self::List(Arc::new(list))
    }
}

impl List {
    /// Whether it only shows what another has, and has no places.
    pub(in super::super) fn is_view(&self) -> bool {
        self.view.is_some()
    }
}

/// What .NET says of a collection that was changed while something went through it.
#[derive(Debug)]
pub(in super::super) struct Modified(pub(in super::super) &'static str);

const OF_CORE: Modified = Modified("Collection was modified; enumeration operation may not execute.");
const OF_OTHERS: Modified = Modified("Collection was modified after the enumerator was instantiated.");

/// Classes of .NET's core library whose enumerators have its words.
fn words(type_name: &str) -> Modified {
    let of_others = ["Stack", "Sorted", "LinkedList", "Collections.Queue"];
    if of_others.iter().any(|name| type_name.contains(name)) { OF_OTHERS } else { OF_CORE }
}

/// A walk through the items of a value, as loops and pipelines take it.
#[derive(Debug)]
pub(in super::super) enum Walk {
    /// Items that nobody can change.
    Items(std::vec::IntoIter<Val>),
    /// An array, whose items are read when their turn comes, or a list that must not change before.
    List { list: Arc<List>, place: usize, version: u64 },
    /// `$input`, of which others may read on.
    Given(Arc<List>),
    /// A set, of which items may be removed.
    Set { set: Arc<List>, items: std::vec::IntoIter<Val>, version: u64 },
    /// A part of a dictionary, of which entries may be removed, if it is a generic one.
    Dictionary { of: Arc<Hash>, part: Part, items: std::vec::IntoIter<(Val, Val)>, version: u64 },
}

impl Walk {
    pub(in super::super) fn through(value: Val) -> Self {
        match value {
            Val::List(list) => Self::through_list(list),
            Val::Void => Self::Items(Vec::new().into_iter()),
            other => Self::Items(vec![other].into_iter()),
        }
    }

    fn through_list(list: Arc<List>) -> Self {
        let version = list.version.load(Relaxed);
        match &list.view {
            Some(View { part, of }) => {
                let entries: Vec<(Val, Val)> = match part {
                    Part::Entries => {
                        let keys = of.entries().into_iter().map(|(key, _)| key);
                        keys.zip(super::super::dotnet::dictionary_entries(of)).collect()
                    }
                    _ => of.entries(),
                };
                Self::Dictionary { of: of.clone(), part: *part, items: entries.into_iter(), version: of.version() }
            }
            None if list.is_given() => Self::Given(list),
            None if list.type_name.contains("HashSet") => {
                let items = list.items().into_iter();
                Self::Set { set: list, items, version }
            }
            None => Self::List { list, place: 0, version },
        }
    }

    /// The next item; nothing at the end.
    pub(in super::super) fn next(&mut self) -> Result<Option<Val>, Modified> {
        match self {
            Self::Items(items) => Ok(items.next()),
            Self::List { list, place, version } => {
                if !list.is_fixed_size() && list.version.load(Relaxed) != *version {
                    return Err(words(&list.type_name));
                }
                let item = list.get(*place);
                *place += 1;
                Ok(item)
            }
            Self::Given(list) => Ok(list.next_given()),
            Self::Set { set, items, version } => match set.version.load(Relaxed) == *version {
                true => Ok(items.next()),
                false => Err(words(&set.type_name)),
            },
            Self::Dictionary { of, part, items, version } => {
                if of.version() != *version {
                    return Err(words(&of.type_name));
                }
                Ok(items.find_map(|(key, item)| {
                    let now = of.get(&key)?;
                    Some(match part {
                        Part::Keys => key,
                        Part::Values => now,
                        Part::Entries => item,
                    })
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Val, Walk, class};

    #[test]
    fn classes_are_named_as_in_dotnet() {
        assert_eq!(class("System.Collections.Hashtable", Part::Keys), "System.Collections.Hashtable+KeyCollection");
        assert_eq!(
            class("System.Collections.Generic.Dictionary`2[[System.String],[System.Int32]]", Part::Values),
            "System.Collections.Generic.Dictionary`2+ValueCollection[[System.String],[System.Int32]]"
        );
    }

    #[test]
    fn a_changed_hashtable_ends_the_walk() {
        let hash = Val::hash(false, vec![(Val::str("a"), Val::I32(1)), (Val::str("b"), Val::I32(2))]);
        let Val::Hash(table) = &hash else { panic!("a hashtable") };
        let mut walk = Walk::through(Val::view(table, Part::Keys));
        assert!(matches!(walk.next(), Ok(Some(_))));
        table.set(&Val::str("a"), Val::I32(3));
        assert!(walk.next().is_err());
    }

    #[test]
    fn arrays_are_read_as_they_are_now() {
        let array = Val::array(vec![Val::I32(1), Val::I32(2)]);
        let Val::List(list) = &array else { panic!("a list") };
        let mut walk = Walk::through(array.clone());
        assert!(matches!(walk.next(), Ok(Some(Val::I32(1)))));
        list.change(|items| items[1] = Val::I32(9));
        assert!(matches!(walk.next(), Ok(Some(Val::I32(9)))));
        assert!(matches!(walk.next(), Ok(None)));
    }
}
