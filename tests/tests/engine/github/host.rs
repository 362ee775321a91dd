//! A host with a store and a GitHub, for straight-line code of the connectors, and the life of the change that it is about.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use countersign::change::event::{Basis, Conclusion, Event, Trouble};
use countersign::change::state::{Change, Life};
use countersign::connectors::github::{self, Gathered};
use countersign::connectors::ledger::Folder;
use countersign::connectors::{Pause, Talk};
use countersign::effect::{Action, Effect};
use countersign::io::exchange::{Answer, Exchange, Named, Put, Response};
use countersign::io::{Bytes, Io};
use countersign::scalar::{Digest, Timestamp};
use countersign_tests::github::GitHub;
use serde_json::{Value, json};

use super::id;

/// Seconds that every exchange takes: as long as the connector waits between two looks.
const BETWEEN_LOOKS: i64 = 60;

/// All bytes, by digest.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<Digest, Rc<Vec<u8>>>);

impl Bytes for Kept {
    fn get(&self, digest: &Digest) -> Option<Rc<Vec<u8>>> {
        self.0.get(digest).cloned()
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.0.insert(digest, Rc::new(bytes));
        digest
    }

    fn forget(&mut self, digest: &Digest) {
        self.0.remove(digest);
    }
}

/// A host with a store, and GitHub.
#[derive(Debug, Default)]
pub(crate) struct Host {
    pub(crate) github: GitHub,
    pub(super) bytes: Rc<RefCell<Kept>>,
    /// How far the change is.
    pub(super) life: Life,
    pub(crate) store: BTreeMap<String, Vec<u8>>,
    /// The environment whose reviews count, in which run.
    pub(super) approvals: Option<Value>,
}

impl Deref for Host {
    type Target = GitHub;

    fn deref(&self) -> &GitHub {
        &self.github
    }
}

impl DerefMut for Host {
    fn deref_mut(&mut self) -> &mut GitHub {
        &mut self.github
    }
}

impl Host {
    pub(crate) fn take(&self, digest: &Digest) -> Vec<u8> {
        self.bytes.borrow().get(digest).unwrap().to_vec()
    }

    pub(crate) fn give(&mut self, bytes: Vec<u8>) -> Digest {
        self.bytes.borrow_mut().keep(bytes)
    }

    fn place(&self) -> github::Place {
        let place = json!({ "repository": "shop/inventory", "records": "countersign", "run": "41",
                            "approvals": self.approvals });
        serde_json::from_value(place).unwrap()
    }

    /// Performs an effect as a run does whose change is as far: the event, or the code of the trouble.
    pub(super) fn perform(&mut self, action: Action) -> Result<Event, String> {
        self.attempt(action).map_err(|trouble| trouble.code)
    }

    pub(super) fn attempt(&mut self, action: Action) -> Result<Event, Trouble> {
        let life = reach(std::mem::take(&mut self.life), &action);
        let effect = Effect { key: "effect".to_owned(), change: Digest::of(b"change"), action };
        let id = life.change.filed().map_or_else(id, |filed| filed.id.clone());
        let id = if let Action::Read { id } | Action::Implement { id } = &effect.action { id.clone() } else { id };
        let (place, before) = (self.place(), life.clone());
        let performed = self.drive(async |talk| {
            let mut folder = Folder::new(id.clone());
            folder.refresh(talk).await?;
            github::perform(talk, &place, &effect, &before, &mut folder, &mut github::Seen::default()).await
        });
        self.life = match &performed {
            Ok(event) => life.clone().after(at(), event.clone()).unwrap_or(life),
            Err(_) => life,
        };
        performed
    }

    /// What a reading errand ends with.
    pub(super) fn document(
        &mut self,
        errand: impl AsyncFnOnce(&Talk, &github::Place) -> Result<Gathered, Pause>,
    ) -> Result<Vec<u8>, String> {
        let place = self.place();
        let gathered = self.drive(async |talk| errand(talk, &place).await).map_err(|trouble| trouble.code)?;
        Ok(self.take(&gathered.digest))
    }

    /// Runs straight-line code over this host, and stores what it wrote.
    pub(crate) fn drive<T>(&mut self, errand: impl AsyncFnOnce(&Talk) -> Result<T, Pause>) -> Result<T, Trouble> {
        let io = Io::new(at(), self.bytes.clone());
        let talk = Talk::new(io.clone(), "github");
        let mut errand = pin!(async {
            let done = errand(&talk).await;
            talk.settle().await?;
            done
        });
        loop {
            match errand.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(done)) => return Ok(done),
                Poll::Ready(Err(Pause::Trouble(trouble))) => return Err(*trouble),
                Poll::Ready(Err(Pause::Nonsense(problem))) => panic!("{problem:?}"),
                Poll::Pending => {
                    let response = self.exchange(io.asked().expect("an exchange"));
                    io.deliver(io.now().plus_seconds(BETWEEN_LOOKS), response);
                }
            }
        }
    }

    fn exchange(&mut self, exchange: Exchange) -> Response {
        match exchange {
            Exchange::Ledger { paths, prefix: None, .. } => {
                let found = paths.into_iter().filter_map(|path| Some((self.store.get(&path)?.clone(), path)));
                let files = found.collect::<Vec<_>>().into_iter();
                let files = files.map(|(bytes, path)| Named { path, digest: self.give(bytes) }).collect();
                Response::Ledger { files, paths: Vec::new() }
            }
            Exchange::Ledger { prefix: Some(prefix), .. } => {
                let paths = self.store.keys().filter(|path| path.starts_with(&prefix)).cloned().collect();
                Response::Ledger { files: Vec::new(), paths }
            }
            Exchange::Commit { puts, .. } => {
                let differs = |put: &&Put| self.store.get(&put.path).map(|bytes| Digest::of(bytes)) != put.expected;
                let paths: Vec<String> = puts.iter().filter(differs).map(|put| put.path.clone()).collect();
                if !paths.is_empty() {
                    return Response::Conflict { paths };
                }
                for put in puts {
                    let bytes = self.bytes.borrow().get(&put.content.unwrap()).unwrap().to_vec();
                    self.store.insert(put.path, bytes);
                }
                Response::Committed {}
            }
            Exchange::Wait { .. } => {
                self.waited += 10;
                Response::Waited {}
            }
            Exchange::Http { requests, .. } => {
                let [request] = requests.as_slice() else { panic!("{requests:?}") };
                let body = request
                    .body
                    .map(|digest| serde_json::from_slice(&self.bytes.borrow().get(&digest).unwrap()).unwrap());
                let answer = match self.github.http(request, body) {
                    Ok((status, headers, body)) => Answer::Answered { status, headers, body: self.give(body) },
                    Err(message) => Answer::Broken { message },
                };
                Response::Answered { answers: vec![answer] }
            }
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn at() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

/// The life of a change that needs this effect next.
fn reach(life: Life, action: &Action) -> Life {
    let after = |life: Life, event: Event| life.clone().after(at(), event).unwrap_or(life);
    let life = match (&life.change, action) {
        (Change::New, Action::Read { .. }) => return life,
        (Change::New, _) => {
            let life = after(life, opened());
            after(life, assessed(b"delta"))
        }
        (_, _) => life,
    };
    let life = match (&life.change, action) {
        (Change::Assess(..), Action::File(_) | Action::Read { .. }) => return life,
        (Change::Assess(..), Action::Implement { id }) => after(life, Event::Filed { id: id.clone(), url: None }),
        (Change::Assess(..), _) => after(life, Event::Filed { id: id(), url: None }),
        (_, _) => life,
    };
    match (&life.change, action) {
        (Change::Authorize(filed), Action::RequestApproval { .. }) if filed.requested => {
            after(life, assessed(b"delta"))
        }
        (Change::Authorize(_), Action::Implement { .. } | Action::Close { .. }) => {
            let life = after(life, Event::Approved(Basis::Readiness {}));
            let (delta, policy) = (Digest::of(b"delta"), Digest::of(b"policy"));
            let life = after(life, Event::Cleared { delta, policy });
            match action {
                Action::Close { .. } => after(life, Event::Ended { conclusion: Conclusion::Succeeded }),
                _ => life,
            }
        }
        (Change::Implement(..), Action::Close { .. }) => {
            after(life, Event::Ended { conclusion: Conclusion::Succeeded })
        }
        (_, _) => life,
    }
}

/// The life of a change that is to be filed next.
pub(crate) fn opened_and_assessed() -> Life {
    [opened(), assessed(b"delta")].into_iter().fold(Life::new(), |life, event| life.after(at(), event).unwrap())
}

fn opened() -> Event {
    let fields = json!({ "priority": "high", "assignee": "ada@example.com", "customer_impact": "low",
                         "deployment_impact": "small" });
    let target = json!({ "environment": "prod", "region": "eu-de", "purpose": "production", "detail": "shop" });
    let opened = json!({
        "engine": { "version": "1", "source_digest": Digest::of(b"") }, "key": Digest::of(b"change"), "attempt": 1,
        "target": target, "run": { "id": "41" }, "repository": "shop/inventory", "promotion": 7, "title": "x",
        "fields": fields, "delta": Digest::of(b"delta"), "involved": [],
    });
    Event::Opened(Box::new(serde_json::from_value(opened).unwrap()))
}

fn assessed(policy: &[u8]) -> Event {
    let assessment = json!({
        "ready": false, "facts": Digest::of(policy), "policy": Digest::of(b"policy"), "kind": "standard",
        "outage_minutes": 0, "category": "standard", "risk": { "level": "low", "limit": "moderate", "factors": [] },
        "reasons": [], "reason_count": 0, "needed": [], "attachments": {},
    });
    Event::Assessed(Box::new(serde_json::from_value(assessment).unwrap()))
}
