//! Responses as they are kept: the digest of the engine's own sources, which changes with every edit of the engine, is
//! written as zeros, and every digest that follows from it (of journals, and of attachments that name the engine) is
//! the one that would follow from the zeros. Nothing else is touched.

use std::collections::{BTreeMap, BTreeSet};

use countersign::contract::{Session, identity};
use countersign::scalar::Digest;

use super::edit::rechained;

/// How a digest is written, before its 64 hex digits.
const PREFIX: &str = "sha256:";

/// The response to a request as it is kept.
#[must_use]
pub fn normal(session: &Session, request: &[u8], response: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(response) else { return response.to_vec() };
    let engine = identity().source_digest;
    let mut known = Known { session, digests: BTreeMap::from([(engine, "0".repeat(64))]) };
    known.learn(&String::from_utf8_lossy(request));
    known.learn(text);
    known.written(text).into_bytes()
}

struct Known<'s> {
    session: &'s Session,
    /// Digests, and the hex digits that stand for them.
    digests: BTreeMap<Digest, String>,
}

impl Known<'_> {
    /// Looks into everything that the text names by digest.
    fn learn(&mut self, text: &str) {
        for digest in digests(text.as_bytes()) {
            if self.digests.contains_key(&digest) {
                continue;
            }
            let Some(bytes) = self.session.take(&digest) else { continue };
            let Ok(inside) = String::from_utf8(bytes.to_vec()) else { continue };
            self.digests.insert(digest, digest.hex());
            self.learn(&inside);
            let mut written = self.written(&inside);
            if inside.starts_with(r#"{"seq":1,"#) {
                written = rechained(&written);
                for (line, as_written) in inside.split_inclusive('\n').zip(written.split_inclusive('\n')) {
                    let digest = Digest::of(as_written.as_bytes()).hex();
                    self.digests.insert(Digest::of(line.as_bytes()), digest);
                }
            }
            self.digests.insert(digest, Digest::of(written.as_bytes()).hex());
        }
    }

    /// The text with every known digest as it is kept, whole or short.
    fn written(&self, text: &str) -> String {
        let changed = self.digests.iter().filter(|(digest, hex)| digest.hex() != **hex);
        changed.fold(text.to_owned(), |text, (digest, hex)| {
            text.replace(&digest.hex(), hex).replace(&digest.short(), hex.get(..12).unwrap_or_default())
        })
    }
}

/// Every digest that a text names.
#[must_use]
pub fn digests(text: &[u8]) -> BTreeSet<Digest> {
    let text = String::from_utf8_lossy(text);
    let digest = |(at, _): (usize, &str)| text.get(at..at.saturating_add(PREFIX.len() + 64))?.parse().ok();
    text.match_indices(PREFIX).filter_map(digest).collect()
}
