//! Reads the promotion pull request: the merged one whose merge produced the commit that is deployed (IN5).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::Api;
use super::{Gathered, Place};
use crate::connectors::talk::trouble;
use crate::connectors::{Pause, Talk};
use crate::promotion::github::{merge_commit, read, reduce};
use crate::scalar::{Commit, Name, Timestamp, shorten};

#[derive(Deserialize)]
struct Candidate {
    number: u64,
    merged_at: Option<Timestamp>,
    base: Base,
}

#[derive(Deserialize)]
struct Base {
    #[serde(rename = "ref")]
    branch: String,
}

/// What is to be read.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The commit to deploy.
    pub commit: &'a Commit,
    /// Its number; none: it is found by the commit that its merge made.
    pub number: Option<u64>,
    /// The branch that it was merged into.
    pub branch: &'a Name,
    /// The teams whose members matter: `@organization/team`.
    pub teams: BTreeSet<String>,
}

/// Reads the pull request with its commits, reviews, timeline and files, to the last page of each.
pub async fn promotion(talk: &Talk, place: &Place, wanted: &Wanted<'_>) -> Result<Gathered, Pause> {
    let api = super::api(talk, place);
    let (number, pull, timeline) = match wanted.number {
        Some(number) => with_timeline(&api, number).await?,
        None => merged(&api, wanted).await?,
    };
    let mut document = Map::new();
    document.insert("repository".to_owned(), json!(place.repository));
    for (name, path) in [("commits", "commits"), ("reviews", "reviews"), ("files", "files")] {
        let items: Vec<Value> = all(api.list(&format!("/pulls/{number}/{path}")).await?, number)?;
        document.insert(name.to_owned(), Value::Array(items));
    }
    document.insert("pull_request".to_owned(), pull);
    document.insert("timeline".to_owned(), Value::Array(timeline));
    let mut members = Map::new();
    for team in &wanted.teams {
        members.insert(team.clone(), Value::Array(members_of(&api, team).await?));
    }
    document.insert("teams".to_owned(), Value::Object(members));
    let bytes = Value::Object(document).to_string().into_bytes();
    let bytes = reduce(&bytes)
        .map_err(|problem| trouble("malformed-answer", format!("pull request {number}: {}", problem.message)))?;
    read(&bytes)
        .map_err(|problem| trouble("malformed-answer", format!("pull request {number}: {}", problem.message)))?;
    Ok(Gathered { name: "promotion.json", digest: talk.keep(bytes) })
}

/// A pull request, and everything that happened to it.
type Read = (u64, Value, Vec<Value>);

async fn with_timeline(api: &Api<'_>, number: u64) -> Result<Read, Pause> {
    let pull: Option<Value> = api.get(&format!("/pulls/{number}")).await?;
    let pull = pull.ok_or_else(|| trouble("not-found", format!("there is no pull request {number}")))?;
    let timeline = all(api.list(&format!("/issues/{number}/timeline")).await?, number)?;
    Ok((number, pull, timeline))
}

/// The one pull request whose merge made the commit.
async fn merged(api: &Api<'_>, wanted: &Wanted<'_>) -> Result<Read, Pause> {
    let Wanted { commit, branch, .. } = wanted;
    let none = |why: &str| {
        let branch = shorten(branch.as_str());
        trouble("not-found", format!("no pull request into `{branch}` was merged as commit {commit}: {why}"))
    };
    let candidates: Option<Vec<Candidate>> = api.list(&format!("/commits/{commit}/pulls")).await?;
    let candidates = candidates.ok_or_else(|| none("GitHub does not know the commit"))?;
    let merged = candidates.into_iter().filter(|pull| pull.merged_at.is_some() && pull.base.branch == branch.as_str());
    let mut found = Vec::new();
    for Candidate { number, .. } in merged {
        let (number, pull, timeline) = with_timeline(api, number).await?;
        if merge_commit(&pull, &timeline).as_deref() == Some(commit.as_str()) {
            found.push((number, pull, timeline));
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(none("several claim to be")),
        (None, _) => Err(none("promote by merging a pull request")),
    }
}

/// The members of a team. One that cannot be seen is no empty one.
async fn members_of(api: &Api<'_>, team: &str) -> Result<Vec<Value>, Pause> {
    let path = team.strip_prefix('@').and_then(|team| team.split_once('/'));
    let path = path.filter(|(owner, slug)| super::is_segment(owner) && super::is_segment(slug));
    let (owner, slug) =
        path.ok_or_else(|| trouble("not-found", format!("`{}` is not `@organization/team`", shorten(team))))?;
    let members: Option<Vec<Value>> = api.list(&format!("~/orgs/{owner}/teams/{slug}/members")).await?;
    members.ok_or_else(|| {
        let message = format!("there is no team `{team}`, or the token may not see its members");
        trouble("not-found", message)
    })
}

fn all<T>(items: Option<Vec<T>>, number: u64) -> Result<Vec<T>, Pause> {
    items.ok_or_else(|| trouble("not-found", format!("pull request {number} cannot be read whole")))
}
