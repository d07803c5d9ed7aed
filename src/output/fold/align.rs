//! Two sequences side by side: what both have in the same order, and the gaps between.

use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// Longer sequences are one gap, as lengths multiplied: the search takes time by their product.
const LARGEST: usize = 25_000_000;

/// Items of the first sequence that the second lacks at this place, and the other way round.
pub(super) type Gap = (Range<usize>, Range<usize>);

/// The gaps between the items that both sequences have in the same order.
pub(super) fn gaps<T: Hash + Ord>(one: &[T], other: &[T]) -> Vec<Gap> {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (left, right) = (&one[start..], &other[start..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[..left.len() - end], &right[..right.len() - end]);
    let mut at = (start, start);
    if left.len().saturating_mul(right.len()) > LARGEST {
        return vec![(start..start + left.len(), start..start + right.len())];
    }
    let mut gaps: Vec<Gap> = Vec::new();
    for part in capture_diff_slices(Algorithm::Myers, left, right) {
        // Where a part has nothing of a sequence, its place there is not to be relied on: lengths are.
        let (tag, lost, new) = part.as_tag_tuple();
        let end = (at.0 + lost.len(), at.1 + new.len());
        match gaps.last_mut() {
            _ if tag == DiffTag::Equal => {}
            Some((lost, new)) if (lost.end, new.end) == at => (lost.end, new.end) = end,
            _ => gaps.push((at.0..end.0, at.1..end.1)),
        }
        at = end;
    }
    gaps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::gaps;

    /// What is left of the first sequence once the gaps are filled with the second's items.
    fn patched(one: &[u8], other: &[u8]) -> Vec<u8> {
        let mut patched = Vec::new();
        let mut at = 0;
        for (lost, new) in gaps(one, other) {
            patched.extend(&one[at..lost.start]);
            patched.extend(&other[new]);
            at = lost.end;
        }
        patched.extend(&one[at..]);
        patched
    }

    proptest! {
        #[test]
        fn the_gaps_are_all_that_differs(one in proptest::collection::vec(0_u8..4, 0..30), other in proptest::collection::vec(0_u8..4, 0..30)) {
            prop_assert_eq!(patched(&one, &other), other);
        }
    }

    #[test]
    fn a_side_without_items_has_its_place() {
        let one = [0, 0, 1, 0, 0, 1, 0, 2, 0, 2, 1, 0];
        let other = [1, 1, 0, 0, 0, 0, 2, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(patched(&one, &other), other);
    }

    #[test]
    fn what_is_too_long_is_one_gap() {
        let (one, other): (Vec<u32>, Vec<u32>) = ((0..6000).collect(), (0..6000).map(|n| n * 7 + 1).collect());
        assert_eq!(gaps(&one, &other), [(0..6000, 0..6000)]);
        assert_eq!(gaps(&one, &one), []);
    }
}
