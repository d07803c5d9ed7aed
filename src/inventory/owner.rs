//! Whose entry a setting is in, and what each kind of entry may set.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Connection, Node, Origin, Source, is_ipv6, plain_zone};

use super::context::FileContext;
use super::expression::is_host_name;

/// Which entry of an inventory a layer belongs to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Owner {
    Defaults,
    Group,
    Host,
}

impl Owner {
    pub(super) fn source(self, context: &FileContext, line: u32, entry: &Arc<str>) -> Source {
        let origin = Origin { file: context.file.clone(), line, entry: entry.clone() };
        match self {
            Self::Defaults => Source::Defaults(origin),
            Self::Group => Source::Group(origin),
            Self::Host => Source::Host(origin),
        }
    }
}

/// Sets a connection key of a layer: passwords only in private files, paths relative to the inventory's folder.
///
/// Answers `None` if there is no such key.
pub(super) fn set_key(
    connection: &mut Connection,
    key: &str,
    node: &Node,
    context: &FileContext,
    source: &Source,
) -> Option<Result<(), (String, Option<String>)>> {
    if key == "password" && !context.private {
        let what = "a password is in a file that others can read".to_owned();
        let hint =
            format!("chmod 600 {}, or name a variable that holds it: password_env = \"NAME\"", context.file.display());
        return Some(Err((what, Some(hint))));
    }
    let set = connection.set(key, node, source)?.map_err(|what| (what, None));
    connection.set_from_folder(key, context.file.parent().unwrap_or(Path::new("")));
    if let Some(given) = connection.address.as_mut().filter(|_| key == "address") {
        match bare_address(&given.value) {
            Some(bare) => given.value = bare,
            None => {
                let what = format!("'{}' is not an address; write a name, an IPv4 or an IPv6 address", given.value);
                return Some(Err((what, None)));
            }
        }
    }
    Some(set)
}

/// An address without the brackets of IPv6, if it is one.
fn bare_address(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    (is_host_name(bare) || is_ipv6(bare)).then(|| plain_zone(bare).into_owned())
}
