//! The Merged SBOM: the bills of materials of the whole inventory, as one (AT2, AT3).

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::attachments::markdown::{Most, Page, code, join, ours, prose, strong};
use crate::attachments::posture::short;
use crate::change::event::Conclusion;
use crate::evidence::Evidence;
use crate::facts::{Facts, From, Inventory};
use crate::formats::cyclonedx::Bom;
use crate::inventory::Entry;
use crate::sbom::{self, Root};
use crate::scalar::{Commit, Digest};

/// The check whose evidence carries bills of materials.
const CHECK: &str = "sbom";

/// The entries that are deployed once the change ended so, each with its bill of materials.
#[derive(Debug)]
pub(super) struct MergedSbom<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Debug)]
struct Part<'a> {
    name: &'a str,
    entry: &'a Entry,
    bom: Option<(Digest, &'a Bom)>,
}

/// The entries of the whole inventory whose bill of materials is missing or unreadable (AT2).
#[must_use]
pub fn components_without_bom(facts: &Facts, runs: &[Digest], conclusion: Conclusion) -> Vec<String> {
    MergedSbom::of(facts, runs, conclusion).missing().into_iter().map(str::to_owned).collect()
}

impl<'a> MergedSbom<'a> {
    /// `runs` are the runs of the change so far, oldest first: their evidence counts beside that of each entry's run.
    pub(super) fn of(facts: &'a Facts, runs: &[Digest], conclusion: Conclusion) -> Self {
        let mut by_asset: BTreeMap<Digest, Vec<&'a From<Rc<Evidence>>>> = BTreeMap::new();
        for from in facts.locker.evidence.iter().filter(|from| from.value.check.as_str() == CHECK) {
            for asset in &from.value.assets {
                by_asset.entry(asset.id).or_default().push(from);
            }
        }
        let entries = deployed(facts, conclusion).into_iter().flat_map(|inventory| &inventory.entries);
        let parts = entries.map(|(name, from)| {
            let entry: &'a Entry = &from.value;
            Part { name, entry, bom: bom_of(facts, entry, runs, &by_asset) }
        });
        Self { parts: parts.collect() }
    }

    /// The merged document: CycloneDX 1.6 as JSON.
    pub(super) fn bytes(&self, facts: &Facts, conclusion: Conclusion) -> Vec<u8> {
        let name = format!("{} {}", facts.promotion.repository, facts.target.label());
        let commit = deployed(facts, conclusion).and_then(|inventory| inventory.commit.as_ref());
        let root = Root { name: &name, version: commit.map_or("0", Commit::as_str), serial: None };
        let parts: Vec<sbom::Part<'_>> = self
            .parts
            .iter()
            .map(|part| sbom::Part {
                entry: part.name,
                version: &part.entry.version,
                bom: part.bom.map(|(_, bom)| bom),
            })
            .collect();
        let mut bytes = sbom::merge(&root, &parts).json;
        bytes.push(b'\n');
        bytes
    }

    pub(super) fn page(&self, facts: &Facts, conclusion: Conclusion) -> String {
        let missing = self.missing();
        let mut page = Page::default();
        page.heading(1, join([ours("Merged SBOM for "), code(facts.target.label())]));
        let verdict = if missing.is_empty() { strong("Complete.") } else { strong("Not complete.") };
        let count = format!(
            "{} of {} entries have a readable bill of materials.",
            self.parts.len().saturating_sub(missing.len()),
            self.parts.len()
        );
        page.paragraph([verdict, ours(" "), prose(count)]);
        if conclusion == Conclusion::RolledBack {
            page.paragraph([ours("It is about the inventory that was concluded last, which the rollback restored.")]);
        }
        let open = self.parts.iter().filter(|part| part.bom.is_none());
        let all = open.chain(self.parts.iter().filter(|part| part.bom.is_some()));
        let rows = all.map(|part| {
            let (digest, count) = match part.bom {
                None => (strong("missing"), ours("-")),
                Some((digest, bom)) => (code(digest.short()), prose(bom.count())),
            };
            [code(part.name), code(short(&part.entry.version)), digest, count]
        });
        let most = Most { rows: 300, bytes: 50_000, rest: "merged-sbom.json" };
        page.table(["Component", "Version", "Bill of materials", "Lists"], self.parts.len(), rows, most);
        page.finish()
    }

    /// The entries without one, by name.
    pub(super) fn missing(&self) -> Vec<&'a str> {
        self.parts.iter().filter(|part| part.bom.is_none()).map(|part| part.name).collect()
    }
}

/// The inventory that the target has once the change ended so: after a rollback, the one that was concluded last.
fn deployed(facts: &Facts, conclusion: Conclusion) -> Option<&Inventory> {
    match conclusion {
        Conclusion::Succeeded | Conclusion::SucceededUntested | Conclusion::Failed | Conclusion::RollbackFailed => {
            Some(&facts.inventory)
        }
        Conclusion::RolledBack => facts.concluded.as_ref(),
    }
}

/// The readable bill of materials of the newest record that is bound to the entry (EV2, EV3).
fn bom_of<'a>(
    facts: &'a Facts,
    entry: &Entry,
    runs: &[Digest],
    by_asset: &BTreeMap<Digest, Vec<&'a From<Rc<Evidence>>>>,
) -> Option<(Digest, &'a Bom)> {
    let own = Digest::of(entry.pipeline_run_id.as_bytes());
    let rank = |scope: &Digest| {
        let later = runs.iter().rposition(|run| run == scope).map(|position| position.saturating_add(1));
        later.or((own == *scope).then_some(0))
    };
    let bound = entry.asset_ids().into_iter().flat_map(|asset| by_asset.get(&asset)).flatten();
    bound
        .filter_map(|from| {
            let evidence = &from.value;
            let rank = rank(evidence.origin.scope.as_ref()?)?;
            let files = evidence.reports.iter().chain(&evidence.attachments);
            let readable = |digest: Digest| Some((digest, facts.locker.boms.get(&digest)?.as_ref()));
            let (digest, bom) = files.filter_map(|file| readable(file.digest)).min_by_key(|(digest, _)| *digest)?;
            Some(((rank, evidence.origin.attempt), digest, bom))
        })
        .max_by_key(|(rank, digest, _)| (*rank, std::cmp::Reverse(*digest)))
        .map(|(_, digest, bom)| (digest, bom))
}
