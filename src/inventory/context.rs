//! Where an entry of an inventory is written, and what its file may do.

use std::path::Path;
use std::sync::Arc;

/// What an inventory file may do.
#[derive(Debug, Clone)]
pub(super) struct FileContext {
    /// The file as the user named it.
    pub file: Arc<Path>,
    /// The number of the file among the inventories.
    pub source: usize,
    /// It may hold passwords, because nobody else can read it.
    pub private: bool,
}
