//! The attestations of an artifact, as its repository has them. What they prove is seen where they are read as evidence.

use serde::Deserialize;
use serde_json::Value;

use super::api::Api;
use super::{Gathered, Place, repository_of};
use crate::connectors::talk::trouble;
use crate::connectors::{Pause, Talk};
use crate::formats::sigstore::{MAX_BUNDLES, PROVENANCE};
use crate::inventory::Entry;
use crate::scalar::shorten;

#[derive(Deserialize)]
struct Page {
    attestations: Vec<Attestation>,
}

#[derive(Deserialize)]
struct Attestation {
    bundle: Option<Value>,
}

/// Reads the bundles that are about an entry's artifact: one line each.
pub async fn attestations(talk: &Talk, place: &Place, entry: &Entry) -> Result<Gathered, Pause> {
    let repository = repository_of(place, entry)?;
    let Some(digest) = entry.sha256 else {
        let name = shorten(&entry.name);
        return Err(trouble("not-found", format!("`{name}` has no digest that an attestation could be about")));
    };
    let none = || trouble("not-found", format!("`{}` has no attestation of {digest}", repository.0));
    let api = Api::new(talk, &repository.0);
    let kind = PROVENANCE.replace(':', "%3A").replace('/', "%2F");
    let pages: Vec<Page> =
        api.cursor(&format!("/attestations/{digest}?predicate_type={kind}")).await?.ok_or_else(none)?;
    let mut lines = String::new();
    let attestations: Vec<Attestation> = pages.into_iter().flat_map(|page| page.attestations).collect();
    if attestations.is_empty() {
        return Err(none());
    }
    if attestations.len() > MAX_BUNDLES {
        let message = format!("`{}` has more than {MAX_BUNDLES} attestations of {digest}", repository.0);
        return Err(trouble("malformed-answer", message));
    }
    for attestation in attestations {
        let bundle = attestation.bundle.ok_or_else(|| {
            trouble("malformed-answer", format!("an attestation of {digest} comes without its bundle"))
        })?;
        lines.push_str(&bundle.to_string());
        lines.push('\n');
    }
    Ok(Gathered { name: "attestations.jsonl", digest: talk.keep(lines.into_bytes()) })
}
