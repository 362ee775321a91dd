//! A promotion pull request as GitHub's API gives it.
//!
//! Either the object of `GET /repos/{owner}/{repo}/pulls/{number}` itself, or
//! `{"pull_request": ..., "repository", "commits", "reviews", "timeline", "files", "teams"}` with what the requests of these
//! names below it answer, all pages joined. Keys that are not needed are ignored: the format is GitHub's, and grows.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Label, Person, Promotion, Review};
use crate::formats::json;
use crate::order;
use crate::problem::Problem;
use crate::scalar::{Commit, Email, Timestamp, shorten};

const HELP: &str = "give what `GET /repos/{owner}/{repo}/pulls/{number}` answers, alone or as `pull_request`";

/// Reads the pull request.
///
/// # Errors
///
/// What is not as GitHub's API gives it.
pub fn read(bytes: &[u8]) -> Result<Promotion, Problem> {
    let probe: Probe = json::parse(bytes)?;
    let document = match probe.pull_request {
        Some(_) => json::parse(bytes)?,
        None => Document { pull_request: json::parse(bytes)?, ..Document::default() },
    };
    document.promotion()
}

/// The same document with nothing in it that is not read: what is volatile about a pull request changes no verdict.
///
/// # Errors
///
/// What is not as GitHub's API gives it.
pub fn reduce(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut document: Document = json::parse(bytes)?;
    let timeline = document.timeline.take().unwrap_or_default();
    let kept = |item: &serde_json::Value| {
        matches!(item.get("event").and_then(serde_json::Value::as_str), Some("labeled" | "unlabeled" | "merged"))
    };
    let items = timeline.into_iter().filter(kept).map(|item| {
        let item: TimelineItem =
            serde_json::from_value(item).map_err(|error| Problem::new(shorten(&error.to_string()), HELP))?;
        serde_json::to_value(item).map_err(|error| Problem::new(error.to_string(), HELP))
    });
    document.timeline = Some(items.collect::<Result<_, _>>()?);
    serde_json::to_vec(&document).map_err(|error| Problem::new(error.to_string(), HELP))
}

#[derive(Deserialize, Serialize)]
struct TimelineItem {
    event: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<LabelItem>,
    actor: Option<User>,
    created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit_id: Option<Commit>,
}

/// The commit that merged a pull request: its timeline says so, also in versions of the API whose pull requests do not.
#[must_use]
pub fn merge_commit(pull: &serde_json::Value, timeline: &[serde_json::Value]) -> Option<String> {
    let merged = timeline.iter().rev().find(|event| event.get("event").is_some_and(|name| name == "merged"));
    let said = merged.and_then(|event| event.get("commit_id")).or_else(|| pull.get("merge_commit_sha"));
    said.and_then(serde_json::Value::as_str).map(str::to_owned)
}

#[derive(Deserialize)]
struct Probe {
    pull_request: Option<IgnoredAny>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Document {
    pull_request: PullRequest,
    repository: Option<Repository>,
    commits: Option<Vec<CommitItem>>,
    reviews: Option<Vec<ReviewItem>>,
    timeline: Option<Vec<serde_json::Value>>,
    files: Option<Vec<FileItem>>,
    teams: BTreeMap<String, Vec<User>>,
}

#[derive(Default, Deserialize, Serialize)]
struct PullRequest {
    number: u64,
    html_url: Option<String>,
    #[serde(default)]
    title: Option<String>,
    body: Option<String>,
    base: Base,
    head: Head,
    merged: Option<bool>,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<Commit>,
    merged_by: Option<User>,
    user: Option<User>,
    #[serde(default)]
    labels: Vec<LabelItem>,
    commits: Option<u64>,
    changed_files: Option<u64>,
}

#[derive(Default, Deserialize, Serialize)]
struct Base {
    #[serde(rename = "ref")]
    branch: String,
    repo: Option<RepositoryItem>,
}

#[derive(Default, Deserialize, Serialize)]
struct Head {
    sha: Option<Commit>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Repository {
    Name(String),
    Item(RepositoryItem),
}

#[derive(Deserialize, Serialize)]
struct RepositoryItem {
    full_name: String,
}

#[derive(Clone, Deserialize, Serialize)]
struct User {
    id: u64,
    login: String,
}

#[derive(Deserialize, Serialize)]
struct LabelItem {
    name: String,
}

#[derive(Deserialize, Serialize)]
struct CommitItem {
    commit: GitCommit,
    author: Option<Account>,
    committer: Option<Account>,
}

/// GitHub gives null, or an empty object, where it knows no account for an address.
#[derive(Deserialize, Serialize)]
struct Account {
    id: Option<u64>,
    login: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct GitCommit {
    author: Option<Signature>,
    committer: Option<Signature>,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize, Serialize)]
struct Signature {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
}

#[derive(Deserialize, Serialize)]
struct ReviewItem {
    user: Option<User>,
    state: String,
    commit_id: Option<Commit>,
    submitted_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct LabelEvent {
    label: LabelItem,
    actor: Option<User>,
    created_at: Option<Timestamp>,
}

#[derive(Deserialize, Serialize)]
struct FileItem {
    filename: String,
    previous_filename: Option<String>,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self { id: user.id.to_string(), login: user.login }
    }
}

impl Document {
    fn promotion(self) -> Result<Promotion, Problem> {
        let pull = self.pull_request;
        let base = pull.base;
        let repository = repository(base.repo, self.repository)?;
        let missing = |what: &str| Problem::new(format!("the pull request names no {what}"), HELP);
        let head = pull.head.sha.ok_or_else(|| missing("head commit").at_pointer("/head/sha"))?;
        let author: Person = pull.user.ok_or_else(|| missing("author").at_pointer("/user"))?.into();
        if pull.number == 0 || base.branch.is_empty() {
            return Err(missing("number and base branch"));
        }
        if pull.merged.is_some_and(|merged| merged != pull.merged_at.is_some()) {
            let problem = Problem::new("`merged` and `merged_at` contradict each other", HELP);
            return Err(problem.at_pointer("/merged_at"));
        }
        let complete = |count: Option<u64>, read: usize| {
            count.is_none_or(|count| usize::try_from(count).is_ok_and(|count| count <= read))
        };
        let contributors_complete = self.commits.as_ref().is_some_and(|commits| complete(pull.commits, commits.len()));
        let timeline = self.timeline.unwrap_or_default();
        let merged = merge_commit(&serde_json::Value::Null, &timeline).and_then(|commit| commit.parse().ok());
        let files = self.files.filter(|files| complete(pull.changed_files, files.len()));
        Ok(Promotion {
            repository,
            number: pull.number,
            url: pull.html_url,
            title: pull.title.unwrap_or_default(),
            body: pull.body.unwrap_or_default(),
            base: base.branch,
            labels: labels(pull.labels, timeline)?,
            reviews: reviews(self.reviews.unwrap_or_default(), &author, &head)?,
            head,
            // Of an open pull request it is the commit of a trial merge.
            merge_commit: pull.merge_commit_sha.or(merged).filter(|_| pull.merged_at.is_some()),
            merged_at: pull.merged_at,
            merged_by: pull.merged_by.map(Person::from),
            author,
            contributors: contributors(self.commits.unwrap_or_default()),
            contributors_complete,
            changed_paths: files.map(changed_paths),
            teams: self
                .teams
                .into_iter()
                .map(|(team, members)| (team, members.iter().map(|user| user.id.to_string()).collect()))
                .collect(),
        })
    }
}

/// The base branch's repository, unless it is gone: then the one that the document names.
fn repository(base: Option<RepositoryItem>, named: Option<Repository>) -> Result<String, Problem> {
    let named = named.map(|repository| match repository {
        Repository::Name(name) | Repository::Item(RepositoryItem { full_name: name }) => name,
    });
    match (base.map(|repository| repository.full_name), named) {
        (Some(base), Some(named)) if !base.eq_ignore_ascii_case(&named) => {
            let message = format!("the pull request is of `{}`, the document of `{}`", shorten(&base), shorten(&named));
            Err(Problem::new(message, HELP).at_pointer("/repository"))
        }
        (Some(name), _) | (None, Some(name)) => Ok(name),
        (None, None) => Err(Problem::new("the pull request names no repository", HELP).at_pointer("/base/repo")),
    }
}

/// The labels that are there, each with who applied it last.
fn labels(items: Vec<LabelItem>, timeline: Vec<serde_json::Value>) -> Result<Vec<Label>, Problem> {
    let mut applied: BTreeMap<String, (Option<Person>, Option<Timestamp>)> = BTreeMap::new();
    for (index, item) in timeline.into_iter().enumerate() {
        let kind = item.get("event").and_then(serde_json::Value::as_str).unwrap_or_default();
        let removes = match kind {
            "labeled" => false,
            "unlabeled" => true,
            _ => continue,
        };
        let event: LabelEvent = serde_json::from_value(item).map_err(|error| {
            let help = "give what `GET /repos/{owner}/{repo}/issues/{number}/timeline` answers, all pages";
            Problem::new(shorten(&error.to_string()), help).at_pointer(format!("/timeline/{index}"))
        })?;
        if removes {
            applied.remove(&event.label.name);
        } else {
            applied.insert(event.label.name, (event.actor.map(Person::from), event.created_at));
        }
    }
    Ok(items
        .into_iter()
        .map(|item| {
            let (applied_by, applied_at) = applied.remove(&item.name).unwrap_or_default();
            Label { name: item.name, applied_by, applied_at }
        })
        .collect())
}

/// The latest word of each reviewer who is not the author. A comment is no word; a dismissal takes it back.
fn reviews(mut items: Vec<ReviewItem>, author: &Person, head: &Commit) -> Result<Vec<Review>, Problem> {
    order::sort_by(&mut items, |a, b| a.submitted_at.cmp(&b.submitted_at));
    let mut latest: BTreeMap<u64, Option<Review>> = BTreeMap::new();
    for item in items {
        let Some(user) = item.user else { continue };
        let approves = match item.state.to_ascii_uppercase().as_str() {
            "APPROVED" => true,
            "CHANGES_REQUESTED" => false,
            "DISMISSED" => {
                latest.insert(user.id, None);
                continue;
            }
            "COMMENTED" | "PENDING" => continue,
            other => {
                let message = format!("the review state `{}` is unknown", shorten(other));
                return Err(Problem::new(message, "upgrade, or remove the review").at_pointer("/reviews"));
            }
        };
        let (id, by) = (user.id, Person::from(user));
        // An approval of nobody knows what counts for nothing; an objection counts.
        let commit = match (item.commit_id, approves) {
            (Some(commit), _) => Some(commit),
            (None, false) => Some(head.clone()),
            (None, true) => None,
        };
        if by.id != author.id {
            latest.insert(id, commit.map(|commit| Review { by, approves, commit }));
        }
    }
    Ok(latest.into_values().flatten().collect())
}

/// Authors, committers and co-authors, by id, sorted; whoever has no account by e-mail address.
fn contributors(items: Vec<CommitItem>) -> Vec<Person> {
    let mut people = BTreeSet::new();
    for item in items {
        people.extend(contributor(item.author, item.commit.author));
        people.extend(contributor(item.committer, item.commit.committer));
        people.extend(item.commit.message.lines().filter_map(co_author));
    }
    people.into_iter().collect()
}

fn contributor(account: Option<Account>, signature: Option<Signature>) -> Option<Person> {
    match (account, signature) {
        (Some(Account { id: Some(id), login }), _) => {
            Some(Person { id: id.to_string(), login: login.unwrap_or_default() })
        }
        (_, Some(signature)) => Some(by_email(&signature.name, &signature.email)),
        (_, None) => None,
    }
}

fn co_author(line: &str) -> Option<Person> {
    let (key, value) = line.split_once(':')?;
    if !key.trim().eq_ignore_ascii_case("co-authored-by") {
        return None;
    }
    let (name, rest) = value.split_once('<')?;
    let (email, _) = rest.split_once('>')?;
    Some(by_email(name.trim(), email.trim()))
}

/// GitHub's private addresses, `<id>+<login>@users.noreply.github.com`, hold the account's id.
fn by_email(name: &str, email: &str) -> Person {
    let email = email.to_ascii_lowercase();
    let private = email.strip_suffix("@users.noreply.github.com").filter(|_| email.parse::<Email>().is_ok());
    match private.and_then(|local| local.split_once('+')) {
        Some((id, login)) if !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit()) => {
            Person { id: id.to_owned(), login: login.to_owned() }
        }
        _ => Person { login: private.unwrap_or(name).to_owned(), id: format!("email:{email}") },
    }
}

fn changed_paths(items: Vec<FileItem>) -> Vec<String> {
    let paths: BTreeSet<String> =
        items.into_iter().flat_map(|item| [Some(item.filename), item.previous_filename]).flatten().collect();
    paths.into_iter().collect()
}
