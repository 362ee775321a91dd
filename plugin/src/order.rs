//! Sorting off the hot paths, compiled once: the sort of the standard library is some ten kilobytes of code for each
//! type that it sorts, and the module is small.

use std::cmp::Ordering;

/// Sorts as `Vec::sort_by` does: equal items keep their order.
pub(crate) fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
    let sorted = positions(items.len(), &|a, b| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        (None, _) | (_, None) => Ordering::Equal,
    });
    let mut left: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
    items.extend(sorted.into_iter().filter_map(|at| left.get_mut(at)?.take()));
}

/// Sorts as `Vec::sort` does.
pub(crate) fn sort<T: Ord>(items: &mut Vec<T>) {
    sort_by(items, T::cmp);
}

/// The positions of so many items, in the items' order.
fn positions(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..count).collect();
    positions.sort_by(|a, b| compare(*a, *b));
    positions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_standard_library_agrees(items in prop::collection::vec((0..8_u8, any::<u16>()), 0..60)) {
            let mut own = items.clone();
            super::sort_by(&mut own, |a, b| a.0.cmp(&b.0));
            let mut other = items.clone();
            other.sort_by_key(|item| item.0);
            prop_assert_eq!(own, other);
            let (mut own, mut other) = (items.clone(), items);
            super::sort(&mut own);
            other.sort();
            prop_assert_eq!(own, other);
        }
    }
}
