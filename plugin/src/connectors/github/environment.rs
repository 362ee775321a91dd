//! Approval by a protected environment: its reviewers decide on a job of the workflow run, and so on the change request.
//!
//! GitHub keeps the reviews of a run (`/actions/runs/{run}/approvals`): who said `approved`, `rejected` or `pending`, about
//! which environments, with which comment. It tells neither when, nor for which job, nor in which attempt; and it documents
//! no order, no pages, and not what becomes of the list when the run is run again. In public threads: jobs are reviewed one
//! by one, also in one environment, and the list then has one review for each (measured in liquibase/liquibase#7964). About
//! attempts nothing reliable was found, but that a run keeps its number and `created_at`.
//!
//! So nothing here rests on order, time or attempt. When people are asked, and the issue says so, the reviews that are there
//! are noted in the record. Of the same run only what comes on top counts. Of another run all counts, if GitHub began that run
//! after the issue said so. Where GitHub forgot a review of an earlier attempt, an equal one is taken for it and does not
//! count: another comment tells them apart. Whatever else is unclear does not count (GA3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::api::Api;
use super::issue::{Actor, Issue};
use super::{Place, Repository};
use crate::change::event::Decision;
use crate::change::state::Life;
use crate::connectors::ledger::{Folder, ReviewedBefore};
use crate::connectors::talk::{mendable, trouble};
use crate::connectors::{Pause, Talk};
use crate::scalar::{Digest, Timestamp, shorten};

/// What mends a refusal.
pub(super) const PERMISSION: &str =
    "grant the job `actions: read`, which `approval-environment` needs, or leave `approval-environment` out";
/// How often the reviews that do not count are read.
const READINGS: u32 = 2;
/// Characters of a comment that are kept.
const MAX_COMMENT: usize = 1_000;

/// A protected environment whose reviewers decide on change requests as well, and the run in which they are asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Approvals {
    /// The environment.
    pub environment: Environment,
    /// The workflow run, by its number: all attempts of a run have the same.
    pub run: u64,
    /// The repository of the workflow. Default: the one of the issues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
}

/// The name of an environment: at most 255 characters, none of them a control character. GitHub compares it without case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Environment(String);

impl Environment {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Environment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = !text.trim().is_empty() && text.chars().count() <= 255 && !text.chars().any(char::is_control);
        match fits {
            true => Ok(Self(text)),
            false => Err(format!("`{}` is not the name of an environment", shorten(&text))),
        }
    }
}

/// A review of a run.
#[derive(Debug, Deserialize)]
struct Review {
    state: String,
    user: Option<Actor>,
    comment: Option<String>,
    environments: Vec<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

/// A run, as far as it matters.
#[derive(Debug, Deserialize)]
struct Run {
    id: u64,
    created_at: Timestamp,
}

/// What reviewers said.
#[derive(Debug, Default)]
pub(super) struct Reviewed {
    pub(super) decisions: Vec<Decision>,
    /// Whether somebody rejected who is nobody any more.
    pub(super) refused: bool,
}

/// The reviews that do not count, and how often each; and the last time before which none of the others can have been given.
struct Known {
    reviews: BTreeMap<Digest, u32>,
    at: Timestamp,
}

impl Review {
    /// What tells it from others. Two that are equal are counted.
    fn digest(&self) -> Digest {
        let mut environments: Vec<&str> =
            self.environments.iter().map(|environment| environment.name.as_str()).collect();
        environments.sort_unstable();
        let user = self.user.as_ref().map(|user| user.id);
        Digest::of(json!([user, self.state, environments, self.comment]).to_string().as_bytes())
    }

    fn is_of(&self, environment: &Environment) -> bool {
        self.environments.iter().any(|named| named.name.eq_ignore_ascii_case(&environment.0))
    }
}

/// Notes which reviews are there, now that the issue shows what people are asked. What was noted for it before stays.
pub(super) async fn note(
    talk: &Talk,
    place: &Place,
    life: &Life,
    folder: &mut Folder,
    issue: &Issue,
) -> Result<(), Pause> {
    let Some(approvals) = &place.approvals else { return Ok(()) };
    if folder.reviewed_before(life)?.is_some() {
        return Ok(());
    }
    let asked_at = issue.updated_at.ok_or_else(|| {
        trouble("malformed-answer", format!("GitHub does not say when issue `#{}` was changed last", issue.number))
    })?;
    let mut before = ReviewedBefore { run: approvals.run, asked_at, reviews: BTreeMap::new(), voids: life.voids };
    // Lists are known to come back short now and then. What one reading missed would seem new later.
    for _ in 0..READINGS {
        for (review, times) in counted(&history(talk, place, approvals).await?) {
            let known = before.reviews.entry(review).or_default();
            *known = times.max(*known);
        }
    }
    folder.edit(talk, |request| request.reviewed_before = Some(before))
}

/// How often each review is there.
fn counted(reviews: &[Review]) -> BTreeMap<Digest, u32> {
    let mut counted: BTreeMap<Digest, u32> = BTreeMap::new();
    for review in reviews {
        let times = counted.entry(review.digest()).or_default();
        *times = times.saturating_add(1);
    }
    counted
}

/// What reviewers said since people were asked, about what they were asked. A machine's review approves nothing.
pub(super) async fn decisions(talk: &Talk, place: &Place, life: &Life, folder: &Folder) -> Result<Reviewed, Pause> {
    let mut reviewed = Reviewed::default();
    let (Some(approvals), Some(before)) = (&place.approvals, folder.reviewed_before(life)?) else {
        return Ok(reviewed);
    };
    let asked = folder.request()?.asked;
    let Some(Known { mut reviews, at }) = known(talk, place, approvals, before).await? else { return Ok(reviewed) };
    for review in history(talk, place, approvals).await? {
        if let Some(times) = reviews.get_mut(&review.digest()).filter(|times| **times > 0) {
            *times = times.saturating_sub(1);
            continue;
        }
        let approves = match review.state.as_str() {
            "approved" => true,
            "rejected" => false,
            _ => continue,
        };
        match &review.user {
            _ if !review.is_of(&approvals.environment) => {}
            Some(user) if user.is_person() && !user.is_gone() || !approves => reviewed.decisions.push(Decision {
                by: user.person(),
                approves,
                withdraws: false,
                at,
                why: said(review.comment.as_deref()),
                environment: Some(approvals.environment.0.clone()),
                change: asked.change,
                delta: asked.delta,
                policy: asked.policy,
            }),
            None if !approves => reviewed.refused = true,
            Some(_) | None => {}
        }
    }
    Ok(reviewed)
}

/// The reviews of the run that do not count; none: nothing of the run counts.
async fn known(
    talk: &Talk,
    place: &Place,
    approvals: &Approvals,
    before: &ReviewedBefore,
) -> Result<Option<Known>, Pause> {
    if before.run == approvals.run {
        return Ok(Some(Known { reviews: before.reviews.clone(), at: before.asked_at }));
    }
    let run: Option<Run> = api(talk, place, approvals).get(&format!("/actions/runs/{}", approvals.run)).await?;
    let run = run.filter(|run| run.id == approvals.run).ok_or_else(|| unseen(approvals))?;
    Ok((run.created_at > before.asked_at).then(|| Known { reviews: BTreeMap::new(), at: run.created_at }))
}

/// The reviews of the run.
async fn history(talk: &Talk, place: &Place, approvals: &Approvals) -> Result<Vec<Review>, Pause> {
    let path = format!("/actions/runs/{}/approvals", approvals.run);
    let reviews = api(talk, place, approvals).list(&path).await?;
    reviews.ok_or_else(|| unseen(approvals))
}

fn api<'t>(talk: &'t Talk, place: &'t Place, approvals: &'t Approvals) -> Api<'t> {
    Api::new(talk, &approvals.repository.as_ref().unwrap_or(&place.repository).0)
}

fn unseen(approvals: &Approvals) -> Pause {
    let message = format!("there is no workflow run `{}`, or the token may not see it", approvals.run);
    mendable("not-found", message, PERMISSION)
}

/// A reviewer's comment, if there is one.
fn said(comment: Option<&str>) -> Option<String> {
    let comment: String = comment.unwrap_or_default().trim().chars().take(MAX_COMMENT).collect();
    (!comment.is_empty()).then_some(comment)
}
