//! Ansible's inventories: INI, and trees in YAML or JSON, with the variables in files beside them.
//!
//! A reader (`ini`, `tree`, `var_files`, `program` for what answers `--list`) fills the [`AnsibleInventory`] of all files: hosts, groups, and the variables of both as they are
//! written. Once everything is read, `precedence` says which variable a host has, as Ansible would, and `settings` which
//! of them say how the host is reached. What comes out are hosts of our own model whose settings know the group, file
//! and line that they are from. Nothing is evaluated: a template is a text, or a refusal where it would decide something.

mod ini;
mod levels;
mod literal;
mod model;
mod names;
mod precedence;
mod program;
mod settings;
#[cfg(test)]
mod tests;
mod tree;
mod var_files;
mod words;

pub(super) use ini::{is_ini, read_ini};
pub(super) use model::AnsibleInventory;
pub(super) use program::{is_script, read_program};
pub(super) use tree::{is_tree, read_tree};
