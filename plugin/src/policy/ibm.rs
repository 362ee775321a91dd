//! The evidence-checks configuration of IBM's pipelines, versions 2 and 1, used as it is (PO2).
//!
//! Where a rule leaves open whether it applies, it applies: an absent or `*` environment or region, a region that the
//! run does not have, and the source `ci-pipeline`, whose evidence every entry has. A rule that lists several tools
//! demands the evidence of each. A rule without any list recommends, as IBM's does.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Level, Requirement, Scope, Stage};
use crate::evidence::Check;
use crate::formats::json;
use crate::problem::Problem;
use crate::scalar::{Name, shorten};

/// The source of evidence that the CI pipeline made.
const CI: &str = "ci-pipeline";

/// Reads the demands that apply to a deployment from `source` (`environment` or `environment:region`) to `target`.
///
/// `variables` are the values of `$name` and `${name}` in names of environments and regions.
///
/// # Errors
///
/// What is not as the format says; an unknown key, since a demand may hide behind it; a variable without value;
/// no check that is required before deployment (PO3).
pub fn read(
    bytes: &[u8],
    target: &str,
    region: Option<&str>,
    source: &str,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<Requirement>, Problem> {
    let Probe { version } = json::parse(bytes)?;
    let run = Run { target, region, source, variables };
    let version = version.map(|version| match version {
        Version::Text(text) => text,
        Version::Number(number) => number.to_string(),
    });
    let demands = match version.as_deref() {
        Some("2" | "2.0") => run.second(json::parse(bytes)?)?,
        None | Some("1" | "1.0") => first(json::parse(bytes)?)?,
        Some(other) => {
            let message = format!("version `{}` of the evidence checks is unknown", shorten(other));
            return Err(Problem::new(message, "use version `2.0`, or `1.0`").at_pointer("/version"));
        }
    };
    let required = |demand: &Requirement| demand.stage == Stage::PreDeployment && demand.level == Level::Required;
    if demands.iter().any(required) {
        Ok(demands.into_iter().collect())
    } else {
        Err(Problem::new(
            format!("no check is required before a deployment from `{}` to `{}`", shorten(source), shorten(target)),
            "list at least one tool under `required` in `pre-deployment`, in a rule for these environments",
        ))
    }
}

#[derive(Deserialize)]
struct Probe {
    version: Option<Version>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Text(String),
    Number(u32),
}

/// What is the same in both versions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config<T> {
    #[serde(rename = "$schema")]
    _schema: Option<serde::de::IgnoredAny>,
    #[serde(rename = "version")]
    _version: Option<serde::de::IgnoredAny>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default = "Vec::new", rename = "pre-deployment")]
    pre_deployment: Vec<T>,
    #[serde(default = "Vec::new", rename = "post-deployment")]
    post_deployment: Vec<T>,
}

impl<T> Config<T> {
    fn stages(self) -> [(Stage, &'static str, Vec<T>); 2] {
        [
            (Stage::PreDeployment, "/pre-deployment", self.pre_deployment),
            (Stage::PostDeployment, "/post-deployment", self.post_deployment),
        ]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceType {
    evidence_type_id: Name,
    #[serde(rename = "description")]
    _description: Option<String>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    asset_type: Option<String>,
    description: Option<String>,
    source_environments: Option<Vec<Environment>>,
    target_environments: Option<Vec<Environment>>,
    required: Option<Vec<Condition>>,
    required_if_present: Option<Vec<Condition>>,
    recommended: Option<Vec<Condition>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    name: String,
    region: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    name: String,
    values: Vec<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetGroup {
    asset_type: Option<String>,
    evidences: Vec<GroupedType>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupedType {
    evidence_type_id: Name,
    rules: GroupedRules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct GroupedRules {
    required: Vec<Tool>,
    optional: Vec<Tool>,
    #[serde(rename = "ignore")]
    _ignore: Vec<Tool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    tool: String,
    description: Option<String>,
}

/// The deployment that the rules are read for.
struct Run<'a> {
    target: &'a str,
    region: Option<&'a str>,
    source: &'a str,
    variables: &'a BTreeMap<String, String>,
}

impl Run<'_> {
    fn second(&self, config: Config<EvidenceType>) -> Result<BTreeSet<Requirement>, Problem> {
        let mut demands = BTreeSet::new();
        for (stage, place, types) in config.stages() {
            for (index, evidence) in types.into_iter().enumerate() {
                let check = Check::named(evidence.evidence_type_id.as_str());
                for (number, rule) in evidence.rules.into_iter().enumerate() {
                    let pointer = format!("{place}/{index}/rules/{number}");
                    if self.applies(&rule, &pointer)? {
                        demands.extend(rule.demands(stage, &check, &pointer)?);
                    }
                }
            }
        }
        Ok(demands)
    }

    fn applies(&self, rule: &Rule, pointer: &str) -> Result<bool, Problem> {
        let (source, source_region) = match self.source.rsplit_once(':') {
            Some((name, region)) => (name, Some(region)),
            None => (self.source, None),
        };
        let from = |environment: &Environment| {
            Ok(environment.name == CI || self.matches(environment, source, source_region, pointer)?)
        };
        let to = |environment: &Environment| self.matches(environment, self.target, self.region, pointer);
        Ok(any(rule.source_environments.as_deref(), from)? && any(rule.target_environments.as_deref(), to)?)
    }

    fn matches(
        &self,
        environment: &Environment,
        name: &str,
        region: Option<&str>,
        pointer: &str,
    ) -> Result<bool, Problem> {
        let wanted = self.substituted(&environment.name, pointer)?;
        let wanted_region = environment.region.as_deref().map(|text| self.substituted(text, pointer)).transpose()?;
        let same_region = match (wanted_region.as_deref(), region) {
            (None | Some("*" | ""), _) | (Some(_), None) => true,
            (Some(wanted), Some(region)) => wanted == region,
        };
        Ok((wanted == "*" || wanted == name) && same_region)
    }

    /// `text` with the values of its variables.
    fn substituted(&self, text: &str, pointer: &str) -> Result<String, Problem> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            result.push_str(before);
            let braced = after.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (name, following) = braced.unwrap_or_else(|| {
                let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
                let end = after.find(|letter: char| !is_name(letter)).unwrap_or(after.len());
                after.split_at_checked(end).unwrap_or((after, ""))
            });
            let value = self.variables.get(name).ok_or_else(|| {
                let message = format!("the variable `${}` has no value", shorten(name));
                Problem::new(message, "set the variable, or write the name out").at_pointer(pointer)
            })?;
            result.push_str(value);
            rest = following;
        }
        result.push_str(rest);
        Ok(result)
    }
}

/// Whether one of the environments matches; none listed: all do. Every one is looked at, so that none hides a fault.
fn any(
    environments: Option<&[Environment]>,
    matches: impl Fn(&Environment) -> Result<bool, Problem>,
) -> Result<bool, Problem> {
    let Some(environments) = environments.filter(|listed| !listed.is_empty()) else { return Ok(true) };
    environments.iter().try_fold(false, |found, environment| Ok(matches(environment)? || found))
}

impl Rule {
    fn demands(self, stage: Stage, check: &Check, pointer: &str) -> Result<Vec<Requirement>, Problem> {
        let scope = scope(self.asset_type.as_deref());
        let lists = [
            (Level::Required, self.required, "required"),
            (Level::RequiredIfPresent, self.required_if_present, "required_if_present"),
            (Level::Recommended, self.recommended, "recommended"),
        ];
        let mut demands = Vec::new();
        if lists.iter().all(|(_, conditions, _)| conditions.is_none()) {
            demands.push(demand(stage, check, None, Level::Recommended, scope, self.description.clone()));
        }
        for (level, conditions, key) in lists {
            for (index, condition) in conditions.into_iter().flatten().enumerate() {
                if condition.name != "tool" || condition.values.is_empty() {
                    let message = format!("`{}` is not a condition on one tool or more", shorten(&condition.name));
                    let help = "write `{\"name\": \"tool\", \"values\": [\"*\"]}`, or the tools' names";
                    return Err(Problem::new(message, help).at_pointer(format!("{pointer}/{key}/{index}")));
                }
                let why = condition.description.or_else(|| self.description.clone());
                let tools = condition.values.iter().map(|value| tool(value));
                demands.extend(tools.map(|tool| demand(stage, check, tool, level, scope, why.clone())));
            }
        }
        Ok(demands)
    }
}

fn first(config: Config<AssetGroup>) -> Result<BTreeSet<Requirement>, Problem> {
    let mut demands = BTreeSet::new();
    for (stage, _, groups) in config.stages() {
        for group in groups {
            let scope = scope(group.asset_type.as_deref());
            for evidence in group.evidences {
                let check = Check::named(evidence.evidence_type_id.as_str());
                let rules = evidence.rules;
                for (level, tools) in [(Level::Required, rules.required), (Level::RequiredIfPresent, rules.optional)] {
                    demands.extend(
                        tools
                            .into_iter()
                            .map(|listed| demand(stage, &check, tool(&listed.tool), level, scope, listed.description)),
                    );
                }
            }
        }
    }
    Ok(demands)
}

/// An image is demanded of images. Every entry has a commit, and is an artifact.
fn scope(asset_type: Option<&str>) -> Scope {
    match asset_type {
        Some("image") => Scope::Images,
        Some(_) | None => Scope::Every,
    }
}

fn tool(value: &str) -> Option<String> {
    (value != "*").then(|| value.to_owned())
}

fn demand(
    stage: Stage,
    check: &Check,
    tool: Option<String>,
    level: Level,
    scope: Scope,
    description: Option<String>,
) -> Requirement {
    Requirement { stage, check: check.clone(), tool, level, scope, description }
}
