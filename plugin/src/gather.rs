//! Gathers the facts of a change from its documents.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::change::journal::Journal;
use crate::documents::{Documents, Held};
use crate::evidence::Evidence;
use crate::facts::{self, Facts, From, IgnoreFile, Inventory, Locker, Past, Restoration, Run, Target};
use crate::failure::{Code, Failure};
use crate::history;
use crate::policy::{Policy, Purpose, Staging};
use crate::problem::Problem;
use crate::promotion::{self, Person, Promotion};
use crate::register::Register;
use crate::scalar::{Commit, Digest, Name, Timestamp};

/// A document: its name for people, the digest of its bytes.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Named {
    /// Its name, such as its path.
    pub name: String,
    /// The digest of its bytes, which were given to `put`.
    pub digest: Digest,
}

/// The files of an inventory at one commit.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tree {
    /// The commit; a plain directory has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// All files, by path.
    pub files: Vec<Named>,
}

/// Everything that a change is judged by, as documents.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sources {
    /// The policy, YAML; absent: the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Named>,
    /// The evidence-checks config in IBM's format, which replaces the policy's requirements (PO2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_checks: Option<Named>,
    /// The promotion pull request, as GitHub's API gives it. Absent only for a full rollback, which promotes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Named>,
    /// The inventory at the commit to deploy.
    pub inventory: Tree,
    /// The inventory at the last concluded deployment of the target; absent: there was none (IN2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concluded: Option<Tree>,
    /// The inventory at the last concluded deployment of the pre-production environment (PC4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staging: Option<Tree>,
    /// The ignore file (IN3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_file: Option<Named>,
    /// All evidence documents, in any order.
    #[serde(default)]
    pub evidence: Vec<Named>,
}

/// A full rollback (FR1).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rollback {
    /// The change request whose deployment is restored: a concluded one of the same target.
    pub change_request_id: Name,
    /// Whether the actor of the run declares an emergency, so that nobody is waited for.
    #[serde(default)]
    pub emergency: bool,
}

/// What is asked about a change.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The host's clock.
    pub now: Timestamp,
    /// Where.
    pub target: &'a Target,
    /// Who asks.
    pub run: &'a Run,
    /// The documents.
    pub sources: &'a Sources,
    /// Whether the promotion may be one that is not merged yet.
    pub before_merge: bool,
    /// A change request that was made by hand (EX1); absent: one is filed.
    pub change_request_id: Option<&'a Name>,
    /// Which attempt at the same change, counted from 1.
    pub attempt: u32,
    /// Whether entries that did not change are deployed again (IN2).
    pub force_redeploy: bool,
    /// The full rollback that is asked for (FR1); absent: an ordinary change.
    pub rollback: Option<&'a Rollback>,
    /// What the target's register says.
    pub here: &'a Register,
    /// What those of its staging say.
    pub staging: &'a [Register],
    /// The journal of the change that is restored, if there is one.
    pub restored: Option<&'a Journal>,
    /// Whether another change has the change request already that was made by hand (EX3).
    pub shares_request: bool,
}

/// More evidence documents are refused.
pub(crate) const MAX_DOCUMENTS: usize = 65_536;

/// More journals of other changes are refused.
pub(crate) const MAX_HISTORY: usize = 10_000;

/// Reads every document that the request names. Bad evidence is part of the facts; anything else that is bad refuses
/// the change before anything is written (PR4).
pub(crate) fn facts(documents: &mut Documents, asked: &Asked<'_>) -> Result<Facts, Failure> {
    let sources = &asked.sources;
    let count = sources.evidence.len().saturating_add(sources.inventory.files.len());
    if count > MAX_DOCUMENTS {
        return Err(Failure::one(
            Code::OverLimit,
            format!("the request names {count} documents"),
            format!("it may name {MAX_DOCUMENTS}; put several evidence records into one summary"),
        ));
    }
    let (policy, policy_digest) = policy(documents, asked)?;
    let Source { promotion, digest: promotion_digest, fields, restoration } = match &asked.rollback {
        None => promoted(documents, asked, &policy)?,
        Some(rollback) => restored(rollback, asked, &policy)?,
    };
    let inventory = inventory(documents, &sources.inventory)?;
    let concluded = sources.concluded.as_ref().map(|tree| self::inventory(documents, tree)).transpose()?;
    let staging = sources.staging.as_ref().map(|tree| self::inventory(documents, tree)).transpose()?;
    let ignore = ignore_file(documents, sources)?;
    let delta = facts::delta(&inventory, concluded.as_ref(), &policy.inventory, &ignore, asked.force_redeploy)
        .map_err(|problem| Failure::all(Code::Policy, Some("policy"), vec![problem]))?;
    let mut facts = Facts {
        now: asked.now,
        target: asked.target.clone(),
        run: asked.run.clone(),
        promotion,
        promotion_digest,
        fields,
        policy,
        policy_digest,
        checks_config: sources.evidence_checks.as_ref().map(|named| named.digest),
        inventory,
        concluded,
        delta,
        staging,
        locker: locker(documents, &sources.evidence)?,
        past: Past::default(),
        restoration,
        change_request_id: asked.change_request_id.cloned(),
        attempt: asked.attempt,
    };
    facts.past = history::past(asked.here, asked.staging, &facts.key(), &facts, asked.shares_request);
    Ok(facts)
}

/// The policy, and the digest of all that it was read from (PO1).
fn policy(documents: &mut Documents, asked: &Asked<'_>) -> Result<(Policy, Digest), Failure> {
    let sources = &asked.sources;
    let purpose = asked.target.purpose;
    let mut policy = match &sources.policy {
        None => Policy::built_in(purpose),
        Some(named) => crate::policy::read(&documents.bytes(&named.name, &named.digest)?, purpose)
            .map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?,
    };
    if let (Some(named), Purpose::Production, None) = (&sources.policy, purpose, &policy.staging) {
        // The environment's own staging is demanded as well as read (PC4).
        let environments = crate::policy::environments(&documents.bytes(&named.name, &named.digest)?)
            .map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?;
        let declared = environments.get(&asked.target.environment);
        policy.staging =
            declared.and_then(|declared| declared.staging.clone()).map(|environment| Staging { environment });
    }
    if let Some(named) = &sources.evidence_checks {
        let target = asked.target.environment.as_str();
        let region = asked.target.region.as_ref().map(crate::scalar::Name::as_str);
        let variables = BTreeMap::from([("target".to_owned(), target.to_owned())]);
        let bytes = documents.bytes(&named.name, &named.digest)?;
        policy.requirements = crate::policy::ibm::read(&bytes, target, region, "ci-pipeline", &variables)
            .map_err(|problem| Failure::all(Code::Policy, Some(&named.name), vec![problem]))?;
    }
    let digest =
        |named: &Option<Named>| named.as_ref().map_or_else(|| "built-in".to_owned(), |named| named.digest.to_string());
    let text = format!("{}\n{}\n", digest(&sources.policy), digest(&sources.evidence_checks));
    Ok((policy, Digest::of(text.as_bytes())))
}

/// Where the fields of the change request come from.
struct Source {
    promotion: Promotion,
    digest: Digest,
    fields: promotion::Fields,
    restoration: Option<Restoration>,
}

/// From the promotion pull request (IN5).
fn promoted(documents: &mut Documents, asked: &Asked<'_>, policy: &Policy) -> Result<Source, Failure> {
    let Some(named) = &asked.sources.promotion else {
        return Err(Failure::one(
            Code::Promotion,
            "there is no promotion pull request",
            "give the pull request whose merge made the commit that is deployed",
        ));
    };
    let refuse = |problems: Vec<Problem>| Failure::all(Code::Promotion, Some(&named.name), problems);
    let bytes = documents.bytes(&named.name, &named.digest)?;
    let promotion = promotion::github::read(&bytes).map_err(|problem| refuse(vec![problem]))?;
    let fields = promotion::template::parse(&promotion.body, &policy.required_fields).map_err(refuse)?;
    belongs(&promotion, &named.name, asked)?;
    Ok(Source { promotion, digest: named.digest, fields, restoration: None })
}

/// From the change that is restored: nothing is promoted (FR1, FR2).
fn restored(rollback: &Rollback, asked: &Asked<'_>, policy: &Policy) -> Result<Source, Failure> {
    let refuse = |problem: Problem| Failure::all(Code::Rollback, None, vec![problem]);
    let id = &rollback.change_request_id;
    let limit = policy.deployment.rollback_limit;
    let sources = &asked.sources;
    let commit_of = |tree: Option<&Tree>| tree.and_then(|tree| tree.commit.clone());
    let pointer = commit_of(sources.concluded.as_ref());
    let known = asked.restored.and_then(|journal| journal.life.change.filed());
    let (good, current) = history::to_restore(asked.here, known, id, asked.target, limit).map_err(refuse)?;
    if commit_of(Some(&sources.inventory)) != good.commit {
        return Err(refuse(Problem::new(
            format!("the inventory is not the one that change request `{id}` deployed"),
            "give the inventory at the commit of that change",
        )));
    }
    if pointer != current.commit {
        return Err(refuse(Problem::new(
            format!("the pointer does not stand where change request `{}` left it", current.id),
            "find out who moved it; a rollback needs to know what is deployed",
        )));
    }
    let Some(opened) = known.map(|filed| &filed.opened) else {
        return Err(refuse(Problem::new("the restored change is not known", "report this as a defect")));
    };
    let Some(commit) = &opened.commit else {
        return Err(refuse(Problem::new(
            format!("change request `{id}` deployed a plain directory, which no commit names"),
            "keep the inventory in git; until then deploy the older entries as an ordinary change",
        )));
    };
    let person = |id: &String| Person { id: id.clone(), login: id.clone() };
    let nobody = Person { id: String::new(), login: String::new() };
    let promotion = Promotion {
        repository: opened.repository.clone(),
        number: opened.promotion,
        url: opened.promotion_url.clone(),
        title: opened.title.clone(),
        body: String::new(),
        base: asked.target.environment.to_string(),
        head: commit.clone(),
        merge_commit: Some(commit.clone()),
        merged_at: None,
        merged_by: None,
        author: opened.involved.first().map_or(nobody, person),
        contributors: opened.involved.iter().map(person).collect(),
        contributors_complete: true,
        labels: Vec::new(),
        reviews: Vec::new(),
        changed_paths: None,
        teams: BTreeMap::new(),
    };
    let restoration = Restoration { id: id.clone(), replaces: current.id.clone(), emergency: rollback.emergency };
    let digest = Digest::of(format!("restores {id}").as_bytes());
    Ok(Source { promotion, digest, fields: opened.fields.clone(), restoration: Some(restoration) })
}

/// The journals of other changes; one that does not verify stops everything, because nobody knows what it hides.
pub(crate) fn journals(documents: &Documents, history: &[Named]) -> Result<Vec<Journal>, Failure> {
    if history.len() > MAX_HISTORY {
        return Err(Failure::one(
            Code::OverLimit,
            format!("the request names {} journals of other changes", history.len()),
            format!("it may name {MAX_HISTORY}; keep older changes in an archive beside the ledger"),
        ));
    }
    let read = |named: &Named| {
        Journal::read(&documents.bytes(&named.name, &named.digest)?)
            .map_err(|problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]))
    };
    history.iter().map(read).collect()
}

/// The pull request must be the one whose merge made the commit that is deployed (IN5).
fn belongs(promotion: &Promotion, document: &str, asked: &Asked<'_>) -> Result<(), Failure> {
    let environment = asked.target.environment.as_str();
    let commit = asked.sources.inventory.commit.as_ref();
    let wrong = |message: String, help: &str| {
        Err(Failure::all(Code::WrongPromotion, Some(document), vec![Problem::new(message, help)]))
    };
    let number = promotion.number;
    if promotion.base != environment {
        let base = crate::scalar::shorten(&promotion.base);
        return wrong(
            format!("pull request {number} promotes to `{base}`, and the target is `{environment}`"),
            "give the pull request that was merged into the target's branch",
        );
    }
    match (&promotion.merge_commit, &promotion.merged_at, commit) {
        // Before it is merged, what it will come to can be asked, and nothing else.
        (_, None, _) if asked.before_merge => Ok(()),
        (_, None, _) => wrong(
            format!("pull request {number} is not merged"),
            "merge the promotion, or check its text with `countersign lint`",
        ),
        (Some(merge), Some(_), Some(commit)) if merge != commit => wrong(
            format!("pull request {number} was merged as {merge}, and {commit} is to be deployed"),
            "deploy the commit that the promotion made, or give the promotion that made this commit",
        ),
        (None, Some(_), Some(commit)) => wrong(
            format!("nothing says that pull request {number} made {commit}"),
            "give the pull request with its `merge_commit_sha`",
        ),
        (_, Some(_), _) => Ok(()),
    }
}

pub(crate) fn inventory(documents: &mut Documents, tree: &Tree) -> Result<Inventory, Failure> {
    let mut inventory = Inventory { commit: tree.commit.clone(), entries: BTreeMap::new() };
    let mut errors = Vec::new();
    let mut files: Vec<&Named> = tree.files.iter().filter(|named| facts::is_entry_path(&named.name)).collect();
    files.sort();
    for named in files {
        if inventory.entries.contains_key(&named.name) {
            let problem = Problem::new("the inventory has two files of this path", "name each file of the commit once");
            errors.extend(Failure::all(Code::Inventory, Some(&named.name), vec![problem]).errors);
            continue;
        }
        match documents.entry(&named.name, &named.digest) {
            Ok(value) => {
                let from = From { document: Rc::from(named.name.as_str()), digest: named.digest, value };
                inventory.entries.insert(named.name.clone(), from);
            }
            Err(failure) => errors.extend(failure.errors),
        }
    }
    if errors.is_empty() { Ok(inventory) } else { Err(Failure { exit_code: 2, errors }) }
}

fn ignore_file(documents: &Documents, sources: &Sources) -> Result<IgnoreFile, Failure> {
    let Some(named) = &sources.ignore_file else { return Ok(IgnoreFile::default()) };
    let bytes = documents.bytes(&named.name, &named.digest)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(IgnoreFile::parse(text)),
        Err(_) => Err(Failure::all(
            Code::Inventory,
            Some(&named.name),
            vec![Problem::new("the ignore file is not UTF-8", "write it as UTF-8 text")],
        )),
    }
}

/// Sorts the evidence documents: records, reports, bills of materials, and what cannot be read.
///
/// A file that a record keeps for people only, such as a log, need not be readable.
fn locker(documents: &mut Documents, evidence: &[Named]) -> Result<Locker, Failure> {
    let mut locker = Locker::default();
    let mut unread = Vec::new();
    let mut evidence: Vec<&Named> = evidence.iter().collect();
    evidence.sort();
    evidence.dedup();
    for named in evidence {
        let document: Rc<str> = Rc::from(named.name.as_str());
        let digest = named.digest;
        match documents.ingest(&named.name, &digest)?.1 {
            Held::Evidence(records) => {
                let record =
                    |value: &Rc<Evidence>| From { document: Rc::clone(&document), digest, value: Rc::clone(value) };
                locker.evidence.extend(records.iter().map(record));
            }
            Held::Report(value) => _ = locker.reports.insert(digest, From { document, digest, value }),
            Held::Bom(bom, value) => {
                locker.reports.insert(digest, From { document, digest, value });
                locker.boms.insert(digest, bom);
            }
            Held::Malformed(value) => unread.push(From { document, digest, value }),
        }
    }
    let records = || locker.evidence.iter().map(|from| &from.value);
    let named: BTreeSet<Digest> = records().flat_map(|record| &record.reports).map(|report| report.digest).collect();
    let kept: BTreeSet<Digest> = records().flat_map(|record| &record.attachments).map(|file| file.digest).collect();
    for from in unread {
        if named.contains(&from.digest) {
            let value = Rc::new(Err(from.value));
            locker.reports.insert(from.digest, From { document: from.document, digest: from.digest, value });
        } else if !kept.contains(&from.digest) {
            locker.malformed.push(from);
        }
    }
    Ok(locker)
}
