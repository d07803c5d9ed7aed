//! What is put in front of the name of a type on its way to us.

/// What a deserialized object has in front of the names of its types (MS-PSRP 2.2.5.2.3).
const DESERIALIZED: &str = "Deserialized.";

/// What Select-Object puts in front of the name of the type that it took properties of.
const SELECTED: &str = "Selected.";

/// The name of a type where it lives: without a leading `Deserialized.`.
pub fn live_name(name: &str) -> &str {
    name.strip_prefix(DESERIALIZED).unwrap_or(name)
}

/// Whether the name says that the object came out of CLIXML before it was written.
pub(super) fn is_deserialized(name: &str) -> bool {
    name.starts_with(DESERIALIZED)
}

/// Whether Select-Object has made an object of this type, here or before it was sent.
pub fn is_selected(name: &str) -> bool {
    live_name(name).starts_with(SELECTED)
}

/// The name of the type that it all began with: without any `Deserialized.` and `Selected.` in front, which may stand there
/// in either order.
pub fn first_name(name: &str) -> &str {
    let mut name = name;
    while let Some(rest) = name.strip_prefix(DESERIALIZED).or_else(|| name.strip_prefix(SELECTED)) {
        name = rest;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{first_name, is_selected, live_name};

    #[test]
    fn names_lose_what_is_in_front() {
        for (name, live, first, selected) in [
            ("My.Type", "My.Type", "My.Type", false),
            ("Deserialized.My.Type", "My.Type", "My.Type", false),
            ("Selected.My.Type", "Selected.My.Type", "My.Type", true),
            ("Deserialized.Selected.My.Type", "Selected.My.Type", "My.Type", true),
            ("Selected.Deserialized.My.Type", "Selected.Deserialized.My.Type", "My.Type", true),
            ("My.Selected.Deserialized", "My.Selected.Deserialized", "My.Selected.Deserialized", false),
            ("Deserialized.", "", "", false),
        ] {
            assert_eq!((live_name(name), first_name(name), is_selected(name)), (live, first, selected), "{name}");
        }
    }
}
