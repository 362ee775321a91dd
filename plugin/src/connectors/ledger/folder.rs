//! The folder of a change request: the request, what people said about it, and what both come to beside a journal.

use super::request::{Asked, Record, Request, ReviewedBefore, Said};
use super::{parse, print, record_path, request_path};
use crate::change::event::{self, Basis, Decision, Kind, Observed, Status};
use crate::change::state::{Change, Life};
use crate::connectors::talk::trouble;
use crate::connectors::{Pause, Talk};
use crate::formats::json;
use crate::gate;
use crate::scalar::{Digest, Name};

/// The folder of a change request, as far as this run knows it.
#[derive(Clone, Debug)]
pub struct Folder {
    id: Name,
    /// The request, with the digest of its bytes.
    request: Option<(Digest, Request)>,
    /// What people said, in order.
    decisions: Vec<Decision>,
}

impl Folder {
    /// A folder of which nothing is known yet.
    #[must_use]
    pub fn new(id: Name) -> Self {
        Self { id, request: None, decisions: Vec::new() }
    }

    /// Reads the folder.
    pub async fn read(talk: &Talk, id: &Name) -> Result<Self, Pause> {
        let mut folder = Self::new(id.clone());
        folder.refresh(talk).await?;
        Ok(folder)
    }

    /// Whose folder it is.
    pub(super) fn id(&self) -> &Name {
        &self.id
    }

    /// What people said, in order.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// Somebody said something.
    pub(super) fn decided(&mut self, decision: Decision) {
        self.decisions.push(decision);
    }

    /// The request; it must be there.
    pub(in crate::connectors) fn request(&self) -> Result<&Request, Pause> {
        match &self.request {
            Some((_, request)) => Ok(request),
            None => Err(trouble("not-found", format!("the ledger has no change request `{}`", self.id))),
        }
    }

    /// Whether there is a request.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.request.is_some()
    }

    /// Reads the request and what people said, again.
    pub async fn refresh(&mut self, talk: &Talk) -> Result<(), Pause> {
        let path = request_path(&self.id)?;
        let folder = format!("changes/{}/decisions/", self.id);
        let mut paths = talk.paths(&folder).await?;
        paths.push(path.clone());
        let mut files = talk.get_all(paths).await?;
        self.request = match files.remove(&path) {
            Some((digest, bytes)) => Some((digest, parse(&path, &bytes)?)),
            None => None,
        };
        let mut decisions = Vec::new();
        for (path, (_, bytes)) in files {
            let Said { decision, .. } = json::parse(&bytes).map_err(|problem| {
                trouble("malformed-answer", format!("`{path}` cannot be read: {}", problem.message))
            })?;
            decisions.push((decision.at, path, decision));
        }
        crate::order::sort_by(&mut decisions, |a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        self.decisions = decisions.into_iter().map(|(_, _, decision)| decision).collect();
        Ok(())
    }

    /// Changes the request, unless it is already so.
    pub(in crate::connectors) fn edit(&mut self, talk: &Talk, edit: impl FnOnce(&mut Request)) -> Result<(), Pause> {
        let before = self.request()?.clone();
        let mut request = before.clone();
        edit(&mut request);
        if request == before {
            return Ok(());
        }
        self.write(talk, request)
    }

    pub(super) fn write(&mut self, talk: &Talk, request: Request) -> Result<(), Pause> {
        let path = request_path(&self.id)?;
        let content = talk.keep(print(&request)?);
        if !talk.put(&path, content, self.request.as_ref().map(|(digest, _)| *digest)) {
            return Err(trouble("conflict", format!("`{path}` was written by another run in between")));
        }
        self.request = Some((content, request));
        Ok(())
    }

    /// The change request as it stands after `life`.
    pub(in crate::connectors) fn record(&self, life: &Life) -> Result<Record, Pause> {
        let request = self.request()?.clone();
        let filed = life.change.filed();
        let kind = filed.map(|filed| filed.assessment.kind).or(request.filing.as_ref().map(|filing| filing.kind));
        let (close_category, approved_by_readiness) = match &life.change {
            Change::Closed(_, ending) => (Some(ending.category), ending.basis == Basis::Readiness {}),
            Change::Scheduled(_, basis) | Change::Implement(_, basis, _) | Change::Review(_, basis, ..) => {
                (None, *basis == Basis::Readiness {})
            }
            Change::New | Change::Draft(_) | Change::Assess(..) | Change::Authorize(_) | Change::Canceled(..) => {
                (None, false)
            }
        };
        let asked = match (filed, &life.change) {
            (Some(filed), Change::Authorize(_)) if filed.requested => {
                gate::obstacles(filed.opened.supplied.is_some(), &filed.assessment)
                    .into_iter()
                    .map(|obstacle| obstacle.words().to_owned())
                    .collect()
            }
            (_, _) => Vec::new(),
        };
        Ok(Record {
            version: 1,
            status: self.status(life)?,
            kind: kind.unwrap_or(Kind::Standard),
            about: request.asked.change,
            delta: request.asked.delta,
            policy: request.asked.policy,
            asked,
            approved_by_readiness,
            decisions: self.decisions.clone(),
            attachments: filed.map(|filed| filed.attached.clone()).unwrap_or_default(),
            close_category,
            id: request.id,
            key: request.key,
            filing: request.filing,
            title: request.title,
            target: request.target,
            planned_start: request.planned_start,
            planned_end: request.planned_end,
            issue: request.issue,
            outage_minutes: request.outage_minutes,
            close_notes: request.close_notes,
        })
    }

    /// The state that the change request shows (CR7).
    pub fn status(&self, life: &Life) -> Result<Status, Pause> {
        let Asked { change, delta, policy } = self.request()?.asked;
        let by_hand = self.request()?.target.is_some();
        let standing = match &life.change {
            Change::New | Change::Draft(_) | Change::Assess(..) if by_hand => Status::Authorize,
            Change::New | Change::Draft(_) | Change::Assess(..) => Status::New,
            Change::Authorize(filed) if filed.requested || by_hand => Status::Authorize,
            Change::Authorize(_) => Status::New,
            Change::Scheduled(..) => Status::Scheduled,
            Change::Implement(_, _, work) if work.implementing => Status::Implement,
            Change::Implement(..) => Status::Scheduled,
            Change::Review(..) => Status::Implement,
            Change::Closed(_, ending) if ending.left_open => Status::Review,
            Change::Closed(..) => Status::Closed,
            Change::Canceled(..) => Status::Canceled,
        };
        let fits = |said: Option<Digest>, asked: Option<Digest>| said.is_none() || said == asked;
        let binds = |decision: &&Decision| {
            fits(decision.change, change) && fits(decision.delta, delta) && fits(decision.policy, policy)
        };
        let rejected = event::standing(&self.decisions).any(|decision| !decision.approves);
        let approved = event::standing(&self.decisions).filter(binds).any(|decision| decision.approves);
        Ok(match standing {
            Status::New | Status::Authorize | Status::Scheduled if rejected => Status::Canceled,
            Status::Authorize if approved => Status::Scheduled,
            standing => standing,
        })
    }

    /// What the change request shows.
    pub(in crate::connectors) fn observed(&self, life: &Life) -> Result<Observed, Pause> {
        let Record { id, status, decisions, key, planned_start, planned_end, filing, target, .. } =
            self.record(life)?;
        let target = filing.map(|filing| filing.target).or(target);
        Ok(Observed { id, status, decisions, change: key, target, planned_start, planned_end })
    }

    /// What it shows to people, to be written beside its journal.
    pub fn show(&self, talk: &Talk, life: &Life) -> Result<Digest, Pause> {
        let mut bytes = serde_json::to_vec_pretty(&self.record(life)?)
            .map_err(|error| trouble("malformed-answer", format!("a record cannot be written: {error}")))?;
        bytes.push(b'\n');
        Ok(talk.keep(bytes))
    }

    /// Writes what it shows to people, where no run does.
    pub async fn show_beside(&self, talk: &Talk, life: &Life) -> Result<(), Pause> {
        let path = record_path(&self.id)?;
        let (shown, before) = (self.show(talk, life)?, talk.get(&path).await?.map(|(digest, _)| digest));
        if before != Some(shown) {
            talk.put(&path, shown, before);
        }
        Ok(())
    }

    /// The digests of the reviews that are known to be about something else.
    pub(in crate::connectors) fn reviewed_before(&self, life: &Life) -> Result<Option<&ReviewedBefore>, Pause> {
        Ok(self.request()?.reviewed_before.as_ref().filter(|before| before.voids == life.voids))
    }

    /// Nothing is written over the word of somebody who rejected the request.
    pub(super) fn undecided(&self, life: &Life) -> Result<(), Pause> {
        match self.record(life)?.status {
            Status::Canceled | Status::Closed => {
                let message = format!("`{}` was rejected or closed in between: run again to see by whom", self.id);
                Err(trouble("conflict", message))
            }
            Status::New
            | Status::Assess
            | Status::Authorize
            | Status::Scheduled
            | Status::Implement
            | Status::Review => Ok(()),
        }
    }
}
