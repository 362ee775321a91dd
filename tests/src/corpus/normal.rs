//! Responses as they are kept: the digest of the engine's own sources, which changes with every edit of the engine, is
//! written as zeros, and every digest that follows from it (of journals, and of attachments that name the engine) is
//! the one that would follow from the zeros. Nothing else is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use countersign::contract::{Session, identity};
use countersign::scalar::Digest;

use super::Case;

/// How a digest is written, before its 64 hex digits.
const PREFIX: &str = "sha256:";

/// How a journal begins.
const JOURNAL: &str = r#"{"seq":1,"#;

/// The response to a case as it is kept.
#[must_use]
pub fn normal(case: &Case, session: &Session, response: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(response) else { return response.to_vec() };
    let engine = identity().source_digest;
    let mut known = Known { case, session, digests: BTreeMap::from([(engine, "0".repeat(64))]) };
    known.learn(&String::from_utf8_lossy(&case.request));
    known.learn(text);
    known.written(text).into_bytes()
}

struct Known<'s> {
    case: &'s Case,
    session: &'s Session,
    /// Digests, and the hex digits that stand for them.
    digests: BTreeMap<Digest, String>,
}

impl Known<'_> {
    /// Looks into everything that the text names by digest; into journals first, for others name their lines.
    fn learn(&mut self, text: &str) {
        let mut unknown: Vec<(bool, Digest, String)> = Vec::new();
        for digest in digests(text.as_bytes()).into_iter().filter(|digest| !self.digests.contains_key(digest)) {
            let made = || self.case.made.get(&digest).map(|bytes| Rc::new(bytes.clone()));
            let Some(bytes) = self.session.take(&digest).or_else(made) else { continue };
            let Ok(inside) = String::from_utf8(bytes.to_vec()) else { continue };
            unknown.push((!inside.starts_with(JOURNAL), digest, inside));
        }
        unknown.sort();
        for (_, digest, inside) in unknown {
            self.digests.insert(digest, digest.hex());
            let written = self.learn_lines(&inside);
            self.digests.insert(digest, Digest::of(written.as_bytes()).hex());
        }
    }

    /// Learns what a document names, and gives the document as it is kept. A journal's lines follow from each other.
    fn learn_lines(&mut self, document: &str) -> String {
        if !document.starts_with(JOURNAL) {
            self.learn(document);
            return self.written(document);
        }
        let mut whole = String::new();
        for line in document.split_inclusive('\n') {
            self.learn(line);
            let written = self.written(line);
            self.digests.insert(Digest::of(line.as_bytes()), Digest::of(written.as_bytes()).hex());
            whole.push_str(&written);
        }
        whole
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
