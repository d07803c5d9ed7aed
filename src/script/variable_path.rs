//! The path of a variable behind `$using:`.

use super::name::same_name;

/// A variable's path behind `using:`, scope removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<'p> {
    /// The drive, such as `env`; `None` for a plain variable.
    pub drive: Option<&'p str>,
    /// The name in it.
    pub name: &'p str,
}

impl<'p> Path<'p> {
    /// Takes a path such as `x`, `global:x` or `env:PATH` apart.
    pub fn parse(path: &'p str) -> Self {
        match path.split_once(':') {
            Some((drive, name)) if drive.eq_ignore_ascii_case("variable") => Self::without_scope(name),
            Some((drive, _)) if is_scope(drive) => Self::without_scope(path),
            Some((drive, name)) if !drive.is_empty() => Self { drive: Some(drive), name },
            _ => Self { drive: None, name: path },
        }
    }

    /// Whether both name the same variable.
    pub(super) fn is_same(self, other: Self) -> bool {
        let drive = |path: Self| path.drive.map(str::to_ascii_lowercase);
        drive(self) == drive(other) && same_name(self.name, other.name)
    }

    fn without_scope(path: &'p str) -> Self {
        match path.split_once(':') {
            Some((scope, name)) if is_scope(scope) => Self { drive: None, name },
            _ => Self { drive: None, name: path },
        }
    }
}

/// Whether what stands before a colon has its own meaning there.
pub(super) fn is_drive(name: &str) -> bool {
    is_scope(name) || ["env", "variable"].iter().any(|drive| name.eq_ignore_ascii_case(drive))
}

fn is_scope(drive: &str) -> bool {
    ["global", "local", "script", "private"].iter().any(|scope| drive.eq_ignore_ascii_case(scope))
}
