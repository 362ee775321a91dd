//! Reads the promotion pull request: the merged one whose merge produced the commit that is deployed (IN5).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Gathered, Place};
use crate::connectors::talk::trouble;
use crate::connectors::{Pause, Talk};
use crate::promotion::github::{merge_commit, read};
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

/// Reads the pull request with its commits, reviews, timeline and files, to the last page of each.
pub fn promotion(talk: &mut Talk<'_>, place: &Place, commit: &Commit, branch: &Name) -> Result<Gathered, Pause> {
    let mut api = super::api(talk, place);
    let none = |why: &str| {
        trouble(
            "not-found",
            format!("no pull request into `{}` was merged as commit {commit}: {why}", shorten(branch.as_str())),
        )
    };
    let candidates: Option<Vec<Candidate>> = api.list(&format!("/commits/{commit}/pulls"))?;
    let candidates = candidates.ok_or_else(|| none("GitHub does not know the commit"))?;
    let merged = candidates.into_iter().filter(|pull| pull.merged_at.is_some() && pull.base.branch == branch.as_str());
    let mut found = Vec::new();
    for Candidate { number, .. } in merged {
        let path = format!("/pulls/{number}");
        let pull: Option<Value> = api.get(&path)?;
        let pull = pull.ok_or_else(|| none("it is gone"))?;
        let timeline: Vec<Value> = all(api.list(&format!("/issues/{number}/timeline"))?, number)?;
        if merge_commit(&pull, &timeline).as_deref() == Some(commit.as_str()) {
            found.push((number, pull, timeline));
        }
    }
    let (number, pull, timeline) = match (found.pop(), found.is_empty()) {
        (Some(one), true) => one,
        (Some(_), false) => return Err(none("several claim to be")),
        (None, _) => return Err(none("promote by merging a pull request")),
    };
    let mut document = Map::new();
    document.insert("repository".to_owned(), json!(place.repository));
    for (name, path) in [("commits", "commits"), ("reviews", "reviews"), ("files", "files")] {
        let items: Vec<Value> = all(api.list(&format!("/pulls/{number}/{path}"))?, number)?;
        document.insert(name.to_owned(), Value::Array(items));
    }
    document.insert("pull_request".to_owned(), pull);
    document.insert("timeline".to_owned(), Value::Array(timeline));
    let bytes = Value::Object(document).to_string().into_bytes();
    read(&bytes)
        .map_err(|problem| trouble("malformed-answer", format!("pull request {number}: {}", problem.message)))?;
    Ok(Gathered { name: "promotion.json", digest: talk.keep(bytes) })
}

fn all<T>(items: Option<Vec<T>>, number: u64) -> Result<Vec<T>, Pause> {
    items.ok_or_else(|| trouble("not-found", format!("pull request {number} cannot be read whole")))
}
