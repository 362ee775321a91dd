//! Change requests that are made by hand ahead of time, one for each target, from one file (CR5, EX5).

use serde::{Deserialize, Serialize};

use crate::facts::Target;
use crate::policy::yaml;
use crate::problem::Problem;
use crate::scalar::{Digest, Name, Timestamp};

/// A file of prepared change requests: YAML with kebab-case keys, unknown keys refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct File {
    /// The version of the file's format: 1.
    pub version: u32,
    /// In one line, what the change requests are for.
    pub title: Name,
    /// The targets. At least one, each once.
    pub requests: Vec<Planned>,
}

/// One target, and when it is to be deployed to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Planned {
    /// Where.
    pub target: Target,
    /// When it is planned to begin.
    #[serde(default)]
    pub planned_start: Option<Timestamp>,
    /// When it is planned to have ended.
    #[serde(default)]
    pub planned_end: Option<Timestamp>,
    /// Planned downtime, in minutes (CR5).
    #[serde(default)]
    pub outage_minutes: Option<u32>,
}

/// A change request to be made by hand.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Prepared {
    /// Its id: the same for the same target, title and plan, so that it is made once.
    pub id: Name,
    /// In one line, what it is for.
    pub title: String,
    /// Where.
    pub target: Target,
    /// When it is planned to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_start: Option<Timestamp>,
    /// When it is planned to have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_end: Option<Timestamp>,
    /// Planned downtime, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage_minutes: Option<u32>,
}

/// Reads a file of prepared change requests.
pub fn read(bytes: &[u8]) -> Result<Vec<Prepared>, Problem> {
    let file: File = yaml::parse(bytes)?;
    if file.version != 1 {
        return Err(Problem::new(format!("version `{}` is not known", file.version), "write `version: 1`")
            .at_pointer("/version"));
    }
    if file.requests.is_empty() {
        return Err(Problem::new("there is no target", "list at least one under `requests`").at_pointer("/requests"));
    }
    let mut prepared: Vec<Prepared> = Vec::new();
    for (index, planned) in file.requests.into_iter().enumerate() {
        let wrong =
            |message: String, help: &str| Err(Problem::new(message, help).at_pointer(format!("/requests/{index}")));
        let Planned { target, planned_start, planned_end, outage_minutes } = planned;
        let same =
            |known: &&Prepared| known.target.environment == target.environment && known.target.region == target.region;
        if prepared.iter().find(same).is_some() {
            return wrong(format!("{} is listed twice", target.label()), "list each target once");
        }
        if planned_start.zip(planned_end).is_some_and(|(start, end)| end <= start) {
            return wrong("`planned-end` is not after `planned-start`".to_owned(), "correct one of them");
        }
        let text =
            format!("countersign prepared 1\n{}\n{}\n{planned_start:?}\n{planned_end:?}", file.title, target.pointer());
        let Ok(id) = format!("CR-{}", Digest::of(text.as_bytes()).short()).parse() else {
            return wrong("no id can be made of it".to_owned(), "report this as a defect");
        };
        let title = format!("{}: {}", file.title, target.label());
        prepared.push(Prepared { id, title, target, planned_start, planned_end, outage_minutes });
    }
    Ok(prepared)
}
