//! Calls beside the loop for whoever has every document at hand: what a policy means, a judgement, one bill of materials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identity;
use super::v1::Response;
use crate::change::journal::Journal;
use crate::contract::known::Known;
use crate::documents::{Documents, Held};
use crate::evidence::Check;
use crate::facts::{Run, Target};
use crate::failure::{Code, Failure};
use crate::formats::cyclonedx::Bom;
use crate::gather::{self, Asked, Named, Rollback, Sources};
use crate::plan::{self, Drive, World};
use crate::policy::file::Environment;
use crate::policy::{
    self, Emergency, GraceDays, Judgement as Judging, Policy, Purpose, Requirement, RiskPolicy, Waiver,
};
use crate::problem::Problem;
use crate::report::{End, Judgement};
use crate::sbom::{self, Root};
use crate::scalar::{Digest, Name, Timestamp, shorten};

/// What a policy is asked: what it means for one environment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyRequest {
    /// The contract that the host speaks.
    pub contract: String,
    /// The policy file; absent: the built-in policy.
    #[serde(default)]
    pub document: Option<Named>,
    /// The environment.
    pub environment: Name,
    /// What it is for, where the policy does not declare it (PO6).
    #[serde(default)]
    pub purpose: Option<Purpose>,
}

/// What a policy means for one environment: all defaults filled in.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Meaning {
    /// The environment.
    pub environment: Name,
    /// What it is for.
    pub purpose: Purpose,
    /// In words, for the change request.
    pub detail: Name,
    /// The branch of the inventory.
    pub branch: Name,
    /// The pre-production environment that proves the staging (PC4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staging: Option<Name>,
    /// Its regions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Name>,
    /// The demands on evidence (PO2, PO3).
    pub requirements: Vec<Requirement>,
    /// How single checks are judged.
    pub checks: BTreeMap<Check, Judging>,
    /// Grace periods of findings (EV7).
    pub grace_days: GraceDays,
    /// Waivers (PO5).
    pub waivers: Vec<Waiver>,
    /// Risk (RK).
    pub risk: RiskPolicy,
    /// The emergency flow.
    pub emergency: Emergency,
    /// Optional fields of the template that are required (PR2).
    pub required_fields: Vec<String>,
}

/// Says what a policy means for one environment.
pub(super) fn policy(documents: &Documents, request: PolicyRequest) -> Result<Response, Failure> {
    let PolicyRequest { document, environment, purpose, .. } = request;
    let bytes = match &document {
        Some(named) => Some(documents.bytes(&named.name, &named.digest)?),
        None => None,
    };
    let name = document.as_ref().map(|named| named.name.as_str());
    let refuse = |problems| Failure::all(Code::Policy, name, problems);
    let environments = match &bytes {
        Some(bytes) => policy::environments(bytes).map_err(refuse)?,
        None => BTreeMap::new(),
    };
    let declared = declared(&environments, &environment, purpose).map_err(|problem| refuse(vec![problem]))?;
    let purpose = declared.map(|declared| declared.purpose).or(purpose).ok_or_else(|| {
        let message = format!("nobody says what the environment `{environment}` is for");
        refuse(vec![Problem::new(message, "declare it under `environments` in the policy, with its purpose")])
    })?;
    let rules = match &bytes {
        Some(bytes) => policy::read(bytes, purpose).map_err(refuse)?,
        None => Policy::built_in(purpose),
    };
    let of = |name: fn(&Environment) -> Option<Name>| declared.and_then(name);
    Ok(Response::Policy(Box::new(Meaning {
        purpose,
        detail: of(|declared| declared.detail.clone()).unwrap_or_else(|| environment.clone()),
        branch: of(|declared| declared.branch.clone()).unwrap_or_else(|| environment.clone()),
        staging: of(|declared| declared.staging.clone()),
        regions: declared.map(|declared| declared.regions.clone()).unwrap_or_default(),
        requirements: rules.requirements,
        checks: rules.checks,
        grace_days: rules.grace_days,
        waivers: rules.waivers,
        risk: rules.risk,
        emergency: rules.emergency,
        required_fields: rules.required_fields,
        environment,
    })))
}

/// The environment as the policy declares it; nobody claims another purpose of it (PO6).
fn declared<'p>(
    environments: &'p BTreeMap<Name, Environment>,
    name: &Name,
    claimed: Option<Purpose>,
) -> Result<Option<&'p Environment>, Problem> {
    let known: Vec<&str> = environments.keys().map(Name::as_str).collect();
    match environments.get(name) {
        None if known.is_empty() => Ok(None),
        None => {
            let message = format!("the environment `{name}` is unknown");
            Err(Problem::new(message, format!("it is one of {}", known.join(", "))).at_pointer("/environments"))
        }
        Some(declared) if claimed.is_some_and(|claimed| claimed != declared.purpose) => {
            let message = format!("the policy states another purpose of `{name}`");
            Err(Problem::new(message, "leave the purpose out: the policy states it (PO6)").at_pointer("/environments"))
        }
        Some(declared) => Ok(Some(declared)),
    }
}

/// Documents that are to be judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JudgeRequest {
    /// The contract that the host speaks.
    pub contract: String,
    /// The host's clock.
    pub now: Timestamp,
    /// Where.
    pub target: Target,
    /// Who asks.
    pub run: Run,
    /// The documents.
    pub documents: Sources,
    /// The journals of other changes.
    #[serde(default)]
    pub history: Vec<Named>,
    /// The full rollback that is asked for (FR1); absent: an ordinary change.
    #[serde(default)]
    pub rollback: Option<Rollback>,
    /// Whether entries that did not change are deployed again (IN2).
    #[serde(default)]
    pub force_redeploy: bool,
}

/// What the documents come to.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judged {
    /// The change's key (CR6).
    pub key: Digest,
    /// What a run would end with, as far as readiness goes.
    pub end: End,
    /// The judgement.
    pub judgement: Judgement,
}

/// Judges documents, from nothing but themselves. Nothing is recorded.
pub(super) fn judge(documents: &mut Documents, request: &JudgeRequest) -> Result<Response, Failure> {
    let known = Known::of(documents, &request.history, &request.target, &request.documents)?;
    let asked = Asked {
        now: request.now,
        target: &request.target,
        run: &request.run,
        sources: &request.documents,
        before_merge: true,
        change_request_id: None,
        attempt: 1,
        force_redeploy: request.force_redeploy,
        rollback: request.rollback.as_ref(),
        here: &known.here,
        staging: &known.staging,
        restored: request.rollback.as_ref().and_then(|rollback| known.of_request(&rollback.change_request_id)),
        shares_request: false,
    };
    let mut facts = gather::facts(documents, &asked)?;
    let key = facts.key();
    let nothing = Journal::read(b"").map_err(|problem| Failure::all(Code::Internal, None, vec![problem]))?;
    let (drive, engine) = (Drive::default(), identity());
    let judged = {
        let mut made = documents.made();
        let world = World { facts: &mut facts, drive: &drive, started: request.now, engine: &engine, blobs: &mut made };
        plan::judge(&world, &nothing)
    };
    let end = End::from(judged.stop.clone());
    Ok(Response::Judged(Box::new(Judged { key, end, judgement: Judgement::of(&facts, judged) })))
}

/// Bills of materials that are to be one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MergeRequest {
    /// The contract that the host speaks.
    pub contract: String,
    /// What is deployed as a whole.
    pub name: Name,
    /// Its version.
    pub version: Name,
    /// Its entries.
    pub entries: Vec<MergeEntry>,
}

/// An entry of what is merged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MergeEntry {
    /// The entry.
    pub name: Name,
    /// Its version.
    pub version: Name,
    /// Its bill of materials: CycloneDX. Absent, or unreadable: it is named as missing.
    #[serde(default)]
    pub document: Option<Named>,
}

/// One bill of materials.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Merged {
    /// The digest of its bytes, which `take` gives: CycloneDX 1.6.
    pub digest: Digest,
    /// How many components it lists, the entries among them.
    pub components: u32,
    /// The entries without a readable bill of materials.
    pub missing: Vec<String>,
}

/// Merges bills of materials into one (AT2).
pub(super) fn merge(documents: &mut Documents, request: &MergeRequest) -> Result<Response, Failure> {
    let mut names: Vec<&str> = request.entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    if let Some([twice, _]) = names.array_windows().find(|[one, other]| one == other) {
        let message = format!("the entry `{}` is given twice", shorten(twice));
        return Err(Failure::one(Code::BadRequest, message, "name each entry once"));
    }
    let mut boms = Vec::new();
    for entry in &request.entries {
        boms.push(match &entry.document {
            None => None,
            Some(named) => match documents.ingest(&named.name, &named.digest)?.1 {
                Held::Bom(bom, _) => Some(bom),
                Held::Evidence(_) | Held::Report(_) | Held::Malformed(_) => None,
            },
        });
    }
    let parts = request.entries.iter().zip(&boms).map(|(entry, bom)| sbom::Part {
        entry: entry.name.as_str(),
        version: entry.version.as_str(),
        bom: bom.as_deref().map(|bom: &Bom| bom),
    });
    let root = Root { name: request.name.as_str(), version: request.version.as_str(), serial: None };
    let sbom::Merged { json, components, missing } = sbom::merge(&root, &parts.collect::<Vec<_>>());
    let digest = Digest::of(&json);
    documents.made().insert(digest, std::rc::Rc::new(json));
    let components = u32::try_from(components).unwrap_or(u32::MAX);
    Ok(Response::Merged(Merged { digest, components, missing }))
}
