//! The policy as its file writes it: YAML with kebab-case keys (PO1).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{
    Channel, Deployment, Emergency, GraceDays, InventoryPolicy, Judgement, Level, Policy, ProcessPolicy, Profile,
    Purpose, Requirement, RiskPolicy, Scope, Stage, Staging, Waiver, default_requirements,
};
use crate::calendar::Calendar;
use crate::evidence::Check;
use crate::scalar::Name;

/// A policy file. Everything but `version` may be absent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct File {
    /// The version of the policy's format: 1.
    pub version: u32,
    /// The environments, by name (PO6). Where some are declared, no others can be deployed to.
    #[serde(default)]
    pub environments: BTreeMap<Name, Environment>,
    /// What evidence is demanded, and how it is judged.
    #[serde(default)]
    pub evidence: EvidencePolicy,
    /// Exemptions with an owner, a reason and an end (PO5).
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Risk (RK).
    #[serde(default)]
    pub risk: RiskPolicy,
    /// Categories, approvals, reviews (PC1..PC3).
    #[serde(default)]
    pub process: ProcessPolicy,
    /// Staging proof (PC4).
    #[serde(default)]
    pub staging: Option<Staging>,
    /// How changes are deployed, tested and rolled back.
    #[serde(default)]
    pub deployment: Deployment,
    /// When deployments are allowed (PC6).
    #[serde(default)]
    pub calendar: Option<Calendar>,
    /// The emergency flow.
    #[serde(default)]
    pub emergency: Emergency,
    /// The Security and Compliance profile (PO4).
    #[serde(default)]
    pub profile: Option<Profile>,
    /// What narrows the delta (IN3).
    #[serde(default)]
    pub inventory: InventoryPolicy,
    /// Optional fields of the template that are required here (PR2), such as `backout-plan`.
    #[serde(default)]
    pub required_fields: Vec<String>,
    /// Who is told what happens (PC9). Default: nobody.
    #[serde(default)]
    pub notifications: Vec<Channel>,
    /// How a supplied change request is treated (EX3).
    #[serde(default)]
    pub existing_change_request: ExistingChangeRequest,
}

/// What evidence is demanded, and how it is judged.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EvidencePolicy {
    /// The demands before the change request is filed. Absent: the built-in ones (PO3).
    pub pre_deployment: Option<Vec<Demand>>,
    /// The demands when it is closed. Absent: none.
    pub post_deployment: Option<Vec<Demand>>,
    /// How the evidence of single checks is judged.
    #[serde(deserialize_with = "checks")]
    pub checks: BTreeMap<Check, Judgement>,
    /// Grace periods of findings (EV7).
    pub grace_days: GraceDays,
    /// Evidence dated further in the future than this is refused (EV6). Default 300.
    pub clock_skew_seconds: u32,
    /// What CI writes, by glob: `record` makes evidence of it. Default: nothing.
    pub collect: Vec<Collect>,
    /// Workflows whose signatures count beside those of the entry's own repository (RD2), as certificates name them:
    /// `https://github.com/shop/builds/.github/workflows/image.yml`, at any ref, or with `@` and the ref. Default: none.
    pub trusted_signers: Vec<String>,
}

impl Default for EvidencePolicy {
    fn default() -> Self {
        Self {
            pre_deployment: None,
            post_deployment: None,
            checks: BTreeMap::new(),
            grace_days: GraceDays::default(),
            clock_skew_seconds: 300,
            collect: Vec::new(),
            trusted_signers: Vec::new(),
        }
    }
}

/// Reports that CI writes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Collect {
    /// Their paths, as a glob such as `**/junit*.xml`.
    pub files: String,
    /// The check that they are about. Absent: it follows from their format or their tool, where that is certain.
    #[serde(default)]
    pub check: Option<Check>,
}

/// An environment (PO6).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Environment {
    /// What it is for.
    pub purpose: Purpose,
    /// In words, for the change request. Default: its name.
    #[serde(default)]
    pub detail: Option<Name>,
    /// The branch of the inventory. Default: its name.
    #[serde(default)]
    pub branch: Option<Name>,
    /// The pre-production environment whose last concluded deployment proves the staging (PC4). Default: none.
    #[serde(default)]
    pub staging: Option<Name>,
    /// Its regions. Empty: it has none.
    #[serde(default)]
    pub regions: Vec<Name>,
}

/// One demand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Demand {
    /// Which check.
    pub check: Check,
    /// By which tool. Absent: by any.
    #[serde(default)]
    pub tool: Option<Name>,
    /// How much it weighs. Default `required`.
    #[serde(default = "required")]
    pub level: Level,
    /// Which entries it is about. Default `every`.
    #[serde(default = "every")]
    pub entries: Scope,
    /// Why it is demanded.
    #[serde(default)]
    pub description: Option<String>,
}

fn required() -> Level {
    Level::Required
}

fn every() -> Scope {
    Scope::Every
}

/// How a supplied change request is treated.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExistingChangeRequest {
    /// What a change request for another target does. Default `recompute`.
    pub target_mismatch: TargetMismatch,
}

/// What a supplied change request for another target does (EX3).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TargetMismatch {
    /// Nothing of it is reused.
    #[default]
    Recompute,
    /// The change is refused.
    Block,
}

impl Default for File {
    fn default() -> Self {
        Self {
            version: 1,
            environments: BTreeMap::new(),
            evidence: EvidencePolicy::default(),
            waivers: Vec::new(),
            risk: RiskPolicy::default(),
            process: ProcessPolicy::default(),
            staging: None,
            deployment: Deployment::default(),
            calendar: None,
            emergency: Emergency::default(),
            profile: None,
            inventory: InventoryPolicy::default(),
            required_fields: Vec::new(),
            notifications: Vec::new(),
            existing_change_request: ExistingChangeRequest::default(),
        }
    }
}

impl File {
    /// The policy that the file is for an environment of this purpose: defaults filled in.
    #[must_use]
    pub fn resolve(self, purpose: Purpose) -> Policy {
        let mut requirements = match self.evidence.pre_deployment {
            Some(demands) => demands.into_iter().map(|demand| demand.at(Stage::PreDeployment)).collect(),
            None => default_requirements(purpose),
        };
        let closing = self.evidence.post_deployment.unwrap_or_default();
        requirements.extend(closing.into_iter().map(|demand| demand.at(Stage::PostDeployment)));
        Policy {
            requirements,
            checks: self.evidence.checks,
            grace_days: self.evidence.grace_days,
            clock_skew_seconds: self.evidence.clock_skew_seconds,
            trusted_signers: self.evidence.trusted_signers,
            waivers: self.waivers,
            risk: self.risk,
            process: self.process,
            staging: self.staging,
            deployment: self.deployment,
            calendar: self.calendar,
            emergency: self.emergency,
            profile: self.profile,
            inventory: self.inventory,
            required_fields: self.required_fields.iter().map(|field| field.replace('-', "_")).collect(),
            notifications: self.notifications,
            block_target_mismatch: self.existing_change_request.target_mismatch == TargetMismatch::Block,
        }
    }
}

impl Demand {
    fn at(self, stage: Stage) -> Requirement {
        Requirement {
            stage,
            check: self.check,
            tool: self.tool.map(|tool| tool.as_str().to_owned()),
            level: self.level,
            scope: self.entries,
            description: self.description,
        }
    }
}

/// Two spellings of one check are one key given twice.
fn checks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Check, Judgement>, D::Error> {
    struct Checks;

    impl<'de> Visitor<'de> for Checks {
        type Value = BTreeMap<Check, Judgement>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping from checks to how they are judged")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut checks = BTreeMap::new();
            while let Some(check) = entries.next_key::<Check>()? {
                if checks.contains_key(&check) {
                    return Err(serde::de::Error::custom(format!("the check `{check}` stands here twice")));
                }
                checks.insert(check, entries.next_value()?);
            }
            Ok(checks)
        }
    }

    deserializer.deserialize_map(Checks)
}
