//! The embedded ledger: one folder for each change request, in a directory or a git repository.
//!
//! `changes/<id>/record.json` is the request, `changes/<id>/attachments/<name>` what is attached. Every write is
//! conditional and is read back (CR8); the id comes from the key, so a change is filed at most once (CR6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::change::event::{Basis, Closure, Decision, Event, Kind, Observed, Status, standing};
use crate::connectors::talk::trouble;
use crate::connectors::{Pause, Talk};
use crate::effect::{Action, Effect, Filing};
use crate::facts::Target;
use crate::formats::json;
use crate::prepared::Prepared;
use crate::scalar::{Digest, Name, Timestamp};

/// How often a write is tried again when somebody else wrote first.
const MAX_CONFLICTS: usize = 5;

/// The change request as the ledger keeps it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// The version of this format.
    pub version: u32,
    /// The request's id.
    pub id: Name,
    /// The key of the change that it was filed for, or that used it first (CR6). Absent: none has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Digest>,
    /// Its state (CR7).
    pub status: Status,
    /// Its kind, as it is now.
    pub kind: Kind,
    /// What was filed; absent for a request that was made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<Box<Filing>>,
    /// In one line, what a request made by hand is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where a request made by hand deploys (EX3, EX5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// When a request made by hand is planned to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_start: Option<Timestamp>,
    /// When it is planned to have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_end: Option<Timestamp>,
    /// The issue in which people see it, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    /// Its planned downtime, in minutes (CR5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage_minutes: Option<u32>,
    /// Which change an approval is about, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Digest>,
    /// What an approval is about, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Digest>,
    /// Under which policy, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Digest>,
    /// Why approval by people was asked for.
    #[serde(default)]
    pub asked: Vec<String>,
    /// What reviewers of protected environments had said already when it was asked for, where they are listened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_before: Option<ReviewedBefore>,
    /// Whether it was approved by readiness.
    #[serde(default)]
    pub approved_by_readiness: bool,
    /// What people said, in order.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    /// What is attached.
    #[serde(default)]
    pub attachments: BTreeMap<String, Digest>,
    /// How it ended, or is proposed to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_category: Option<Closure>,
    /// Notes for people about the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_notes: Option<String>,
}

/// The issue in which people see a change request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Issue {
    /// Its number in its repository.
    pub number: u64,
    /// Where to look at it.
    pub url: String,
}

/// The reviews that a workflow run had when people could read what they are asked. They are about something else.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewedBefore {
    /// The run, by its number.
    pub run: u64,
    /// A time at which people could read it, by the change system's clock.
    pub asked_at: Timestamp,
    /// How often each review was there, by the digest of who said what about which environments, in which words.
    pub reviews: BTreeMap<Digest, u32>,
}

impl Record {
    pub(super) fn new(id: Name) -> Self {
        Self {
            version: 1,
            id,
            key: None,
            status: Status::New,
            kind: Kind::Standard,
            filing: None,
            title: None,
            target: None,
            planned_start: None,
            planned_end: None,
            issue: None,
            outage_minutes: None,
            about: None,
            delta: None,
            policy: None,
            asked: Vec::new(),
            reviewed_before: None,
            approved_by_readiness: false,
            decisions: Vec::new(),
            attachments: BTreeMap::new(),
            close_category: None,
            close_notes: None,
        }
    }

    /// Whether people are asked now, and about this change, delta and policy.
    pub(super) fn asks(&self, asks: (Option<Digest>, Option<Digest>, Option<Digest>)) -> bool {
        self.status == Status::Authorize && (self.about, self.delta, self.policy) == asks
    }
}

/// Performs one effect: the event that answers it, or the pause before the next exchange.
pub async fn perform(talk: &Talk, effect: &Effect) -> Result<Event, Pause> {
    match &effect.action {
        Action::File(filing) => file(talk, effect.change, filing).await,
        Action::Attach { id, name, digest, .. } => attach(talk, id, name, *digest).await,
        Action::Approve { id, delta, policy } => {
            undecided(talk, id).await?;
            change(talk, id, |record| {
                record.status = Status::Scheduled;
                record.approved_by_readiness = true;
                record.reviewed_before = None;
                (record.delta, record.policy) = (Some(*delta), Some(*policy));
            })
            .await?;
            Ok(Event::Approved(Basis::Readiness {}))
        }
        Action::RequestApproval { id, delta, policy, kind, why } => {
            undecided(talk, id).await?;
            let asks = (Some(effect.change), Some(*delta), Some(*policy));
            change(talk, id, |record| {
                if !record.asks(asks) {
                    record.reviewed_before = None;
                }
                record.status = Status::Authorize;
                record.approved_by_readiness = false;
                record.kind = *kind;
                record.asked.clone_from(why);
                record.key.get_or_insert(effect.change);
                (record.about, record.delta, record.policy) = asks;
            })
            .await?;
            Ok(Event::ApprovalRequested {})
        }
        Action::Read { id } => {
            let (_, record) = read(talk, id).await?;
            Ok(Event::Observed(observed(record)))
        }
        Action::Implement { id } => {
            change(talk, id, |record| {
                record.status = Status::Implement;
                record.key.get_or_insert(effect.change);
            })
            .await?;
            Ok(Event::Implementing {})
        }
        Action::Close { id, category, notes } => {
            change(talk, id, |record| {
                record.status = Status::Closed;
                record.close_category = Some(*category);
                record.close_notes = Some(notes.clone());
            })
            .await?;
            Ok(Event::Closed { category: *category })
        }
        Action::LeaveOpen { id, category, notes } => {
            change(talk, id, |record| {
                record.status = Status::Review;
                record.close_category = Some(*category);
                record.close_notes = Some(notes.clone());
            })
            .await?;
            Ok(Event::LeftOpen { category: *category })
        }
        Action::Run { .. } | Action::Conclude { .. } | Action::Notify { .. } | Action::Wait { .. } => Err(trouble(
            "not-for-connect",
            format!("`{}` is performed by the host, not by a change system", effect.action.name()),
        )),
    }
}

/// Nothing is written over the word of somebody who rejected the request, or closed it.
async fn undecided(talk: &Talk, id: &Name) -> Result<(), Pause> {
    match read(talk, id).await?.1.status {
        Status::Canceled | Status::Closed => {
            Err(trouble("conflict", format!("`{id}` was rejected or closed in between: run again to see by whom")))
        }
        Status::New | Status::Assess | Status::Authorize | Status::Scheduled | Status::Implement | Status::Review => {
            Ok(())
        }
    }
}

/// What the record shows.
#[must_use]
pub fn observed(record: Record) -> Observed {
    let target = record.filing.map(|filing| filing.target).or(record.target);
    let Record { id, status, decisions, key, planned_start, planned_end, .. } = record;
    Observed { id, status, decisions, change: key, target, planned_start, planned_end }
}

/// Files a change request that nobody's pipeline made yet, or finds it again; people decide on it (CR5, EX5).
pub async fn prepare(talk: &Talk, prepared: &Prepared) -> Result<Record, Pause> {
    let path = record_path(&prepared.id)?;
    for _ in 0..MAX_CONFLICTS {
        if let Some((_, bytes)) = talk.get(&path).await? {
            return parse(&path, &bytes);
        }
        let record = Record {
            title: Some(prepared.title.clone()),
            target: Some(prepared.target.clone()),
            planned_start: prepared.planned_start,
            planned_end: prepared.planned_end,
            outage_minutes: prepared.outage_minutes,
            status: Status::Authorize,
            ..Record::new(prepared.id.clone())
        };
        let content = talk.keep(print(&record)?);
        if talk.put(&path, content, None).await? {
            return match talk.get(&path).await? {
                Some((stored, _)) if stored == content => Ok(record),
                Some(_) | None => Err(not_taken(&path)),
            };
        }
    }
    Err(contended(&path))
}

/// Writes what a person said about a request: who, when, why, and about what (GA2).
pub async fn decide(talk: &Talk, id: &Name, decision: &Decision) -> Result<Record, Pause> {
    change(talk, id, |record| {
        let bound = Decision { change: record.about, delta: record.delta, policy: record.policy, ..decision.clone() };
        record.decisions.push(bound);
        if record.status == Status::Authorize && decision.approves {
            record.status = Status::Scheduled;
        }
        if !decision.approves {
            record.status = Status::Canceled;
        }
    })
    .await
}

/// Takes back what a person said about a request, if something of it stands (GA6). It shows then what others said.
pub async fn withdraw(talk: &Talk, id: &Name, decision: &Decision) -> Result<Record, Pause> {
    let (_, before) = read(talk, id).await?;
    if !standing(&before.decisions).any(|said| said.by.id == decision.by.id) {
        let login = crate::scalar::shorten(&decision.by.login);
        return Err(trouble("not-found", format!("`{login}` has said nothing about `{id}` that stands")));
    }
    change(talk, id, |record| {
        let bound = Decision { change: record.about, delta: record.delta, policy: record.policy, ..decision.clone() };
        record.decisions.push(bound);
        let (no, yes) = (
            standing(&record.decisions).any(|said| !said.approves),
            standing(&record.decisions).any(|said| said.approves) || record.approved_by_readiness,
        );
        let asked = !record.asked.is_empty() || record.filing.is_none();
        record.status = match (record.status, no, yes) {
            (Status::Authorize | Status::Scheduled | Status::Canceled, true, _) => Status::Canceled,
            (Status::Authorize | Status::Scheduled | Status::Canceled, false, true) => Status::Scheduled,
            (Status::Authorize | Status::Scheduled | Status::Canceled, false, false) if asked => Status::Authorize,
            (Status::Authorize | Status::Scheduled | Status::Canceled, false, false) => Status::New,
            (status @ (Status::New | Status::Assess | Status::Implement | Status::Review | Status::Closed), _, _) => {
                status
            }
        };
    })
    .await
}

/// The path of a file of a request; an id or a name that is no single segment of a path leads nowhere.
pub(super) fn path_of(id: &Name, within: &str, name: &str) -> Result<String, Pause> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    for segment in [id.as_str(), name] {
        if segment.is_empty() || segment.starts_with('.') || !segment.chars().all(allowed) {
            let segment = crate::scalar::shorten(segment);
            return Err(trouble("not-found", format!("the ledger can have nothing under the name `{segment}`")));
        }
    }
    Ok(format!("changes/{id}/{within}{name}"))
}

pub(super) fn record_path(id: &Name) -> Result<String, Pause> {
    path_of(id, "", "record.json")
}

/// Files the request under the id that its key gives, or finds it there.
async fn file(talk: &Talk, key: Digest, filing: &Filing) -> Result<Event, Pause> {
    let id = &filing.suggested_id;
    let path = record_path(id)?;
    let filed = || Event::Filed { id: id.clone(), url: None };
    for _ in 0..MAX_CONFLICTS {
        if let Some((_, bytes)) = talk.get(&path).await? {
            let record = parse(&path, &bytes)?;
            return match record.key == Some(key) {
                true => Ok(filed()),
                false => Err(trouble("conflict", format!("`{id}` is the change request of another change"))),
            };
        }
        let record = Record {
            key: Some(key),
            kind: filing.kind,
            filing: Some(Box::new(filing.clone())),
            about: Some(key),
            delta: Some(filing.delta),
            policy: Some(filing.policy),
            ..Record::new(id.clone())
        };
        let content = talk.keep(print(&record)?);
        if talk.put(&path, content, None).await? {
            return match talk.get(&path).await? {
                Some((stored, _)) if stored == content => Ok(filed()),
                Some(_) | None => Err(not_taken(&path)),
            };
        }
    }
    Err(contended(&path))
}

/// Attaches bytes under a name, and reads them back (AT4).
async fn attach(talk: &Talk, id: &Name, name: &str, digest: Digest) -> Result<Event, Pause> {
    let path = path_of(id, "attachments/", name)?;
    match talk.get(&path).await? {
        Some((there, _)) if there == digest => {}
        Some(_) => return Err(trouble("conflict", format!("other bytes are attached as `{name}`"))),
        None => {
            talk.put(&path, digest, None).await?;
            match talk.get(&path).await? {
                Some((stored, _)) if stored == digest => {}
                Some(_) | None => return Err(not_taken(&path)),
            }
        }
    }
    change(talk, id, |record| _ = record.attachments.insert(name.to_owned(), digest)).await?;
    Ok(Event::Attached { name: name.to_owned(), digest })
}

/// Changes the record, unless it is already so, and reads it back (CR8).
pub(super) async fn change(talk: &Talk, id: &Name, edit: impl Fn(&mut Record)) -> Result<Record, Pause> {
    let path = record_path(id)?;
    for _ in 0..MAX_CONFLICTS {
        let (before, record) = read(talk, id).await?;
        let mut edited = record.clone();
        edit(&mut edited);
        if edited == record {
            return Ok(record);
        }
        let content = talk.keep(print(&edited)?);
        if talk.put(&path, content, Some(before)).await? {
            return match talk.get(&path).await? {
                Some((stored, _)) if stored == content => Ok(edited),
                Some(_) | None => Err(not_taken(&path)),
            };
        }
    }
    Err(contended(&path))
}

pub(super) async fn read(talk: &Talk, id: &Name) -> Result<(Digest, Record), Pause> {
    let path = record_path(id)?;
    match talk.get(&path).await? {
        Some((digest, bytes)) => Ok((digest, parse(&path, &bytes)?)),
        None => Err(trouble("not-found", format!("the ledger has no change request `{id}`"))),
    }
}

/// Reads a record's bytes.
pub fn parse(path: &str, bytes: &[u8]) -> Result<Record, Pause> {
    let record: Record = json::parse(bytes)
        .map_err(|problem| trouble("malformed-answer", format!("`{path}` cannot be read: {}", problem.message)))?;
    match record.version {
        1 => Ok(record),
        version => Err(trouble("malformed-answer", format!("`{path}` has version {version}, and 1 is understood"))),
    }
}

pub(super) fn print(record: &Record) -> Result<Vec<u8>, Pause> {
    let mut bytes = serde_json::to_vec_pretty(record)
        .map_err(|error| trouble("malformed-answer", format!("a record cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

pub(super) fn not_taken(path: &str) -> Pause {
    trouble("write-not-taken", format!("`{path}` was written, and reads otherwise"))
}

pub(super) fn contended(path: &str) -> Pause {
    trouble("conflict", format!("`{path}` is written by others all the time"))
}
