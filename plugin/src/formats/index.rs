//! Lookup by text, for the many texts of a bill of materials.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A map from texts that often begin alike, as package URLs do.
///
/// Texts are ordered by a hash before they are compared; who makes hashes collide gets a map that is slower, and right.
#[derive(Debug)]
pub(crate) struct Index<'a, V>(BTreeMap<(u64, Cow<'a, str>), V>);

impl<V> Default for Index<'_, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'a, V: Copy> Index<'a, V> {
    pub(crate) fn insert(&mut self, text: Cow<'a, str>, value: V) -> Option<V> {
        self.0.insert((spread(&text), text), value)
    }

    pub(crate) fn get(&self, text: &str) -> Option<V> {
        // The range has the texts of one hash, nearly always one or none.
        let hash = spread(text);
        let mut same = self.0.range((hash, Cow::Borrowed(""))..).take_while(|((other, _), _)| *other == hash);
        same.find(|((_, other), _)| other == text).map(|(_, value)| *value)
    }
}

/// A number that differs where texts differ, nearly always.
pub(crate) fn spread(text: &str) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(29) ^ word).wrapping_mul(FACTOR);
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    let hash = eights.iter().fold(FACTOR, |hash, eight| mix(hash, u64::from_le_bytes(*eight)));
    let tail = rest.iter().fold(0_u64, |tail, byte| tail.wrapping_shl(8) | u64::from(*byte));
    mix(mix(hash, tail), text.len() as u64)
}
