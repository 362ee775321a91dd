//! The facts: everything that is known before a judgement, gathered once.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, Report};
use crate::formats::cyclonedx::Bom;
use crate::glob::Glob;
use crate::inventory::{Delta, Difference, Entry};
use crate::policy::{InventoryPolicy, Policy, Purpose};
use crate::problem::Problem;
use crate::promotion::{Fields, Person, Promotion};
use crate::scalar::{Commit, Digest, Name, Timestamp};

/// Where a change is deployed (CR1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    /// The environment: the inventory branch.
    pub environment: Name,
    /// The region, where an environment has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Name>,
    /// What the environment is for (PR1).
    pub purpose: Purpose,
    /// The environment in words (PR1).
    pub detail: Name,
}

impl Target {
    /// The name of the pointer to the last concluded deployment (IN2).
    #[must_use]
    pub fn pointer(&self) -> String {
        match &self.region {
            Some(region) => format!("{region}_{}_latest", self.environment),
            None => format!("{}_latest", self.environment),
        }
    }

    /// `environment` or `environment in region`, for people.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.region {
            Some(region) => format!("{} in {region}", self.environment),
            None => self.environment.to_string(),
        }
    }
}

/// The run of the pipeline that asks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// The run's id in its CI system.
    pub id: Name,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who triggered it (PC2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Person>,
    /// The pipeline's name (CR2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<Name>,
    /// The pipeline's version (CR2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_version: Option<Name>,
}

impl Run {
    /// The scope that evidence of this run carries (EV2).
    #[must_use]
    pub fn scope(&self) -> Digest {
        Digest::of(self.id.as_str().as_bytes())
    }
}

/// A value read from a document, and which one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct From<T> {
    /// The document's name, such as its path below the evidence folder.
    pub document: Rc<str>,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What was read.
    pub value: T,
}

/// The files of an inventory at one commit, as documents by path.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The commit; a plain directory has none.
    pub commit: Option<Commit>,
    /// All entries, none hidden.
    pub entries: BTreeMap<String, From<Rc<Entry>>>,
}

/// What the evidence documents say, all of them read.
#[derive(Debug, Default)]
pub struct Locker {
    /// The records.
    pub evidence: Vec<From<Rc<Evidence>>>,
    /// Raw reports by digest; a report that could not be read is a problem.
    pub reports: BTreeMap<Digest, From<Rc<Result<Report, Problem>>>>,
    /// Bills of materials by digest.
    pub boms: BTreeMap<Digest, Rc<Bom>>,
    /// Documents that could not be read at all.
    pub malformed: Vec<From<Problem>>,
}

/// A concluded deployment in the pre-production environment (PC4, CR2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Validated {
    /// Its change request.
    pub id: Name,
    /// What was deployed there.
    pub commit: Option<Commit>,
    /// Whether acceptance tests passed there.
    pub tested: bool,
}

/// What other changes say about this one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Past {
    /// Whether a change on this target was unsuccessful within the policy's time (RK1).
    pub unsuccessful: bool,
    /// What was concluded last in the pre-production environment.
    pub validated: Option<Validated>,
    /// What is owed on this target and overdue, in words (EM4).
    pub overdue: Vec<String>,
    /// Whether another change used the supplied change request before (EX3): names of attachments are taken there.
    pub shares_request: bool,
}

/// The full rollback that is asked for (FR1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restoration {
    /// The change request whose deployment is restored.
    pub id: Name,
    /// The change request whose deployment is given up.
    pub replaces: Name,
    /// Whether it is declared an emergency, by the actor of the run.
    pub emergency: bool,
}

/// Everything that is known.
#[derive(Debug)]
pub struct Facts {
    /// The time, as the host's clock has it.
    pub now: Timestamp,
    /// Where.
    pub target: Target,
    /// Who asks.
    pub run: Run,
    /// The promotion pull request.
    pub promotion: Promotion,
    /// The digest of its document.
    pub promotion_digest: Digest,
    /// Its fields.
    pub fields: Fields,
    /// What the target demands.
    pub policy: Policy,
    /// The digest of everything that the policy was read from.
    pub policy_digest: Digest,
    /// The evidence-checks config in IBM's format, if one was given: its digest.
    pub checks_config: Option<Digest>,
    /// The whole inventory at the commit to deploy.
    pub inventory: Inventory,
    /// The inventory at the last concluded deployment; absent: there was none.
    pub concluded: Option<Inventory>,
    /// What differs.
    pub delta: Delta,
    /// The inventory at the last concluded deployment of the pre-production environment (PC4), if it was read.
    pub staging: Option<Inventory>,
    /// The evidence.
    pub locker: Locker,
    /// What other changes say.
    pub past: Past,
    /// The full rollback that this is; absent: it is none.
    pub restoration: Option<Restoration>,
    /// The change is prepared by hand under this id (EX1); absent: one is filed.
    pub change_request_id: Option<Name>,
    /// Which attempt at the same change this is, counted from 1.
    pub attempt: u32,
}

impl Facts {
    /// A digest of what is deployed: names, differences and the bytes of each entry (GA2).
    #[must_use]
    pub fn delta_digest(&self) -> Digest {
        let mut text = String::from("countersign delta 1\n");
        for (name, (difference, _)) in &self.delta.entries {
            let digest = self.inventory.entries.get(name).map(|entry| entry.digest.to_string()).unwrap_or_default();
            let difference = match difference {
                Difference::Added => "added",
                Difference::Changed => "changed",
                Difference::Unchanged => "unchanged",
            };
            text.push_str(&format!("{difference} {digest} {name}\n"));
        }
        for name in &self.delta.removed {
            text.push_str(&format!("removed {name}\n"));
        }
        Digest::of(text.as_bytes())
    }

    /// The key that finds the change request again: repository, target, promotion, delta, attempt (CR6).
    #[must_use]
    pub fn key(&self) -> Digest {
        let region = self.target.region.as_ref().map_or("", Name::as_str);
        let merged = self.promotion.merge_commit.as_ref().map_or("", Commit::as_str);
        let text = [
            "countersign change 1",
            &self.promotion.repository,
            self.target.environment.as_str(),
            region,
            &self.promotion.number.to_string(),
            merged,
            &self.delta_digest().to_string(),
            &self.attempt.to_string(),
        ]
        .map(|part| format!("{}:{part}", part.len()))
        .join("\n");
        let restored = self.restoration.as_ref().map(|restoration| format!("\nrestores {}", restoration.id));
        Digest::of((text + &restored.unwrap_or_default()).as_bytes())
    }

    /// A digest of everything that readiness rests on, so that an assessment can be told from an outdated one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut documents: BTreeSet<Digest> = BTreeSet::new();
        documents.extend(self.locker.evidence.iter().map(|from| from.digest));
        documents.extend(self.locker.reports.keys());
        documents.extend(self.locker.malformed.iter().map(|from| from.digest));
        documents.extend(self.staging.iter().flat_map(|staging| staging.entries.values()).map(|from| from.digest));
        documents.extend([self.promotion_digest, self.policy_digest, self.delta_digest()]);
        let mut text: Vec<String> = documents.iter().map(Digest::to_string).collect();
        text.extend(self.past.validated.iter().map(|validated| format!("{} {}", validated.id, validated.tested)));
        if self.restoration.as_ref().is_some_and(|restoration| restoration.emergency) {
            text.push(format!("emergency by {}", self.run.actor.as_ref().map_or("nobody", |actor| &actor.id)));
        }
        text.extend(self.past.unsuccessful.then(|| "unsuccessful".to_owned()));
        Digest::of(text.join("\n").as_bytes())
    }
}

/// The delta between `concluded` and `inventory`, narrowed by the policy and the ignore file (IN2, IN3).
///
/// With `force_redeploy`, entries that did not change are deployed as well.
pub fn delta(
    inventory: &Inventory,
    concluded: Option<&Inventory>,
    policy: &InventoryPolicy,
    ignore: &IgnoreFile,
    force_redeploy: bool,
) -> Result<Delta, Problem> {
    let include = globs(&policy.include, "inventory.include")?;
    let exclude = globs(&policy.exclude, "inventory.exclude")?;
    let mut delta = Delta::default();
    for (name, entry) in &inventory.entries {
        let before = concluded.and_then(|concluded| concluded.entries.get(name));
        let difference = match before {
            None => Difference::Added,
            Some(before) if before.digest != entry.digest => Difference::Changed,
            Some(_) if force_redeploy => Difference::Unchanged,
            Some(_) => continue,
        };
        match hidden_by(name, ignore, &include, &exclude) {
            Some(pattern) => _ = delta.hidden.insert(name.clone(), pattern),
            None => _ = delta.entries.insert(name.clone(), (difference, Rc::clone(&entry.value))),
        }
    }
    for name in concluded.into_iter().flat_map(|concluded| concluded.entries.keys()) {
        if inventory.entries.contains_key(name) {
            continue;
        }
        match hidden_by(name, ignore, &include, &exclude) {
            Some(pattern) => _ = delta.hidden.insert(name.clone(), pattern),
            None => _ = delta.removed.insert(name.clone()),
        }
    }
    Ok(delta)
}

fn globs(patterns: &[String], key: &str) -> Result<Vec<(String, Glob)>, Problem> {
    patterns.iter().map(|pattern| Ok((pattern.clone(), glob(pattern, key)?))).collect()
}

/// Reads one glob of the policy's `key`.
pub fn glob(pattern: &str, key: &str) -> Result<Glob, Problem> {
    Glob::new(pattern).map_err(|error| {
        Problem::new(
            format!("`{}` in `{key}` is not a glob: {error}", crate::scalar::shorten(pattern)),
            "write a pattern such as `payments/**` or `*-api`",
        )
    })
}

/// Why `name` is not deployed: the pattern that hides it.
fn hidden_by(
    name: &str,
    ignore: &IgnoreFile,
    include: &[(String, Glob)],
    exclude: &[(String, Glob)],
) -> Option<String> {
    if let Some(line) = ignore.hides(name) {
        return Some(format!("ignore file: {line}"));
    }
    if !include.is_empty() && !include.iter().any(|(_, glob)| glob.is_match(name)) {
        return Some("not in inventory.include".to_owned());
    }
    exclude.iter().find(|(_, glob)| glob.is_match(name)).map(|(pattern, _)| format!("inventory.exclude: {pattern}"))
}

/// The ignore file: one pattern a line; `.ext`, an exact path, `dir/`, `**` for all, `!` to bring back (IN3).
///
/// Unlike in the reference, an empty file or a blank line hides nothing: that is a documented trap there.
#[derive(Clone, Debug, Default)]
pub struct IgnoreFile {
    lines: Vec<String>,
}

impl IgnoreFile {
    /// Reads the file's text. Blank lines and lines that begin with `#` say nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { lines: lines.map(str::to_owned).collect() }
    }

    /// The line that hides `name`, if one does; the last line that matches decides.
    #[must_use]
    pub fn hides(&self, name: &str) -> Option<&str> {
        let deciding = self.lines.iter().rev().find(|line| matches(line.strip_prefix('!').unwrap_or(line), name))?;
        (!deciding.starts_with('!')).then_some(deciding.as_str())
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    pattern == "**"
        || pattern == name
        || (pattern.ends_with('/') && name.starts_with(pattern))
        || (pattern.starts_with('.') && file.len() > pattern.len() && file.ends_with(pattern))
}

/// Whether a path of an inventory tree holds an entry: hidden files and Markdown never do.
#[must_use]
pub fn is_entry_path(path: &str) -> bool {
    !path.split('/').any(|part| part.starts_with('.')) && !path.ends_with(".md")
}
