//! The known name that somebody who mistyped one probably meant.

/// Longer names are compared by their beginnings: the time grows with the product of both lengths.
const LONGEST: usize = 64;

/// The known name with the fewest slips from `name`, if those are few for its length: one for every three characters,
/// at least one, at most three. Case does not count.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = comparable(name);
    let limit = (name.chars().count() / 3).clamp(1, 3);
    let slips = |known: &'a str| (strsim::damerau_levenshtein(&name, &comparable(known)), known);
    let (slips, nearest) = known.into_iter().map(slips).min_by_key(|(slips, _)| *slips)?;
    (slips <= limit).then_some(nearest)
}

/// "did you mean ...?", if something is near.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|found| format!("did you mean '{found}'?"))
}

fn comparable(name: &str) -> String {
    name.to_lowercase().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_but_not_far() {
        let known = ["port", "transport", "password_env"];
        assert_eq!(nearest("prot", known), Some("port"));
        assert_eq!(nearest("Transprot", known), Some("transport"));
        assert_eq!(nearest("pasword_evn", known), Some("password_env"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("Coutn", ["Name", "Count"]), Some("Count"));
        assert_eq!(nearest("force", ["Force"]), Some("Force"));
        assert_eq!(nearest("Zebra", ["Name", "Count"]), None);
        assert_eq!(nearest("", ["abc"]), None);
        assert_eq!(nearest("x", []), None);
        assert_eq!(nearest("abxyc", ["abcde"]), None, "one slip in five characters");
        assert_eq!(nearest("password_xyz1", ["password_envs"]), None, "three in any");
    }

    #[test]
    fn long_names_are_compared_by_their_beginnings() {
        let long = "x".repeat(1 << 20);
        assert_eq!(nearest(&long, [format!("{long}y").as_str()]).map(str::len), Some(long.len() + 1));
    }
}
