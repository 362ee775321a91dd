//! The embedded ledger: one folder for each change request, in a directory or a git repository.
//!
//! `request.json` is the request as it was filed or made by hand, `decisions/` what people said about it, one file each, and
//! `attachments/` what is attached. Where it stands, the journals beside it tell; `record.json` shows all of it to people and is never
//! read. Every write is conditional; the id comes from the key, so a change is filed at most once (CR6).

mod folder;
mod request;

use crate::change::event::{Basis, Decision, Event, Observed, standing};
use crate::change::journal::Link;
use crate::change::state::Life;
use crate::connectors::talk::trouble;
use crate::connectors::{Pause, Talk};
use crate::effect::{Action, Effect, Filing};
use crate::formats::json;
use crate::prepared::Prepared;
use crate::scalar::{Digest, Name};

pub use folder::Folder;
pub use request::{Asked, Issue, Record, Request, ReviewedBefore, Said};

/// Performs one effect: the event that answers it.
pub async fn perform(talk: &Talk, effect: &Effect, life: &Life, folder: &mut Folder) -> Result<Event, Pause> {
    match &effect.action {
        Action::File(filing) => file(talk, effect.change, filing, folder).await,
        Action::Attach { name, digest, .. } => attach(talk, folder.id(), name, *digest).await,
        Action::Approve { delta, policy, .. } => {
            folder.refresh(talk).await?;
            folder.undecided(life)?;
            folder.edit(talk, |request| {
                (request.asked.delta, request.asked.policy) = (Some(*delta), Some(*policy));
                request.reviewed_before = None;
            })?;
            Ok(Event::Approved(Basis::Readiness {}))
        }
        Action::RequestApproval { delta, policy, .. } => {
            folder.refresh(talk).await?;
            folder.undecided(life)?;
            let asked = Asked { change: Some(effect.change), delta: Some(*delta), policy: Some(*policy) };
            folder.edit(talk, |request| {
                if request.asked != asked {
                    request.reviewed_before = None;
                }
                request.asked = asked;
                request.key.get_or_insert(effect.change);
            })?;
            Ok(Event::ApprovalRequested {})
        }
        Action::Read { .. } => {
            folder.refresh(talk).await?;
            Ok(Event::Observed(folder.observed(life)?))
        }
        Action::Implement { .. } => {
            folder.edit(talk, |request| _ = request.key.get_or_insert(effect.change))?;
            Ok(Event::Implementing {})
        }
        Action::Close { category, notes, .. } => {
            folder.edit(talk, |request| request.close_notes = Some(notes.clone()))?;
            Ok(Event::Closed { category: *category })
        }
        Action::LeaveOpen { category, notes, .. } => {
            folder.edit(talk, |request| request.close_notes = Some(notes.clone()))?;
            Ok(Event::LeftOpen { category: *category })
        }
        Action::Run { .. } | Action::Conclude { .. } | Action::Notify { .. } | Action::Wait { .. } => Err(trouble(
            "unsupported",
            format!("`{}` is performed by the host, not by a change system", effect.action.name()),
        )),
    }
}

/// Files a change request that nobody's pipeline made yet, or finds it again; people decide on it (CR5, EX5).
pub async fn prepare(talk: &Talk, prepared: &Prepared) -> Result<(Folder, Observed), Pause> {
    let mut folder = Folder::read(talk, &prepared.id).await?;
    if !folder.is_there() {
        let request = Request {
            title: Some(prepared.title.clone()),
            target: Some(prepared.target.clone()),
            planned_start: prepared.planned_start,
            planned_end: prepared.planned_end,
            outage_minutes: prepared.outage_minutes,
            ..Request::new(prepared.id.clone())
        };
        folder.write(talk, request)?;
    }
    folder.show_beside(talk, &Life::new()).await?;
    let observed = folder.observed(&Life::new())?;
    Ok((folder, observed))
}

/// Writes what a person said about a request: who, when, why, and about what (GA2). Gives where it stands, and its digest.
pub fn decide(
    talk: &Talk,
    folder: &mut Folder,
    decision: &Decision,
    link: Option<Link>,
) -> Result<(String, Digest), Pause> {
    let Asked { change, delta, policy } = folder.request()?.asked;
    if decision.withdraws && !standing(folder.decisions()).any(|said| said.by.id == decision.by.id) {
        let (login, id) = (crate::scalar::shorten(&decision.by.login), folder.id());
        return Err(trouble("not-found", format!("`{login}` has said nothing about `{id}` that stands")));
    }
    let decision = Decision { change, delta, policy, ..decision.clone() };
    let said = Said { version: 1, decision, link };
    let mut bytes = serde_json::to_vec(&said)
        .map_err(|error| trouble("malformed-answer", format!("a decision cannot be written: {error}")))?;
    bytes.push(b'\n');
    let content = talk.keep(bytes);
    let path = path_of(folder.id(), "decisions/", &format!("{}.json", content.hex()))?;
    talk.put(&path, content, None);
    folder.decided(said.decision);
    Ok((path, content))
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

pub(super) fn request_path(id: &Name) -> Result<String, Pause> {
    path_of(id, "", "request.json")
}

/// Where people read it.
pub fn record_path(id: &Name) -> Result<String, Pause> {
    path_of(id, "", "record.json")
}

/// Files the request under the id that its key gives, or finds it there.
async fn file(talk: &Talk, key: Digest, filing: &Filing, folder: &mut Folder) -> Result<Event, Pause> {
    let id = &filing.suggested_id;
    folder.refresh(talk).await?;
    match folder.request() {
        Ok(request) if request.key == Some(key) => {}
        Ok(_) => return Err(trouble("conflict", format!("`{id}` is the change request of another change"))),
        Err(_) => {
            let asked = Asked { change: Some(key), delta: Some(filing.delta), policy: Some(filing.policy) };
            let filing = Some(Box::new(filing.clone()));
            folder.write(talk, Request { key: Some(key), filing, asked, ..Request::new(id.clone()) })?;
        }
    }
    Ok(Event::Filed { id: id.clone(), url: None })
}

/// Makes a request of an issue that people made by hand.
pub(super) fn adopt(talk: &Talk, folder: &mut Folder, title: String, issue: Issue) -> Result<(), Pause> {
    folder.write(talk, Request { title: Some(title), issue: Some(issue), ..Request::new(folder.id().clone()) })
}

/// Attaches bytes under a name (AT4).
async fn attach(talk: &Talk, id: &Name, name: &str, digest: Digest) -> Result<Event, Pause> {
    let path = path_of(id, "attachments/", name)?;
    match talk.get(&path).await?.map(|(there, _)| there) {
        Some(there) if there == digest => {}
        // What a run left that died between two files: no journal tells of it. Where a request serves several changes, another's may.
        Some(there) if talk.paths(&format!("changes/{id}/journal")).await?.len() <= 1 => {
            talk.put(&path, digest, Some(there));
        }
        Some(_) => return Err(trouble("conflict", format!("other bytes are attached as `{name}`"))),
        None => _ = talk.put(&path, digest, None),
    }
    Ok(Event::Attached { name: name.to_owned(), digest })
}

/// Reads a request's bytes.
fn parse(path: &str, bytes: &[u8]) -> Result<Request, Pause> {
    let request: Request = json::parse(bytes)
        .map_err(|problem| trouble("malformed-answer", format!("`{path}` cannot be read: {}", problem.message)))?;
    match request.version {
        1 => Ok(request),
        version => Err(trouble("malformed-answer", format!("`{path}` has version {version}, and 1 is understood"))),
    }
}

fn print(request: &Request) -> Result<Vec<u8>, Pause> {
    let mut bytes = serde_json::to_vec_pretty(request)
        .map_err(|error| trouble("malformed-answer", format!("a request cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}
