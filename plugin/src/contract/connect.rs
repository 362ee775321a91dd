//! Errands in a change system: the next exchange, or what came of them.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::change::event::{Event, Trouble};
use crate::connectors::github::{Reviewed, Wanted};
use crate::connectors::{self, Exchange, Pause, System, Talk, github, ledger};
use crate::contract::failure::{Code, Failure};
use crate::contract::session::Session;
use crate::contract::v1::{ConnectRequest, Errand, Response};
use crate::inventory::Entry;
use crate::policy::Purpose;

/// The next exchange of an errand.
pub(super) fn connect(session: &mut Session, request: &ConnectRequest) -> Result<Response, Failure> {
    if request.responses.len() > connectors::MAX_EXCHANGES {
        return astray(&request.errand);
    }
    let teams = teams(session, &request.errand)?;
    let entries = entries(session, &request.errand)?;
    let (documents, blobs) = session.parts();
    let mut talk = Talk::new(&request.responses, blobs, documents);
    let done = |event| Exchange::Done { event };
    let observed = |record| done(Event::Observed(ledger::observed(record)));
    let (key, exchange) = match (&request.errand, &request.system) {
        (Errand::Perform { effect }, System::Ledger {}) => {
            (effect.key.as_str(), ledger::perform(&mut talk, effect).map(done))
        }
        (Errand::Perform { effect }, System::Github(place)) => {
            (effect.key.as_str(), github::perform(&mut talk, place, effect).map(done))
        }
        (Errand::Prepare { request }, System::Ledger {}) => {
            ("prepare", ledger::prepare(&mut talk, request).map(observed))
        }
        (Errand::Prepare { request }, System::Github(place)) => {
            ("prepare", github::prepare(&mut talk, place, request).map(|seen| done(Event::Observed(seen))))
        }
        (Errand::Promotion { commit, number, branch, .. }, System::Github(place)) => {
            let gathered = github::promotion(&mut talk, place, &Wanted { commit, number: *number, branch, teams });
            ("promotion", gathered.map(|read| Exchange::Gathered { name: read.name.to_owned(), digest: read.digest }))
        }
        (Errand::Reviews { now, .. }, System::Github(place)) => {
            let entry = entries.first().ok_or_else(|| not_there("it is about an entry"))?;
            let before = entries.get(1).map(|before| &**before);
            let reviewed = Reviewed { entry, before, now: *now, run: &place.run };
            let gathered = github::reviews(&mut talk, place, &reviewed);
            ("reviews", gathered.map(|read| Exchange::Gathered { name: read.name.to_owned(), digest: read.digest }))
        }
        (Errand::Attestations { .. }, System::Github(place)) => {
            let entry = entries.first().ok_or_else(|| not_there("it is about an entry"))?;
            let gathered = github::attestations(&mut talk, place, entry);
            (
                "attestations",
                gathered.map(|read| Exchange::Gathered { name: read.name.to_owned(), digest: read.digest }),
            )
        }
        (Errand::Decide { id, decision }, System::Ledger {}) => {
            ("decide", ledger::decide(&mut talk, id, decision).map(observed))
        }
        (Errand::Decide { .. }, System::Github(_)) => return Err(not_there("people decide on the issue, by labels")),
        (Errand::Promotion { .. } | Errand::Reviews { .. } | Errand::Attestations { .. }, System::Ledger {}) => {
            return Err(not_there("a ledger has neither pull requests nor attestations"));
        }
    };
    match exchange {
        Ok(exchange) => Ok(Response::Exchange(exchange)),
        Err(Pause::Next(exchange)) => Ok(Response::Exchange(*exchange)),
        Err(Pause::Trouble(trouble)) => {
            Ok(Response::Exchange(done(Event::Failed { effect: key.to_owned(), trouble: *trouble })))
        }
        Err(Pause::Nonsense(problem)) => Err(Failure::all(Code::BadAnswer, None, vec![*problem])),
    }
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
fn teams(session: &Session, errand: &Errand) -> Result<BTreeSet<String>, Failure> {
    let Errand::Promotion { policy: Some(named), .. } = errand else { return Ok(BTreeSet::new()) };
    let policy = crate::policy::read(session.bytes(&named.name, &named.digest)?, Purpose::Production)
        .map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?;
    Ok(policy.process.teams().map(str::to_owned).collect())
}

/// The entries that an errand is about: as it is deployed, and as it was.
fn entries(session: &mut Session, errand: &Errand) -> Result<Vec<Rc<Entry>>, Failure> {
    let (entry, before) = match errand {
        Errand::Reviews { entry, before, .. } => (entry, before.as_ref()),
        Errand::Attestations { entry } => (entry, None),
        Errand::Perform { .. } | Errand::Prepare { .. } | Errand::Promotion { .. } | Errand::Decide { .. } => {
            return Ok(Vec::new());
        }
    };
    [Some(entry), before].into_iter().flatten().map(|named| session.entry(&named.name, &named.digest)).collect()
}

fn not_there(why: &str) -> Failure {
    Failure::one(Code::BadAnswer, "this change system has no such errand", why)
}
