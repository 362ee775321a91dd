//! The Deployment BOM: everything that is deployed, removed, or hidden from the deployment (AT1, IN3).

use std::rc::Rc;

use serde::Serialize;

use crate::attachments::markdown::{Inline, Most, Page, code, count, ours, prose, strong};
use crate::attachments::posture::{self, Head, short};
use crate::facts::{Facts, Inventory};
use crate::inventory::{Difference, Entry};
use crate::scalar::{Commit, Digest};

/// The Deployment BOM.
#[derive(Debug, Serialize)]
pub(super) struct DeploymentBom<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    entries: Vec<Deployed<'a>>,
    removed: Vec<Removed<'a>>,
    hidden: Vec<Hidden<'a>>,
}

#[derive(Debug, Serialize)]
struct Deployed<'a> {
    name: &'a str,
    difference: Difference,
    artifact: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    version: &'a str,
    sha256: Option<Digest>,
    signature: Option<&'a str>,
    provenance: &'a str,
    repository_url: &'a str,
    commit_sha: &'a Commit,
    build_number: u64,
    pipeline_run_id: &'a str,
    /// What it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Previous<'a>>,
}

#[derive(Debug, Serialize)]
struct Previous<'a> {
    artifact: &'a str,
    version: &'a str,
    sha256: Option<Digest>,
    commit_sha: &'a Commit,
}

#[derive(Debug, Serialize)]
struct Removed<'a> {
    name: &'a str,
    #[serde(flatten)]
    previous: Option<Previous<'a>>,
}

#[derive(Debug, Serialize)]
struct Hidden<'a> {
    name: &'a str,
    /// The pattern that hid it.
    by: &'a str,
}

impl<'a> Previous<'a> {
    fn of(concluded: Option<&'a Inventory>, name: &str) -> Option<Self> {
        let entry: &Entry = &concluded?.entries.get(name)?.value;
        Some(Self {
            artifact: &entry.artifact,
            version: &entry.version,
            sha256: entry.sha256,
            commit_sha: &entry.commit_sha,
        })
    }
}

impl<'a> DeploymentBom<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let concluded = facts.concluded.as_ref();
        let deployed = |(name, (difference, entry)): (&'a String, &'a (Difference, Rc<Entry>))| Deployed {
            name,
            difference: *difference,
            artifact: &entry.artifact,
            kind: &entry.kind,
            version: &entry.version,
            sha256: entry.sha256,
            signature: entry.signature.as_deref(),
            provenance: &entry.provenance,
            repository_url: &entry.repository_url,
            commit_sha: &entry.commit_sha,
            build_number: entry.build_number,
            pipeline_run_id: &entry.pipeline_run_id,
            previous: Previous::of(concluded, name),
        };
        let delta = &facts.delta;
        Self {
            head: Head::of(facts, "countersign/deployment-bom/v1"),
            entries: delta.entries.iter().map(deployed).collect(),
            removed: delta
                .removed
                .iter()
                .map(|name| Removed { name, previous: Previous::of(concluded, name) })
                .collect(),
            hidden: delta.hidden.iter().map(|(name, by)| Hidden { name, by }).collect(),
        }
    }

    pub(super) fn page(&self, facts: &Facts) -> String {
        let mut page = Page::default();
        page.heading(1, ours("Deployment BOM"));
        let unsigned = self.entries.iter().filter(|entry| entry.signature.is_none()).count();
        let undigested = self.entries.iter().filter(|entry| entry.sha256.is_none()).count();
        page.paragraph([
            strong("What is deployed:"),
            ours(" "),
            count(self.entries.len(), "component"),
            ours(" to "),
            code(facts.target.label()),
            prose(format!(
                "; {} removed, {} hidden, {unsigned} not signed, {undigested} without digest.",
                self.removed.len(),
                self.hidden.len(),
            )),
        ]);
        let most = |rows, bytes| Most { rows, bytes, rest: "deployment-bom.json" };
        if !self.entries.is_empty() {
            page.heading(2, ours("Deployed"));
            let head = ["Component", "Change", "Type", "Version", "Before", "SHA-256", "Signed", "Build", "CI run"];
            page.table(head, self.entries.len(), self.entries.iter().map(Deployed::row), most(200, 36_000));
        }
        if !self.removed.is_empty() {
            page.heading(2, ours("Removed"));
            let rows = self.removed.iter().map(|removed| {
                let version = removed.previous.as_ref().map(|previous| code(short(previous.version)));
                [code(removed.name), version.unwrap_or_else(|| ours("-"))]
            });
            page.table(["Component", "Version"], self.removed.len(), rows, most(50, 8_000));
        }
        if !self.hidden.is_empty() {
            page.heading(2, ours("Hidden: not deployed, and not judged"));
            let rows = self.hidden.iter().map(|hidden| [code(hidden.name), code(hidden.by)]);
            page.table(["Component", "Hidden by"], self.hidden.len(), rows, most(50, 8_000));
        }
        page.finish()
    }
}

impl Deployed<'_> {
    fn row(&self) -> [Inline; 9] {
        let digest = self.sha256.as_ref().map(|digest| code(digest.short()));
        let before = self.previous.as_ref().map(|previous| code(short(previous.version)));
        [
            code(self.name),
            posture::difference(Some(self.difference)),
            code(short(self.kind)),
            code(short(self.version)),
            before.unwrap_or_else(|| ours("-")),
            digest.unwrap_or_else(|| ours("none")),
            ours(if self.signature.is_some() { "yes" } else { "no" }),
            prose(self.build_number),
            code(short(self.pipeline_run_id)),
        ]
    }
}
