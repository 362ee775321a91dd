//! Peer review as evidence: every commit of an entry since its last deployment came with a pull request that somebody else
//! than its authors approved (RD2).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::api::Api;
use super::{Gathered, Place, Repository, repository_of};
use crate::connectors::talk::trouble;
use crate::connectors::{Pause, Talk};
use crate::inventory::Entry;
use crate::promotion::github::{read, reduce};
use crate::scalar::{Commit, Name, Timestamp, shorten};

/// Commits of one comparison at most: GitHub lists no more.
const MAX_COMMITS: usize = 250;

/// What the record is about.
#[derive(Debug)]
pub struct Reviewed<'a> {
    /// The entry that is deployed.
    pub entry: &'a Entry,
    /// The entry as it was deployed last; none: never.
    pub before: Option<&'a Entry>,
    /// The host's clock.
    pub now: Timestamp,
    /// The run whose evidence this is.
    pub run: &'a Name,
}

#[derive(Deserialize)]
struct Comparison {
    status: String,
    total_commits: usize,
    commits: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    sha: Commit,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    merged_at: Option<Timestamp>,
}

/// Reads the commits and their pull requests, and writes what they say as a record of evidence.
pub async fn reviews(talk: &Talk, place: &Place, reviewed: &Reviewed<'_>) -> Result<Gathered, Pause> {
    let Reviewed { entry, before, now, run } = reviewed;
    let repository = repository_of(place, entry)?;
    let api = Api::new(talk, &repository.0);
    let commits = match before {
        Some(before) if before.repository_url == entry.repository_url => since(&api, &before.commit_sha, entry).await?,
        Some(_) | None => vec![entry.commit_sha.clone()],
    };
    let mut known: BTreeMap<u64, bool> = BTreeMap::new();
    let mut unreviewed = Vec::new();
    for commit in &commits {
        if !is_reviewed(&api, &repository, commit, &mut known).await? {
            unreviewed.push(commit);
        }
    }
    let outcome = if unreviewed.is_empty() { "success" } else { "failure" };
    let record = json!({
        "check": "peer-review",
        "tool": "github",
        "outcome": outcome,
        "assets": [{ "kind": "commit", "sha": entry.commit_sha }],
        "run": run,
        "date": now,
        "url": unreviewed.first().map(|commit| format!("{}/commit/{commit}", entry.repository_url.trim_end_matches(".git"))),
    });
    let bytes = record.to_string().into_bytes();
    Ok(Gathered { name: "peer-review.json", digest: talk.keep(bytes) })
}

/// The commit that is deployed, and all before it that were not in what was deployed last. What is deployed may also lie
/// before that (a full rollback), or beside it (a branch of its own, a past that was written anew).
async fn since(api: &Api<'_>, base: &Commit, entry: &Entry) -> Result<Vec<Commit>, Pause> {
    let path = format!("/compare/{base}...{}", entry.commit_sha);
    let mut commits: BTreeSet<Commit> = BTreeSet::new();
    for page in 1..=3 {
        let compared: Option<Comparison> = api.get(&format!("{path}?per_page=100&page={page}")).await?;
        let compared = compared.ok_or_else(|| {
            trouble("not-found", format!("commit {base} cannot be compared with {}", entry.commit_sha))
        })?;
        if !matches!(compared.status.as_str(), "ahead" | "identical" | "behind" | "diverged") {
            return Err(trouble(
                "malformed-answer",
                format!("commit {base} compares as `{}`", shorten(&compared.status)),
            ));
        }
        let empty = compared.commits.is_empty();
        commits.extend(compared.commits.into_iter().map(|commit| commit.sha));
        if compared.total_commits > MAX_COMMITS {
            return Err(trouble("malformed-answer", format!("there are more than {MAX_COMMITS} commits since {base}")));
        }
        if commits.len() >= compared.total_commits || empty {
            if commits.len() != compared.total_commits {
                break;
            }
            // Also where it is not new: an emergency may have deployed it before anybody had looked at it.
            commits.insert(entry.commit_sha.clone());
            return Ok(commits.into_iter().collect());
        }
    }
    Err(trouble("malformed-answer", format!("not all commits since {base} can be read")))
}

/// Whether a merged pull request brought the commit that somebody approved who wrote nothing of it.
async fn is_reviewed(
    api: &Api<'_>,
    repository: &Repository,
    commit: &Commit,
    known: &mut BTreeMap<u64, bool>,
) -> Result<bool, Pause> {
    let pulls: Option<Vec<Pull>> = api.list(&format!("/commits/{commit}/pulls")).await?;
    for pull in pulls.unwrap_or_default().into_iter().filter(|pull| pull.merged_at.is_some()) {
        let approved = match known.get(&pull.number) {
            Some(approved) => *approved,
            None => is_approved(api, repository, pull.number).await?,
        };
        known.insert(pull.number, approved);
        if approved {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody approved the head of a pull request who is neither its author nor in any of its commits, and nobody
/// objects.
async fn is_approved(api: &Api<'_>, repository: &Repository, number: u64) -> Result<bool, Pause> {
    let gone = || trouble("not-found", format!("pull request {number} cannot be read whole"));
    let pull: Value = api.get(&format!("/pulls/{number}")).await?.ok_or_else(gone)?;
    let commits: Vec<Value> = api.list(&format!("/pulls/{number}/commits")).await?.ok_or_else(gone)?;
    let reviews: Vec<Value> = api.list(&format!("/pulls/{number}/reviews")).await?.ok_or_else(gone)?;
    let document = json!({ "repository": repository, "pull_request": pull, "commits": commits, "reviews": reviews });
    let unusable = |problem: crate::problem::Problem| {
        trouble("malformed-answer", format!("pull request {number}: {}", problem.message))
    };
    let bytes = reduce(document.to_string().as_bytes()).map_err(unusable)?;
    let pull = read(&bytes).map_err(unusable)?;
    let wrote = |id: &str| pull.author.id == id || pull.contributors.iter().any(|person| person.id == id);
    let of_head = || pull.reviews.iter().filter(|review| review.commit == pull.head);
    let objected = pull.reviews.iter().any(|review| !review.approves);
    Ok(pull.contributors_complete && !objected && of_head().any(|review| review.approves && !wrote(&review.by.id)))
}
