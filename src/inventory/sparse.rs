//! Connection keys of an entry that mostly has none: hosts of large inventories say nothing, or an address.

use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

use crate::config::Connection;

static NONE: LazyLock<Connection> = LazyLock::new(Connection::default);

/// Connection keys, which take room only once one of them is set: each host has several such sets.
#[derive(Debug, Clone, Default)]
pub(super) struct Sparse(Option<Box<Connection>>);

impl Deref for Sparse {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for Sparse {
    fn deref_mut(&mut self) -> &mut Connection {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Sparse {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl From<Connection> for Sparse {
    fn from(connection: Connection) -> Self {
        Self((connection != Connection::default()).then(|| Box::new(connection)))
    }
}
