//! The promotion pull request: who asks for what to be deployed, and what they say about it (PR1..PR7).

pub mod github;
pub mod template;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::scalar::{Commit, Email, Timestamp};

/// How soon the change is wanted (PR1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Priority {
    /// Drop everything.
    Critical,
    /// Before other work.
    High,
    /// In its turn.
    Moderate,
    /// When there is time.
    Low,
    /// Not yet urgent.
    Planning,
}

/// What customers notice (PR1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CustomerImpact {
    /// All of them, badly.
    Critical,
    /// Many of them.
    High,
    /// Some of them.
    Moderate,
    /// A few, slightly.
    Low,
    /// Nobody notices.
    NoImpact,
}

/// How much the deployment itself disturbs (PR1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeploymentImpact {
    /// Little.
    Small,
    /// Much.
    Large,
}

/// A level of risk (RK1). Risks are compared: the highest wins.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RiskLevel {
    /// Little can go wrong.
    Low,
    /// Something can go wrong. Templates may call it `medium`.
    #[serde(alias = "medium")]
    Moderate,
    /// Much can go wrong, or nobody knows.
    High,
}

/// What the author wrote into the template, parsed (PR1, PR2). Free texts are trimmed; an empty one is absent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fields {
    /// How soon.
    pub priority: Priority,
    /// Who the change request is assigned to.
    pub assignee: Email,
    /// What customers notice.
    pub customer_impact: CustomerImpact,
    /// How much the deployment disturbs.
    pub deployment_impact: DeploymentImpact,
    /// The risk as its author sees it, which can only raise the computed one (PR2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_risk: Option<RiskLevel>,
    /// What the change is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What its impact is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// How to back out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backout_plan: Option<String>,
    /// Why the business wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_justification: Option<String>,
    /// How it was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing_performed: Option<String>,
    /// What it means for security.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_considerations: Option<String>,
}

/// A person or machine, by immutable id; the login is for people to read (T25).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Person {
    /// The id that never changes, such as GitHub's numeric user id.
    pub id: String,
    /// The name that people use.
    pub login: String,
}

/// A label, and who put it there when, as far as that was read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Label {
    /// The label's text, to the byte.
    pub name: String,
    /// Who applied it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_by: Option<Person>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_at: Option<Timestamp>,
}

/// The latest review of one person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Review {
    /// Who reviewed.
    pub by: Person,
    /// Whether the review approves.
    pub approves: bool,
    /// The head commit that the review was given on; it counts for no other (PC2).
    pub commit: Commit,
}

/// The promotion pull request as its system gives it, with the text still unparsed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Promotion {
    /// `owner/name` or whatever names the inventory repository in its system.
    pub repository: String,
    /// The pull request's number.
    pub number: u64,
    /// Where to look at it.
    pub url: Option<String>,
    /// Its title.
    pub title: String,
    /// Its text, which holds the template's fields.
    pub body: String,
    /// The branch that it was merged into: the environment.
    pub base: String,
    /// Its head commit.
    pub head: Commit,
    /// The commit that merged it; absent while it is open.
    pub merge_commit: Option<Commit>,
    /// When it was merged; absent while it is open.
    pub merged_at: Option<Timestamp>,
    /// Who merged it.
    pub merged_by: Option<Person>,
    /// Who opened it.
    pub author: Person,
    /// Everyone who had a hand in its commits: authors, committers, co-authors.
    pub contributors: Vec<Person>,
    /// Whether all of its commits were read, so that nobody is missing among the contributors.
    pub contributors_complete: bool,
    /// Its labels.
    pub labels: Vec<Label>,
    /// The latest review of each reviewer.
    pub reviews: Vec<Review>,
    /// The paths that it changes, if they were read.
    pub changed_paths: Option<Vec<String>>,
    /// Ids of the members of teams that the policy names, by `@organization/team`, as far as they were read.
    pub teams: BTreeMap<String, BTreeSet<String>>,
}
