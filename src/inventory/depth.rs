//! How deep lists and tables of a file may be nested.

/// The most levels of one file; JSON and YAML alike.
pub(super) const MAX_DEPTH: usize = 40;

/// What is said of a file that is nested too deeply.
pub(super) fn too_deep() -> String {
    format!("lists and tables are nested more than {MAX_DEPTH} deep")
}
