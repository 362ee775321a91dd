//! `approve` and `reject`: a person's word on a change request of the ledger.

use super::registers::Kept;
use super::{At, reading};
use crate::change::event::{Decision, Status, Trouble};
use crate::change::state::{Change, Life};
use crate::connectors::ledger::{self, Folder};
use crate::connectors::{Pause, Talk};
use crate::failure::{Code, Failure};
use crate::io::Fault;
use crate::plan::outcome::{Outcome, Stop};
use crate::promotion::Person;
use crate::report::{Ended, Found};
use crate::risk::word;
use crate::scalar::{Name, shorten};

/// How often it is tried because others moved the target's register.
const TRIES: u32 = 16;

pub(super) async fn run(at: &At, id: &Name, by: Person, approves: bool, why: String) -> Result<Ended, Failure> {
    if why.trim().is_empty() {
        return Err(Failure::one(Code::BadRequest, "a decision needs a reason", "say why"));
    }
    if by.id.trim().is_empty() {
        return Err(Failure::one(Code::BadRequest, "nobody decides", "name the person by an immutable id"));
    }
    let decision = Decision {
        by: by.clone(),
        approves,
        withdraws: false,
        at: at.io.now(),
        why: Some(why),
        environment: None,
        change: None,
        delta: None,
        policy: None,
    };
    let status = say(at, id, &decision, "the decision").await?;
    let said = if approves { "approved" } else { "rejected" };
    let message = format!("`{}` {said} change request `{id}`, which is now `{}`", shorten(&by.login), word(&status));
    let stop = Stop::new(Outcome::Done, message)
        .details(vec!["whether it counts is judged when the change continues: run the same command again".to_owned()]);
    Ok(Ended::found(stop, Found::Decided { change_request_id: id.clone(), by, status }, None))
}

/// Writes down what a person said, as a link of the target's chain: whichever comes first, it or a clearance, the other one knows it.
pub(super) async fn say(at: &At, id: &Name, decision: &Decision, what: &str) -> Result<Status, Failure> {
    let talk = Talk::new(at.io.clone(), "ledger");
    let refuse = |pause| refused(pause, what);
    for _ in 0..TRIES {
        let life = asked_last(at, id).await?;
        let mut folder = Folder::read(&talk, id).await.map_err(refuse)?;
        let mut register = match life.change.opened() {
            Some(opened) => Some(Kept::read(at, &opened.target).await?),
            None => None,
        };
        let link = register.as_ref().map(|kept| kept.register.tip().next());
        let (path, digest) = ledger::decide(&talk, &mut folder, decision, link).map_err(refuse)?;
        if let Some(register) = &mut register {
            register.decided(at, &path, digest)?;
        }
        folder.show_beside(&talk, &life).await.map_err(refuse)?;
        match at.io.settle().await {
            Ok(()) => return folder.status(&life).map_err(refuse),
            Err(Fault::Overtaken(_)) => at.io.abandon(),
            Err(fault) => return Err(reading::unavailable("the ledger", fault)),
        }
    }
    let help = "say it again when they have ended";
    Err(Failure::one(Code::Held, "others change the same target all the time", help))
}

/// The change that people were asked about last under this request: one that was made by hand may serve several.
async fn asked_last(at: &At, id: &Name) -> Result<Life, Failure> {
    let journals = reading::journals_of(at, id).await?;
    let asks = |life: &Life| matches!(&life.change, Change::Authorize(filed) if filed.requested);
    let lives = journals.into_iter().map(|journal| journal.life);
    Ok(lives.max_by_key(|life| (asks(life), life.last_at)).unwrap_or_default())
}

/// Why something was not written to a change system.
pub(super) fn refused(pause: Pause, what: &str) -> Failure {
    match pause {
        Pause::Nonsense(problem) => Failure::all(Code::BadAnswer, None, vec![*problem]),
        Pause::Trouble(trouble) => {
            let Trouble { code, message, help } = *trouble;
            let code = match code.as_str() {
                "not-found" => Code::BadRequest,
                "write-not-taken" | "conflict" => Code::WriteNotTaken,
                _ => Code::Unavailable,
            };
            let help = help.unwrap_or_else(|| "look for the id with `countersign status`".to_owned());
            Failure::one(code, format!("{what} was not written: {message}"), help)
        }
    }
}
