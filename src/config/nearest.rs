//! The known name that is nearest to a mistyped one.

/// The known name nearest to `name`, if one is near enough that it was probably meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().min(lower.chars().count()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean ...?", if something is near.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|found| format!("did you mean '{found}'?"))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_but_not_far() {
        let known = ["port", "transport", "password_env"];
        assert_eq!(nearest("prot", known), Some("port"));
        assert_eq!(nearest("Transprot", known), Some("transport"));
        assert_eq!(nearest("colour", known), None);
    }
}
