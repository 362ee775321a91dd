//! The policy: what a target demands, and when (PO1..PO5).
//!
//! One YAML file per repository, from the protected branch. Unknown keys are refused. Every default is here.

mod defaults;
mod faults;
pub mod file;
pub mod ibm;
#[cfg(test)]
mod tests;
pub(crate) mod yaml;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::evidence::{Check, Severity};
use crate::order;
use crate::problem::Problem;
use crate::promotion::RiskLevel;
use crate::scalar::{Email, Name, Timestamp};

pub use defaults::default_requirements;
pub use yaml::MAX_BYTES;

/// What an environment is for (PR1). Any non-production environment is `pre_prod`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Purpose {
    /// Customers use it.
    Production,
    /// They do not.
    PreProd,
}

/// How much a requirement weighs (PO2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// Failure, pending and missing block.
    Required,
    /// Failure blocks.
    RequiredIfPresent,
    /// Anything but success warns.
    Recommended,
}

/// When a requirement is judged (PO2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Stage {
    /// Before the change request is filed.
    PreDeployment,
    /// When it is closed.
    PostDeployment,
}

/// Which entries a requirement is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Scope {
    /// Every entry.
    Every,
    /// Entries that are infrastructure (PO3).
    Infrastructure,
    /// Entries whose artifact is an image.
    Images,
}

/// One demand on the evidence of each entry in the delta, normalised from any of the ways to write it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Requirement {
    /// When it is judged.
    pub stage: Stage,
    /// Which check.
    pub check: Check,
    /// By which tool; absent: by any.
    pub tool: Option<String>,
    /// How much it weighs.
    pub level: Level,
    /// Which entries it is about.
    pub scope: Scope,
    /// Why it is demanded, in the policy's words.
    pub description: Option<String>,
}

/// How the evidence of one check is judged.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judgement {
    /// Evidence older than this many hours counts as missing (EV6). Absent: it does not age.
    pub max_age_hours: Option<u32>,
    /// The least severity that fails a scan. Absent: `high`.
    pub fail_on: Option<Severity>,
}

/// Somebody's word that one demand need not be met for a time (PO5).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiver {
    /// The check that is waived.
    pub check: Check,
    /// The entries that it is waived for, as a glob over entry names.
    pub entries: String,
    /// Who answers for it.
    pub owner: Email,
    /// Why.
    pub reason: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// Whole days after first being found in which a finding of each severity may stand (EV7).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GraceDays {
    /// Default 30.
    pub critical: u32,
    /// Default 30.
    pub high: u32,
    /// Default 90.
    pub medium: u32,
    /// Default 180.
    pub low: u32,
    /// Default 180.
    pub informational: u32,
}

impl Default for GraceDays {
    fn default() -> Self {
        Self { critical: 30, high: 30, medium: 90, low: 180, informational: 180 }
    }
}

/// What is acceptable, and what raises the risk (RK1, RK2).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RiskPolicy {
    /// The highest risk that is approved automatically. Default `moderate`.
    pub limit: RiskLevel,
    /// A delta of more entries than this is a moderate risk. Absent: size does not matter.
    pub delta_entries: Option<u32>,
    /// An unsuccessful change on the same target within this many days is a moderate risk. Absent: the past is past.
    pub unsuccessful_within_days: Option<u32>,
}

impl Default for RiskPolicy {
    fn default() -> Self {
        Self { limit: RiskLevel::Moderate, delta_entries: None, unsuccessful_within_days: None }
    }
}

/// The category of a change (PC1). A higher one demands more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Category {
    /// A pre-approved, low-risk pattern.
    Standard,
    /// Most changes.
    Normal,
    /// Schema, infrastructure, architecture.
    HighRisk,
}

/// What makes a change belong to a category: any one of the patterns.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pattern {
    /// Globs over changed paths and entry names. For `standard`, all changed paths must match.
    pub paths: Vec<String>,
    /// Labels of the promotion pull request, compared without ASCII case.
    pub labels: Vec<String>,
}

/// Categories, approvals and reviews (PC1..PC3).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProcessPolicy {
    /// What makes a change standard. Default: nothing does.
    pub standard: Pattern,
    /// What makes a change high-risk, besides infrastructure entries and a high risk. Default: nothing else.
    pub high_risk: Pattern,
    /// Approvals that a standard change needs. Default and least 1.
    pub standard_approvals: u32,
    /// Approvals that a normal change needs. Default and least 1.
    pub normal_approvals: u32,
    /// Approvals that a high-risk change needs, one of them a tech lead's. Default and least 2.
    pub high_risk_approvals: u32,
    /// Ids of the tech leads, and teams of them: `@organization/team`.
    pub tech_leads: Vec<Name>,
    /// What makes a security review necessary. Default: nothing does.
    pub security_review: Pattern,
    /// Ids of the security team's members, and teams of them: `@organization/team`.
    pub security_team: Vec<Name>,
    /// Whether the approvals of the promotion pull request are counted (PC2). Default true; false leaves reviews to
    /// the evidence of the `peer-review` check.
    pub require_approvals: bool,
}

impl ProcessPolicy {
    /// The teams that it names.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.tech_leads.iter().chain(&self.security_team).map(Name::as_str).filter(|name| name.starts_with('@'))
    }
}

impl Default for ProcessPolicy {
    fn default() -> Self {
        Self {
            standard: Pattern::default(),
            high_risk: Pattern::default(),
            standard_approvals: 1,
            normal_approvals: 1,
            high_risk_approvals: 2,
            tech_leads: Vec::new(),
            security_review: Pattern::default(),
            security_team: Vec::new(),
            require_approvals: true,
        }
    }
}

/// A command of the user: an argument vector, never a shell string (T60).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Command {
    /// The program and its arguments.
    pub run: Vec<String>,
    /// Seconds until it counts as failed and is ended. Default 1800.
    #[serde(default = "Command::default_timeout")]
    pub timeout_seconds: u32,
    /// Variables of the host that it gets, by name; it gets no others. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<String>,
}

impl Command {
    fn default_timeout() -> u32 {
        1800
    }
}

/// Post-deployment verification (PC7).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verification {
    /// The check; it runs at each interval, and its failure is handled like a failed acceptance test.
    pub command: Command,
    /// How long to watch. Default 30.
    #[serde(default = "Verification::default_minutes")]
    pub minutes: u32,
    /// How often to check. Default 60.
    #[serde(default = "Verification::default_interval")]
    pub interval_seconds: u32,
    /// The engineer on watch, named in the change request.
    #[serde(default)]
    pub on_watch: Option<Email>,
}

impl Verification {
    fn default_minutes() -> u32 {
        30
    }

    fn default_interval() -> u32 {
        60
    }
}

/// How the deployment is tested after it was made (CL4).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Acceptance {
    /// By a command.
    Command(Command),
    /// Not at all, for this reason; the change closes with issues.
    None(String),
}

/// How changes are deployed, tested and rolled back (CL1, RB, FR2, PC7, PC8).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deployment {
    /// The deployment. Absent: only `open` and `close` can be used, not `run`.
    pub deploy: Option<Command>,
    /// The acceptance tests. Absent: the result must be reported; no result is not a passed test.
    pub acceptance: Option<Acceptance>,
    /// The verification after the tests. Absent: none.
    pub verification: Option<Verification>,
    /// The rollback. Absent: inline rollback is not enabled (RB2).
    pub rollback: Option<Command>,
    /// How many concluded deployments a full rollback may go back. Default 1 (FR2).
    #[serde(default = "Deployment::default_rollback_limit")]
    pub rollback_limit: u32,
    /// How it is deployed, for the record: `blue/green`, `rolling`, `feature flag`.
    pub method: Option<String>,
    /// How it is rolled back, for the record.
    pub rollback_method: Option<String>,
    /// What triggers a rollback, for the record.
    pub rollback_triggers: Vec<String>,
    /// Outage in minutes. Above zero, the change request is made and approved by hand (CR5). Default 0.
    pub outage_minutes: u32,
    /// Planned end minus planned start, in minutes. Absent: 30 (CR2).
    pub duration_minutes: Option<u32>,
}

impl Deployment {
    fn default_rollback_limit() -> u32 {
        1
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            deploy: None,
            acceptance: None,
            verification: None,
            rollback: None,
            rollback_limit: Self::default_rollback_limit(),
            method: None,
            rollback_method: None,
            rollback_triggers: Vec::new(),
            outage_minutes: 0,
            duration_minutes: None,
        }
    }
}

/// What people are told of (PC9).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Moment {
    /// The change request was filed.
    Filed,
    /// It waits for approval.
    Held,
    /// An emergency is deployed without approval.
    Emergency,
    /// The deployment failed, and was not rolled back.
    Failed,
    /// The deployment failed, and a rollback ran, well or not.
    RolledBack,
    /// The change is finished.
    Closed,
}

/// How a notification is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ChannelFormat {
    /// A JSON document with everything in keys of its own.
    #[default]
    Generic,
    /// What Slack-compatible webhooks take: a JSON document with one `text`.
    Slack,
}

/// Somebody who is told what happens (PC9). Where the channel leads is the host's to know: its URL is a secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Channel {
    /// Its name, which hosts map to a URL.
    pub name: Name,
    /// How it is written to. Default `generic`.
    #[serde(default)]
    pub format: ChannelFormat,
    /// Of what it is told. Empty: of everything.
    #[serde(default)]
    pub moments: Vec<Moment>,
}

/// The emergency flow (EM1..EM5).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Emergency {
    /// The label, compared without ASCII case, otherwise exactly (PR6). Default `EMERGENCY`.
    pub label: String,
    /// Ids of those who may apply it. Empty: whoever can label (EM5).
    pub appliers: Vec<Name>,
    /// Hours until the retroactive review and approval is due. Default 24.
    pub review_hours: u32,
    /// Hours until the retrospective is due. Default 24.
    pub retrospective_hours: u32,
    /// Hours until accepted evidence gaps are to be mended. Default 168.
    pub remediation_hours: u32,
    /// Hours until the root cause analysis is due. Default 168.
    pub root_cause_hours: u32,
    /// Hours until lower environments are reconciled. Default 72.
    pub reconciliation_hours: u32,
    /// Whether overdue obligations block the next ordinary change on the target. Default false.
    pub overdue_blocks: bool,
}

impl Default for Emergency {
    fn default() -> Self {
        Self {
            label: "EMERGENCY".to_owned(),
            appliers: Vec::new(),
            review_hours: 24,
            retrospective_hours: 24,
            remediation_hours: 168,
            root_cause_hours: 168,
            reconciliation_hours: 72,
            overdue_blocks: false,
        }
    }
}

/// A named list of controls, each proved by checks (PO4).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// Its controls. At least one.
    pub controls: Vec<Control>,
}

/// One control of a profile.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Control {
    /// Its id, such as `OPS-01.2`.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// The checks that prove it. At least one.
    pub checks: Vec<Check>,
}

/// What narrows the delta (IN3).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InventoryPolicy {
    /// The ignore file at the inventory's root. Default `.inventoryignore`.
    pub ignore_file: String,
    /// Globs: only these entries are deployed. Empty: all are.
    pub include: Vec<String>,
    /// Globs: these entries are not deployed.
    pub exclude: Vec<String>,
}

impl Default for InventoryPolicy {
    fn default() -> Self {
        Self { ignore_file: ".inventoryignore".to_owned(), include: Vec::new(), exclude: Vec::new() }
    }
}

/// Staging proof (PC4).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Staging {
    /// The pre-production environment where the same artifacts must have concluded with acceptance evidence.
    pub environment: Name,
}

/// Everything that a target demands. All of it is optional in the file; what is absent has the default said here.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Policy {
    /// The demands on evidence. Never empty.
    pub requirements: Vec<Requirement>,
    /// How single checks are judged.
    pub checks: BTreeMap<Check, Judgement>,
    /// Grace periods of findings.
    pub grace_days: GraceDays,
    /// Evidence dated further in the future than this is refused (EV6). Default 300.
    pub clock_skew_seconds: u32,
    /// Workflows of other repositories whose signatures count (RD2). Default: none.
    pub trusted_signers: Vec<String>,
    /// Waivers.
    pub waivers: Vec<Waiver>,
    /// Risk.
    pub risk: RiskPolicy,
    /// Categories, approvals, reviews.
    pub process: ProcessPolicy,
    /// Staging proof. Absent: none is asked for.
    pub staging: Option<Staging>,
    /// How changes are deployed.
    pub deployment: Deployment,
    /// When changes are allowed (PC6). Absent: at any time.
    pub calendar: Option<Calendar>,
    /// The emergency flow.
    pub emergency: Emergency,
    /// The Security and Compliance profile. Absent: none.
    pub profile: Option<Profile>,
    /// What narrows the delta.
    pub inventory: InventoryPolicy,
    /// Optional template fields that this policy requires, by their names in `Fields` (PR2).
    pub required_fields: Vec<String>,
    /// Who is told what happens (PC9).
    pub notifications: Vec<Channel>,
    /// Whether a supplied change request for another target blocks (EX3). Default false: everything is recomputed.
    pub block_target_mismatch: bool,
}

/// The policy file that `init` writes: every key with its default, as a comment.
pub const TEMPLATE: &str = include_str!("../templates/countersign.yaml");

/// An example profile: OPS-01, the change management process in eight steps (PO4).
pub const OPS_01: &str = include_str!("../templates/ops-01.yaml");

/// What CI writes and `record` collects, as a policy file says it.
pub fn collected(bytes: &[u8]) -> Result<Vec<file::Collect>, Vec<Problem>> {
    read(bytes, Purpose::Production)?;
    let file: file::File = yaml::parse(bytes).map_err(|problem| vec![problem])?;
    Ok(file.evidence.collect)
}

/// The environments that a policy file declares (PO6).
pub fn environments(bytes: &[u8]) -> Result<BTreeMap<Name, file::Environment>, Vec<Problem>> {
    let file: file::File = yaml::parse(bytes).map_err(|problem| vec![problem])?;
    Ok(file.environments)
}

/// Reads a policy file for an environment of this purpose: strictly, defaults filled in (PO1, PO3).
///
/// # Errors
///
/// The first problem, if the file is not well-formed or a key or value is not one that the policy knows; otherwise
/// everything that the policy must not say.
pub fn read(bytes: &[u8], purpose: Purpose) -> Result<Policy, Vec<Problem>> {
    let document = yaml::Document::read(bytes).map_err(|problem| vec![problem])?;
    let file: file::File = document.typed().map_err(|problem| vec![problem])?;
    let faults = faults::of(&file);
    if faults.is_empty() {
        return Ok(file.resolve(purpose));
    }
    let mut problems: Vec<Problem> = faults
        .into_iter()
        .map(|fault| {
            let problem = Problem::new(fault.message, fault.help);
            match document.locate(&fault.pointer) {
                Some((line, column)) => problem.at_line(line, column),
                None => problem.at_pointer(fault.pointer),
            }
        })
        .collect();
    order::sort_by(&mut problems, |one, other| one.place.cmp(&other.place));
    Err(problems)
}
