//! Gathers the facts of a plan request from its documents.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::contract::failure::{Code, Failure};
use crate::contract::session::{Held, Session};
use crate::contract::v1::{Documents, Named, PlanRequest, Tree};
use crate::evidence::Evidence;
use crate::facts::{self, Facts, From, IgnoreFile, Inventory, Locker};
use crate::policy::Policy;
use crate::problem::Problem;
use crate::promotion::{self, Promotion};
use crate::scalar::{Commit, Digest};

/// More evidence documents are refused.
pub(super) const MAX_DOCUMENTS: usize = 65_536;

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
    let (promotion, fields) = promotion(session, request, &policy)?;
    let inventory = inventory(session, &documents.inventory)?;
    let concluded = documents.concluded.as_ref().map(|tree| self::inventory(session, tree)).transpose()?;
    let staging = documents.staging.as_ref().map(|tree| self::inventory(session, tree)).transpose()?;
    belongs(&promotion, request, inventory.commit.as_ref())?;
    let ignore = ignore_file(session, documents)?;
    let delta = facts::delta(&inventory, concluded.as_ref(), &policy.inventory, &ignore, request.force_redeploy)
        .map_err(|problem| Failure::all(Code::Policy, Some("policy"), vec![problem]))?;
    Ok(Facts {
        now: request.now,
        target: request.target.clone(),
        run: request.run.clone(),
        promotion,
        promotion_digest: documents.promotion.digest,
        fields,
        policy,
        policy_digest,
        checks_config: documents.evidence_checks.as_ref().map(|named| named.digest),
        inventory,
        concluded,
        delta,
        staging,
        locker: locker(session, &documents.evidence)?,
        change_request_id: request.change_request_id.clone(),
        attempt: request.attempt,
    })
}

/// The policy, and the digest of all that it was read from (PO1).
fn policy(session: &mut Session, request: &PlanRequest) -> Result<(Policy, Digest), Failure> {
    let documents = &request.documents;
    let purpose = request.target.purpose;
    let mut policy = match &documents.policy {
        None => Policy::built_in(purpose),
        Some(named) => crate::policy::read(session.bytes(&named.name, &named.digest)?, purpose)
            .map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?,
    };
    if let Some(named) = &documents.evidence_checks {
        let target = request.target.environment.as_str();
        let region = request.target.region.as_ref().map(crate::scalar::Name::as_str);
        let variables = BTreeMap::from([("target".to_owned(), target.to_owned())]);
        let bytes = session.bytes(&named.name, &named.digest)?;
        policy.requirements = crate::policy::ibm::read(bytes, target, region, "ci-pipeline", &variables)
            .map_err(|problem| Failure::all(Code::Policy, Some(&named.name), vec![problem]))?;
    }
    let digest =
        |named: &Option<Named>| named.as_ref().map_or_else(|| "built-in".to_owned(), |named| named.digest.to_string());
    let text = format!("{}\n{}\n", digest(&documents.policy), digest(&documents.evidence_checks));
    Ok((policy, Digest::of(text.as_bytes())))
}

fn promotion(
    session: &mut Session,
    request: &PlanRequest,
    policy: &Policy,
) -> Result<(Promotion, promotion::Fields), Failure> {
    let named = &request.documents.promotion;
    let refuse = |problems: Vec<Problem>| Failure::all(Code::Promotion, Some(&named.name), problems);
    let bytes = session.bytes(&named.name, &named.digest)?;
    let promotion = promotion::github::read(bytes).map_err(|problem| refuse(vec![problem]))?;
    let fields = promotion::template::parse(&promotion.body, &policy.required_fields).map_err(refuse)?;
    Ok((promotion, fields))
}

/// The pull request must be the one whose merge made the commit that is deployed (IN5).
fn belongs(promotion: &Promotion, request: &PlanRequest, commit: Option<&Commit>) -> Result<(), Failure> {
    let environment = request.target.environment.as_str();
    let wrong = |message: String, help: &str| {
        Err(Failure::all(
            Code::WrongPromotion,
            Some(&request.documents.promotion.name),
            vec![Problem::new(message, help)],
        ))
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

fn inventory(session: &mut Session, tree: &Tree) -> Result<Inventory, Failure> {
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
    match std::str::from_utf8(bytes) {
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
