//! Gathers the facts of a plan request from its documents.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::change::journal::Journal;
use crate::contract::failure::{Code, Failure};
use crate::contract::session::{Held, Session};
use crate::contract::v1::{Documents, Mode, Named, PlanRequest, Rollback, Tree};
use crate::evidence::Evidence;
use crate::facts::{self, Facts, From, IgnoreFile, Inventory, Locker, Past, Restoration};
use crate::history;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::promotion::{self, Person, Promotion};
use crate::scalar::Digest;

/// More evidence documents are refused.
pub(super) const MAX_DOCUMENTS: usize = 65_536;

/// More journals of other changes are refused.
pub(super) const MAX_HISTORY: usize = 10_000;

/// Reads every document that the request names. Bad evidence is part of the facts; anything else that is bad refuses
/// the change before anything is written (PR4).
pub(super) fn facts(session: &mut Session, request: &PlanRequest) -> Result<Facts, Failure> {
    let documents = &request.documents;
    let count = documents.evidence.len().saturating_add(documents.inventory.files.len());
    if count > MAX_DOCUMENTS {
        return Err(Failure::one(
            Code::OverLimit,
            format!("the request names {count} documents"),
            format!("it may name {MAX_DOCUMENTS}; put several evidence records into one summary"),
        ));
    }
    let (policy, policy_digest) = policy(session, request)?;
    let journals = journals(session, &request.history)?;
    let Source { promotion, digest: promotion_digest, fields, restoration } = match &request.rollback {
        None => promoted(session, request, &policy)?,
        Some(rollback) => restored(rollback, request, &policy, &journals)?,
    };
    let inventory = inventory(session, &documents.inventory)?;
    let concluded = documents.concluded.as_ref().map(|tree| self::inventory(session, tree)).transpose()?;
    let staging = documents.staging.as_ref().map(|tree| self::inventory(session, tree)).transpose()?;
    let ignore = ignore_file(session, documents)?;
    let delta = facts::delta(&inventory, concluded.as_ref(), &policy.inventory, &ignore, request.force_redeploy)
        .map_err(|problem| Failure::all(Code::Policy, Some("policy"), vec![problem]))?;
    let mut facts = Facts {
        now: request.now,
        target: request.target.clone(),
        run: request.run.clone(),
        promotion,
        promotion_digest,
        fields,
        policy,
        policy_digest,
        checks_config: documents.evidence_checks.as_ref().map(|named| named.digest),
        inventory,
        concluded,
        delta,
        staging,
        locker: locker(session, &documents.evidence)?,
        past: Past::default(),
        restoration,
        change_request_id: request.change_request_id.clone(),
        attempt: request.attempt,
    };
    facts.past = history::past(&journals, &facts.key(), &facts);
    Ok(facts)
}

/// The policy, and the digest of all that it was read from (PO1).
fn policy(session: &mut Session, request: &PlanRequest) -> Result<(Policy, Digest), Failure> {
    let documents = &request.documents;
    let purpose = request.target.purpose;
    let mut policy = match &documents.policy {
        None => Policy::built_in(purpose),
        Some(named) => crate::policy::read(&session.bytes(&named.name, &named.digest)?, purpose)
            .map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?,
    };
    if let Some(named) = &documents.evidence_checks {
        let target = request.target.environment.as_str();
        let region = request.target.region.as_ref().map(crate::scalar::Name::as_str);
        let variables = BTreeMap::from([("target".to_owned(), target.to_owned())]);
        let bytes = session.bytes(&named.name, &named.digest)?;
        policy.requirements = crate::policy::ibm::read(&bytes, target, region, "ci-pipeline", &variables)
            .map_err(|problem| Failure::all(Code::Policy, Some(&named.name), vec![problem]))?;
    }
    let digest =
        |named: &Option<Named>| named.as_ref().map_or_else(|| "built-in".to_owned(), |named| named.digest.to_string());
    let text = format!("{}\n{}\n", digest(&documents.policy), digest(&documents.evidence_checks));
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
fn promoted(session: &mut Session, request: &PlanRequest, policy: &Policy) -> Result<Source, Failure> {
    let Some(named) = &request.documents.promotion else {
        return Err(Failure::one(
            Code::Promotion,
            "there is no promotion pull request",
            "give the pull request whose merge made the commit that is deployed",
        ));
    };
    let refuse = |problems: Vec<Problem>| Failure::all(Code::Promotion, Some(&named.name), problems);
    let bytes = session.bytes(&named.name, &named.digest)?;
    let promotion = promotion::github::read(&bytes).map_err(|problem| refuse(vec![problem]))?;
    let fields = promotion::template::parse(&promotion.body, &policy.required_fields).map_err(refuse)?;
    belongs(&promotion, &named.name, request)?;
    Ok(Source { promotion, digest: named.digest, fields, restoration: None })
}

/// From the change that is restored: nothing is promoted (FR1, FR2).
fn restored(
    rollback: &Rollback,
    request: &PlanRequest,
    policy: &Policy,
    journals: &[Journal],
) -> Result<Source, Failure> {
    let refuse = |problem: Problem| Failure::all(Code::Rollback, None, vec![problem]);
    let id = &rollback.change_request_id;
    let limit = policy.deployment.rollback_limit;
    let documents = &request.documents;
    let commit_of = |tree: Option<&Tree>| tree.and_then(|tree| tree.commit.clone());
    let pointer = commit_of(documents.concluded.as_ref());
    let (good, current) =
        history::to_restore(journals, id, &request.target, pointer.as_ref(), limit).map_err(refuse)?;
    if commit_of(Some(&documents.inventory)) != good.opened.commit {
        return Err(refuse(Problem::new(
            format!("the inventory is not the one that change request `{id}` deployed"),
            "give the inventory at the commit of that change",
        )));
    }
    if pointer != current.opened.commit {
        return Err(refuse(Problem::new(
            format!("the pointer does not stand where change request `{}` left it", current.id),
            "find out who moved it; a rollback needs to know what is deployed",
        )));
    }
    let opened = &good.opened;
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
        base: request.target.environment.to_string(),
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
pub(super) fn journals(session: &Session, history: &[Named]) -> Result<Vec<Journal>, Failure> {
    if history.len() > MAX_HISTORY {
        return Err(Failure::one(
            Code::OverLimit,
            format!("the request names {} journals of other changes", history.len()),
            format!("it may name {MAX_HISTORY}; keep older changes in an archive beside the ledger"),
        ));
    }
    let read = |named: &Named| {
        Journal::read(&session.bytes(&named.name, &named.digest)?)
            .map_err(|problem| Failure::all(Code::Journal, Some(&named.name), vec![problem]))
    };
    history.iter().map(read).collect()
}

/// The pull request must be the one whose merge made the commit that is deployed (IN5).
fn belongs(promotion: &Promotion, document: &str, request: &PlanRequest) -> Result<(), Failure> {
    let environment = request.target.environment.as_str();
    let commit = request.documents.inventory.commit.as_ref();
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
        (_, None, _) if request.mode == Mode::Assess => Ok(()),
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

pub(super) fn inventory(session: &mut Session, tree: &Tree) -> Result<Inventory, Failure> {
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
        match session.entry(&named.name, &named.digest) {
            Ok(value) => {
                let from = From { document: Rc::from(named.name.as_str()), digest: named.digest, value };
                inventory.entries.insert(named.name.clone(), from);
            }
            Err(failure) => errors.extend(failure.errors),
        }
    }
    if errors.is_empty() { Ok(inventory) } else { Err(Failure { exit_code: 2, errors }) }
}

fn ignore_file(session: &Session, documents: &Documents) -> Result<IgnoreFile, Failure> {
    let Some(named) = &documents.ignore_file else { return Ok(IgnoreFile::default()) };
    let bytes = session.bytes(&named.name, &named.digest)?;
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
fn locker(session: &mut Session, documents: &[Named]) -> Result<Locker, Failure> {
    let mut locker = Locker::default();
    let mut unread = Vec::new();
    let mut documents: Vec<&Named> = documents.iter().collect();
    documents.sort();
    documents.dedup();
    for named in documents {
        let document: Rc<str> = Rc::from(named.name.as_str());
        let digest = named.digest;
        match session.ingest(&named.name, &digest)?.1 {
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
