//! Which evidence is about which entry, and which of it speaks (EV2, EV3, RD2).

use std::rc::Rc;

use crate::evidence::{Evidence, SIGSTORE, Signer};
use crate::facts::{Facts, From};
use crate::inventory::Entry;
use crate::order;
use crate::policy::{Policy, Requirement};
use crate::scalar::{Commit, Digest};

/// Evidence bound to an entry: which of its assets, and how new the run is.
#[derive(Clone, Copy)]
pub(super) struct Bound<'f> {
    from: &'f From<Rc<Evidence>>,
    asset: Digest,
    rank: (usize, u32),
    /// Why it is inert all the same.
    stranger: Option<Fault>,
}

/// What is wrong with a signature that holds: somebody else may have given it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Fault {
    /// Another repository was built.
    Repository,
    /// Another commit was built.
    Commit,
    /// A workflow signed that is neither the repository's own nor trusted.
    Workflow,
    /// Another run signed than the one whose evidence counts.
    Run,
}

/// A signature that does not count, and why.
#[derive(Debug)]
pub(super) struct Stranger<'f> {
    pub(super) signer: &'f Signer,
    pub(super) run: &'f str,
    pub(super) fault: Fault,
}

/// For each entry of the delta, in its order: the evidence that is bound to it, ranked by run.
pub(super) fn by_entry<'f>(facts: &'f Facts, runs: &[Digest]) -> Vec<Vec<Bound<'f>>> {
    let entries: Vec<&Entry> = facts.delta.entries.values().map(|(_, entry)| &**entry).collect();
    let mut assets: Vec<(Digest, usize)> = Vec::new();
    let mut scopes: Vec<Digest> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        assets.extend(entry.asset_ids().into_iter().map(|asset| (asset, index)));
        scopes.push(Digest::of(entry.pipeline_run_id.as_bytes()));
    }
    assets.sort_unstable();
    let mut by_entry: Vec<Vec<Bound<'f>>> = vec![Vec::new(); scopes.len()];
    for from in &facts.locker.evidence {
        let Some(scope) = from.value.origin.scope else { continue };
        let later = runs.iter().rposition(|run| *run == scope).map(|position| position.saturating_add(1));
        for asset in from.value.assets.iter().map(|asset| asset.id) {
            let first = assets.partition_point(|(known, _)| *known < asset);
            for (_, index) in assets.iter().skip(first).take_while(|(known, _)| *known == asset) {
                let (Some(bound), Some(entry)) = (by_entry.get_mut(*index), entries.get(*index)) else { continue };
                let signer = from.value.signer.as_ref();
                let rank = later.or((scopes.get(*index) == Some(&scope)).then_some(0));
                let stranger = match (signer, rank) {
                    (None, None) => continue,
                    (None, Some(_)) => None,
                    (Some(signer), None) => Some(fault(signer, entry, &facts.policy).unwrap_or(Fault::Run)),
                    (Some(signer), Some(_)) => fault(signer, entry, &facts.policy),
                };
                let rank = (rank.unwrap_or_default(), from.value.origin.attempt);
                bound.push(Bound { from, asset, rank, stranger });
            }
        }
    }
    by_entry
}

/// Why a signer does not speak for an entry (RD2, T31, T42): every comparison is of whole literals.
fn fault(signer: &Signer, entry: &Entry, policy: &Policy) -> Option<Fault> {
    let repository = entry.repository_url.strip_suffix(".git").unwrap_or(&entry.repository_url);
    let own = signer.workflow.strip_prefix(repository).is_some_and(|path| path.starts_with("/.github/workflows/"));
    let trusted = policy.trusted_signers.iter().any(|trusted| is_of(&signer.workflow, trusted));
    match (signer.repository == repository, signer.commit == entry.commit_sha, own || trusted) {
        (false, _, _) => Some(Fault::Repository),
        (true, false, _) => Some(Fault::Commit),
        (true, true, false) => Some(Fault::Workflow),
        (true, true, true) => None,
    }
}

/// Whether a workflow is the one that the policy names: at the ref that it names, or at any if it names none.
fn is_of(workflow: &str, trusted: &str) -> bool {
    let at = |place: &str| place.starts_with("refs/") || place.parse::<Commit>().is_ok();
    let rest = workflow.strip_prefix(trusted);
    workflow == trusted || rest.and_then(|rest| rest.strip_prefix('@')).is_some_and(at)
}

fn concerns(requirement: &Requirement, evidence: &Evidence) -> bool {
    let by = |tool: &String| *tool == evidence.tool && (tool != SIGSTORE || evidence.signer.is_some());
    evidence.check == requirement.check && requirement.tool.as_ref().is_none_or(by)
}

/// The records that speak for a demand: for each tool and asset those of the newest run and attempt (EV3).
pub(super) fn newest(requirement: &Requirement, evidence: &[Bound<'_>]) -> Vec<From<Rc<Evidence>>> {
    let concerned = |bound: &&Bound<'_>| bound.stranger.is_none() && concerns(requirement, &bound.from.value);
    let concerned: Vec<&Bound<'_>> = evidence.iter().filter(concerned).collect();
    let superseded = |old: &Bound<'_>| {
        concerned
            .iter()
            .any(|new| new.rank > old.rank && new.asset == old.asset && new.from.value.tool == old.from.value.tool)
    };
    let mut speaking: Vec<&From<Rc<Evidence>>> =
        concerned.iter().filter(|bound| !superseded(bound)).map(|bound| bound.from).collect();
    order::sort_by(&mut speaking, |a, b| (a.digest, &a.value).cmp(&(b.digest, &b.value)));
    speaking.dedup_by(|a, b| a.digest == b.digest && a.value == b.value);
    speaking.into_iter().cloned().collect()
}

/// A signature that would be what is demanded, had somebody else given it. Of several the one that is nearest to that.
pub(super) fn stranger<'f>(
    requirement: &Requirement,
    evidence: &[Bound<'f>],
) -> Option<(&'f From<Rc<Evidence>>, Stranger<'f>)> {
    let strangers = evidence.iter().filter(|bound| concerns(requirement, &bound.from.value));
    let strangers =
        strangers.filter_map(|bound| Some((bound.stranger?, bound.from, bound.from.value.signer.as_ref()?)));
    let (fault, from, signer) = strangers.max_by_key(|(fault, from, _)| (*fault, from.digest, &from.value))?;
    let run = from.value.origin.run.as_deref().unwrap_or_default();
    Some((from, Stranger { signer, run, fault }))
}
