//! Names of PowerShell's variables, parameters and members.

/// Whether PowerShell takes two names for the same.
pub fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}
