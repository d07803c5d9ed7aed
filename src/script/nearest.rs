//! The name that a user probably meant.

/// The candidate with the fewest edits from a name, if these are few for its length. Case does not count.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let name: Vec<char> = name.to_lowercase().chars().take(LONGEST).collect();
    let limit = (name.len() / 3).clamp(1, 3);
    let distance = |candidate: &'c str| {
        let lower: Vec<char> = candidate.to_lowercase().chars().take(LONGEST).collect();
        (edits(&name, &lower), candidate)
    };
    let best = candidates.into_iter().map(distance).min_by_key(|(edits, _)| *edits)?;
    (best.0 <= limit).then(|| best.1.to_owned())
}

/// Longer names are compared by their beginnings.
const LONGEST: usize = 64;

/// Edits (insert, remove, replace, swap of neighbours) from one to the other.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let mut best = (last[column] + usize::from(a != b)).min(last[column + 1] + 1).min(current[column] + 1);
            let is_swap = row > 0 && column > 0 && from[row - 1] == *b && to[column - 1] == *a;
            if is_swap {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn few_edits_are_near() {
        assert_eq!(nearest("Coutn", ["Name", "Count"]).as_deref(), Some("Count"));
        assert_eq!(nearest("force", ["Force"]).as_deref(), Some("Force"));
        assert_eq!(nearest("Zebra", ["Name", "Count"]), None);
        assert_eq!(nearest("", ["abc"]), None);
    }
}
