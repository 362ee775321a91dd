//! Errands in a change system: the next exchange, or what came of them.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::change::event::{Event, Trouble};
use crate::connectors::github::{Gathered, Reviewed, Wanted};
use crate::connectors::{self, Exchange, Http, Pause, Response as Exchanged, System, Talk, github, ledger};
use crate::contract::v1::{ConnectRequest, Errand, Response};
use crate::documents::Documents;
use crate::failure::{Code, Failure};
use crate::inventory::Entry;
use crate::io::Io;
use crate::io::exchange::{Answer, Exchange as Asked, Named, Put, Request, Response as Given};
use crate::policy::Purpose;
use crate::problem::Problem;
use crate::scalar::Timestamp;

/// The next exchange of an errand.
pub(super) fn connect(documents: &mut Documents, request: &ConnectRequest) -> Result<Response, Failure> {
    if request.responses.len() > connectors::MAX_EXCHANGES {
        return astray(&request.errand);
    }
    let teams = teams(documents, &request.errand)?;
    let entries = entries(documents, &request.errand)?;
    let io = documents.io(Timestamp::EPOCH, false);
    let talk = Talk::new(io.clone(), "github");
    let errand = Box::pin(perform(&talk, request, teams, &entries));
    match replay(&io, errand, &request.responses)? {
        Replayed::Next(exchange) => Ok(Response::Exchange(exchange)),
        Replayed::Ended(Ok(exchange)) => Ok(Response::Exchange(exchange)),
        Replayed::Ended(Err(Pause::Trouble(trouble))) => {
            let effect = key(&request.errand).to_owned();
            Ok(Response::Exchange(Exchange::Done { event: Event::Failed { effect, trouble: *trouble } }))
        }
        Replayed::Ended(Err(Pause::Nonsense(problem))) => Err(Failure::all(Code::BadAnswer, None, vec![*problem])),
    }
}

/// The name under which trouble with an errand is told.
fn key(errand: &Errand) -> &str {
    match errand {
        Errand::Perform { effect } => &effect.key,
        Errand::Prepare { .. } => "prepare",
        Errand::Promotion { .. } => "promotion",
        Errand::Reviews { .. } => "reviews",
        Errand::Attestations { .. } => "attestations",
        Errand::Decide { .. } => "decide",
    }
}

/// Performs an errand, whole.
async fn perform(
    talk: &Talk,
    request: &ConnectRequest,
    teams: BTreeSet<String>,
    entries: &[Rc<Entry>],
) -> Result<Exchange, Pause> {
    let done = |event| Exchange::Done { event };
    let gathered = |read: Gathered| Exchange::Gathered { name: read.name.to_owned(), digest: read.digest };
    let not_there = |why: &str| Pause::Nonsense(Box::new(Problem::new("this change system has no such errand", why)));
    let entry = || entries.first().ok_or_else(|| not_there("it is about an entry"));
    Ok(match (&request.errand, &request.system) {
        (Errand::Perform { effect }, System::Ledger {}) => done(ledger::perform(talk, effect).await?),
        (Errand::Perform { effect }, System::Github(place)) => done(github::perform(talk, place, effect).await?),
        (Errand::Prepare { request }, System::Ledger {}) => {
            done(Event::Observed(ledger::observed(ledger::prepare(talk, request).await?)))
        }
        (Errand::Prepare { request }, System::Github(place)) => {
            done(Event::Observed(github::prepare(talk, place, request).await?))
        }
        (Errand::Promotion { commit, number, branch, .. }, System::Github(place)) => {
            gathered(github::promotion(talk, place, &Wanted { commit, number: *number, branch, teams }).await?)
        }
        (Errand::Reviews { now, .. }, System::Github(place)) => {
            let before = entries.get(1).map(|before| &**before);
            let reviewed = Reviewed { entry: entry()?, before, now: *now, run: &place.run };
            gathered(github::reviews(talk, place, &reviewed).await?)
        }
        (Errand::Attestations { .. }, System::Github(place)) => {
            gathered(github::attestations(talk, place, entry()?).await?)
        }
        (Errand::Decide { id, decision }, System::Ledger {}) => {
            done(Event::Observed(ledger::observed(ledger::decide(talk, id, decision).await?)))
        }
        (Errand::Decide { .. }, System::Github(_)) => return Err(not_there("people decide on the issue, by labels")),
        (Errand::Promotion { .. } | Errand::Reviews { .. } | Errand::Attestations { .. }, System::Ledger {}) => {
            return Err(not_there("a ledger has neither pull requests nor attestations"));
        }
    })
}

/// How far an errand came over the responses so far.
enum Replayed {
    Next(Exchange),
    Ended(Result<Exchange, Pause>),
}

/// Runs an errand from the start over the responses so far.
fn replay(
    io: &Io,
    mut errand: Pin<Box<impl Future<Output = Result<Exchange, Pause>>>>,
    responses: &[Exchanged],
) -> Result<Replayed, Failure> {
    let mut responses = responses.iter();
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(ended) = errand.as_mut().poll(&mut context) {
            return Ok(Replayed::Ended(ended));
        }
        let asked = io
            .asked()
            .ok_or_else(|| Failure::one(Code::Internal, "an errand waits for nothing", "report this as a defect"))?;
        let Some(response) = responses.next() else { return Ok(Replayed::Next(older(io, asked)?)) };
        let now = match (&asked, response) {
            (Asked::Wait { until, .. }, Exchanged::Waited {}) => *until,
            _ => io.now(),
        };
        io.deliver(now, newer(&asked, response)?);
    }
}

/// An exchange as version 1 has it.
fn older(io: &Io, asked: Asked) -> Result<Exchange, Failure> {
    Ok(match asked {
        Asked::Ledger { mut paths, .. } => Exchange::Get { path: paths.pop().unwrap_or_default() },
        Asked::Commit { mut puts, .. } => match puts.pop() {
            Some(Put { path, content: Some(content), expected }) => Exchange::Put { path, content, expected },
            Some(_) | None => return Err(unknown()),
        },
        Asked::Http { mut requests, .. } => match requests.pop() {
            Some(Request { method, path, headers, body }) => Exchange::Http(Http { method, path, headers, body }),
            None => return Err(unknown()),
        },
        Asked::Wait { until, .. } => {
            let milliseconds = until.as_millisecond().saturating_sub(io.now().as_millisecond());
            Exchange::Wait { seconds: u32::try_from(milliseconds.saturating_add(999) / 1000).unwrap_or(u32::MAX) }
        }
        _ => return Err(unknown()),
    })
}

fn unknown() -> Failure {
    Failure::one(Code::Internal, "`connect` has no such exchange", "report this as a defect")
}

/// A response of version 1 as the exchanges have it.
fn newer(asked: &Asked, response: &Exchanged) -> Result<Given, Failure> {
    let nonsense = |exchange: &str| {
        let message = format!("the response does not answer `{exchange}`");
        Failure::one(Code::BadAnswer, message, "send the responses of all exchanges, in their order")
    };
    Ok(match (asked, response.clone()) {
        (Asked::Wait { .. }, Exchanged::Waited {}) => Given::Waited {},
        (Asked::Wait { .. }, _) => return Err(nonsense("wait")),
        (Asked::Http { .. }, Exchanged::Answered { status, headers, body }) => {
            Given::Answered { answers: vec![Answer::Answered { status, headers, body }] }
        }
        (Asked::Http { .. }, Exchanged::Broken { message }) => {
            Given::Answered { answers: vec![Answer::Broken { message }] }
        }
        (Asked::Http { .. }, _) => return Err(nonsense("http")),
        (_, Exchanged::Broken { message }) => Given::Broken { message },
        (Asked::Ledger { paths, .. }, Exchanged::Found { digest }) => {
            let files = paths.iter().map(|path| Named { path: path.clone(), digest }).collect();
            Given::Ledger { files, paths: Vec::new() }
        }
        (Asked::Ledger { .. }, Exchanged::Absent {}) => Given::Ledger { files: Vec::new(), paths: Vec::new() },
        (Asked::Ledger { .. }, _) => return Err(nonsense("get")),
        (Asked::Commit { .. }, Exchanged::Stored {}) => Given::Committed {},
        (Asked::Commit { .. }, Exchanged::Conflict {}) => Given::Conflict { paths: Vec::new() },
        (_, _) => return Err(nonsense("put")),
    })
}

/// An errand that takes too long. Reviews that cannot all be read are missing evidence; anything else is a defect.
fn astray(errand: &Errand) -> Result<Response, Failure> {
    let Errand::Reviews { .. } = errand else {
        return Err(Failure::one(Code::OverLimit, "the errand takes too many exchanges", "report this as a defect"));
    };
    let trouble = Trouble {
        code: "over-limit".to_owned(),
        message: format!(
            "what was changed since it was deployed takes more than {} requests",
            connectors::MAX_EXCHANGES
        ),
        help: Some("deploy it more often, or give evidence of `peer-review` from its CI".to_owned()),
    };
    Ok(Response::Exchange(Exchange::Done { event: Event::Failed { effect: "reviews".to_owned(), trouble } }))
}

/// The teams whose members a policy asks about.
fn teams(documents: &Documents, errand: &Errand) -> Result<BTreeSet<String>, Failure> {
    let Errand::Promotion { policy: Some(named), .. } = errand else { return Ok(BTreeSet::new()) };
    let policy = crate::policy::read(&documents.bytes(&named.name, &named.digest)?, Purpose::Production)
        .map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?;
    Ok(policy.process.teams().map(str::to_owned).collect())
}

/// The entries that an errand is about: as it is deployed, and as it was.
fn entries(documents: &mut Documents, errand: &Errand) -> Result<Vec<Rc<Entry>>, Failure> {
    let (entry, before) = match errand {
        Errand::Reviews { entry, before, .. } => (entry, before.as_ref()),
        Errand::Attestations { entry } => (entry, None),
        Errand::Perform { .. } | Errand::Prepare { .. } | Errand::Promotion { .. } | Errand::Decide { .. } => {
            return Ok(Vec::new());
        }
    };
    [Some(entry), before].into_iter().flatten().map(|named| documents.entry(&named.name, &named.digest)).collect()
}
